import type { ElementId, GeodeError } from "@geode/values";
import type { PatternClaims } from "../execute/pattern-claims.ts";
import type { Footprint } from "../execute/statement.ts";
import type { GraphName } from "../graph/effect.ts";

/**
 * What one open transaction rests on: what its statements have read, by name, and the elements that it has written, by id. A commit of
 * somebody else that touches any of it makes the transaction lose.
 */
export interface Claims {
  readonly reads: Set<ReadClaim>;
  /** Elements that it has updated or deleted. */
  readonly changed: Set<ElementId>;
  /** Nodes that it has deleted: nobody may draw an edge to them. */
  readonly deletedNodes: Set<ElementId>;
  /** Nodes that edges of its own begin or end at: nobody may delete them. */
  readonly endpoints: Set<ElementId>;
  /** Values that elements of its own have where only one element may have them: see `unique-keys.ts`. */
  readonly uniqueKeys: Set<string>;
  /** Whether it has drawn element ids. */
  inserts: boolean;
  /** Why the transaction cannot be committed any more. */
  lost: GeodeError | null;
}

/** What a statement of a transaction has read. */
export interface ReadClaim {
  readonly claims: Claims;
  /** Null: every graph, and which there are. */
  readonly graphName: GraphName | null;
  readonly footprint: Footprint;
  /** Null when the footprint says as much. */
  readonly patterns: PatternClaims | null;
}
