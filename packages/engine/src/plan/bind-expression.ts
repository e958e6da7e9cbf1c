import { float, GeodeError, unreachable } from "@geode/values";
import * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import { nearestWord } from "../gql/suggestion.ts";
import { type Expression, type LabelExpression, NULL, TRUE, type Variable } from "./expression.ts";
import { FUNCTIONS, isAboutNow, isAggregate, isChance } from "./functions.ts";
import type { AggregateName } from "./aggregate-name.ts";
import { groupsIn, hasAggregate } from "./aggregates-in.ts";
import type { Aggregate, Query } from "./operators.ts";
import type { Binding, Scope } from "./scope.ts";

/** Where an expression stands, and so what it may use. */
export interface ExpressionContext {
  readonly scope: Scope;
  /** `FROM label`: a name that is no variable is a property of this. */
  readonly row?: Variable;
  /** Where aggregates are allowed, they are collected here and stand as variables in the expression. */
  readonly aggregates?: Aggregate[];
}

/** Names to variables, spellings to meanings. */
export function bindExpression(
  binding: Binding,
  node: ast.Expression,
  context: ExpressionContext,
): Expression {
  const bind = (part: ast.Expression): Expression => bindExpression(binding, part, context);
  const condition = (part: ast.Expression): Expression => bindCondition(binding, part, context);
  const offset = node.span.start;
  switch (node.kind) {
    case "literal":
      return { kind: "constant", value: node.value };
    case "parameter":
      return { kind: "parameter", name: node.name, offset };
    case "variable":
      return bindName(binding, node, context);
    case "property": {
      const of = bind(node.object);
      if (of.kind === "variable" && (of.variable.type === "nodes" || of.variable.type === "edges"))
        return ofEach(binding, of, node.key.name, offset);
      if (of.kind === "variable" && of.variable.type !== "value" && !isElement(of.variable))
        throw binding.invalidSyntax(`A ${NOUNS[of.variable.type]} has no properties.`, offset);
      return { kind: "property", of, key: node.key.name, offset };
    }
    case "unary": {
      const operand = bind(node.operand);
      return node.operator === "-"
        ? { kind: "negate", operand, offset }
        : {
            kind: "binary",
            operator: "+",
            left: { kind: "constant", value: 0 },
            right: operand,
            offset,
          };
    }
    case "binary":
      return {
        kind: "binary",
        operator: node.operator,
        left: bind(node.left),
        right: bind(node.right),
        offset,
      };
    case "and":
    case "or":
    case "xor":
      return { kind: node.kind, operands: node.operands.map(condition) };
    case "not":
      return { kind: "not", operand: condition(node.operand) };
    case "comparison":
      return {
        kind: "compare",
        operator: node.operator,
        left: bind(node.left),
        right: bind(node.right),
      };
    case "comparisonChain":
      return computedOnce(binding, node.operands.map(bind), (operands) => ({
        kind: "and",
        operands: node.operators.map((operator, index): Expression => ({
          kind: "compare",
          operator,
          left: operands[index] ?? NULL,
          right: operands[index + 1] ?? NULL,
        })),
      }));
    case "isNull":
      return negateIf(node.negated, { kind: "isNull", operand: bind(node.operand) });
    case "isTruth":
      return negateIf(node.negated, {
        kind: "isTruth",
        operand: bind(node.operand),
        truth: node.truth,
      });
    case "isLabeled":
      return negateIf(
        node.negated,
        bindLabelTest(binding, bind(node.operand), node.labels, context),
      );
    case "in":
      return negateIf(node.negated, {
        kind: "in",
        item: bind(node.operand),
        list: bind(node.list),
        offset,
      });
    case "stringPredicate":
      return {
        kind: "stringPredicate",
        operator: node.operator,
        left: bind(node.left),
        right: bind(node.right),
        offset,
      };
    case "case":
      return bindCase(binding, node, context);
    case "functionCall":
      return bindCall(binding, node, context, bind);
    case "list":
      return { kind: "list", items: node.items.map(bind) };
    case "record":
      return {
        kind: "record",
        fields: node.fields.map((field) => ({ key: field.key.name, value: bind(field.value) })),
      };
    case "subscript":
      return { kind: "subscript", of: bind(node.object), index: bind(node.index), offset };
    case "slice":
      return {
        kind: "slice",
        of: bind(node.list),
        from: node.from && bind(node.from),
        to: node.to && bind(node.to),
        offset,
      };
    case "propertyExists":
      return negateIf(true, {
        kind: "isNull",
        operand: { kind: "property", of: bind(node.element), key: node.key.name, offset },
      });
    case "same":
    case "allDifferent":
      if (node.operands.length > PAIRED_MAX)
        throw new GeodeError(
          "LIMIT",
          `SAME and ALL_DIFFERENT take at most ${PAIRED_MAX} elements.`,
          {
            position: positionAt(binding.text, offset),
          },
        );
      return computedOnce(binding, node.operands.map(bind), (operands) =>
        bindPairwise(node.kind, operands),
      );
    case "isTyped":
      return negateIf(node.negated, {
        kind: "isTyped",
        operand: bind(node.operand),
        type: node.type,
      });
    case "cast":
      return {
        kind: "cast",
        operand: bind(node.operand),
        type: node.type,
        assigned: node.assigned,
        offset,
      };
    case "isDirected":
      // Every edge is.
      return negateIf(node.negated, {
        kind: "call",
        name: "is_directed",
        args: [bind(node.operand)],
        offset,
      });
    case "isEndpoint":
      return negateIf(node.negated, {
        kind: "call",
        name: node.end === "source" ? "is_source_of" : "is_destination_of",
        args: [bind(node.node), bind(node.edge)],
        offset,
      });
    case "isNormalized":
      return negateIf(node.negated, {
        kind: "call",
        name: "is_normalized",
        args: [bind(node.operand), { kind: "constant", value: node.form }],
        offset,
      });
    case "trim":
      return {
        kind: "call",
        name: `trim_${node.side}`,
        args: [bind(node.operand), node.character ? bind(node.character) : SPACE],
        offset,
      };
    case "path":
      return { kind: "call", name: "path", args: node.elements.map(bind), offset };
    case "letIn": {
      const [item, ...others] = node.items;
      if (!item) return bind(node.body);
      const variable = binding.variable(item.variable.name, "value");
      const body: ast.Expression = others.length > 0 ? { ...node, items: others } : node.body;
      return {
        kind: "letIn",
        variable,
        value: bind(item.value),
        body: bindExpression(binding, body, within(context, variable)),
      };
    }
    case "exists":
      if (!binding.text.slice(offset).match(EXISTS_WITH_BRACES))
        requireKnownPattern(binding, node.query, context.scope);
      return {
        kind: "subquery",
        form: "exists",
        query: binding.subquery(node.query, context.scope),
        offset,
      };
    case "count":
      return {
        kind: "subquery",
        form: node.kind,
        query: binding.subquery(node.query, context.scope),
        offset,
      };
    case "valueQuery": {
      const query = binding.subquery(node.query, context.scope);
      requireOneColumn(binding, query, offset);
      return { kind: "subquery", form: "value", query, offset };
    }
    case "listQuery":
      return bindListQuery(binding, node, context);
    case "patternComprehension":
      return bindPatternComprehension(binding, node, context);
    case "listComprehension": {
      const variable = binding.variable(node.variable.name, "value");
      const inner = within(context, variable);
      return {
        kind: "listComprehension",
        variable,
        list: bind(node.list),
        where: node.where ? bindExpression(binding, node.where, inner) : TRUE,
        projection: node.projection
          ? bindExpression(binding, node.projection, inner)
          : { kind: "variable", variable },
        offset,
      };
    }
    case "quantified": {
      const variable = binding.variable(node.variable.name, "value");
      return {
        kind: "quantified",
        quantifier: node.quantifier,
        variable,
        list: bind(node.list),
        where: node.where
          ? bindExpression(binding, node.where, within(context, variable))
          : { kind: "variable", variable },
        offset,
      };
    }
    case "reduce": {
      const accumulator = binding.variable(node.accumulator.name, "value");
      const variable = binding.variable(node.variable.name, "value");
      return {
        kind: "reduce",
        accumulator,
        initial: bind(node.initial),
        variable,
        list: bind(node.list),
        expression: bindExpression(
          binding,
          node.expression,
          within(context, accumulator, variable),
        ),
        offset,
      };
    }
    case "mapProjection":
      return bindMapProjection(binding, node, context, bind);
    default:
      return unreachable(node);
  }
}

