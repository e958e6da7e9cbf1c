import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import {
  bindCondition,
  bindExpression,
  bindLabels,
  type ExpressionContext,
} from "./bind-expression.ts";
import { bindGraphChange, type GraphChange, graphScope } from "./bind-graph.ts";
import { bindMatch } from "./bind-pattern.ts";
import { bindProcedureCall } from "./bind-procedure.ts";
import { bindOrderAndPage, bindProjection } from "./bind-projection.ts";
import { bindSession, type BoundSession } from "./bind-session.ts";
import { bindDelete, bindInsert, bindMerge, bindRemove, bindSet } from "./bind-write.ts";
import type { CatalogChange, NewIndex } from "./catalog-change.ts";
import { conjuncts, type Variable } from "./expression.ts";
import type { GraphScope, Item, Operator, Output, Query } from "./operators.ts";
import type { Procedures } from "./procedure.ts";
import { Binding, declare, EMPTY_SCOPE, type Scope } from "./scope.ts";
import { showQuery } from "./show.ts";
import { neededAfter } from "./uses.ts";
import { isWriting, writes } from "./writing.ts";

const NO_OUTPUT: Output = { kind: "nothing" };

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
      /** Whether it depends on which graphs there are, and on everything in them. */
      readonly readsEveryGraph: boolean;
      /** Whether it works on graphs by their names. */
      readonly namesGraphs: boolean;
    }
  | {
      readonly kind: "explain";
      readonly mode: "explain" | "profile";
      readonly query: Query;
    }
  | CatalogChange
  | GraphChange
  | BoundSession
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
      const query = new QueryBinder(binding, EMPTY_SCOPE, "statement").query(statement.query);
      const { volatile, definedHere, readsEveryGraph, namesGraphs } = binding;
      const { live } = statement;
      return { kind: "query", query, live, volatile, definedHere, readsEveryGraph, namesGraphs };
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
      return bindGraphChange(binding, statement);
    case "show": {
      const query = showQuery(binding, statement);
      const { readsEveryGraph } = binding;
      return {
        kind: "query",
        query,
        live: null,
        volatile: false,
        definedHere: false,
        readsEveryGraph,
        namesGraphs: false,
      };
    }
    case "sessionSet":
    case "sessionReset":
    case "sessionClose":
      return bindSession(binding, statement);
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
  return new QueryBinder(binding, scope, "expression").query(query);
}

/**
 * Where a query stands: by itself; in CALL, where it need not return anything; in an expression or in FROM, where it cannot write
 * either.
 */
type QueryPlace = "statement" | "call" | "expression";

class QueryBinder {
  readonly #binding: Binding;
  readonly #place: QueryPlace;
  readonly #operators: Operator[] = [];
  #scope: Scope;
  #output: Output | null = null;
  /** The graph in use where the query begins, and after each NEXT. */
  #home: GraphScope;
  /** The graph in use. */
  #graph: GraphScope;

  constructor(binding: Binding, scope: Scope, place: QueryPlace) {
    this.#binding = binding;
    this.#scope = scope;
    this.#place = place;
    this.#home = this.#graph = binding.graph;
  }

