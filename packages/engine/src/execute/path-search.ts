import { unreachable } from "@geode/values";
import type { Budget } from "./budget.ts";
import { orderedPaths, placesWithin } from "./ordered-search.ts";
import {
  allows,
  type Arrival,
  type FoundPath,
  partAt,
  type PathSearch,
  type Place,
  type SearchPart,
  waysTo,
} from "./path-way.ts";
import { identityOf, isNew } from "./repetition.ts";
import { shortestPath } from "./two-sided-search.ts";

/**
 * The paths that count (ISO/IEC 39075:2024 §16.6), shorter ones first. Breadth first: all places that are `length` edges away, then the
 * next ones. Where the way so far cannot matter, a place is gone on from only for its first lengths, so that a search costs no more
 * than the edges it sees; otherwise (TRAIL with more than the shortest, conditions on the whole path) every way is a place of its own,
 * and those that may lead to the end soonest are gone on first. Between two nodes that are known, a search comes from both.
 */
export function* searchPaths(search: PathSearch, budget: Budget): Generator<FoundPath> {
  const { mode, start, end, accepts, undirected } = search;
  const only = search.parts.length === 1 ? search.parts[0] : undefined;
  const shortestOfEdges =
    only !== undefined && only.edges === 1 && only.min <= 1 && search.count === 1;
  if (accepts !== null || (mode !== "walk" && !shortestOfEdges)) {
    if (only?.edges !== 1) yield* levels(search, budget, { merge: "never" });
    else if (end !== null) yield* orderedPaths({ ...search, end }, only, budget);
    else
      for (const node of placesWithin(search, only, budget))
        yield* orderedPaths({ ...search, end: node }, only, budget);
    return;
  }
  if (shortestOfEdges && end !== null && end !== start) {
    // Such paths repeat nothing, so they are right in every mode.
    const known: PathSearch & { readonly end: number } = { ...search, mode: "walk", end };
    if (search.unit === "paths") yield* shortestPath(known, only, budget);
    else yield* orderedPaths(known, only, budget);
    return;
  }
  // A shortest way from one node to another repeats nothing. One back to where it began may: over the same edge there and back.
  const closedApart = mode === "acyclic" || (mode !== "walk" && undirected);
  const open = closedApart && only?.min === 1;
  yield* levels(search, budget, { merge: "byNode", open });
  if (open && mode !== "acyclic" && (end === null || end === start))
    yield* levels({ ...search, end: start }, budget, { merge: "byFirstEdge" });
}

interface Merging {
  /** Which places are one: the same node; the same node and first edge, where the start is never passed; or none. */
  readonly merge: "byNode" | "byFirstEdge" | "never";
  /** Paths that end where they start do not count. */
  readonly open?: boolean;
}

function* levels(search: PathSearch, budget: Budget, merging: Merging): Generator<FoundPath> {
  const { parts, start, end, unit, count } = search;
  const places = new Places(search, merging.merge);
  const quotas = new Map<number, Quota>();
  const seen = new Set<string>();
  const begin: Place = { part: 0, times: 0, node: start, firstEdge: -1, arrivals: [] };
  const byLength = new Map<number, Place[]>([[0, [begin]]]);
  for (let length = 0; byLength.size > 0; length++) {
    const level = byLength.get(length);
    if (!level) continue;
    byLength.delete(length);
    // Grows on the way: a part without edges leads to a place of the same length.
    for (const place of level) {
      if (merging.merge === "byFirstEdge" && length > 0 && place.node === start) continue;
      for (const index of nextParts(parts, place)) {
        const part = partAt(parts, index);
        for (const hop of part.hop(place.node)) {
          const arrival = { from: place, part: index, hop };
          if (!places.mayGo(arrival)) continue;
          const longer = length + hop.steps.length / 2;
          const reached = places.reach(arrival, longer);
          if (!reached) continue;
          budget.keep();
          const others = byLength.get(longer);
          if (longer === length) level.push(reached);
          else if (others) others.push(reached);
          else byLength.set(longer, [reached]);
        }
      }
    }
    for (const place of level) {
      if (!isComplete(parts, place) || (end !== null && place.node !== end)) continue;
      if (merging.open === true && length > 0 && place.node === start) continue;
      const quota = quotas.get(place.node) ?? { paths: 0, lengths: 0, last: -1 };
      quotas.set(place.node, quota);
      if (unit === "groups" && quota.lengths === count && quota.last !== length) continue;
      for (const path of waysTo(place, search, budget)) {
        if (unit === "paths" && quota.paths === count) break;
        if (search.ambiguous && !isNew(seen, path.hops.map(identityOf).join(), budget)) continue;
        if (search.accepts?.(path) === false) continue;
        quota.paths += 1;
        if (quota.last !== length) quota.lengths += 1;
        quota.last = length;
        yield path;
      }
    }
    const quota = end === null ? undefined : quotas.get(end);
    if (quota && (unit === "paths" ? quota.paths : quota.lengths) === count) return;
  }
}

