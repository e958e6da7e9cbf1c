import type * as ast from "../gql/ast.ts";
import { hasAggregate } from "./aggregates-in.ts";
import { bindCondition, bindExpression, type ExpressionContext } from "./bind-expression.ts";
import { columnNames } from "./column-names.ts";
import { children, type Expression, mapChildren, type Variable } from "./expression.ts";
import { addVariable, variablesOf } from "./uses.ts";
import { aggregateFingerprint, fingerprint } from "./fingerprint.ts";
import type { Aggregate, Bound, Item, Operator, OutputColumn, SortKey } from "./operators.ts";
import { type Binding, type Scope } from "./scope.ts";

/** What RETURN, WITH and SELECT have in common. */
export interface Projection {
  readonly form: "return" | "with" | "select";
  readonly distinct: boolean;
  readonly star: boolean;
  readonly items: readonly ast.ProjectionItem[];
  readonly groupBy: readonly ast.Expression[] | null;
  readonly having: ast.Expression | null;
  readonly tail: ast.OrderAndPage | null;
  readonly span: ast.Span;
}

export interface Projected {
  readonly operators: readonly Operator[];
  readonly columns: readonly OutputColumn[];
  /** The columns as variables: what a following clause sees. */
  readonly scope: Scope;
  /** Binds a condition that stands behind: it sees the columns, and of what was before whatever still has a meaning per row. */
  readonly behind: (condition: ast.Expression) => Expression;
}

/** `row` is set in `SELECT … FROM label`. */
export function bindProjection(
  binding: Binding,
  projection: Projection,
  scope: Scope,
  row?: Variable,
): Projected {
  const items = [
    ...(projection.star ? starItems(binding, projection, scope) : []),
    ...projection.items,
  ];
  const names = columnNames(binding, items);
  const orderBy = projection.tail?.orderBy ?? [];
  const grouped =
    projection.groupBy !== null ||
    projection.having !== null ||
    items.some(({ expression }) => hasAggregate(binding, expression, scope));
  const [aggregated] = grouped
    ? []
    : orderBy.filter((item) => hasAggregate(binding, item.expression, scope));
  if (aggregated) {
    throw binding.invalidSyntax(
      "ORDER BY cannot aggregate here: the rows are not grouped.",
      aggregated.span.start,
      "Return the aggregate, or group by something.",
    );
  }
  const context: ExpressionContext = { scope, ...(row ? { row } : {}) };
  return grouped
    ? bindGrouped(binding, projection, items, names, context)
    : bindPlain(binding, projection, items, names, context);
}

function bindPlain(
  binding: Binding,
  projection: Projection,
  items: readonly ast.ProjectionItem[],
  names: readonly string[],
  context: ExpressionContext,
): Projected {
  const lets: Item[] = [];
  const known = new Map<string, Variable>();
  const columns = items.map((item, index): OutputColumn => {
    const expression = bindExpression(binding, item.expression, context);
    const variable = variableFor(binding, expression, names[index] ?? item.text, lets);
    known.set(fingerprint(expression), variable);
    return { name: names[index] ?? item.text, text: item.text, variable };
  });
  const output = scopeOf(columns);
  const operators: Operator[] = lets.length > 0 ? [{ kind: "let", items: lets }] : [];
  if (projection.distinct) {
    operators.push({
      kind: "distinct",
      variables: columns.map((column) => column.variable),
      rowKey: binding.variable(null, "value"),
    });
  }
  const visible = new Set(columns.map((column) => column.variable));
  const sortScope: Scope = new Map([...context.scope, ...output]);
  const late = (node: ast.Expression, bind: typeof bindExpression, rule: string): Expression => {
    const expression = rewrite(bind(binding, node, { ...context, scope: sortScope }), known);
    if (projection.distinct) requireKnown(binding, expression, visible, node.span.start, rule);
    return expression;
  };
  const keys = sortKeys(projection.tail, (node) =>
    late(node, bindExpression, "After DISTINCT, ORDER BY can only use what is returned."),
  );
  operators.push(...tailOperators(binding, projection.tail, keys));
  return {
    operators,
    columns,
    scope: output,
    behind: (node) => late(node, bindCondition, "After DISTINCT, only the columns can be used."),
  };
}

