import { GeodeError } from "@geode/values";
import { KeySet } from "./key-set.ts";
import { grownUint32 } from "./growth.ts";
import { isReserved } from "./reserved.ts";
import type { Names } from "./names.ts";

/** More combinations of labels than any schema has. */
export const LABEL_SETS_MAX = 1 << 20;

/**
 * One distinct set of labels and, densely and in no promised order, the nodes that have exactly this set.
 * Scanning a label is scanning the postings of every set that has it.
 */
export class LabelSet {
  /** Its index in {@link LabelSets.all}. */
  readonly id: number;
  /** Label ids, in the order of `names`. */
  readonly labels: readonly number[];
  /** Sorted by code unit, without repetition. */
  readonly names: readonly string[];
  /** A superset of the property keys, of dense columns, that nodes of this set have. */
  readonly keys: KeySet;
  /** The node slots; only the first `count` are meaningful. Replaced when it grows. */
  slots = new Uint32Array(0);
  count = 0;

  constructor(id: number, labels: readonly number[], names: readonly string[], keyNames: Names) {
    this.id = id;
    this.labels = labels;
    this.names = names;
    this.keys = new KeySet(keyNames);
  }

  has(label: number): boolean {
    return this.labels.includes(label);
  }

  /** Appends; returns the position. */
  push(slot: number): number {
    if (this.count === this.slots.length) this.slots = grownUint32(this.slots, this.count + 1);
    this.slots[this.count] = slot;
    return this.count++;
  }

  /** Takes the last one out, and gives memory back when most of it lies unused. There is one. */
  pop(): number {
    const slot = this.slots[--this.count]!;
    if (this.slots.length > 64 && this.count < this.slots.length / 4)
      this.slots = this.slots.slice(0, this.slots.length / 2);
    return slot;
  }
}

/** A step in the tree of label sets: the path of names from the root, sorted, is the set. */
interface Branch {
  readonly next: Map<string, Branch>;
  set: LabelSet | undefined;
}

/** All label sets that nodes of a graph have, or once had. */
export class LabelSets {
  readonly #labels: Names;
  readonly #keys: Names;
  readonly #all: LabelSet[] = [];
  /** By label id. */
  readonly #with: LabelSet[][] = [];
  #hasReserved = false;
  readonly #root: Branch = { next: new Map(), set: undefined };

  constructor(labels: Names, keys: Names) {
    this.#labels = labels;
    this.#keys = keys;
  }

  /** Whether a set with a reserved label was ever made. */
  get hasReserved(): boolean {
    return this.#hasReserved;
  }

  /** By id. */
  all(): readonly LabelSet[] {
    return this.#all;
  }

  at(id: number): LabelSet {
    const set = this.#all[id];
    if (set === undefined) throw new RangeError(`no label set has the id ${id}`);
    return set;
  }

  /** The sets that contain the label; none for an unknown one. */
  with(label: number): readonly LabelSet[] {
    return this.#with[label] ?? [];
  }

  /** The set of these names. Throws CORRUPT when they are not sorted or repeat, LIMIT when there are too many names or sets. */
  intern(names: readonly string[]): LabelSet {
    let branch = this.#root;
    let known = true;
    for (const name of names) {
      const next = branch.next.get(name);
      if (next === undefined) {
        known = false;
        break;
      }
      branch = next;
    }
    if (known && branch.set !== undefined) return branch.set;
    return this.#create(names);
  }

  #create(names: readonly string[]): LabelSet {
    for (let i = 1; i < names.length; i++) {
      if (!(names[i - 1]! < names[i]!))
        throw new GeodeError("CORRUPT", "the labels of a node are not sorted, or repeat");
    }
    if (this.#all.length === LABEL_SETS_MAX)
      throw new GeodeError("LIMIT", `a graph has at most ${LABEL_SETS_MAX} combinations of labels`);
    const labels = names.map((name) => this.#labels.intern(name));
    let branch = this.#root;
    for (const name of names) {
      let next = branch.next.get(name);
      if (next === undefined) branch.next.set(name, (next = { next: new Map(), set: undefined }));
      branch = next;
    }
    const set = new LabelSet(this.#all.length, labels, [...names], this.#keys);
    branch.set = set;
    this.#hasReserved ||= names.some(isReserved);
    this.#all.push(set);
    for (const label of labels) {
      while (this.#with.length <= label) this.#with.push([]);
      this.#with[label]!.push(set);
    }
    return set;
  }
}
