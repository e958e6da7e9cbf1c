import type { RequestId } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type { DatabasePort, SubscribeRequest } from "../port.ts";
import { errorFrame, liveFrame } from "./answers.ts";
import type { Outbox } from "./outbox.ts";
import { Subscription } from "./subscription.ts";

export interface SubscriptionsOptions {
  readonly database: Pick<DatabasePort, "subscribe">;
  readonly outbox: Outbox;
  /** How many there may be at a time. */
  readonly countMax: number;
  /** The longest RESULT of one, in bytes. */
  readonly resultBytesMax: number;
  /** The ERROR that answers the SUBSCRIBE with that id, whatever it failed with. */
  readonly failure: (id: RequestId, error: unknown) => string;
}

/** The live queries of one connection, by the ids that its client chose. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #byId = new Map<RequestId, Subscription>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Whether the answer to a SUBSCRIBE with this id is still to come. */
  isPending(id: RequestId): boolean {
    return this.#byId.get(id)?.pending === true;
  }

  /** One that is to be started; that of the same id ends, in any case. Throws LIMIT. */
  add(id: RequestId, withBefore: boolean): Subscription {
    const { countMax, outbox } = this.#options;
    this.end(id);
    if (this.#byId.size >= countMax) {
      throw new GeodeError("LIMIT", `a connection may have ${countMax} subscriptions`, {
        hint: "Unsubscribe from what is not shown any more.",
        limit: "subscriptions",
      });
    }
    const subscription = new Subscription({ id, outbox, withBefore });
    this.#byId.set(id, subscription);
    return subscription;
  }

  /** Asks for its result and answers with it, or with why there is none. What `request` throws is such a reason. Never rejects. */
  async start(subscription: Subscription, request: () => SubscribeRequest): Promise<void> {
    if (subscription.ended) return;
    const { id } = subscription;
    const { database, failure, outbox, resultBytesMax } = this.#options;
    try {
      const live = await database.subscribe(
        request(),
        (commit) => subscription.changed(commit),
        (error) => this.#failed(subscription, error),
      );
      try {
        if (!subscription.ended) outbox.answer(liveFrame(id, live, resultBytesMax));
      } catch (error) {
        live.close();
        throw error;
      }
      subscription.begin(live);
    } catch (error) {
      if (subscription.ended) return;
      this.end(id);
      outbox.answer(failure(id, error));
    }
  }

  /** Nothing of it follows; what is not there has ended already. */
  end(id: RequestId): void {
    this.#byId.get(id)?.end();
    this.#byId.delete(id);
  }

  /** Ends all of them. */
  close(): void {
    for (const subscription of this.#byId.values()) subscription.end();
    this.#byId.clear();
  }

  /** Its result cannot be kept up to date any longer. */
  #failed(subscription: Subscription, error: GeodeError): void {
    if (subscription.ended) return;
    const { id, pending } = subscription;
    this.end(id);
    this.#options.outbox.answer(errorFrame(pending ? { id } : { subscription: id }, error));
  }
}
