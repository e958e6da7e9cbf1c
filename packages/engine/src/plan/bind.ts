import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import {
  bindCondition,
  bindExpression,
  bindLabels,
  type ExpressionContext,
} from "./bind-expression.ts";
import { bindMatch } from "./bind-pattern.ts";
import { bindProcedureCall } from "./bind-procedure.ts";
import { bindOrderAndPage, bindProjection } from "./bind-projection.ts";
import { bindDelete, bindInsert, bindMerge, bindRemove, bindSet } from "./bind-write.ts";
import type { CatalogChange, NewIndex } from "./catalog-change.ts";
import { conjuncts, type Variable } from "./expression.ts";
import type { Operator, Output, Query } from "./operators.ts";
import type { Procedures } from "./procedure.ts";
import { Binding, declare, EMPTY_SCOPE, type Scope } from "./scope.ts";
import { showQuery } from "./show.ts";
import { writes } from "./writing.ts";

/** A statement whose names are resolved: the logical plan. */
export type BoundStatement =
  | {
      readonly kind: "query";
      readonly query: Query;
      readonly live: "snapshot" | "changes" | null;
      /** Whether it reads the clock or chance. */
      readonly volatile: boolean;
      /** Whether it calls a procedure that exists in this thread only. */
      readonly definedHere: boolean;
    }
  | {
      readonly kind: "explain";
      readonly mode: "explain" | "profile";
      readonly query: Query;
    }
  | CatalogChange
  | {
      readonly kind: "transaction";
      readonly command:
        | { readonly action: "start"; readonly access: "readWrite" | "readOnly" }
        | { readonly action: "commit" | "rollback" };
    };

/** Throws 42001, 42002, and 42000 for what this version cannot do; each with its position in `text`. */
export function bind(
  text: string,
  program: ast.Program,
  procedures: Procedures = new Map(),
): BoundStatement {
  const binding = new Binding(text, procedures, bindSubquery);
  return bindStatement(binding, program.statement);
}

function bindStatement(binding: Binding, statement: ast.Statement): BoundStatement {
  const offset = statement.span.start;
  switch (statement.kind) {
    case "queryStatement": {
      const query = new QueryBinder(binding, EMPTY_SCOPE, false).query(statement.query);
      const { volatile, definedHere } = binding;
      return { kind: "query", query, live: statement.live, volatile, definedHere };
    }
    case "createIndex":
      return { kind: "createIndex", ...bindPlace(binding, statement) };
    case "createConstraint": {
      const { requirement } = statement;
      return { kind: "createConstraint", ...bindPlace(binding, statement), requirement };
    }
    case "dropIndex":
    case "dropConstraint":
      return { kind: statement.kind, name: statement.name.name, ifExists: statement.ifExists };
    case "startTransaction":
      return { kind: "transaction", command: { action: "start", access: statement.access } };
    case "commit":
      return { kind: "transaction", command: { action: "commit" } };
    case "rollback":
      return { kind: "transaction", command: { action: "rollback" } };
    case "explain": {
      const { mode } = statement;
      const explained = bindStatement(binding, statement.statement);
      if (explained.kind !== "query")
        throw binding.notAvailable(`${mode.toUpperCase()} of what is no query`, offset);
      return { kind: "explain", mode, query: explained.query };
    }
    case "createGraph":
    case "dropGraph":
      throw binding.notAvailable("More than one graph", offset);
    case "show": {
      const query = showQuery(binding, statement);
      return { kind: "query", query, live: null, volatile: false, definedHere: false };
    }
    case "sessionSet":
    case "sessionReset":
    case "sessionClose":
      throw binding.notAvailable("SESSION", offset);
    default:
      return unreachable(statement);
  }
}

/** More than anybody looks things up by at once. */
const INDEX_PROPERTIES_MAX = 16;

/** What an index or a constraint is on. */
function bindPlace(
  binding: Binding,
  { element, ifNotExists, label, name, properties }: ast.CreateIndex | ast.CreateConstraint,
): NewIndex {
  const names = new Set<string>();
  for (const property of properties) {
    const { start } = property.span;
    if (names.has(property.name))
      throw binding.invalidSyntax(`The property \`${property.name}\` is named twice.`, start);
    if (names.size === INDEX_PROPERTIES_MAX)
      throw new GeodeError(
        "LIMIT",
        `An index or a constraint is on at most ${INDEX_PROPERTIES_MAX} properties.`,
        { position: positionAt(binding.text, start) },
      );
    names.add(property.name);
  }
  return {
    name: name?.name ?? null,
    ifNotExists,
    element,
    label: label.name,
    properties: [...names],
  };
}

export function bindSubquery(binding: Binding, query: ast.Query, scope: Scope): Query {
  return new QueryBinder(binding, scope, true).query(query);
}

