import { type ElementId, GeodeError, unreachable, type Value } from "@geode/values";
import type { Grant } from "../execute/sight.ts";
import { type Finder, finderOf, patternClaimsOf } from "../execute/pattern-claims.ts";
import type { Footprint, Statement } from "../execute/statement.ts";
import type { Effect, GraphName, Patch } from "../graph/effect.ts";
import type { Store } from "../graph/store.ts";
import type { Claims, ReadClaim } from "./claims.ts";
import type { Follower } from "./replica.ts";
import { uniqueKeysOf } from "./unique-keys.ts";

/** Finds the reads that an effect may touch; it may find too many, never too few. Live queries are found in the same way. */
export interface ReadRoutes {
  add(read: ReadClaim): void;
  remove(read: ReadClaim): void;
  /** To be asked before the effect is applied: the state before decides as well as the state after. */
  collect(effect: Effect, found: Set<ReadClaim>): void;
}

/** Reads of one transaction that are told apart; one that has more is taken to have read everything. */
const READS_MAX = 1_000;

const EVERYTHING: Footprint = {
  nodeLabels: "any",
  edgeLabels: "any",
  nodeKeys: "any",
  edgeKeys: "any",
};

/**
 * Holds every effect that comes into the graph against the open transactions, at once. One whose reads or writes it touches has lost.
 * So a transaction that has not lost sees a state in which all that it has read before still holds; what it wrote can be applied again;
 * and when it commits there is nothing left to check: the order of commits is the serial order.
 *
 * Claims are held against the durable graph, without what the transaction itself wrote. That is enough: an element that looks different
 * to the transaction is one that it wrote, and those are found by id.
 */
export class Conflicts implements Follower {
  readonly #store: Store;
  readonly #reads: ReadRoutes;
  readonly #open = new Set<Claims>();
  readonly #changed = new Claimed<ElementId>();
  readonly #deletedNodes = new Claimed<ElementId>();
  readonly #endpoints = new Claimed<ElementId>();
  readonly #uniqueKeys = new Claimed<string>();

  constructor(store: Store, reads: ReadRoutes) {
    this.#store = store;
    this.#reads = reads;
  }

  open(): Claims {
    const claims: Claims = {
      reads: new Set(),
      changed: new Set(),
      deletedNodes: new Set(),
      endpoints: new Set(),
      uniqueKeys: new Set(),
      inserts: false,
      lost: null,
    };
    this.#open.add(claims);
    return claims;
  }

  /** What the statement reads, run in that graph. */
  addReads(
    claims: Claims,
    graphName: GraphName,
    { footprint, otherGraphs, readsEveryGraph }: Statement,
    grant: Grant | null,
    parameters: ReadonlyMap<string, Value>,
  ): void {
    for (const [name, read] of [[graphName, footprint] as const, ...otherGraphs])
      this.#addRead(claims, name, grant?.widen(read) ?? read, parameters);
    if (readsEveryGraph) this.addReadOfEverything(claims, null);
  }

