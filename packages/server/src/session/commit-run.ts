import type { CommitChanges } from "@geode/protocol";

/** The list that was begun last. */
let begunLast: CommitChanges[] = [];

/**
 * Commits that wait for one connection, in order. A thousand who watch the same wait for the same commits: as long as theirs are alike, they
 * share one list of them, of which each knows how much is its own.
 */
export class CommitRun {
  /** Only ever appended to. */
  #shared: CommitChanges[];
  #count = 1;

  constructor(first: CommitChanges) {
    if (begunLast[0] !== first) begunLast = [first];
    this.#shared = begunLast;
  }

  add(commit: CommitChanges): void {
    const shared = this.#shared;
    if (this.#count === shared.length) shared.push(commit);
    else if (shared[this.#count] !== commit) this.#shared = [...this.list, commit];
    this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  get first(): CommitChanges {
    return this.#shared[0]!;
  }

  /** As they are now: valid until the next is added. */
  get list(): readonly CommitChanges[] {
    const shared = this.#shared;
    return this.#count === shared.length ? shared : shared.slice(0, this.#count);
  }
}