/** An expression that has to be TRUE, FALSE or NULL. */
export function bindCondition(
  binding: Binding,
  node: ast.Expression,
  context: ExpressionContext,
): Expression {
  return requireTruthValue(bindExpression(binding, node, context), node, binding);
}

/** Whether an element has the labels; what computes some of them is computed for each row. */
export function bindLabelTest(
  binding: Binding,
  operand: Expression,
  node: ast.LabelExpression,
  context: ExpressionContext,
): Expression {
  const offset = node.span.start;
  const test = (part: ast.LabelExpression): Expression =>
    bindLabelTest(binding, operand, part, context);
  if (!isComputedLabel(node))
    return { kind: "hasLabels", operand, labels: bindLabels(node), offset };
  switch (node.kind) {
    case "labelComputed": {
      const labels: Expression = { kind: "call", name: "labels", args: [operand], offset };
      const value = bindExpression(binding, node.value, context);
      const any: Expression = { kind: "constant", value: node.any };
      return { kind: "call", name: "has_labels", args: [labels, value, any], offset };
    }
    case "labelNot":
      return { kind: "not", operand: test(node.operand) };
    case "labelAnd":
      return { kind: "and", operands: node.operands.map(test) };
    case "labelOr":
      return { kind: "or", operands: node.operands.map(test) };
    case "labelName":
    case "labelWildcard":
      throw new Error("a label that is not computed");
    default:
      return unreachable(node);
  }
}

