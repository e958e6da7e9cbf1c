import type { RateClass } from "@geode/protocol";
import type { Clock } from "../clock.ts";
import { Few } from "../few.ts";
import { Bucket, type Rate } from "./bucket.ts";

/** A connection as far as counting goes. */
export interface Member {
  /** Another connection of the same user takes its place. */
  replaced(): void;
}

export interface UsersOptions {
  readonly clock: Clock;
  readonly connectionsPerUserMax: number;
  /** One rate for everything that a user sends, or one for each class. */
  readonly rates: Rate | { readonly [Class in RateClass]: Rate };
}

interface User {
  /** In the order of arrival. */
  readonly members: Few<Member, Member>;
  readonly buckets: { readonly [Class in RateClass]: Bucket };
}

/** Who is connected, with what is counted per user: connections and messages. */
export class Users {
  readonly #options: UsersOptions;
  readonly #users = new Map<string, User>();

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Counts a connection to its user. Beyond the limit the user's oldest one is told to go. */
  enter(id: string, member: Member): void {
    const { connectionsPerUserMax } = this.#options;
    let user = this.#users.get(id);
    if (user === undefined) {
      user = { members: new Few(), buckets: this.#newBuckets() };
      this.#users.set(id, user);
    }
    user.members.set(member, member);
    for (const oldest of user.members.values()) {
      if (user.members.size <= connectionsPerUserMax) break;
      user.members.delete(oldest);
      oldest.replaced();
    }
  }

  leave(id: string, member: Member): void {
    const user = this.#users.get(id);
    if (user === undefined) return;
    user.members.delete(member);
    if (user.members.size === 0) this.#forgetWhenFull(id, user);
  }

  /** Counts a message. Answers 0, or after how many milliseconds the user may send the next one of its class. */
  charge(id: string, rateClass: RateClass): number {
    return this.#users.get(id)?.buckets[rateClass].take(this.#options.clock.nowMs()) ?? 0;
  }

  /** How many users are remembered. */
  get count(): number {
    return this.#users.size;
  }

  #newBuckets(): User["buckets"] {
    const { clock, rates } = this.#options;
    const nowMs = clock.nowMs();
    if ("burst" in rates) {
      const one = new Bucket(rates, nowMs);
      return { query: one, realtime: one };
    }
    return { query: new Bucket(rates.query, nowMs), realtime: new Bucket(rates.realtime, nowMs) };
  }

  /** A user who leaves and comes back must not find a full bucket, so they stay until they are full again. */
  #forgetWhenFull(id: string, user: User): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const { query, realtime } = user.buckets;
    clock.timer(Math.max(query.fullInMs(nowMs), realtime.fullInMs(nowMs)), () => {
      if (user.members.size === 0 && this.#users.get(id) === user) this.#users.delete(id);
    });
  }
}