  /** Leaves the graph in use of the binding as it was. */
  query(query: ast.Query): Query {
    const outer = this.#binding.graph;
    this.#binding.graph = this.#graph;
    for (const [index, step] of query.steps.entries()) {
      if (index > 0) this.#next(step);
      if (step.rest.length > 0) this.#combine(step);
      else this.#linear(step.first);
    }
    this.#binding.graph = outer;
    return this.#bound();
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
    const changes = this.#operators.slice(-1).some(isWriting);
    if (!this.#output && last && !changes && this.#place === "statement") {
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
      this.#use(this.#home, span.start);
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
    this.#use(this.#home, span.start);
  }

  /** What follows works on that graph. What is in scope goes on, elements as values. */
  #use(graph: GraphScope, offset: number): void {
    if (graph === this.#graph) return;
    const binding = this.#binding;
    const carried: Item[] = [];
    const scope = new Map<string, Variable>();
    for (const [name, variable] of this.#scope) {
      const value = variable.type === "value" ? variable : binding.variable(name, "value");
      if (value !== variable)
        carried.push({ variable: value, expression: { kind: "variable", variable } });
      scope.set(name, value);
    }
    this.#scope = scope;
    this.#operators.push({
      kind: "use",
      graph,
      carried,
      rowKey: binding.variable(null, "value"),
      offset,
    });
    this.#graph = binding.graph = graph;
    binding.noteNamesGraph();
  }

  /** The whole query works on that graph. */
  #beginIn(graph: ast.GraphReference): this {
    this.#use(graphScope(graph, this.#home), graph.span.start);
    this.#home = this.#graph;
    return this;
  }

  /** Set operators over queries with the same columns; over changes of data, without columns. */
  #combine({ first, rest }: ast.QueryStep): void {
    const binding = this.#binding;
    const [operator] = rest;
    if (!operator) return;
    const bound = [first, ...rest.map((operation) => operation.query)].map((linear) => {
      const branch = new QueryBinder(binding, this.#scope, this.#place);
      branch.#linear(linear);
      binding.graph = this.#graph;
      const query = branch.#bound();
      return { query, offset: linear.span.start };
    });
    const changes = bound.every(({ query }) => query.output.kind === "nothing" && writes(query));
    const sides = bound.map(({ query, offset }) => {
      if (query.output.kind !== "rows" && !changes)
        throw binding.invalidSyntax(
          `Both sides of ${operator.operator.toUpperCase()} return named columns.`,
          offset,
        );
      return { query, columns: query.output.kind === "rows" ? query.output.columns : [], offset };
    });
    const [left, ...others] = sides;
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
      branches.push(changes ? query : { ...query, output: { kind: "rows", columns: same } });
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
    this.#output = changes ? NO_OUTPUT : { kind: "rows", columns };
  }

  #bound(): Query {
    const query = { operators: this.#operators, output: this.#output ?? NO_OUTPUT };
    if (!query.operators.some(({ kind }) => kind === "use")) return query;
    // Where another graph begins, only what is looked at there goes on.
    const needed = neededAfter(query);
    const operators = query.operators.map((operator, index) =>
      operator.kind === "use"
        ? {
            ...operator,
            carried: operator.carried.filter(({ variable }) => needed[index]?.has(variable)),
          }
        : operator,
    );
    return { ...query, operators };
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
    const place = this.#place === "expression" ? "expression" : "call";
    const binder = new QueryBinder(binding, call.scope ? inner : this.#scope, place);
    this.#rowsOf(binder, call.query, call);
  }

  /** What a query returns comes beside the row. */
  #rowsOf(
    binder: QueryBinder,
    inner: ast.Query,
    { optional, span }: { optional: boolean; span: ast.Span },
  ): void {
    const query = binder.query(inner);
    this.#addRowsOf(query, binder.#graph === this.#graph, { optional, span });
  }

  #addRowsOf(
    query: Query,
    isSameGraph: boolean,
    { optional, span }: { optional: boolean; span: ast.Span },
  ): void {
    const binding = this.#binding;
    const scope = new Map(this.#scope);
    const columns = (query.output.kind === "rows" ? query.output.columns : []).map((column) => {
      const { type } = column.variable;
      const kept = isSameGraph && (type === "node" || type === "edge") ? type : "value";
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
    const inner = new QueryBinder(this.#binding, this.#scope, "expression");
    for (const match of matches) inner.#clause(match);
    const columns = [...inner.#scope]
      .filter(([name]) => !this.#scope.has(name))
      .map(([name, variable]) => ({ name, text: name, variable }));
    const query: Query = { operators: inner.#operators, output: { kind: "rows", columns } };
    this.#addRowsOf(query, true, { optional: true, span });
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
    if (this.#place === "expression" && isWrite(clause))
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
        const { before, operator, after, scope } = bindInsert(binding, clause, this.#scope);
        this.#operators.push(...before, operator, ...after);
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
        this.#use(graphScope(clause.graph, this.#home), clause.graph.span.start);
        return;
      case "optionalBlock":
        this.#optionalBlock(clause);
        return;
      case "merge": {
        const { before, operator, scope } = bindMerge(binding, clause, this.#scope);
        this.#operators.push(...before, operator);
        this.#scope = scope;
        return;
      }
      case "callQuery":
        this.#call(clause);
        return;
      case "nestedQuery": {
        const nested = new QueryBinder(binding, this.#scope, this.#place);
        const query = nested.query(clause.query);
        this.#operators.push(...query.operators);
        this.#output = query.output;
        this.#graph = binding.graph = nested.#graph;
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
          this.#use(graph ? graphScope(graph, this.#home) : this.#home, match.span.start);
          this.#clause(match);
        }
        return null;
      case "querySource": {
        const inner = new QueryBinder(binding, this.#scope, "expression");
        if (source.graph) inner.#beginIn(source.graph);
        binding.graph = this.#graph;
        this.#rowsOf(inner, source.query, { optional: false, span: source.span });
        return null;
      }
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
