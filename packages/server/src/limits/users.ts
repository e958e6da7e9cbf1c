import type { Clock } from "../clock.ts";
import { Bucket, type Rate } from "./bucket.ts";

/** A connection as far as counting goes. */
export interface Member {
  /** Another connection of the same user takes its place. */
  replaced(): void;
}

export interface UsersOptions {
  readonly clock: Clock;
  readonly connectionsPerUserMax: number;
  /** Of requests. */
  readonly rate: Rate;
}

interface User {
  /** In the order of arrival. */
  readonly members: Set<Member>;
  readonly bucket: Bucket;
}

/** Who is connected, with what is counted per user: connections and requests. */
export class Users {
  readonly #options: UsersOptions;
  readonly #users = new Map<string, User>();

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Counts a connection to its user. Beyond the limit the user's oldest one is told to go. */
  enter(id: string, member: Member): void {
    const { clock, connectionsPerUserMax, rate } = this.#options;
    let user = this.#users.get(id);
    if (user === undefined) {
      user = { members: new Set(), bucket: new Bucket(rate, clock.nowMs()) };
      this.#users.set(id, user);
    }
    user.members.add(member);
    for (const oldest of user.members) {
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

  /** Counts a request. Answers 0, or after how many milliseconds the user may send the next one. */
  charge(id: string): number {
    return this.#users.get(id)?.bucket.take(this.#options.clock.nowMs()) ?? 0;
  }

  /** How many users are remembered. */
  get count(): number {
    return this.#users.size;
  }

  /** A user who leaves and comes back must not find a full bucket, so it stays until it is full again. */
  #forgetWhenFull(id: string, user: User): void {
    const { clock } = this.#options;
    clock.timer(user.bucket.fullInMs(clock.nowMs()), () => {
      if (user.members.size === 0 && this.#users.get(id) === user) this.#users.delete(id);
    });
  }
}