/** Whether anything in it is computed. */
export function isComputedLabel(node: ast.LabelExpression): boolean {
  switch (node.kind) {
    case "labelComputed":
      return true;
    case "labelName":
    case "labelWildcard":
      return false;
    case "labelNot":
      return isComputedLabel(node.operand);
    case "labelAnd":
    case "labelOr":
      return node.operands.some(isComputedLabel);
    default:
      return unreachable(node);
  }
}

/** Label expressions have no names to resolve; `A:B` and `A|:B` are long gone. */
export function bindLabels(node: ast.LabelExpression): LabelExpression {
  switch (node.kind) {
    case "labelName":
      return { kind: "label", name: node.name };
    case "labelComputed":
      throw new Error("a computed label where labels are known");
    case "labelWildcard":
      return { kind: "any" };
    case "labelNot":
      return { kind: "not", operand: bindLabels(node.operand) };
    case "labelAnd":
      return { kind: "and", operands: node.operands.map(bindLabels) };
    case "labelOr":
      return { kind: "or", operands: node.operands.map(bindLabels) };
    default:
      return unreachable(node);
  }
}

/** Cypher's names for the FLOATs that have no digits, where no variable is called so. */
const NAMED_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["INF", Number.POSITIVE_INFINITY],
  ["INFINITY", Number.POSITIVE_INFINITY],
  ["NAN", Number.NaN],
]);

