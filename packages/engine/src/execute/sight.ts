import type { Edge, Node, Value } from "@geode/values";
import type { Footprint, RunContext } from "./statement.ts";

/**
 * What the user of a statement may see and change, asked wherever an element comes into a row or is changed. To a statement the graph is
 * then the graph without the elements and properties that are hidden. Elements are named by slot.
 */
export interface Sight {
  node(slot: number): boolean;
  /** An edge is seen with both its ends only. */
  edge(slot: number): boolean;
  /** Without what is hidden of it; of one that is not seen, e.g. since this statement changed it, its id alone. */
  showNode(slot: number): Node;
  showEdge(slot: number): Edge;
  /** NULL for what is hidden. */
  nodeProperty(slot: number, key: string): Value;
  edgeProperty(slot: number, key: string): Value;
  hidesNodeProperty(slot: number, key: string): boolean;
  hidesEdgeProperty(slot: number, key: string): boolean;
  mayWriteNode(slot: number): boolean;
  mayWriteEdge(slot: number): boolean;
}

/** What a policy grants to one user: the roles decide the rules, the claims what they compare with. */
export interface Grant {
  /** Two grants with the same text show the same. */
  readonly key: string;
  /** Properties that some rule hides; all others are read as they stand. */
  readonly hiddenKeys: ReadonlySet<string>;
  /** What a statement reads when it is run under this grant: also what the rules look at. */
  widen(footprint: Footprint): Footprint;
  sight(context: RunContext): Sight;
}
