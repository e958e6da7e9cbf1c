import { type ElementId, unreachable, type Value } from "@geode/values";
import type { Effect, Patch, SpliceText } from "../graph/effect.ts";

/** Effects that change one element. */
type ElementEffect = Exclude<Extract<Effect, { readonly id: ElementId }>, SpliceText>;

/**
 * One patch that does what two do, the second on top of the first: at most one effect per element, in the order that a patch has.
 * An update stays even if it brings back what stood there before, so that the patch still names everything that was written.
 * Effects that concern no element are none of a transaction's.
 */
export function composed(first: Patch, second: Patch): Patch {
  const byElement = new Map<ElementId, ElementEffect>();
  for (const effect of [...first, ...second]) {
    if (!("id" in effect) || effect.kind === "spliceText")
      throw new Error(`${effect.kind} cannot be part of a transaction`);
    const before = byElement.get(effect.id);
    const net = before === undefined ? effect : netOf(before, effect);
    if (net === null) byElement.delete(effect.id);
    else byElement.set(effect.id, net);
  }
  return [...byElement.values()].sort((left, right) => rankOf(left) - rankOf(right));
}

/** What both come to; null when the element came and went. */
function netOf(before: ElementEffect, after: ElementEffect): ElementEffect | null {
  switch (after.kind) {
    case "insertNode":
    case "insertEdge":
      throw new Error(`element ${after.id} is inserted twice`);
    case "deleteNode":
    case "deleteEdge":
      return before.kind === "insertNode" || before.kind === "insertEdge" ? null : after;
    case "updateNode": {
      const labels = after.labels === undefined ? {} : { labels: after.labels };
      if (before.kind === "insertNode")
        return { ...before, ...labels, properties: assigned(before.properties, after.set) };
      if (before.kind === "updateNode")
        return { ...before, ...labels, set: new Map([...before.set, ...after.set]) };
      throw new Error(`node ${after.id} is updated after ${before.kind}`);
    }
    case "updateEdge":
      if (before.kind === "insertEdge")
        return { ...before, properties: assigned(before.properties, after.set) };
      if (before.kind === "updateEdge")
        return { ...before, set: new Map([...before.set, ...after.set]) };
      throw new Error(`edge ${after.id} is updated after ${before.kind}`);
    default:
      return unreachable(after);
  }
}

/** The properties after the assignments; NULL removes. */
function assigned(
  properties: ReadonlyMap<string, Value>,
  set: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const after = new Map(properties);
  for (const [key, value] of set) {
    if (value === null) after.delete(key);
    else after.set(key, value);
  }
  return after;
}

/** Nodes come before edges need them, and go when no edge needs them any more. */
function rankOf(effect: ElementEffect): number {
  switch (effect.kind) {
    case "insertNode":
      return 0;
    case "insertEdge":
      return 1;
    case "updateNode":
    case "updateEdge":
      return 2;
    case "deleteEdge":
      return 3;
    case "deleteNode":
      return 4;
    default:
      return unreachable(effect);
  }
}