function bindName(binding: Binding, node: ast.Variable, context: ExpressionContext): Expression {
  const variable = context.scope.get(node.name);
  if (variable) return { kind: "variable", variable };
  const number = context.row ? undefined : NAMED_NUMBERS.get(node.name.toUpperCase());
  if (number !== undefined) return { kind: "constant", value: float(number) };
  if (context.row)
    return {
      kind: "property",
      of: { kind: "variable", variable: context.row },
      key: node.name,
      offset: node.span.start,
    };
  const nearest = nearestWord(node.name, context.scope.keys());
  const names = [...context.scope.keys()];
  throw binding.invalidReference(
    `The variable \`${node.name}\` is not defined.`,
    node.span.start,
    nearest
      ? `Did you mean \`${nearest}\`?`
      : names.length > 0
        ? `In scope: ${names.join(", ")}.`
        : "No variable is in scope here.",
  );
}

/** A property of a variable of a repetition is the list of that property of each of its elements. */
function ofEach(binding: Binding, list: Expression, key: string, offset: number): Expression {
  const variable = binding.variable(null, "value");
  return {
    kind: "listComprehension",
    variable,
    list,
    where: TRUE,
    projection: { kind: "property", of: { kind: "variable", variable }, key, offset },
    offset,
  };
}

function bindCase(binding: Binding, node: ast.Case, context: ExpressionContext): Expression {
  const bind = (part: ast.Expression): Expression => bindExpression(binding, part, context);
  const otherwise = node.otherwise ? bind(node.otherwise) : NULL;
  const caseOf = (condition: (when: ast.Expression | ast.WhenTest) => Expression): Expression => {
    const branches = node.branches.map((branch) => {
      const conditions = branch.when.map(condition);
      const [first] = conditions;
      return {
        when:
          conditions.length === 1 && first
            ? first
            : ({ kind: "or", operands: conditions } as const),
        then: bind(branch.then),
      };
    });
    return { kind: "case", branches, otherwise };
  };
  if (!node.subject) {
    return caseOf((when) => {
      if (when.kind === "whenTest") throw new Error("a test of no subject");
      return bind(when);
    });
  }
  return computedOnce(binding, [bind(node.subject)], ([subject = NULL]) =>
    caseOf((when) => {
      if (when.kind !== "whenTest")
        return { kind: "compare", operator: "=", left: subject, right: bind(when) };
      const variable =
        subject.kind === "variable" ? subject.variable : binding.variable(null, "value");
      const scope = new Map([...context.scope, [ast.CASE_SUBJECT, variable]]);
      const body = bindCondition(binding, when.condition, { ...context, scope });
      return subject.kind === "variable" ? body : { kind: "letIn", variable, value: subject, body };
    }),
  );
}

/**
 * An expression that looks at some values in more than one place. What has to be computed is computed once: that it stands there once
 * is what was written, and what nests would double with every level.
 */
function computedOnce(
  binding: Binding,
  operands: readonly Expression[],
  use: (operands: readonly Expression[]) => Expression,
): Expression {
  const computed: { readonly variable: Variable; readonly value: Expression }[] = [];
  const read = operands.map((value): Expression => {
    if (isAtHand(value)) return value;
    const variable = binding.variable(null, "value");
    computed.push({ variable, value });
    return { kind: "variable", variable };
  });
  return computed.reduceRight<Expression>(
    (body, { variable, value }) => ({ kind: "letIn", variable, value, body }),
    use(read),
  );
}

function isAtHand(expression: Expression): boolean {
  const { kind } = expression;
  if (kind === "property") return expression.of.kind === "variable";
  return kind === "variable" || kind === "constant" || kind === "parameter";
}