function bindGrouped(
  binding: Binding,
  projection: Projection,
  items: readonly ast.ProjectionItem[],
  names: readonly string[],
  context: ExpressionContext,
): Projected {
  const aggregates: Aggregate[] = [];
  const bound = items.map((item) => bindAggregating(binding, item.expression, context, aggregates));
  const keys: Item[] = [];
  const known = new Map<string, Variable>();
  const addKey = (expression: Expression, name: string | null): void => {
    const print = fingerprint(expression);
    if (known.has(print)) return;
    const variable =
      expression.kind === "variable" ? expression.variable : binding.variable(name, "value");
    keys.push({ variable, expression });
    known.set(print, variable);
  };

  const byAlias = new Map(
    items.flatMap((item, index) =>
      bound[index] && names[index] !== undefined ? [[names[index], bound[index]] as const] : [],
    ),
  );
  if (projection.groupBy) {
    for (const node of projection.groupBy) {
      const alias =
        node.kind === "variable" && !context.scope.has(node.name)
          ? byAlias.get(node.name)
          : undefined;
      addKey(alias ?? bindExpression(binding, node, context), null);
    }
    for (const [index, item] of items.entries()) {
      const expression = bound[index];
      if (
        !expression ||
        hasAggregate(binding, item.expression, context.scope) ||
        known.has(fingerprint(expression))
      )
        continue;
      if (projection.groupBy.length > 0 && isComputable(expression, known)) continue;
      throw binding.invalidSyntax(
        `\`${item.text}\` is neither in GROUP BY nor inside an aggregate.`,
        item.span.start,
        `Add it to GROUP BY.`,
      );
    }
  } else {
    for (const [index, item] of items.entries()) {
      const expression = bound[index];
      if (expression && !hasAggregate(binding, item.expression, context.scope))
        addKey(expression, names[index] ?? null);
    }
  }

  const visible = (): Set<Variable> =>
    new Set([
      ...keys.map((key) => key.variable),
      ...aggregates.map((aggregate) => aggregate.variable),
    ]);
  const lets: Item[] = [];
  const columns = items.map((item, index): OutputColumn => {
    const expression = rewrite(bound[index] ?? neverBound(), known);
    requireKnown(
      binding,
      expression,
      visible(),
      item.span.start,
      "Beside an aggregate, only grouping keys can be used.",
    );
    return {
      name: names[index] ?? item.text,
      text: item.text,
      variable: variableFor(binding, expression, names[index] ?? item.text, lets),
    };
  });
  const output = scopeOf(columns);
  const after: ExpressionContext = { ...context, scope: new Map([...context.scope, ...output]) };
  const late = (node: ast.Expression, what: string): Expression => {
    const expression = rewrite(bindAggregating(binding, node, after, aggregates), known);
    const allowed = visible();
    for (const column of columns) allowed.add(column.variable);
    requireKnown(
      binding,
      expression,
      allowed,
      node.span.start,
      `After grouping, ${what} can only use grouping keys, aggregates and columns.`,
    );
    return expression;
  };
  const having = projection.having && late(projection.having, "HAVING");
  const returned = aggregates.length;
  const sort = sortKeys(projection.tail, (node) => {
    const key = late(node, "ORDER BY");
    const mayAggregate = projection.form === "select" || projection.groupBy !== null;
    if (aggregates.length > returned && (!mayAggregate || projection.distinct)) {
      throw binding.invalidReference(
        "After grouping, ORDER BY can only use aggregates that are returned.",
        node.span.start,
        "Return the aggregate as well.",
      );
    }
    return key;
  });
  const operators: Operator[] = [
    { kind: "aggregate", keys, aggregates, rowKey: binding.variable(null, "value") },
  ];
  if (lets.length > 0) operators.push({ kind: "let", items: lets });
  if (having) operators.push({ kind: "filter", predicate: having });
  if (projection.distinct)
    operators.push({
      kind: "distinct",
      variables: columns.map((column) => column.variable),
      rowKey: binding.variable(null, "value"),
    });
  operators.push(...tailOperators(binding, projection.tail, sort));
  return {
    operators,
    columns,
    scope: output,
    behind: (node) => {
      const expression = rewrite(
        bindCondition(binding, node, { ...context, scope: after.scope }),
        known,
      );
      const allowed = new Set([...visible(), ...columns.map((column) => column.variable)]);
      requireKnown(
        binding,
        expression,
        allowed,
        node.span.start,
        "After grouping, only the columns can be used.",
      );
      return expression;
    },
  };
}

