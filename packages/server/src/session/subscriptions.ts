import type { RequestId } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type { DatabasePort, LiveAnswer, Principal, SubscribeRequest } from "../port.ts";
import { errorFrame, liveFrame } from "./answers.ts";
import type { Outbox } from "./outbox.ts";
import { type Asked, Subscription, type SubscriptionHost, type Wish } from "./subscription.ts";

export interface SubscriptionsOptions {
  readonly database: Pick<DatabasePort, "watch">;
  readonly outbox: Outbox;
  /** How many there may be at a time. */
  readonly subscriptionsMax: number;
  /** The longest RESULT of one, in bytes. */
  readonly resultBytesMax: number;
  /** Who asks now: since the SUBSCRIBE the token may have been renewed. */
  readonly principal: Principal;
  /** The ERROR about it, whatever it failed with. */
  readonly failure: (
    about: { readonly id: RequestId } | { readonly subscription: RequestId },
    error: unknown,
  ) => string;
}

/** The live queries of one connection, by the ids that its client chose. */
export class Subscriptions implements SubscriptionHost {
  readonly #options: SubscriptionsOptions;
  /** The one that most connections have. */
  #only: Subscription | undefined;
  /** All, once there were two. */
  #byId: Map<RequestId, Subscription> | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId?.size ?? (this.#only === undefined ? 0 : 1);
  }

  get outbox(): Outbox {
    return this.#options.outbox;
  }

  /** Whether the answer to a SUBSCRIBE with this id is still to come. */
  isPending(id: RequestId): boolean {
    return this.#get(id)?.pending === true;
  }

  /** One that is to be started; that of the same id ends, in any case. Throws LIMIT. */
  add(wish: Wish): Subscription {
    const { subscriptionsMax } = this.#options;
    this.end(wish.id);
    if (this.count >= subscriptionsMax) {
      throw new GeodeError("LIMIT", `a connection may have ${subscriptionsMax} subscriptions`, {
        hint: "Unsubscribe from what is not shown any more.",
        limit: "subscriptions",
      });
    }
    const subscription = new Subscription(this, wish);
    if (this.count === 0) {
      this.#only = subscription;
    } else {
      this.#byId ??= new Map(this.#only && [[this.#only.id, this.#only]]);
      this.#byId.set(wish.id, subscription);
      this.#only = undefined;
    }
    return subscription;
  }

  /**
   * Asks for its result and answers with it, or with why there is none. What `ask` throws is such a reason. `signal` takes the request
   * back. Never rejects.
   */
  async start(
    subscription: Subscription,
    ask: () => SubscribeRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    const { id, reply } = subscription;
    if (!this.#has(subscription) || reply === undefined) return;
    try {
      const request = ask();
      const live = await this.#options.database.watch(
        signal === undefined ? request : { ...request, signal },
        subscription,
      );
      // Not its own text: many ask the same.
      subscription.asked = askedIn({ ...request, text: live.text });
      reply.answer(this.#frameOf(subscription, live), {
        isWanted: () => !subscription.ended,
        // What has ended meanwhile lets go of it by itself.
        said: () => subscription.begin(live),
      });
    } catch (error) {
      if (subscription.ended) return;
      this.end(id);
      reply.answer(this.#options.failure({ id }, error));
    }
  }

  /** Those that this commit may concern, and that tell of a later one in its place. */
  behindAt(seq: number): readonly RequestId[] {
    const ids: RequestId[] = [];
    for (const subscription of this.#all())
      if (subscription.isBehindAt(seq)) ids.push(subscription.id);
    return ids;
  }

  /** Nothing of it follows; what is not there has ended already. */
  end(id: RequestId): void {
    this.#get(id)?.end();
    this.#forget(id);
  }

  /** The user has other roles or claims. A result that cannot be brought to what these may see ends. */
  renew(principal: Principal): void {
    for (const subscription of this.#all()) {
      if (subscription.pending) continue;
      subscription.renew(principal).catch((error: unknown) => {
        if (!this.#has(subscription)) return;
        this.end(subscription.id);
        subscription.push(this.#options.failure({ subscription: subscription.id }, error));
      });
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const subscription of this.#all()) subscription.end();
    this.#only = undefined;
    this.#byId = undefined;
  }

  restarted(subscription: Subscription): void {
    void this.#restart(subscription);
  }

  /** Sends the whole result again, in place of updates that were dropped: whatever the client has, it has lost some on the way. */
  async #restart(subscription: Subscription): Promise<void> {
    const { asked, id } = subscription;
    if (asked === undefined || !this.#has(subscription)) return;
    try {
      const { principal } = this.#options;
      const live = await this.#options.database.watch({ ...asked, principal }, subscription);
      const anew = { ...live, reset: true, notices: [...live.notices, SKIPPED] };
      const frame = this.#frameOf(subscription, anew);
      if (!subscription.ended) subscription.push(frame);
      // What has ended meanwhile lets go of it by itself.
      subscription.begin(live);
    } catch (error) {
      if (subscription.ended) return;
      this.end(id);
      subscription.push(this.#options.failure({ subscription: id }, error));
    }
  }

  #frameOf(subscription: Subscription, live: LiveAnswer): string {
    try {
      return liveFrame(subscription.id, live, this.#options.resultBytesMax);
    } catch (error) {
      live.watch.close();
      throw error;
    }
  }

  failed(subscription: Subscription, error: GeodeError): void {
    if (!this.#has(subscription)) return;
    const { id, reply } = subscription;
    this.end(id);
    if (reply === undefined) subscription.push(errorFrame({ subscription: id }, error));
    else reply.answer(errorFrame({ id }, error));
  }

  /** False once it has ended. */
  #has(subscription: Subscription): boolean {
    return this.#get(subscription.id) === subscription;
  }

  #get(id: RequestId): Subscription | undefined {
    return this.#byId === undefined ? this.#ifOnly(id) : this.#byId.get(id);
  }

  #ifOnly(id: RequestId): Subscription | undefined {
    return this.#only?.id === id ? this.#only : undefined;
  }

  #forget(id: RequestId): void {
    if (this.#ifOnly(id) !== undefined) this.#only = undefined;
    this.#byId?.delete(id);
    if (this.#byId?.size === 0) this.#byId = undefined;
  }

  /** In the order in which they came; they may end meanwhile. */
  #all(): Iterable<Subscription> {
    return this.#byId?.values() ?? (this.#only === undefined ? [] : [this.#only]);
  }
}

/** Of a request, what it would be again. */
function askedIn({ before, graph, parameters, session, text, timeoutMs }: SubscribeRequest): Asked {
  const asked = { text, parameters, timeoutMs, before: before ?? false };
  if (graph === undefined && session === undefined) return asked;
  return {
    ...asked,
    ...(graph === undefined ? {} : { graph }),
    ...(session === undefined ? {} : { session }),
  };
}

const SKIPPED = {
  code: "RESET",
  message: "Updates were left out because the connection took them too slowly; this is the result.",
} as const;