function bindCall(
  binding: Binding,
  node: ast.FunctionCall,
  context: ExpressionContext,
  bind: (part: ast.Expression) => Expression,
): Expression {
  const name = node.name.toLowerCase();
  const offset = node.span.start;
  if (isAggregate(name)) return bindAggregate(binding, node, context);
  if (name === "session_user")
    return { kind: "property", of: { kind: "parameter", name: "auth", offset }, key: "id", offset };
  if (name === "exists") return bindExistsCall(binding, node, bind);
  const signature = FUNCTIONS.get(name);
  if (!signature) {
    const nearest = nearestWord(name, FUNCTIONS.keys());
    throw binding.invalidReference(
      `There is no function \`${node.name}\`.`,
      offset,
      nearest ? `Did you mean \`${nearest}\`?` : undefined,
    );
  }
  if (node.star || node.distinct)
    throw binding.invalidSyntax(
      `\`${node.name}\` is not an aggregate; it takes neither * nor DISTINCT.`,
      offset,
    );
  const [least, most] = signature.arity;
  if (node.args.length < least || node.args.length > most) {
    const wanted =
      least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    throw binding.invalidSyntax(
      `\`${node.name}\` takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${node.args.length}.`,
      offset,
    );
  }
  const args = node.args.map(bind);
  const [first] = args;
  if (isAboutNow(signature.name, args.length) || isChance(signature.name)) binding.noteVolatile();
  if (first?.kind === "variable") {
    const refused = REFUSED_TYPES.get(signature.name);
    if (refused?.includes(first.variable.type))
      throw new GeodeError(
        "22G03",
        `\`${node.name}\` does not take a ${NOUNS[first.variable.type]}.`,
        {
          position: positionAt(binding.text, offset),
        },
      );
  }
  return { kind: "call", name: signature.name, args, offset };
}

/** Cypher's `exists(n.key)`: whether the property is there. */
function bindExistsCall(
  binding: Binding,
  { args, span }: ast.FunctionCall,
  bind: (part: ast.Expression) => Expression,
): Expression {
  const [of] = args;
  if (of === undefined || args.length > 1 || (of.kind !== "property" && of.kind !== "subscript"))
    throw binding.invalidSyntax(
      "`exists` with parentheses takes a property or a pattern.",
      span.start,
      "EXISTS { … } takes any query.",
    );
  return negateIf(true, { kind: "isNull", operand: bind(of) });
}

/** What can be seen to be wrong before anything runs. */
const REFUSED_TYPES: ReadonlyMap<string, readonly Variable["type"][]> = new Map([
  ["type", ["node", "path", "nodes", "edges"]],
  ["labels", ["path", "nodes", "edges"]],
  ["size", ["node", "edge", "path"]],
  ["cardinality", ["node", "edge"]],
  ["nodes", ["node", "edge"]],
  ["edges", ["node", "edge"]],
  ["path_length", ["node", "edge"]],
]);

const AGGREGATES: ReadonlyMap<string, AggregateName> = new Map<string, AggregateName>([
  ["count", "count"],
  ["sum", "sum"],
  ["avg", "avg"],
  ["min", "min"],
  ["max", "max"],
  ["collect", "collect_list"],
  ["collect_list", "collect_list"],
  ["stddev_samp", "stddev_samp"],
  ["stdev", "stddev_samp"],
  ["stddev_pop", "stddev_pop"],
  ["stdevp", "stddev_pop"],
  ["percentile_cont", "percentile_cont"],
  ["percentilecont", "percentile_cont"],
  ["percentile_disc", "percentile_disc"],
  ["percentiledisc", "percentile_disc"],
]);

