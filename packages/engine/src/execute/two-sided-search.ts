import type { Budget } from "./budget.ts";
import type { FoundPath, PathSearch, SearchPart } from "./path-way.ts";
import type { Hop } from "./repetition.ts";

/** What a search has reached from one end, and over which edge. */
interface Side {
  readonly reached: Map<number, { readonly hop: Hop | null; readonly from: number }>;
  /** The nodes that were reached last, all as far away. */
  frontier: number[];
  readonly go: (node: number) => Iterable<Hop>;
  depth: number;
}

/**
 * One of the shortest paths between two different nodes, over edges that are alike: breadth first from both ends, always on the side that
 * has less to look at, until they meet.
 */
export function* shortestPath(
  search: PathSearch & { readonly end: number },
  part: SearchPart,
  budget: Budget,
): Generator<FoundPath> {
  const { start, end } = search;
  const forward = sideOf(start, part.hop);
  const backward = sideOf(end, part.back);
  const most = part.max ?? Infinity;
  while (forward.frontier.length > 0 && backward.frontier.length > 0) {
    if (forward.depth + backward.depth >= most) return;
    const side = forward.frontier.length <= backward.frontier.length ? forward : backward;
    const meeting = goOn(side, side === forward ? backward : forward, budget);
    if (meeting === null) continue;
    const [before, after] = [wayTo(forward, meeting).reverse(), wayTo(backward, meeting)];
    const hops = [...before, ...after];
    yield { node: end, hops: [search.reverse ? hops.reverse() : hops] };
    return;
  }
}

function sideOf(node: number, go: Side["go"]): Side {
  return { reached: new Map([[node, { hop: null, from: -1 }]]), frontier: [node], go, depth: 0 };
}

/** One edge further. The first node that the other side knows, if there is one: no other is nearer. */
function goOn(side: Side, other: Side, budget: Budget): number | null {
  const next: number[] = [];
  for (const node of side.frontier) {
    for (const hop of side.go(node)) {
      if (side.reached.has(hop.to)) continue;
      side.reached.set(hop.to, { hop, from: node });
      budget.keep();
      if (other.reached.has(hop.to)) return hop.to;
      next.push(hop.to);
    }
  }
  side.frontier = next;
  side.depth += 1;
  return null;
}

/** From the node back to where the side began. */
function wayTo({ reached }: Side, node: number): Hop[] {
  const hops: Hop[] = [];
  for (let at = reached.get(node); at?.hop; at = reached.get(at.from)) hops.push(at.hop);
  return hops;
}
