import type { Budget } from "./budget.ts";
import type { Hop } from "./repetition.ts";

/** A part of the path under search. */
export interface SearchPart {
  /** Every way once through the part from a node. */
  readonly hop: (from: number) => Iterable<Hop>;
  /** The same against the direction of the search: every way to a node. */
  readonly back: (to: number) => Iterable<Hop>;
  readonly min: number;
  /** null: as often as it goes. */
  readonly max: number | null;
  /** How many edges each way goes over; null when they differ. */
  readonly edges: number | null;
}

export interface PathSearch {
  /** In the order of searching. */
  readonly parts: readonly SearchPart[];
  /** The search runs from the path's last node to its first. */
  readonly reverse: boolean;
  readonly mode: "walk" | "trail" | "acyclic" | "simple";
  /** Of every pair of ends: so many paths, or all paths of so many lengths. */
  readonly unit: "paths" | "groups";
  readonly count: number;
  readonly start: number;
  /** null: any node; each is an end of its own. */
  readonly end: number | null;
  /** Some edge may be gone over in both directions. */
  readonly undirected: boolean;
  /** The same path may be found in several ways, and counts once. */
  readonly ambiguous: boolean;
  /** Paths for which this is false do not exist. null: all do. */
  readonly accepts: ((path: FoundPath) => boolean) | null;
}

/** A path, as what was gone through for each part, in the path's order. */
export interface FoundPath {
  /** Where the search ended. */
  readonly node: number;
  readonly hops: readonly (readonly Hop[])[];
}

/** A place that the search has reached, and the ways it came. Places that nothing can tell apart from here on are one. */
export interface Place {
  readonly part: number;
  /** How often the part was gone through. */
  readonly times: number;
  readonly node: number;
  /** -1 where nothing has been gone over. */
  readonly firstEdge: number;
  readonly arrivals: Arrival[];
}

export interface Arrival {
  readonly from: Place;
  readonly part: number;
  readonly hop: Hop;
}

/** Whether the mode lets a way go on like this, when every way is a place of its own. */
export function allows({ mode, start }: PathSearch, { from, hop }: Arrival): boolean {
  if (mode === "walk") return true;
  const newEdges = edgesOf(hop);
  const newNodes = nodesOf(hop);
  if (mode !== "acyclic" && hasTwice(newEdges)) return false;
  if (mode !== "trail" && hasTwice(newNodes)) return false;
  for (let [back] = from.arrivals; back; [back] = back.from.arrivals) {
    if (mode !== "acyclic" && edgesOf(back.hop).some((edge) => newEdges.includes(edge)))
      return false;
    if (mode !== "trail" && nodesOf(back.hop).some((node) => newNodes.includes(node))) return false;
  }
  if (mode === "trail" || newNodes.length === 0) return true;
  // A SIMPLE path may end where it began, and does then.
  const passed = mode === "simple" ? newNodes.slice(0, -1) : newNodes;
  return !passed.includes(start) && !(from.node === start && from.firstEdge !== -1);
}

function edgesOf({ steps }: Hop): number[] {
  return steps.filter((_, index) => index % 2 === 0);
}

/** The nodes that a hop comes to, whichever way it goes: all but the one that it starts from. */
function nodesOf({ steps, to }: Hop): number[] {
  if (steps.length === 0) return [];
  return [...steps.slice(0, -1).filter((_, index) => index % 2 === 1), to];
}

function hasTwice(slots: readonly number[]): boolean {
  return slots.length > 1 && new Set(slots).size < slots.length;
}

/** All ways to a place, each as a path. No recursion: a path may be as long as the graph. */
export function* waysTo(place: Place, search: PathSearch, budget: Budget): Generator<FoundPath> {
  /** From the place back to the start: which arrival was taken at each place. */
  const way: { readonly place: Place; at: number }[] = [{ place, at: -1 }];
  for (let top = way.at(-1); top; top = way.at(-1)) {
    if (--budget.steps < 0) budget.look();
    if (top.place.arrivals.length === 0) {
      yield pathOf(
        way.flatMap((step) => step.place.arrivals[step.at] ?? []),
        place.node,
        search,
      );
      way.pop();
      continue;
    }
    top.at += 1;
    const arrival = top.place.arrivals[top.at];
    if (arrival) way.push({ place: arrival.from, at: -1 });
    else way.pop();
  }
}

/** `backwards`: the last arrival first. */
export function pathOf(backwards: readonly Arrival[], node: number, search: PathSearch): FoundPath {
  const { parts, reverse } = search;
  const hops: Hop[][] = parts.map(() => []);
  const inOrder = reverse ? backwards : backwards.toReversed();
  for (const { part, hop } of inOrder) hops[part]?.push(hop);
  return { node, hops: reverse ? hops.reverse() : hops };
}
export function partAt(parts: readonly SearchPart[], index: number): SearchPart {
  const part = parts[index];
  if (!part) throw new Error("a part that the path does not have");
  return part;
}