function bindAggregate(
  binding: Binding,
  node: ast.FunctionCall,
  context: ExpressionContext,
): Expression {
  const offset = node.span.start;
  const name = AGGREGATES.get(node.name.toLowerCase());
  if (!name) throw binding.notAvailable(`The aggregate ${node.name}`, offset);
  const groups = groupsIn(binding, node.args, context.scope);
  if (groups.size === 0 && !context.aggregates) {
    throw binding.invalidSyntax(
      `\`${node.name}\` is an aggregate; it can stand only in RETURN, WITH, SELECT, and their ORDER BY and HAVING.`,
      offset,
    );
  }
  const wanted = name === "percentile_cont" || name === "percentile_disc" ? 2 : 1;
  if (node.star ? name !== "count" || node.distinct : node.args.length !== wanted) {
    const or = name === "count" ? ", or *" : "";
    throw binding.invalidSyntax(
      `\`${node.name}\` takes ${wanted} argument${wanted > 1 ? "s" : ""}${or}.`,
      offset,
    );
  }
  const [first, second] = node.args;
  if (node.args.some((part) => hasAggregate(binding, part, context.scope)))
    throw binding.invalidSyntax("An aggregate cannot stand inside another.", offset);
  const { aggregates, ...inner } = context;
  if (groups.size > 0 && first)
    return bindHorizontal(binding, { node, name, groups: [...groups], first, second }, inner);
  if (aggregates === undefined) throw new Error("an aggregate of rows without a place for it");
  const argument = first ? bindExpression(binding, first, inner) : null;
  const parameter = second ? bindExpression(binding, second, inner) : null;
  const variable = binding.variable(null, "value");
  aggregates.push({ variable, name, distinct: node.distinct, argument, parameter, offset });
  return { kind: "variable", variable };
}

/**
 * Horizontal aggregation (ISO/IEC 39075:2024 §20.9): the argument is computed for each element of the group in the row. Over several group
 * variables of one repetition it is computed for each time that was gone through it.
 */
function bindHorizontal(
  binding: Binding,
  call: {
    readonly node: ast.FunctionCall;
    readonly name: AggregateName;
    /** At least one. */
    readonly groups: readonly string[];
    readonly first: ast.Expression;
    readonly second: ast.Expression | undefined;
  },
  context: ExpressionContext,
): Expression {
  const { node, name, groups, first, second } = call;
  const offset = node.span.start;
  const members = groups.map((group) => {
    const list = context.scope.get(group);
    if (!list) throw new Error("a group variable that is not in scope");
    return { list, element: binding.variable(group, "value") };
  });
  const iterations = new Set(members.map(({ list }) => binding.iterationOf(list)));
  if (members.length > 1 && (iterations.size > 1 || iterations.has(null)))
    throw binding.invalidSyntax(
      `\`${groups.join("` and `")}\` do not have one element each for every time: an aggregate over several variables is over those of one repetition.`,
      offset,
      "Aggregate over one of them.",
    );
  const elements = members.map(({ element }) => element);
  const projection = bindExpression(binding, first, within(context, ...elements));
  return {
    kind: "horizontal",
    name,
    distinct: node.distinct,
    list: forEachTime(binding, members, projection, offset),
    parameter: second ? bindExpression(binding, second, context) : null,
    offset,
  };
}

interface Member {
  /** A group variable. */
  readonly list: Variable;
  /** One element of it. */
  readonly element: Variable;
}

/** The values of an expression over the elements that stand at one place in their lists; NULL where there are no lists. */
function forEachTime(
  binding: Binding,
  members: readonly Member[],
  projection: Expression,
  offset: number,
): Expression {
  const read = (variable: Variable): Expression => ({ kind: "variable", variable });
  const [first, ...others] = members;
  if (first === undefined) throw new Error("an aggregate over no group variable");
  const over = (variable: Variable, list: Expression, body: Expression): Expression => ({
    kind: "listComprehension",
    variable,
    list,
    where: TRUE,
    projection: body,
    offset,
  });
  if (others.length === 0) return over(first.element, read(first.list), projection);
  // The lists are made once, and then gone through together.
  const lists = members.map(({ list, element }) => ({
    list,
    element,
    made: binding.variable(null, "value"),
  }));
  const place = binding.variable(null, "value");
  const length: Expression = {
    kind: "call",
    name: "size",
    args: [read(lists[0]?.made ?? first.list)],
    offset,
  };
  const last: Expression = {
    kind: "binary",
    operator: "-",
    left: length,
    right: { kind: "constant", value: 1 },
    offset,
  };
  const places: Expression = {
    kind: "call",
    name: "range",
    args: [{ kind: "constant", value: 0 }, last],
    offset,
  };
  const each = lists.reduceRight<Expression>(
    (body, { element, made }) => ({
      kind: "letIn",
      variable: element,
      value: { kind: "subscript", of: read(made), index: read(place), offset },
      body,
    }),
    projection,
  );
  const all: Expression = {
    kind: "case",
    branches: [{ when: { kind: "isNull", operand: read(lists[0]?.made ?? place) }, then: NULL }],
    otherwise: over(place, places, each),
  };
  return lists.reduceRight<Expression>(
    (body, { list, made }) => ({ kind: "letIn", variable: made, value: read(list), body }),
    all,
  );
}

