import type { CommitChanges, RequestId } from "@geode/protocol";
import type { LiveAnswer, Pace, Principal, SubscribeRequest } from "../port.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { Backpressure, Outbox, UpdateStream } from "./outbox.ts";
import type { Reply } from "./reply.ts";
import { updateBytes, updateFrames, type UpdateForm } from "./update-frames.ts";

/** A SUBSCRIBE, as far as it is about how the result is kept. */
export interface Wish {
  readonly id: RequestId;
  readonly withBefore: boolean;
  readonly backpressure: Backpressure;
  /** Where the answer goes, and everything that follows it. */
  readonly reply: Reply;
}

/** What a subscription needs of its connection. */
export interface SubscriptionHost {
  readonly outbox: Outbox;
  /** Its result is to be asked for again, because updates of it were dropped. */
  restarted(subscription: Subscription): void;
}

/**
 * One live query of one connection, from the SUBSCRIBE on. Changes that come before its RESULT is queued wait for it; once it has
 * ended, nothing of it is sent any more.
 */
export class Subscription implements UpdateStream {
  readonly id: RequestId;
  readonly backpressure: Backpressure;
  readonly reply: Reply;
  /** What the database was asked, to be asked again; undefined before that. */
  asked: SubscribeRequest | undefined;
  readonly #host: SubscriptionHost;
  readonly #form: UpdateForm;
  readonly #withBefore: boolean;
  #phase: Phase = { name: "pending", early: [] };
  /** The `prev_seq` of commits that cancelled each other out, so that nothing was sent of them. */
  #untoldPrevSeq: number | undefined;
  /** From which commit on its result was last looked at late, and as of which one it was right again. */
  #behindFromSeq = Infinity;
  #behindUntilSeq = Infinity;

  constructor(host: SubscriptionHost, { backpressure, id, reply, withBefore }: Wish) {
    this.id = id;
    this.backpressure = backpressure;
    this.reply = reply;
    this.#host = host;
    this.#form = reply.voice.updates(id);
    this.#withBefore = withBefore;
  }

  /** Whether its first RESULT is still to come. */
  get pending(): boolean {
    return this.#phase.name === "pending";
  }

  get ended(): boolean {
    return this.#phase.name === "ended";
  }

  /** Its RESULT is queued: from now on changes follow it. */
  begin({ close, renew, seq }: LiveAnswer): void {
    if (this.#phase.name !== "pending" && this.#phase.name !== "restarting") return close();
    const { early } = this.#phase;
    // Not the answer itself: the rows in it are as they were, and go.
    this.#phase = { name: "live", close, renew };
    for (const commit of early) {
      if (commit.seq > seq) this.changed(commit);
    }
  }

  changed(commit: CommitChanges): void {
    if (this.#phase.name === "pending" || this.#phase.name === "restarting")
      this.#phase.early.push(commit);
    if (this.#phase.name === "live") this.#host.outbox.update(this, commit);
  }

  pace(pace: Pace, seq: number): void {
    if (pace === "behind") this.#behindFromSeq = seq;
    this.#behindUntilSeq = pace === "behind" ? Infinity : seq;
  }

  /** Whether that commit may have changed the result, and only a later one is told of. */
  isBehindAt(seq: number): boolean {
    return this.#behindFromSeq <= seq && seq < this.#behindUntilSeq;
  }

  /** Its user has other roles or claims. */
  async renew(principal: Principal): Promise<void> {
    if (this.#phase.name === "live" || this.#phase.name === "skipped")
      await this.#phase.renew(principal);
  }

  end(): void {
    if (this.#phase.name === "live" || this.#phase.name === "skipped") this.#phase.close();
    this.#phase = ENDED;
    this.#host.outbox.withdraw(this);
  }

  frames(commit: CommitChanges): readonly OutFrame[] {
    const prevSeq = this.#untoldPrevSeq ?? commit.prevSeq;
    this.#untoldPrevSeq = undefined;
    if (commit.changes.length === 0) {
      this.#untoldPrevSeq = prevSeq;
      return [];
    }
    const told = prevSeq === commit.prevSeq ? commit : { ...commit, prevSeq };
    return updateFrames(this.#form, told, this.#withBefore);
  }

  bytesOf(commit: CommitChanges): number {
    return updateBytes(this.#form, commit, this.#withBefore);
  }

  skip(): void {
    if (this.#phase.name === "live") this.#phase = { ...this.#phase, name: "skipped" };
  }

  /** Lets go of what it watches and asks for the result anew. */
  restart(): void {
    if (this.#phase.name !== "skipped") return;
    this.#phase.close();
    this.#phase = { name: "restarting", early: [] };
    this.#untoldPrevSeq = undefined;
    this.#host.restarted(this);
  }
}

/** What is left of the answer of the database. */
type Handle = Pick<LiveAnswer, "close" | "renew">;

type Phase =
  | { readonly name: "pending"; readonly early: CommitChanges[] }
  | ({ readonly name: "live" } & Handle)
  /** Updates were dropped, and more of them do not matter. */
  | ({ readonly name: "skipped" } & Handle)
  | { readonly name: "restarting"; readonly early: CommitChanges[] }
  | { readonly name: "ended" };

const ENDED: Phase = { name: "ended" };
