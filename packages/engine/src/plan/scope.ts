import { GeodeError } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import type { Variable, VariableType } from "./expression.ts";
import type { GraphScope, Query } from "./operators.ts";
import type { Procedures } from "./procedure.ts";

/** The names that a clause sees. Scopes are never changed, only followed by others. */
export type Scope = ReadonlyMap<string, Variable>;

export const EMPTY_SCOPE: Scope = new Map();

/** Each clause has a scope of its own, and is looked at again for what comes behind it. */
const CLAUSES_MAX = 1000;

/** What a repetition goes through again and again; told from others by being itself. */
export interface Iteration {
  readonly kind: "iteration";
}

/** What binding one statement needs throughout: its text for positions, and numbers for its variables. */
export class Binding {
  readonly text: string;
  /** Binds a query inside of an expression, over the variables around it. */
  readonly subquery: (query: ast.Query, scope: Scope) => Query;
  /** By name. */
  readonly procedures: Procedures;
  /** The graph in use where binding is. */
  graph: GraphScope = null;
  #variables = 0;
  #clauses = 0;
  #volatile = false;
  #definedHere = false;
  #readsEveryGraph = false;
  #namesGraphs = false;
  readonly #groups = new Map<Variable, Iteration | null>();

  constructor(
    text: string,
    procedures: Procedures,
    subquery: (binding: Binding, query: ast.Query, scope: Scope) => Query,
  ) {
    this.text = text;
    this.procedures = procedures;
    this.subquery = (query, scope) => subquery(this, query, scope);
  }

  variable(
    name: string | null,
    type: VariableType,
    more: { nullable?: boolean; elements?: readonly Variable[] } = {},
  ): Variable {
    this.#variables += 1;
    return {
      number: this.#variables,
      name,
      type,
      nullable: more.nullable ?? false,
      elements: more.elements ?? [],
    };
  }

  /** Whether anything bound so far reads the clock or chance. */
  get volatile(): boolean {
    return this.#volatile;
  }

  /** Something reads the clock or chance: the same statement may say something else at another moment. */
  noteVolatile(): void {
    this.#volatile = true;
  }

  /** Whether anything bound so far exists in this thread only. */
  get definedHere(): boolean {
    return this.#definedHere;
  }

  noteDefinedHere(): void {
    this.#definedHere = true;
  }

  /** Whether anything bound so far depends on which graphs there are. */
  get readsEveryGraph(): boolean {
    return this.#readsEveryGraph;
  }

  noteReadsEveryGraph(): void {
    this.#readsEveryGraph = true;
  }

  /** Whether anything bound so far works on a graph by its name. */
  get namesGraphs(): boolean {
    return this.#namesGraphs;
  }

  noteNamesGraph(): void {
    this.#namesGraphs = true;
  }

  /** Whether it is a group variable (ISO/IEC 39075:2024 §16.7): an aggregate over it is one of its elements in a row, not of rows. */
  isGroup(variable: Variable): boolean {
    return this.#groups.has(variable);
  }

  get hasGroups(): boolean {
    return this.#groups.size > 0;
  }

  /** `iteration`: null where it is not known to have one element for each time. */
  noteGroup(variable: Variable, iteration: Iteration | null): void {
    this.#groups.set(variable, iteration);
  }

  /** Group variables of one iteration are lists of one length, whose elements at one place were bound together. */
  iterationOf(variable: Variable): Iteration | null {
    return this.#groups.get(variable) ?? null;
  }

  /** Throws LIMIT when the statement has too many clauses, those of subqueries and the items of LET included. */
  countClauses(count: number, offset: number): void {
    this.#clauses += count;
    if (this.#clauses <= CLAUSES_MAX) return;
    throw new GeodeError("LIMIT", `A statement has at most ${CLAUSES_MAX} clauses.`, {
      position: positionAt(this.text, offset),
      hint: "Send data as a list in a parameter, and go through it with FOR.",
    });
  }

  /** A 42002 at that offset: the name means nothing, or something else. */
  invalidReference(message: string, offset: number, hint?: string): GeodeError {
    return new GeodeError("42002", message, { position: positionAt(this.text, offset), hint });
  }

  /** A 42001 at that offset: the text follows the grammar, but not the rules that go with it. */
  invalidSyntax(message: string, offset: number, hint?: string): GeodeError {
    return new GeodeError("42001", message, { position: positionAt(this.text, offset), hint });
  }

  /** A 42000 at that offset, for what is in the language but not in this version. */
  notAvailable(what: string, offset: number, hint?: string): GeodeError {
    return new GeodeError("42000", `${what} is not available in this version.`, {
      position: positionAt(this.text, offset),
      hint,
    });
  }
}

/** The scope with one more name; a name that is taken is an error. */
export function declare(
  binding: Binding,
  scope: Map<string, Variable>,
  name: ast.Name,
  variable: Variable,
): void {
  if (scope.has(name.name)) {
    throw binding.invalidReference(
      `The variable \`${name.name}\` is already defined.`,
      name.span.start,
      "Choose another name, or use the one that exists.",
    );
  }
  scope.set(name.name, variable);
}
