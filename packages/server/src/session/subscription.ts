import type { CommitChanges, RequestId } from "@geode/protocol";
import type { LiveAnswer } from "../port.ts";
import type { Outbox } from "./outbox.ts";
import { updateFrames } from "./update-frames.ts";

/**
 * One live query of one connection, from the SUBSCRIBE on. Changes that come before its RESULT is queued wait for it; once it has
 * ended, nothing of it is sent any more.
 */
export class Subscription {
  readonly id: RequestId;
  readonly #outbox: Outbox;
  readonly #withBefore: boolean;
  #phase: Phase = { name: "pending", early: [] };

  constructor(options: { id: RequestId; outbox: Outbox; withBefore: boolean }) {
    this.id = options.id;
    this.#outbox = options.outbox;
    this.#withBefore = options.withBefore;
  }

  /** Whether its RESULT is still to come. */
  get pending(): boolean {
    return this.#phase.name === "pending";
  }

  get ended(): boolean {
    return this.#phase.name === "ended";
  }

  /** Its RESULT is queued: from now on changes follow it. */
  begin(live: LiveAnswer): void {
    if (this.#phase.name !== "pending") return live.close();
    const { early } = this.#phase;
    this.#phase = { name: "live", live };
    for (const commit of early) {
      if (commit.seq > live.seq) this.changed(commit);
    }
  }

  changed(commit: CommitChanges): void {
    if (this.#phase.name === "pending") this.#phase.early.push(commit);
    if (this.#phase.name === "live")
      this.#outbox.update(this, updateFrames(this.id, commit, this.#withBefore));
  }

  end(): void {
    if (this.#phase.name === "live") this.#phase.live.close();
    this.#phase = { name: "ended" };
    this.#outbox.withdraw(this);
  }
}

type Phase =
  | { readonly name: "pending"; readonly early: CommitChanges[] }
  | { readonly name: "live"; readonly live: LiveAnswer }
  | { readonly name: "ended" };