/** What has been found between two nodes. */
interface Quota {
  paths: number;
  lengths: number;
  /** The length of the last path. */
  last: number;
}

/** The parts that can be gone through next: the same again, or a later one when those before it have had enough. */
function* nextParts(parts: readonly SearchPart[], { part, times }: Place): Generator<number> {
  const { min, max } = partAt(parts, part);
  if (max === null || times < max) yield part;
  if (times < min) return;
  for (let index = part + 1; index < parts.length; index++) {
    const next = partAt(parts, index);
    if (next.max !== 0) yield index;
    if (next.min > 0) return;
  }
}

function isComplete(parts: readonly SearchPart[], { part, times }: Place): boolean {
  return times >= partAt(parts, part).min && parts.slice(part + 1).every(({ min }) => min === 0);
}

interface Reached {
  readonly length: number;
  readonly place: Place;
}

/** The places so far, by what tells them apart. */
class Places {
  readonly #search: PathSearch;
  readonly #merge: Merging["merge"];
  /** By part, times and first edge, then by node: one place per length. */
  readonly #known = new Map<string, Map<number, Reached[]>>();
  /** What was looked up last: nearly always it is what is wanted next. */
  #latest = { part: -1, times: -1, firstEdge: -1, byNode: new Map<number, Reached[]>() };

  constructor(search: PathSearch, merge: Merging["merge"]) {
    this.#search = search;
    this.#merge = merge;
  }

  /** Whether a way may go on like this. */
  mayGo(arrival: Arrival): boolean {
    const { from, hop } = arrival;
    switch (this.#merge) {
      case "byFirstEdge":
        return hop.to !== this.#search.start || hop.steps[0] !== from.firstEdge;
      case "byNode":
        return true;
      case "never":
        return allows(this.#search, arrival);
      default:
        return unreachable(this.#merge);
    }
  }

  /** The place that an arrival leads to, when it is a new one. */
  reach(arrival: Arrival, length: number): Place | null {
    const { unit, count, ambiguous } = this.#search;
    const { from, part, hop } = arrival;
    const times = part === from.part ? from.times + 1 : 1;
    const firstEdge = from.firstEdge === -1 ? (hop.steps[0] ?? -1) : from.firstEdge;
    if (this.#merge === "never")
      return { part, times, node: hop.to, firstEdge, arrivals: [arrival] };
    const known = this.#knownAt(part, times, this.#merge === "byFirstEdge" ? firstEdge : -1);
    const there = known.get(hop.to) ?? [];
    const same = there.find((reached) => reached.length === length);
    if (same) {
      const { arrivals } = same.place;
      if (unit === "groups" || ambiguous || arrivals.length < count) arrivals.push(arrival);
      return null;
    }
    // Where ways differ in length, a longer one may have been seen first.
    if (there.filter((reached) => reached.length < length).length >= count) return null;
    const place: Place = { part, times, node: hop.to, firstEdge, arrivals: [arrival] };
    if (there.length === 0) known.set(hop.to, there);
    there.push({ length, place });
    return place;
  }

  /** The places by node that are alike in everything else. */
  #knownAt(part: number, times: number, firstEdge: number): Map<number, Reached[]> {
    const { parts } = this.#search;
    const { min, max, edges } = partAt(parts, part);
    // With one part the length says how often; without a bound, enough is enough.
    const capped = (parts.length === 1 && edges !== null) || max === null;
    const counted = capped ? Math.min(times, Math.max(1, min)) : times;
    const latest = this.#latest;
    if (latest.part === part && latest.times === counted && latest.firstEdge === firstEdge)
      return latest.byNode;
    const key = `${part} ${counted} ${firstEdge}`;
    const byNode = this.#known.get(key) ?? new Map<number, Reached[]>();
    this.#known.set(key, byNode);
    this.#latest = { part, times: counted, firstEdge, byNode };
    return byNode;
  }
}