/** ORDER BY, OFFSET and LIMIT over a scope, as a clause of its own. */
export function bindOrderAndPage(
  binding: Binding,
  clause: ast.OrderAndPage,
  scope: Scope,
): readonly Operator[] {
  return tailOperators(
    binding,
    clause,
    sortKeys(clause, (node) => bindExpression(binding, node, { scope })),
  );
}

function sortKeys(
  tail: ast.OrderAndPage | null,
  bind: (node: ast.Expression) => Expression,
): SortKey[] {
  return (tail?.orderBy ?? []).map((item) => ({
    expression: bind(item.expression),
    descending: item.descending,
    nulls: item.nulls ?? (item.descending ? "first" : "last"),
  }));
}

function tailOperators(
  binding: Binding,
  tail: ast.OrderAndPage | null,
  keys: readonly SortKey[],
): Operator[] {
  const operators: Operator[] = [];
  if (keys.length > 0) operators.push({ kind: "sort", keys });
  if (tail && (tail.offset || tail.limit)) {
    // The number of rows cannot depend on a row: no variable is in scope.
    const bound = (node: ast.Expression | null): Bound | null =>
      node && {
        expression: bindExpression(binding, node, { scope: new Map() }),
        where: node.span.start,
      };
    operators.push({ kind: "slice", offset: bound(tail.offset), limit: bound(tail.limit) });
  }
  return operators;
}

function starItems(binding: Binding, projection: Projection, scope: Scope): ast.ProjectionItem[] {
  if (scope.size === 0 && projection.items.length === 0 && projection.form !== "with")
    throw binding.invalidSyntax(
      "There is nothing that * could stand for: no variable is in scope.",
      projection.span.start,
    );
  return [...scope.keys()].sort().map((name) => ({
    kind: "projectionItem",
    expression: { kind: "variable", name, span: projection.span },
    alias: null,
    text: name,
    span: projection.span,
  }));
}

/** Binds an expression that may hold aggregates; one that is there already is used again. */
function bindAggregating(
  binding: Binding,
  node: ast.Expression,
  context: ExpressionContext,
  aggregates: Aggregate[],
): Expression {
  const found: Aggregate[] = [];
  const expression = bindExpression(binding, node, { ...context, aggregates: found });
  const replaced = new Map<string, Variable>();
  for (const aggregate of found) {
    const same = aggregates.find(
      (other) => aggregateFingerprint(other) === aggregateFingerprint(aggregate),
    );
    if (same)
      replaced.set(fingerprint({ kind: "variable", variable: aggregate.variable }), same.variable);
    else aggregates.push(aggregate);
  }
  return replaced.size > 0 ? rewrite(expression, replaced) : expression;
}

/** The variable that holds the expression: itself, if it is one, else a new one. */
function variableFor(
  binding: Binding,
  expression: Expression,
  name: string,
  lets: Item[],
): Variable {
  if (expression.kind === "variable") return expression.variable;
  const variable = binding.variable(name, "value");
  lets.push({ variable, expression });
  return variable;
}

function scopeOf(columns: readonly OutputColumn[]): Scope {
  return new Map(columns.map((column) => [column.name, column.variable]));
}

/** Replaces what is already computed by the variable that holds it. */
function rewrite(expression: Expression, known: ReadonlyMap<string, Variable>): Expression {
  const variable = known.get(fingerprint(expression));
  if (variable) return { kind: "variable", variable };
  return mapChildren(expression, (part) => rewrite(part, known));
}

function isComputable(expression: Expression, known: ReadonlyMap<string, Variable>): boolean {
  if (known.has(fingerprint(expression))) return true;
  return (
    expression.kind !== "variable" &&
    children(expression).every((child) => isComputable(child, known))
  );
}

function requireKnown(
  binding: Binding,
  expression: Expression,
  visible: ReadonlySet<Variable>,
  offset: number,
  rule: string,
): void {
  for (const { name } of hidden(expression, visible)) {
    const what = name ? `The variable \`${name}\`` : "A variable";
    throw binding.invalidReference(`${what} cannot be used here. ${rule}`, offset);
  }
}

/** What the expression looks at and may not. A path that is visible as a whole shows its elements. */
function hidden(expression: Expression, visible: ReadonlySet<Variable>): Variable[] {
  const shown = new Set<Variable>();
  for (const variable of visible) addVariable(variable, shown);
  return [...variablesOf(expression)].filter((variable) => !shown.has(variable));
}

function neverBound(): never {
  throw new Error("an item without its expression");
}
