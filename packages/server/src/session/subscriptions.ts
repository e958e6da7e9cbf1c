import type { RequestId } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type { DatabasePort, LiveAnswer, Principal, SubscribeRequest } from "../port.ts";
import { errorFrame, liveFrame } from "./answers.ts";
import type { Backpressure, Outbox } from "./outbox.ts";
import type { Reply } from "./reply.ts";
import { Subscription } from "./subscription.ts";

export interface SubscriptionsOptions {
  readonly database: Pick<DatabasePort, "subscribe">;
  readonly outbox: Outbox;
  /** How many there may be at a time. */
  readonly countMax: number;
  /** The longest RESULT of one, in bytes. */
  readonly resultBytesMax: number;
  /** The ERROR about it, whatever it failed with. */
  readonly failure: (
    about: { readonly id: RequestId } | { readonly subscription: RequestId },
    error: unknown,
  ) => string;
}

/** A SUBSCRIBE, as far as it is about how the result is kept. */
export interface Wish {
  readonly id: RequestId;
  readonly withBefore: boolean;
  readonly backpressure: Backpressure;
  /** Where the answer goes, and everything that follows it. */
  readonly reply: Reply;
}

/** What is asked of the database. `anew`: without regard to what the client has, because it was lost on the way. */
type Ask = (anew: boolean) => SubscribeRequest;

interface Entry {
  readonly subscription: Subscription;
  readonly reply: Reply;
  ask: Ask | undefined;
}

/** The live queries of one connection, by the ids that its client chose. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #byId = new Map<RequestId, Entry>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Whether the answer to a SUBSCRIBE with this id is still to come. */
  isPending(id: RequestId): boolean {
    return this.#byId.get(id)?.subscription.pending === true;
  }

  /** One that is to be started; that of the same id ends, in any case. Throws LIMIT. */
  add({ backpressure, id, reply, withBefore }: Wish): Subscription {
    const { countMax, outbox } = this.#options;
    this.end(id);
    if (this.#byId.size >= countMax) {
      throw new GeodeError("LIMIT", `a connection may have ${countMax} subscriptions`, {
        hint: "Unsubscribe from what is not shown any more.",
        limit: "subscriptions",
      });
    }
    const subscription = new Subscription({
      id,
      outbox,
      withBefore,
      backpressure,
      form: reply.voice.updates(id),
      onRestart: (restarted) => void this.#restart(restarted),
    });
    this.#byId.set(id, { subscription, reply, ask: undefined });
    return subscription;
  }

  /** Asks for its result and answers with it, or with why there is none. What `ask` throws is such a reason. Never rejects. */
  async start(subscription: Subscription, ask: Ask): Promise<void> {
    const entry = this.#entryOf(subscription);
    if (entry === undefined) return;
    const { id } = subscription;
    entry.ask = ask;
    try {
      const live = await this.#subscribe(subscription, ask(false));
      entry.reply.answer(this.#frameOf(subscription, live), {
        isWanted: () => !subscription.ended,
        // What has ended meanwhile lets go of it by itself.
        said: () => subscription.begin(live),
      });
    } catch (error) {
      if (subscription.ended) return;
      this.end(id);
      entry.reply.answer(this.#options.failure({ id }, error));
    }
  }

  /** Nothing of it follows; what is not there has ended already. */
  end(id: RequestId): void {
    this.#byId.get(id)?.subscription.end();
    this.#byId.delete(id);
  }

  /** The user has other roles or claims. A result that cannot be brought to what these may see ends. */
  renew(principal: Principal): void {
    for (const { subscription } of this.#byId.values()) {
      if (subscription.pending) continue;
      subscription.renew(principal).catch((error: unknown) => {
        const entry = this.#entryOf(subscription);
        if (entry === undefined) return;
        this.end(subscription.id);
        entry.reply.push(this.#options.failure({ subscription: subscription.id }, error));
      });
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const { subscription } of this.#byId.values()) subscription.end();
    this.#byId.clear();
  }

  /** Sends the whole result again, in place of updates that were dropped. */
  async #restart(subscription: Subscription): Promise<void> {
    const entry = this.#entryOf(subscription);
    if (entry?.ask === undefined) return;
    const { id } = subscription;
    try {
      const live = await this.#subscribe(subscription, entry.ask(true));
      const anew = { ...live, reset: true, notices: [...live.notices, SKIPPED] };
      const frame = this.#frameOf(subscription, anew);
      if (!subscription.ended) entry.reply.push(frame);
      // What has ended meanwhile lets go of it by itself.
      subscription.begin(live);
    } catch (error) {
      if (subscription.ended) return;
      this.end(id);
      entry.reply.push(this.#options.failure({ subscription: id }, error));
    }
  }

  #subscribe(subscription: Subscription, request: SubscribeRequest): Promise<LiveAnswer> {
    return this.#options.database.subscribe(
      request,
      (commit) => subscription.changed(commit),
      (error) => this.#failed(subscription, error),
    );
  }

  #frameOf(subscription: Subscription, live: LiveAnswer): string {
    try {
      return liveFrame(subscription.id, live, this.#options.resultBytesMax);
    } catch (error) {
      live.close();
      throw error;
    }
  }

  /** Its result cannot be kept up to date any longer. */
  #failed(subscription: Subscription, error: GeodeError): void {
    const entry = this.#entryOf(subscription);
    if (entry === undefined) return;
    const { id, pending } = subscription;
    this.end(id);
    if (pending) entry.reply.answer(errorFrame({ id }, error));
    else entry.reply.push(errorFrame({ subscription: id }, error));
  }

  /** Undefined once it has ended. */
  #entryOf(subscription: Subscription): Entry | undefined {
    const entry = this.#byId.get(subscription.id);
    return entry?.subscription === subscription ? entry : undefined;
  }
}

const SKIPPED = {
  code: "RESET",
  message: "Updates were left out because the connection took them too slowly; this is the result.",
} as const;
