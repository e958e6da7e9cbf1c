import type { GeodeError, Value } from "@geode/values";
import type { Reach } from "../execute/reach.ts";
import type { Grant } from "../execute/sight.ts";
import type { LiveCommit } from "./change.ts";
import type { Group } from "./group.ts";

/** Who is told of a result. */
export interface LiveListener {
  onChange(commit: LiveCommit): void;
  /** The result is no longer live. */
  onEnd(error: GeodeError): void;
  /** The commit `seq` may have changed the result, which is looked at later; or it has been looked at, as of `seq`. */
  onPace?(pace: "behind" | "caught up", seq: number): void;
}

/** For whom a result is shown. Asked again whenever another policy comes, or other roles or claims. */
export interface Viewer {
  /** What it may see, by the policy of now; null: everything. */
  readonly grant: Grant | null;
  /** The graphs that it may know of, by the policy of now. */
  readonly reach: Reach;
  /** Parameters as they were given to it before, with the claims of now where there were claims among them. */
  parameters(before: ReadonlyMap<string, Value>): ReadonlyMap<string, Value>;
}

/** What a watcher asks of all live results. */
export interface Watched {
  /** With the next commit, whatever it is, the watcher goes over to what it may see by then. */
  judge(watcher: Watcher): void;
  left(watcher: Watcher, group: Group): void;
}

/** Who watches a group. There may be very many: it is all that one of them keeps in the engine. */
export class Watcher {
  readonly listener: LiveListener;
  readonly viewer: Viewer;
  /** The seq of the snapshot it got; it hears of later commits only. */
  readonly fromSeq: number;
  /** What it watches now: another policy may bring it to another group. Null once it has stopped. */
  group: Group | null;
  readonly #watched: Watched;

  constructor(
    watched: Watched,
    group: Group,
    { fromSeq, listener, viewer }: Pick<Watcher, "fromSeq" | "listener" | "viewer">,
  ) {
    this.#watched = watched;
    this.group = group;
    this.fromSeq = fromSeq;
    this.listener = listener;
    this.viewer = viewer;
  }

  /** Its viewer has other roles or claims: it goes over to what these may see, with the next commit. */
  judge(): void {
    if (this.group !== null) this.#watched.judge(this);
  }

  /** Idempotent. Nothing is heard afterwards. */
  close(): void {
    const { group } = this;
    this.group = null;
    if (group !== null) this.#watched.left(this, group);
  }
}