class QueryBinder {
  readonly #binding: Binding;
  /** In a subquery, which need not return anything and cannot write. */
  readonly #nested: boolean;
  readonly #operators: Operator[] = [];
  #scope: Scope;
  #output: Output | null = null;

  constructor(binding: Binding, scope: Scope, nested: boolean) {
    this.#binding = binding;
    this.#scope = scope;
    this.#nested = nested;
  }

  query(query: ast.Query): Query {
    for (const [index, step] of query.steps.entries()) {
      if (index > 0) this.#next(step);
      if (step.rest.length > 0) this.#combine(step);
      else this.#linear(step.first);
    }
    return { operators: this.#operators, output: this.#output ?? { kind: "nothing" } };
  }

  #linear({ clauses }: ast.LinearQuery): void {
    for (const [index, clause] of clauses.entries()) {
      if (this.#output)
        throw this.#binding.invalidSyntax(
          "Nothing can follow RETURN, SELECT or FINISH.",
          clause.span.start,
          index > 0 ? "Use WITH to go on with the rows." : undefined,
        );
      this.#binding.countClauses(
        clause.kind === "let" ? clause.items.length : 1,
        clause.span.start,
      );
      if (clause.kind === "callProcedure") this.#procedure(clause, clauses.length === 1);
      else this.#clause(clause);
    }
    const last = clauses.at(-1);
    if (!this.#output && last && !isWrite(last) && !this.#nested) {
      throw this.#binding.invalidSyntax(
        "A query ends with RETURN, or with a clause that changes data.",
        last.span.end,
        "Add RETURN and what you want to see, or FINISH.",
      );
    }
  }

  /** NEXT: the columns so far are the variables from here on. */
  #next({ yieldItems, span }: ast.QueryStep): void {
    const columns = this.#output?.kind === "rows" ? this.#output.columns : [];
    const names = new Map(columns.map((column) => [column.name, column.variable]));
    this.#output = null;
    if (!yieldItems) {
      this.#scope = names;
      return;
    }
    const scope = new Map<string, Variable>();
    for (const { name, alias } of yieldItems) {
      const variable = names.get(name.name);
      if (!variable)
        throw this.#binding.invalidReference(
          `NEXT has no column \`${name.name}\`.`,
          name.span.start,
          `There are: ${[...names.keys()].join(", ")}.`,
        );
      scope.set((alias ?? name).name, variable);
    }
    if (scope.size < yieldItems.length)
      throw this.#binding.invalidSyntax("YIELD names a column twice.", span.start);
    this.#scope = scope;
  }

  /** Set operators over queries with the same columns. */
  #combine({ first, rest }: ast.QueryStep): void {
    const binding = this.#binding;
    const [operator] = rest;
    if (!operator) return;
    const bound = [first, ...rest.map((operation) => operation.query)].map((linear) => {
      const branch = new QueryBinder(binding, this.#scope, this.#nested);
      branch.#linear(linear);
      const query = branch.#bound();
      if (writes(query))
        throw binding.notAvailable(
          `${operator.operator.toUpperCase()} of writes`,
          linear.span.start,
        );
      if (query.output.kind !== "rows")
        throw binding.invalidSyntax(
          `Both sides of ${operator.operator.toUpperCase()} return named columns.`,
          linear.span.start,
        );
      return { query, columns: query.output.columns, offset: linear.span.start };
    });
    const [left, ...others] = bound;
    if (!left) return;
    const names = left.columns.map((column) => column.name);
    const branches = [left.query];
    for (const { query, columns, offset } of others) {
      const ordered = names.map((name) => columns.find((column) => column.name === name));
      const same = ordered.filter((column) => column !== undefined);
      if (same.length < names.length || columns.length !== names.length) {
        throw binding.invalidSyntax(
          `Both sides of ${operator.operator.toUpperCase()} have the same columns: ${names.join(", ")}.`,
          offset,
          `Here: ${columns.map((column) => column.name).join(", ")}.`,
        );
      }
      branches.push({ ...query, output: { kind: "rows", columns: same } });
    }
    const columns = left.columns.map((column) => ({
      ...column,
      variable: binding.variable(column.name, "value"),
    }));
    this.#operators.push({
      kind: "combine",
      operation: operator.operator,
      all: operator.all,
      branches,
      columns: columns.map((column) => column.variable),
      rowKey: binding.variable(null, "value"),
    });
    this.#output = { kind: "rows", columns };
  }

  #bound(): Query {
    return { operators: this.#operators, output: this.#output ?? { kind: "nothing" } };
  }

  /** `CALL (scope) { query }`: what it returns comes beside the row. */
  #call(call: ast.CallQuery): void {
    const binding = this.#binding;
    const inner = new Map<string, Variable>();
    for (const name of call.scope ?? []) {
      const variable = this.#scope.get(name.name);
      if (!variable)
        throw binding.invalidReference(
          `The variable \`${name.name}\` is not defined.`,
          name.span.start,
        );
      inner.set(name.name, variable);
    }
    const query = new QueryBinder(binding, call.scope ? inner : this.#scope, true).query(
      call.query,
    );
    this.#rowsOf(query, call);
  }

  /** What a query returns comes beside the row. */
  #rowsOf(query: Query, { optional, span }: { optional: boolean; span: ast.Span }): void {
    const binding = this.#binding;
    const scope = new Map(this.#scope);
    const columns = (query.output.kind === "rows" ? query.output.columns : []).map((column) => {
      const { type } = column.variable;
      const kept = type === "node" || type === "edge" ? type : "value";
      const variable = binding.variable(column.name, kept, { nullable: true });
      declare(binding, scope, { kind: "name", name: column.name, span }, variable);
      return variable;
    });
    if (query.output.kind === "records")
      throw binding.invalidSyntax(
        "A query inside of another one returns named columns.",
        span.start,
      );
    this.#operators.push({
      kind: "call",
      query,
      optional,
      columns,
      rowKey: binding.variable(null, "value"),
    });
    this.#scope = scope;
  }

  /** `OPTIONAL { MATCH … MATCH … }`: what they bind together, or once nothing. */
  #optionalBlock({ matches, span }: ast.OptionalBlock): void {
    const inner = new QueryBinder(this.#binding, this.#scope, true);
    for (const match of matches) inner.#clause(match);
    const columns = [...inner.#scope]
      .filter(([name]) => !this.#scope.has(name))
      .map(([name, variable]) => ({ name, text: name, variable }));
    const query: Query = { operators: inner.#operators, output: { kind: "rows", columns } };
    this.#rowsOf(query, { optional: true, span });
  }

  #procedure(call: ast.CallProcedure, alone: boolean): void {
    const { operators, scope, columns } = bindProcedureCall(
      this.#binding,
      call,
      this.#scope,
      alone,
    );
    this.#operators.push(...operators);
    this.#scope = scope;
    if (!alone) return;
    this.#output = columns.length > 0 ? { kind: "rows", columns } : { kind: "nothing" };
  }

  #clause(clause: Exclude<ast.Clause, ast.CallProcedure>): void {
    const binding = this.#binding;
    const offset = clause.span.start;
    if (this.#nested && isWrite(clause))
      throw binding.notAvailable("Changing data in a subquery", offset);
    switch (clause.kind) {
      case "match": {
        const { before, operator, scope } = bindMatch(
          binding,
          clause,
          this.#scope,
          clause.optional,
        );
        this.#operators.push(...before, operator);
        this.#scope = scope;
        return;
      }
      case "filter":
        this.#filter(clause.condition, { scope: this.#scope });
        return;
      case "let": {
        for (const item of clause.items) {
          const expression = bindExpression(binding, item.value, { scope: this.#scope });
          const scope = new Map(this.#scope);
          const variable = binding.variable(item.variable.name, "value");
          declare(binding, scope, item.variable, variable);
          this.#operators.push({ kind: "let", items: [{ variable, expression }] });
          this.#scope = scope;
        }
        return;
      }
      case "for": {
        const list = bindExpression(binding, clause.list, { scope: this.#scope });
        const scope = new Map(this.#scope);
        const variable = binding.variable(clause.variable.name, "value");
        declare(binding, scope, clause.variable, variable);
        const ordinal = clause.counter
          ? binding.variable(clause.counter.variable.name, "value")
          : null;
        if (clause.counter && ordinal) declare(binding, scope, clause.counter.variable, ordinal);
        const ordinalBase = clause.counter?.kind === "ordinality" ? 1 : 0;
        this.#operators.push({
          kind: "for",
          list,
          variable,
          ordinal,
          ordinalBase,
          hidden: binding.variable(null, "value"),
          offset,
        });
        this.#scope = scope;
        return;
      }
      case "orderAndPage":
        this.#operators.push(...bindOrderAndPage(binding, clause, this.#scope));
        return;
      case "return": {
        const projected = bindProjection(
          binding,
          { ...clause, having: null, form: "return" },
          this.#scope,
        );
        this.#operators.push(...projected.operators);
        this.#output = { kind: "rows", columns: projected.columns };
        return;
      }
      case "project": {
        for (const item of clause.items) {
          if (!item.alias && item.expression.kind !== "variable") {
            throw binding.invalidSyntax(
              `\`${item.text}\` needs a name in WITH.`,
              item.span.start,
              `Write ${item.text} AS name.`,
            );
          }
        }
        const projected = bindProjection(
          binding,
          { ...clause, having: null, form: "with" },
          this.#scope,
        );
        this.#operators.push(...projected.operators);
        this.#scope = projected.scope;
        if (clause.where) {
          for (const predicate of conjuncts(projected.behind(clause.where)))
            this.#operators.push({ kind: "filter", predicate });
        }
        return;
      }
      case "finish":
        this.#output = { kind: "nothing" };
        return;
      case "select":
        this.#select(clause);
        return;
      case "insert": {
        const { before, operator, scope } = bindInsert(binding, clause, this.#scope);
        this.#operators.push(...before, operator);
        this.#scope = scope;
        return;
      }
      case "set":
        this.#operators.push(bindSet(binding, clause, this.#scope));
        return;
      case "remove":
        this.#operators.push(bindRemove(binding, clause, this.#scope));
        return;
      case "delete":
        this.#operators.push(bindDelete(binding, clause, this.#scope));
        return;
      case "use":
        throw binding.notAvailable("USE", offset);
      case "optionalBlock":
        this.#optionalBlock(clause);
        return;
      case "merge": {
        const { operator, scope } = bindMerge(binding, clause, this.#scope);
        this.#operators.push(operator);
        this.#scope = scope;
        return;
      }
      case "callQuery":
        this.#call(clause);
        return;
      case "nestedQuery": {
        const query = new QueryBinder(binding, this.#scope, this.#nested).query(clause.query);
        this.#operators.push(...query.operators);
        this.#output = query.output;
        return;
      }
      default:
        unreachable(clause);
    }
  }

  #filter(condition: ast.Expression, context: ExpressionContext): void {
    for (const predicate of conjuncts(bindCondition(this.#binding, condition, context)))
      this.#operators.push({ kind: "filter", predicate });
  }

  #select(select: ast.Select): void {
    const row = this.#source(select);
    const context: ExpressionContext = { scope: this.#scope, ...(row ? { row } : {}) };
    if (select.where) this.#filter(select.where, context);
    if (select.star && row) {
      this.#selectRecords(select, row, context);
      return;
    }
    const projected = bindProjection(
      this.#binding,
      { ...select, form: "select" },
      this.#scope,
      row ?? undefined,
    );
    this.#operators.push(...projected.operators);
    this.#output = { kind: "rows", columns: projected.columns };
  }

  /** What FROM names, as patterns. Returns the row variable when it is a label. */
  #source(select: ast.Select): Variable | null {
    const { source } = select;
    const binding = this.#binding;
    if (!source) return null;
    switch (source.kind) {
      case "labelSource": {
        const variable = binding.variable(source.variable?.name ?? null, "node");
        if (source.variable) this.#scope = new Map([[source.variable.name, variable]]);
        const labels = bindLabels({
          kind: "labelName",
          name: source.label.name,
          span: source.label.span,
        });
        this.#operators.push({
          kind: "match",
          optional: false,
          nodes: [{ variable, labels }],
          edges: [],
          repeats: [],
          searches: [],
          predicates: [],
          introduces: [variable],
          differentEdges: true,
        });
        return variable;
      }
      case "matchSource":
        for (const { graph, match } of source.items) {
          if (graph) throw binding.notAvailable("More than one graph", graph.span.start);
          this.#clause(match);
        }
        return null;
      case "querySource":
        if (source.graph) throw binding.notAvailable("More than one graph", source.span.start);
        this.#rowsOf(new QueryBinder(binding, this.#scope, true).query(source.query), {
          optional: false,
          span: source.span,
        });
        return null;
      default:
        return unreachable(source);
    }
  }

  /** `SELECT * FROM label`: the row is the node's property object. */
  #selectRecords(select: ast.Select, row: Variable, context: ExpressionContext): void {
    const binding = this.#binding;
    const { having, groupBy, items } = select;
    if (having || groupBy || items.length > 0) {
      throw binding.invalidSyntax(
        "SELECT * cannot be grouped or mixed with other columns.",
        select.span.start,
        "Name the columns.",
      );
    }
    const variable = binding.variable(null, "value");
    this.#operators.push({
      kind: "let",
      items: [
        { variable, expression: { kind: "properties", of: { kind: "variable", variable: row } } },
      ],
    });
    if (select.distinct)
      this.#operators.push({
        kind: "distinct",
        variables: [variable],
        rowKey: binding.variable(null, "value"),
      });
    if (select.tail) {
      const sorted = bindProjection(
        binding,
        {
          distinct: false,
          star: false,
          items: [],
          groupBy: null,
          having: null,
          form: "select",
          tail: select.tail,
          span: select.span,
        },
        context.scope,
        row,
      );
      this.#operators.push(...sorted.operators);
    }
    this.#output = { kind: "records", variable };
  }
}

function isWrite(clause: ast.Clause): boolean {
  return (
    clause.kind === "insert" ||
    clause.kind === "set" ||
    clause.kind === "remove" ||
    clause.kind === "delete" ||
    clause.kind === "merge"
  );
}
