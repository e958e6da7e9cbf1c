import type { Value } from "@geode/values";
import type * as ast from "../../src/gql/ast.ts";
import type { Model } from "./model.ts";

/** Variables by name. */
export type Row = ReadonlyMap<string, Value>;

/** Rows with their columns in order; no columns: nothing is returned. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Where an expression is evaluated. */
export interface Environment {
  readonly model: Model;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly row: Row;
  /** Where aggregates are allowed: the rows that they are over. */
  readonly group?: readonly Row[];
  /** What a query returns for the row at hand. */
  readonly resultOf: (query: ast.Query, at: Environment) => Table;
  /** All rows that the row at hand becomes by matching a path. */
  readonly bindingsOf: (
    path: ast.PathPattern,
    where: ast.Expression | null,
    at: Environment,
  ) => readonly Row[];
  /** Looks on where rows are sorted and cut. */
  readonly watch?: Watch;
}

/** The rows that one ORDER BY, OFFSET and LIMIT are applied to, in order. Those with the same place may change places. */
export interface Watch {
  readonly tail: ast.OrderAndPage;
  rows: readonly { readonly row: Row; readonly place: number }[];
}

/** The same place, seeing more. */
export function seeing(environment: Environment, more: Row): Environment {
  return { ...environment, row: new Map([...environment.row, ...more]) };
}