/** Every two operands are compared. */
const PAIRED_MAX = 64;

function bindPairwise(kind: "same" | "allDifferent", operands: readonly Expression[]): Expression {
  const tests: Expression[] = [];
  for (let left = 0; left < operands.length; left++) {
    for (let right = left + 1; right < operands.length; right++) {
      tests.push({
        kind: "compare",
        operator: kind === "same" ? "=" : "<>",
        left: operands[left] ?? NULL,
        right: operands[right] ?? NULL,
      });
    }
  }
  return { kind: "and", operands: tests };
}

const NOUNS = {
  node: "node",
  edge: "edge",
  path: "path",
  nodes: "list",
  edges: "list",
  steps: "list",
  value: "value",
} as const;

function isElement(variable: Variable): boolean {
  return variable.type === "node" || variable.type === "edge";
}

/** With braces, or around a MATCH: a query of its own, which may name anything. */
const EXISTS_WITH_BRACES = /^exists\s*(?:\{|\(\s*(?:optional\s+)?match\b)/i;

/** A pattern as a condition asks about what is there already: it cannot name anything new, and it has an edge. */
function requireKnownPattern(binding: Binding, query: ast.Query, scope: Scope): void {
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) {
      for (const item of part) visit(item);
      return;
    }
    if (typeof part !== "object" || part === null) return;
    const { kind, variable } = part as { kind?: string; variable?: ast.Name | null };
    if (kind === "pathConcatenation" && (part as ast.PathConcatenation).elements.length < 2)
      throw binding.invalidSyntax(
        "A pattern as a condition has at least one edge.",
        (part as ast.PathConcatenation).span.start,
        "Test for NULL, or for a label.",
      );
    if ((kind === "nodePattern" || kind === "edgePattern") && variable && !scope.has(variable.name))
      throw binding.invalidReference(
        `The variable \`${variable.name}\` is not defined.`,
        variable.span.start,
        "Inside EXISTS { MATCH … } new variables are possible.",
      );
    for (const [key, value] of Object.entries(part))
      if (key !== "span" && key !== "where") visit(value);
  };
  visit(query);
}

const SPACE: Expression = { kind: "constant", value: " " };

/** The same place, seeing variables of its own. An aggregate over them would have no meaning. */
function within(context: ExpressionContext, ...variables: readonly Variable[]): ExpressionContext {
  const scope = new Map(context.scope);
  for (const variable of variables) if (variable.name !== null) scope.set(variable.name, variable);
  const { aggregates: _, ...rest } = context;
  return { ...rest, scope };
}

function requireOneColumn(binding: Binding, query: Query, offset: number): void {
  if (query.output.kind === "rows" && query.output.columns.length === 1) return;
  throw binding.invalidSyntax("VALUE takes a query that returns one column.", offset);
}

