import type { CommitChanges, RequestId } from "@geode/protocol";
import type { GeodeError } from "@geode/values";
import type {
  LiveAnswer,
  LiveListener,
  LiveWatch,
  Pace,
  Principal,
  SubscribeRequest,
} from "../port.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { Backpressure, Outbox, UpdateStream } from "./outbox.ts";
import type { Reply } from "./reply.ts";
import type { Voice } from "./voice.ts";
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
  /** Its result cannot be kept up to date any longer. */
  failed(subscription: Subscription, error: GeodeError): void;
}

/**
 * One live query of one connection, from the SUBSCRIBE on. Changes that come before its RESULT is queued wait for it; once it has
 * ended, nothing of it is sent any more.
 */
export class Subscription implements UpdateStream, LiveListener {
  readonly id: RequestId;
  readonly backpressure: Backpressure;
  /** What the database was asked, to be asked again; undefined before that. */
  asked: Asked | undefined;
  readonly #host: SubscriptionHost;
  readonly #voice: Voice;
  readonly #form: UpdateForm;
  readonly #withBefore: boolean;
  #phase: Phase;
  /** The `prev_seq` of commits that cancelled each other out, so that nothing was sent of them. */
  #untoldPrevSeq: number | undefined;
  /** When its result was last looked at late; undefined while it never was. */
  #delay: Delay | undefined;

  constructor(host: SubscriptionHost, { backpressure, id, reply, withBefore }: Wish) {
    this.id = id;
    this.backpressure = backpressure;
    this.#host = host;
    this.#voice = reply.voice;
    this.#form = reply.voice.updates(id);
    this.#withBefore = withBefore;
    this.#phase = { name: "pending", early: [], reply };
  }

  /** Where its first RESULT goes; undefined once it is on its way. */
  get reply(): Reply | undefined {
    return this.#phase.name === "pending" ? this.#phase.reply : undefined;
  }

  /** Whether its first RESULT is still to come. */
  get pending(): boolean {
    return this.#phase.name === "pending";
  }

  get ended(): boolean {
    return this.#phase.name === "ended";
  }

  /** Its RESULT is queued: from now on changes follow it. */
  begin({ seq, watch }: LiveAnswer): void {
    if (this.#phase.name !== "pending" && this.#phase.name !== "restarting") return watch.close();
    const { early } = this.#phase;
    // Not the answer itself: the rows in it are as they were, and go.
    this.#phase = { name: "live", watch };
    for (const commit of early) {
      if (commit.seq > seq) this.onChange(commit);
    }
  }

  /** Says something of it that answers no request. */
  push(message: string): void {
    const frame = this.#voice.push(message);
    if (frame !== undefined) this.#host.outbox.answer(frame);
  }

  onChange(commit: CommitChanges): void {
    if (this.#phase.name === "pending" || this.#phase.name === "restarting")
      this.#phase.early.push(commit);
    if (this.#phase.name === "live") this.#host.outbox.update(this, commit);
  }

  onEnd(error: GeodeError): void {
    this.#host.failed(this, error);
  }

  onPace(pace: Pace, seq: number): void {
    const fromSeq = pace === "behind" ? seq : (this.#delay?.fromSeq ?? Infinity);
    this.#delay = { fromSeq, untilSeq: pace === "behind" ? Infinity : seq };
  }

  /** Whether that commit may have changed the result, and only a later one is told of. */
  isBehindAt(seq: number): boolean {
    return this.#delay !== undefined && this.#delay.fromSeq <= seq && seq < this.#delay.untilSeq;
  }

  /** Its user has other roles or claims. */
  async renew(principal: Principal): Promise<void> {
    if (this.#phase.name === "live" || this.#phase.name === "skipped")
      await this.#phase.watch.renew(principal);
  }

  end(): void {
    if (this.#phase.name === "live" || this.#phase.name === "skipped") this.#phase.watch.close();
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
    if (this.#phase.name === "live") this.#phase = { name: "skipped", watch: this.#phase.watch };
  }

  /** Lets go of what it watches and asks for the result anew. */
  restart(): void {
    if (this.#phase.name !== "skipped") return;
    this.#phase.watch.close();
    this.#phase = { name: "restarting", early: [] };
    this.#untoldPrevSeq = undefined;
    this.#host.restarted(this);
  }
}

/** What is asked whenever the result is asked for; who asks may change. */
export type Asked = Omit<SubscribeRequest, "principal" | "resume" | "signal" | "minSeq">;

/** From which commit on its result was looked at late, and as of which one it was right again. */
interface Delay {
  readonly fromSeq: number;
  readonly untilSeq: number;
}

type Phase =
  | { readonly name: "pending"; readonly early: CommitChanges[]; readonly reply: Reply }
  | { readonly name: "live"; readonly watch: LiveWatch }
  /** Updates were dropped, and more of them do not matter. */
  | { readonly name: "skipped"; readonly watch: LiveWatch }
  | { readonly name: "restarting"; readonly early: CommitChanges[] }
  | { readonly name: "ended" };

const ENDED: Phase = { name: "ended" };
