import { GeodeError } from "@geode/values";

/** More names of one kind than any schema has; a graph that reaches it uses names for values. */
export const NAMES_MAX = 1 << 20;

/**
 * Names of one kind (labels, edge labels or property keys of a graph) as small dense integers, so that typed arrays and generated code
 * can hold them. A name is never removed: an id stays valid for the life of the process, across undo. Ids are local to the process.
 */
export class Names {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** The id of a known name, or -1. */
  id(name: string): number {
    return this.#ids.get(name) ?? -1;
  }

  /** The id of the name, which is known from now on. Throws LIMIT when it is new and there are {@link NAMES_MAX}. */
  intern(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#names.length;
    if (id === NAMES_MAX)
      throw new GeodeError("LIMIT", `a graph has at most ${NAMES_MAX} names of one kind`);
    this.#names.push(name);
    this.#ids.set(name, id);
    return id;
  }

  /** The name of an id that {@link id} or {@link intern} returned. */
  name(id: number): string {
    const name = this.#names[id];
    if (name === undefined) throw new RangeError(`no name has the id ${id}`);
    return name;
  }

  /** All names; the index is the id. */
  all(): readonly string[] {
    return this.#names;
  }
}
