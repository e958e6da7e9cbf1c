import type { Value } from "@geode/values";
import { conjuncts, type Expression, type Variable } from "./expression.ts";

/** What a node has to be like for a pattern to find it: a necessary condition, not a sufficient one. */
export interface NodeRead {
  /** It has one of these. */
  readonly labels: readonly string[] | "any";
  readonly pins: readonly Pin[];
}

/** What an edge has to be like. */
export interface EdgeRead {
  readonly labels: readonly string[] | "any";
  readonly from: NodeRead;
  readonly to: NodeRead;
  /** Whether it may also be found in the other direction. */
  readonly eitherWay: boolean;
}

/** The nodes and edges that a query finds by patterns; what is neither cannot change its result. */
export interface PatternReads {
  readonly nodes: readonly NodeRead[];
  readonly edges: readonly EdgeRead[];
}

/** A property that equals a value which is known when the statement is run. */
export interface Pin {
  readonly key: string;
  readonly value: PinValue;
}

export type PinValue =
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "parameter"; readonly name: string };

export const ANY_NODE: NodeRead = { labels: "any", pins: [] };

/** What the predicates pin of a variable. */
export function pinsOf(variable: Variable, predicates: readonly Expression[]): readonly Pin[] {
  const pins: Pin[] = [];
  for (const predicate of predicates.flatMap(conjuncts)) {
    if (predicate.kind !== "compare" || predicate.operator !== "=") continue;
    const { left, right } = predicate;
    const pin = pinOf(variable, left, right) ?? pinOf(variable, right, left);
    if (pin !== null) pins.push(pin);
  }
  return pins;
}

function pinOf(variable: Variable, property: Expression, value: Expression): Pin | null {
  if (property.kind !== "property" || property.of.kind !== "variable") return null;
  if (property.of.variable !== variable) return null;
  const { key } = property;
  if (value.kind === "constant") return { key, value: { kind: "constant", value: value.value } };
  if (value.kind === "parameter") return { key, value: { kind: "parameter", name: value.name } };
  return null;
}
