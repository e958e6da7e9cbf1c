import type { Budget } from "./budget.ts";
import {
  allows,
  type FoundPath,
  type PathSearch,
  type Place,
  type SearchPart,
  waysTo,
} from "./path-way.ts";
import { identityOf, isNew } from "./repetition.ts";

/**
 * The paths between two nodes over edges that are alike, shorter ones first, where every way is a place of its own. Gone on is always
 * with a way that may come to the end soonest: as far as it is, and as far as the end is from there at least. So a search stops when it has
 * what is wanted, and ways that lead elsewhere are never gone.
 */
export function* orderedPaths(
  search: PathSearch & { readonly end: number },
  part: SearchPart,
  budget: Budget,
): Generator<FoundPath> {
  const { start, end, unit, count } = search;
  const distances = new Distances(end, part.back, budget);
  const begin: Place = { part: 0, times: 0, node: start, firstEdge: -1, arrivals: [] };
  /** By how long the path will be at least. Of those, the way that has come farthest first. */
  const byLength: Place[][] = [[begin]];
  const seen = new Set<string>();
  const found = { paths: 0, lengths: 0, last: -1 };
  for (let length = 0; length < byLength.length; length++) {
    const places = byLength[length] ?? [];
    for (let place = places.pop(); place; place = places.pop()) {
      if (--budget.steps < 0) budget.look();
      const least = place.times + distances.atLeast(place.node);
      if (least > length) {
        if (least < Infinity) put(byLength, least, place);
        continue;
      }
      if (place.node === end && place.times === length && place.times >= part.min) {
        for (const path of waysTo(place, search, budget)) {
          if (search.ambiguous && !isNew(seen, path.hops.map(identityOf).join(), budget)) continue;
          if (search.accepts?.(path) === false) continue;
          if (found.last !== length) found.lengths += 1;
          found.last = length;
          found.paths += 1;
          yield path;
          if (unit === "paths" && found.paths === count) return;
        }
      }
      if (part.max !== null && place.times >= part.max) continue;
      for (const hop of part.hop(place.node)) {
        const arrival = { from: place, part: 0, hop };
        if (!allows(search, arrival)) continue;
        const { times, firstEdge } = place;
        const next: Place = {
          part: 0,
          times: times + 1,
          node: hop.to,
          firstEdge: firstEdge === -1 ? (hop.steps[0] ?? -1) : firstEdge,
          arrivals: [arrival],
        };
        const leastBehind = next.times + distances.known(next.node);
        if (leastBehind === Infinity) continue;
        budget.keep();
        put(byLength, Math.max(length, leastBehind), next);
      }
    }
    if (unit === "groups" && found.lengths === count) return;
  }
}

function put(byLength: Place[][], length: number, place: Place): void {
  while (byLength.length <= length) byLength.push([]);
  byLength[length]?.push(place);
}

/** How far nodes are from the end at least, found out as far as it is asked for. */
class Distances {
  readonly #back: SearchPart["back"];
  readonly #budget: Budget;
  readonly #known: Map<number, number>;
  #frontier: number[];
  #depth = 0;

  constructor(end: number, back: SearchPart["back"], budget: Budget) {
    this.#back = back;
    this.#budget = budget;
    this.#known = new Map([[end, 0]]);
    this.#frontier = [end];
  }

  /** What is known so far. */
  known(node: number): number {
    return this.#known.get(node) ?? this.#beyond;
  }

  /** The same, after one look further where nothing is known yet. Infinity where there is no way to the end. */
  atLeast(node: number): number {
    if (!this.#known.has(node) && this.#frontier.length > 0) this.#lookFurther();
    return this.known(node);
  }

  get #beyond(): number {
    return this.#frontier.length > 0 ? this.#depth + 1 : Infinity;
  }

  #lookFurther(): void {
    const next: number[] = [];
    this.#depth += 1;
    for (const node of this.#frontier) {
      for (const { to } of this.#back(node)) {
        if (this.#known.has(to)) continue;
        this.#budget.keep();
        this.#known.set(to, this.#depth);
        next.push(to);
      }
    }
    this.#frontier = next;
  }
}

/** Every node that the search may end at: those that as many edges lead to as the part allows. */
export function* placesWithin(
  { start }: PathSearch,
  { hop, max }: SearchPart,
  budget: Budget,
): Generator<number> {
  const reached = new Set([start]);
  yield start;
  let frontier = [start];
  for (let depth = 0; frontier.length > 0 && (max === null || depth < max); depth++) {
    const next: number[] = [];
    for (const node of frontier) {
      for (const { to } of hop(node)) {
        if (reached.has(to)) continue;
        budget.keep();
        reached.add(to);
        next.push(to);
        yield to;
      }
    }
    frontier = next;
  }
}
