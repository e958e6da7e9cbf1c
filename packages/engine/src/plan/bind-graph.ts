import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import { DEFAULT_GRAPH } from "../graph/effect.ts";
import type { GraphScope } from "./operators.ts";
import type { Binding } from "./scope.ts";

/** CREATE GRAPH and DROP GRAPH. `offset` is where the name stands. */
export type GraphChange =
  | {
      readonly kind: "createGraph";
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly orReplace: boolean;
      /** What it begins with; null: nothing. */
      readonly source: GraphSource | null;
      readonly offset: number;
    }
  | {
      readonly kind: "dropGraph";
      readonly name: string;
      readonly ifExists: boolean;
      readonly offset: number;
    };

/** A graph whose indexes and constraints, and perhaps all of its elements, another one begins with. */
export interface GraphSource {
  readonly graph: GraphScope;
  readonly elements: boolean;
  readonly offset: number;
}

/** A graph is named by itself, by CURRENT_GRAPH, or by HOME_GRAPH. */
export function graphScope(reference: ast.GraphReference, current: GraphScope): GraphScope {
  switch (reference.kind) {
    case "namedGraph":
      return reference.name.name;
    case "currentGraph":
      return current;
    case "homeGraph":
      return DEFAULT_GRAPH;
    default:
      return unreachable(reference);
  }
}

export function bindGraphChange(
  binding: Binding,
  statement: ast.CreateGraph | ast.DropGraph,
): GraphChange {
  const { name, span } = statement.name;
  const offset = span.start;
  if (name === DEFAULT_GRAPH && !(statement.kind === "createGraph" && !statement.orReplace))
    throw new GeodeError("42000", `The graph \`${DEFAULT_GRAPH}\` is always there.`, {
      position: positionAt(binding.text, offset),
      hint: "MATCH (n) DETACH DELETE n empties it.",
    });
  if (statement.kind === "dropGraph")
    return { kind: "dropGraph", name, ifExists: statement.ifExists, offset };
  const { copyOf, ifNotExists, like, orReplace } = statement;
  const from = copyOf ?? like;
  const source = from && {
    graph: graphScope(from, null),
    elements: copyOf !== null,
    offset: from.span.start,
  };
  return { kind: "createGraph", name, ifNotExists, orReplace, source, offset };
}
