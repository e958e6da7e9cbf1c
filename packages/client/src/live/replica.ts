import { Digest } from "@geode/values";
import { canonicalJson } from "../wire/canonical.ts";
import type { UpdateMessage } from "../wire/messages.ts";
import { BrokenFrame } from "../wire/broken-frame.ts";
import type { Change } from "./changes.ts";

/** A row in the copy. Updated in place, so that a commit costs what it changes and not what the result holds. */
interface Entry<Row> {
  readonly key: string;
  row: Row;
  /** The canonical text that the digest is taken over; equal texts are equal rows. */
  text: string;
}

/**
 * The client's copy of a live result: folds snapshots and commits, keeps the digest, and hands out rows whose identity changes only
 * when they do. The order is the result's own when it has one, otherwise that of arrival.
 */
export class Replica<Row> {
  readonly #decode: (raw: unknown) => Row;
  #entries: Entry<Row>[] = [];
  #keys: readonly string[] | null = null;
  readonly #byKey = new Map<string, Entry<Row>>();
  readonly #digest = new Digest();

  constructor(decode: (raw: unknown) => Row) {
    this.#decode = decode;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** 16 hex digits; what the server's must equal. */
  get digest(): string {
    return this.#digest.toString();
  }

  rows(): readonly Row[] {
    return this.#entries.map((entry) => entry.row);
  }

  /** The same array as long as no row comes, goes or moves. */
  keys(): readonly string[] {
    this.#keys ??= this.#entries.map((entry) => entry.key);
    return this.#keys;
  }

  /** Becomes that snapshot, and returns what this changed: a row that was there already keeps its identity. */
  reset(keys: readonly string[], data: readonly unknown[]): readonly Change<Row>[] {
    const before = new Map(this.#byKey);
    const changes: Change<Row>[] = [];
    this.#byKey.clear();
    this.#digest.clear();
    this.#keys = null;
    this.#entries = data.map((raw, position) => {
      // A server that sends no keys (changes only) sends no rows either.
      const key = keys[position] ?? String(position);
      const text = canonicalJson(raw);
      const known = before.get(key);
      before.delete(key);
      const entry: Entry<Row> = known ?? { key, row: this.#decode(raw), text };
      if (known === undefined) {
        changes.push({ op: "insert", key, row: entry.row });
      } else if (known.text !== text) {
        known.row = this.#decode(raw);
        known.text = text;
        changes.push({ op: "update", key, row: known.row });
      }
      this.#byKey.set(key, entry);
      this.#digest.add(key, text);
      return entry;
    });
    for (const [key, entry] of before) changes.unshift({ op: "delete", key, row: entry.row });
    return changes;
  }

  /**
   * Folds all changes of one commit: what goes or moves is taken out first, then what comes is put in by ascending final position
   * (so every `index` is right when it is used). An update without a position stays where it is, an insert without one goes to the
   * end. Throws BrokenFrame when the commit names a row twice, which net changes never do.
   */
  apply(updates: readonly UpdateMessage[]): readonly Change<Row>[] {
    const changes: Change<Row>[] = [];
    const named = new Set<string>();
    const gone = new Set<Entry<Row>>();
    const placed: Placed<Row>[] = [];
    for (const { op, key, data, index } of updates) {
      if (named.has(key)) throw new BrokenFrame("a commit changes one row twice");
      named.add(key);
      const known = this.#byKey.get(key);
      if (known !== undefined) this.#digest.remove(key, known.text);
      if (op === "delete") {
        this.#byKey.delete(key);
        if (known !== undefined) gone.add(known);
        // A result without a snapshot (changes only) reports deletes of rows that were never sent.
        changes.push({ op, key, row: known === undefined ? this.#decode(data) : known.row });
        continue;
      }
      const entry = this.#put(key, data);
      changes.push({ op, key, row: entry.row });
      if (known !== undefined && index === null) continue;
      if (known !== undefined) gone.add(known);
      placed.push({ entry, index: index ?? Number.POSITIVE_INFINITY });
    }
    if (gone.size > 0) this.#entries = this.#entries.filter((entry) => !gone.has(entry));
    if (placed.length > 0) this.#entries = merge(this.#entries, placed);
    if (gone.size > 0 || placed.length > 0) this.#keys = null;
    return changes;
  }

  /** The row of that key from now on, made or changed in place. */
  #put(key: string, data: unknown): Entry<Row> {
    const row = this.#decode(data);
    const text = canonicalJson(data);
    this.#digest.add(key, text);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.row = row;
      known.text = text;
      return known;
    }
    const entry: Entry<Row> = { key, row, text };
    this.#byKey.set(key, entry);
    return entry;
  }
}

interface Placed<Row> {
  readonly entry: Entry<Row>;
  /** Position in the final order; infinite for "at the end". */
  readonly index: number;
}

function merge<Row>(staying: readonly Entry<Row>[], placed: Placed<Row>[]): Entry<Row>[] {
  placed.sort((a, b) => (a.index === b.index ? 0 : a.index - b.index));
  const merged: Entry<Row>[] = [];
  let from = 0;
  for (const { entry, index } of placed) {
    while (merged.length < index && from < staying.length)
      merged.push(staying[from++] as Entry<Row>);
    merged.push(entry);
  }
  while (from < staying.length) merged.push(staying[from++] as Entry<Row>);
  return merged;
}
