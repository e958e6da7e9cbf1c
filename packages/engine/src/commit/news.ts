import type { ElementId, Properties } from "@geode/values";
import { DEFAULT_GRAPH, type DocumentFormat, type DocumentId } from "../graph/effect.ts";
import { isReserved } from "../graph/reserved.ts";
import type { Commit } from "./replica.ts";

/** A node of the server's own that has come into the default graph. */
export interface ReservedNode {
  readonly label: string;
  readonly id: ElementId;
  readonly properties: Properties;
}

/** What a commit brought of them; never empty. */
export interface ReservedCommit {
  readonly seq: number;
  readonly nodes: readonly ReservedNode[];
}

/** A commit that is an edit of a document. */
export interface EditCommit {
  readonly seq: number;
  /** The id of who made it. */
  readonly principal: string;
  readonly document: DocumentId;
  readonly format: DocumentFormat;
  readonly version: number;
  readonly bytes: Uint8Array;
}

export function reservedIn({ patch, seq }: Commit): ReservedCommit | null {
  const nodes = patch.flatMap((effect): ReservedNode[] => {
    if (effect.kind !== "insertNode" || effect.graph !== DEFAULT_GRAPH) return [];
    const { id, properties } = effect;
    return effect.labels.filter(isReserved).map((label) => ({ label, id, properties }));
  });
  return nodes.length === 0 ? null : { seq, nodes };
}

export function editIn({ patch: [effect], principal, seq }: Commit): EditCommit | null {
  if (effect?.kind !== "appendEdit") return null;
  const { bytes, document, format, version } = effect;
  return { seq, principal, document, format, version, bytes };
}