/** A query whose rows become a list: of their column, or of records. */
function bindListQuery(
  binding: Binding,
  { items, query: node, span }: ast.ListQuery,
  context: ExpressionContext,
): Expression {
  const offset = span.start;
  const query = binding.subquery(node, context.scope);
  if (items === "column") {
    if (query.output.kind !== "rows" || query.output.columns.length !== 1)
      throw binding.invalidSyntax("COLLECT takes a query that returns one column.", offset);
    return { kind: "subquery", form: "list", query, offset };
  }
  const { operators, output } = query;
  if (output.kind === "nothing")
    throw binding.invalidSyntax("A table is a query that returns columns.", offset);
  const variable = output.kind === "records" ? output.variable : binding.variable(null, "value");
  const record: Expression = {
    kind: "record",
    fields: (output.kind === "rows" ? output.columns : []).map((column) => ({
      key: column.name,
      value: { kind: "variable", variable: column.variable },
    })),
  };
  return {
    kind: "subquery",
    form: "list",
    query: {
      operators:
        output.kind === "records"
          ? operators
          : [...operators, { kind: "let", items: [{ variable, expression: record }] }],
      output: { kind: "rows", columns: [{ name: "row", text: "row", variable }] },
    },
    offset,
  };
}

/** A query of one MATCH, whose rows become a list. */
function bindPatternComprehension(
  binding: Binding,
  node: ast.PatternComprehension,
  context: ExpressionContext,
): Expression {
  const { span } = node;
  const match: ast.Match = {
    kind: "match",
    optional: false,
    mode: null,
    paths: [node.path],
    keep: null,
    where: node.where,
    yieldItems: null,
    span,
  };
  const item: ast.ProjectionItem = {
    kind: "projectionItem",
    expression: node.projection,
    alias: { kind: "name", name: "item", span },
    text: "item",
    span,
  };
  const result: ast.Return = {
    kind: "return",
    distinct: false,
    star: false,
    items: [item],
    groupBy: null,
    tail: null,
    span,
  };
  const first: ast.LinearQuery = { kind: "linearQuery", clauses: [match, result], span };
  const step: ast.QueryStep = { kind: "queryStep", yieldItems: null, first, rest: [], span };
  const query = binding.subquery({ kind: "query", steps: [step], span }, context.scope);
  return { kind: "subquery", form: "list", query, offset: span.start };
}

/** `n {.name, .*, key: expression}`: a record; NULL for NULL. */
function bindMapProjection(
  binding: Binding,
  node: ast.MapProjection,
  context: ExpressionContext,
  bind: (part: ast.Expression) => Expression,
): Expression {
  const of = bind(node.object);
  const offset = node.span.start;
  const parts = node.items.map((item): Expression => {
    switch (item.kind) {
      case "allProperties":
        return { kind: "call", name: "properties", args: [of], offset };
      case "propertyField":
        return {
          kind: "record",
          fields: [
            { key: item.key.name, value: { kind: "property", of, key: item.key.name, offset } },
          ],
        };
      case "recordField":
        return { kind: "record", fields: [{ key: item.key.name, value: bind(item.value) }] };
      default:
        return unreachable(item);
    }
  });
  const record: Expression = { kind: "call", name: "merge_records", args: parts, offset };
  return {
    kind: "case",
    branches: [{ when: { kind: "isNull", operand: of }, then: NULL }],
    otherwise: record,
  };
}

/** What can be seen to be no truth value is refused before anything runs. */
function requireTruthValue(
  expression: Expression,
  node: ast.Expression,
  binding: Binding,
): Expression {
  const { kind } = expression;
  const wrong =
    kind === "constant"
      ? expression.value !== null && typeof expression.value !== "boolean"
      : kind === "variable"
        ? expression.variable.type !== "value"
        : kind === "list" || kind === "record";
  if (!wrong) return expression;
  throw new GeodeError("22G03", "A condition is TRUE, FALSE or NULL.", {
    position: positionAt(binding.text, node.span.start),
  });
}

function negateIf(negated: boolean, operand: Expression): Expression {
  return negated ? { kind: "not", operand } : operand;
}
