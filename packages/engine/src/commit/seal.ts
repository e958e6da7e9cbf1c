import type { Effect, InsertNode, Patch } from "../graph/effect.ts";

/** The label of what is sealed, and the property that is. */
const SEALED_LABEL = "GeodeMessage";
const SEALED_PROPERTY = "seq";

/**
 * The patch as it goes into the log at `seq`. A message carries the seq of its commit, which is not known while the patch is made: it is
 * the one value that is filled in afterwards.
 */
export function sealed(patch: Patch, seq: number): Patch {
  return patch.some(isOpen)
    ? patch.map((effect) => (isOpen(effect) ? seal(effect, seq) : effect))
    : patch;
}

function isOpen(effect: Effect): effect is InsertNode {
  return (
    effect.kind === "insertNode" &&
    effect.labels[0] === SEALED_LABEL &&
    !effect.properties.has(SEALED_PROPERTY)
  );
}

function seal(effect: InsertNode, seq: number): InsertNode {
  return { ...effect, properties: new Map(effect.properties).set(SEALED_PROPERTY, seq) };
}