  #addRead(
    claims: Claims,
    graphName: GraphName,
    footprint: Footprint,
    parameters: ReadonlyMap<string, Value>,
  ): void {
    const patterns = patternClaimsOf(footprint.patterns, parameters);
    for (const read of claims.reads)
      if (
        read.graphName === graphName &&
        read.patterns === null &&
        (read.footprint === footprint || read.footprint === EVERYTHING)
      )
        return;
    if (claims.reads.size >= READS_MAX) return this.addReadOfEverything(claims, graphName);
    this.#add({ claims, graphName, footprint, patterns });
  }

  /** `graphName`: null for every graph. */
  addReadOfEverything(claims: Claims, graphName: GraphName | null): void {
    for (const read of claims.reads) if (read.graphName === graphName) this.#remove(read);
    this.#add({ claims, graphName, footprint: EVERYTHING, patterns: null });
  }

  /** The patch is in the graph. */
  addWrites(claims: Claims, patch: Patch): void {
    const claim = <K>(keys: Set<K>, index: Claimed<K>, key: K): void => {
      keys.add(key);
      index.add(key, claims);
    };
    for (const effect of patch) {
      for (const key of uniqueKeysOf(this.#store, effect))
        claim(claims.uniqueKeys, this.#uniqueKeys, key);
      switch (effect.kind) {
        case "insertNode":
          claims.inserts = true;
          break;
        case "insertEdge":
          claims.inserts = true;
          claim(claims.endpoints, this.#endpoints, effect.from);
          claim(claims.endpoints, this.#endpoints, effect.to);
          break;
        case "deleteNode":
          claim(claims.deletedNodes, this.#deletedNodes, effect.id);
          claim(claims.changed, this.#changed, effect.id);
          break;
        case "updateNode":
        case "updateEdge":
        case "deleteEdge":
          claim(claims.changed, this.#changed, effect.id);
          break;
        case "beginEpoch":
        case "lease":
        case "setPolicy":
        case "createIndex":
        case "dropIndex":
        case "createGraph":
        case "dropGraph":
        case "createConstraint":
        case "dropConstraint":
        case "appendEdit":
        case "compactDocument":
        case "spliceText":
          throw new Error(`${effect.kind} cannot be part of a transaction`);
        default:
          unreachable(effect);
      }
    }
  }

  /** Adds to `found` the transactions that the effect, about to be applied, touches. */
  collect(effect: Effect, found: Set<Claims>): void {
    if (this.#open.size === 0) return;
    const reads = new Set<ReadClaim>();
    this.#reads.collect(effect, reads);
    const finder = reads.size === 0 ? null : this.#finderOf(effect);
    for (const { claims, patterns } of reads) {
      // The transaction may have changed a node so that a pattern finds it.
      const isUncertain = (id: ElementId): boolean => claims.changed.has(id);
      if (patterns === null || finder === null || finder(patterns, isUncertain)) found.add(claims);
    }
    for (const key of uniqueKeysOf(this.#store, effect)) this.#uniqueKeys.collect(key, found);
    switch (effect.kind) {
      case "insertEdge":
        this.#deletedNodes.collect(effect.from, found);
        return this.#deletedNodes.collect(effect.to, found);
      case "deleteNode":
        this.#endpoints.collect(effect.id, found);
        return this.#changed.collect(effect.id, found);
      case "updateNode":
      case "spliceText":
      case "updateEdge":
      case "deleteEdge":
        return this.#changed.collect(effect.id, found);
      case "insertNode":
      case "beginEpoch":
      case "lease":
      case "createIndex":
      case "dropIndex":
      case "dropConstraint":
      // No statement reads a document.
      case "appendEdit":
      case "compactDocument":
        return;
      case "createConstraint":
        // What they have written was never held against it.
        for (const claims of this.#open) if (hasWritten(claims)) found.add(claims);
        return;
      case "setPolicy":
        // What they have seen and done was right under another policy.
        for (const claims of this.#open) found.add(claims);
        return;
      case "createGraph":
      case "dropGraph":
        // Whatever a transaction does in a graph, it reads there.
        return;
      default:
        return unreachable(effect);
    }
  }

  #finderOf(effect: Effect): Finder | null {
    const graph = "graph" in effect ? this.#store.graphs.get(effect.graph) : undefined;
    return graph === undefined ? null : finderOf(effect, graph);
  }

  /** See {@link Follower}: a durable effect. */
  beforeEffect(effect: Effect): void {
    if (this.#open.size === 0) return;
    const found = new Set<Claims>();
    this.collect(effect, found);
    for (const claims of found) this.lose(claims, conflict());
  }

  /** Another node has the block that ids were drawn from: elements with these ids cannot be inserted any more. */
  loseInserts(): void {
    for (const claims of this.#open) if (claims.inserts) this.lose(claims, conflict());
  }

  /** The transaction cannot be committed any more. The first reason stays. */
  lose(claims: Claims, reason: GeodeError): void {
    claims.lost ??= reason;
    this.release(claims);
  }

  /** Forgets what the transaction claims. Idempotent. */
  release(claims: Claims): void {
    if (!this.#open.delete(claims)) return;
    for (const read of claims.reads) this.#remove(read);
    for (const id of claims.changed) this.#changed.remove(id, claims);
    for (const id of claims.deletedNodes) this.#deletedNodes.remove(id, claims);
    for (const id of claims.endpoints) this.#endpoints.remove(id, claims);
    for (const key of claims.uniqueKeys) this.#uniqueKeys.remove(key, claims);
  }

  #add(read: ReadClaim): void {
    read.claims.reads.add(read);
    this.#reads.add(read);
  }

  #remove(read: ReadClaim): void {
    read.claims.reads.delete(read);
    this.#reads.remove(read);
  }
}

/** What a transaction is told that came too late. */
export function conflict(): GeodeError {
  return new GeodeError(
    "40000",
    "Another write changed what this transaction has read or written; it is rolled back.",
    { hint: "Send ROLLBACK, then the whole transaction again." },
  );
}

function hasWritten({ changed, inserts }: Claims): boolean {
  return inserts || changed.size > 0;
}

/** Who claims what. */
class Claimed<K> {
  readonly #claims = new Map<K, Set<Claims>>();

  add(key: K, claims: Claims): void {
    const holders = this.#claims.get(key);
    if (holders === undefined) this.#claims.set(key, new Set([claims]));
    else holders.add(claims);
  }

  remove(key: K, claims: Claims): void {
    const holders = this.#claims.get(key);
    holders?.delete(claims);
    if (holders?.size === 0) this.#claims.delete(key);
  }

  collect(key: K, found: Set<Claims>): void {
    for (const claims of this.#claims.get(key) ?? []) found.add(claims);
  }
}
