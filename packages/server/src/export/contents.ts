import type { Checkpoint, InsertEdge, InsertNode } from "@geode/engine";
import type { CatalogItem } from "../import/catalog.ts";

/**
 * One graph of a database as of one commit, read from a file as often as wanted, in the memory of a piece of it. Elements come in the
 * order of their ids, all nodes before all edges.
 */
export interface Contents {
  readonly seq: number;
  /** Whether there is such a graph. */
  readonly exists: boolean;
  /** Indexes, and then constraints. */
  readonly catalog: readonly CatalogItem[];
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Elements that the server keeps for itself, which an import refuses: they are left out. */
  readonly reservedCount: number;
  elements(): Iterable<InsertNode | InsertEdge>;
}

/** It is always there. */
export const DEFAULT_GRAPH = "default";

/** Labels that begin so are the server's own. */
const RESERVED = "Geode";

/** Reads the file once, to know what is in it. */
export function contentsOf({ header, chunks }: Checkpoint, graph: string): Contents {
  const catalog: CatalogItem[] = [];
  const reserved = new Set<number>();
  let exists = graph === DEFAULT_GRAPH;
  let [nodeCount, edgeCount, reservedEdges] = [0, 0, 0];
  for (const chunk of chunks) {
    for (const effect of chunk) {
      if (!("graph" in effect) || effect.graph !== graph) continue;
      if (effect.kind === "createGraph") exists = true;
      else if (effect.kind === "createIndex" || effect.kind === "createConstraint") {
        const { element, label, name, properties } = effect;
        const requirement = effect.kind === "createIndex" ? null : effect.requirement;
        if (!label.startsWith(RESERVED))
          catalog.push({ kind: "catalog", name, element, label, properties, requirement });
      } else if (effect.kind === "insertNode") {
        if (effect.labels.some((label) => label.startsWith(RESERVED))) reserved.add(effect.id);
        else nodeCount += 1;
      } else if (effect.kind === "insertEdge") {
        if (isReserved(effect, reserved)) reservedEdges += 1;
        else edgeCount += 1;
      }
    }
  }
  return {
    seq: header.seq,
    exists,
    catalog,
    nodeCount,
    edgeCount,
    reservedCount: reserved.size + reservedEdges,
    *elements() {
      for (const chunk of chunks) {
        for (const effect of chunk) {
          const isElement = effect.kind === "insertNode" || effect.kind === "insertEdge";
          if (isElement && effect.graph === graph && !isReserved(effect, reserved)) yield effect;
        }
      }
    },
  };
}

function isReserved(element: InsertNode | InsertEdge, reserved: ReadonlySet<number>): boolean {
  return element.kind === "insertNode"
    ? reserved.has(element.id)
    : element.label.startsWith(RESERVED) || reserved.has(element.from) || reserved.has(element.to);
}
