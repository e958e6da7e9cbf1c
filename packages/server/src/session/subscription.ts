import type { CommitChanges, RequestId } from "@geode/protocol";
import type { LiveAnswer, Principal } from "../port.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { Backpressure, Outbox, UpdateStream } from "./outbox.ts";
import { updateBytes, updateFrames, type UpdateForm } from "./update-frames.ts";

export interface SubscriptionOptions {
  readonly id: RequestId;
  readonly outbox: Outbox;
  readonly form: UpdateForm;
  readonly withBefore: boolean;
  readonly backpressure: Backpressure;
  /** Its result is to be asked for again, because updates of it were dropped. */
  readonly onRestart: (subscription: Subscription) => void;
}

/**
 * One live query of one connection, from the SUBSCRIBE on. Changes that come before its RESULT is queued wait for it; once it has
 * ended, nothing of it is sent any more.
 */
export class Subscription implements UpdateStream {
  readonly id: RequestId;
  readonly backpressure: Backpressure;
  readonly #options: SubscriptionOptions;
  #phase: Phase = { name: "pending", early: [] };
  /** The `prev_seq` of commits that cancelled each other out, so that nothing was sent of them. */
  #untoldPrevSeq: number | undefined;

  constructor(options: SubscriptionOptions) {
    this.id = options.id;
    this.backpressure = options.backpressure;
    this.#options = options;
  }

  /** Whether its first RESULT is still to come. */
  get pending(): boolean {
    return this.#phase.name === "pending";
  }

  get ended(): boolean {
    return this.#phase.name === "ended";
  }

  /** Its RESULT is queued: from now on changes follow it. */
  begin(live: LiveAnswer): void {
    if (this.#phase.name !== "pending" && this.#phase.name !== "restarting") return live.close();
    const { early } = this.#phase;
    this.#phase = { name: "live", live };
    for (const commit of early) {
      if (commit.seq > live.seq) this.changed(commit);
    }
  }

  changed(commit: CommitChanges): void {
    if (this.#phase.name === "pending" || this.#phase.name === "restarting")
      this.#phase.early.push(commit);
    if (this.#phase.name === "live") this.#options.outbox.update(this, commit);
  }

  /** Its user has other roles or claims. */
  async renew(principal: Principal): Promise<void> {
    if (this.#phase.name === "live" || this.#phase.name === "skipped")
      await this.#phase.live.renew(principal);
  }

  end(): void {
    if (this.#phase.name === "live" || this.#phase.name === "skipped") this.#phase.live.close();
    this.#phase = { name: "ended" };
    this.#options.outbox.withdraw(this);
  }

  frames(commit: CommitChanges): readonly OutFrame[] {
    const prevSeq = this.#untoldPrevSeq ?? commit.prevSeq;
    this.#untoldPrevSeq = undefined;
    if (commit.changes.length === 0) {
      this.#untoldPrevSeq = prevSeq;
      return [];
    }
    const told = prevSeq === commit.prevSeq ? commit : { ...commit, prevSeq };
    return updateFrames(this.#options.form, told, this.#options.withBefore);
  }

  bytesOf(commit: CommitChanges): number {
    return updateBytes(this.#options.form, commit, this.#options.withBefore);
  }

  skip(): void {
    if (this.#phase.name === "live") this.#phase = { name: "skipped", live: this.#phase.live };
  }

  /** Lets go of what it watches and asks for the result anew. */
  restart(): void {
    if (this.#phase.name !== "skipped") return;
    this.#phase.live.close();
    this.#phase = { name: "restarting", early: [] };
    this.#untoldPrevSeq = undefined;
    this.#options.onRestart(this);
  }
}

type Phase =
  | { readonly name: "pending"; readonly early: CommitChanges[] }
  | { readonly name: "live"; readonly live: LiveAnswer }
  /** Updates were dropped, and more of them do not matter. */
  | { readonly name: "skipped"; readonly live: LiveAnswer }
  | { readonly name: "restarting"; readonly early: CommitChanges[] }
  | { readonly name: "ended" };
