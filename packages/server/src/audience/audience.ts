import type { Value } from "@geode/values";
import { Few } from "../few.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Member } from "./member.ts";

/** What a member gets that has not got its history yet. */
interface Waiting {
  /** Messages that came meanwhile. */
  readonly early: { readonly seq: number; readonly message: SharedMessage }[];
  /** How long they are. */
  earlyLength: number;
  /** There were more of them than are kept. */
  missed: boolean;
}

/** How far a member is: it has everything up to this seq, and news of it may still be under way; or it waits for its history. */
type Seat = number | Waiting;

/**
 * Who is in a room, or in a document, now, and what each of them has. What is kept has an order: the seqs of messages, the versions of
 * edits.
 */
export class Audience {
  /** Null for what is said to one user. */
  readonly id: string | null;
  readonly #seats = new Few<Member, Seat>();
  /** Of those that said how they are; undefined while nobody did. */
  #states: Map<Member, Value> | undefined;

  constructor(id: string | null) {
    this.id = id;
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  has(member: Member): boolean {
    return this.#seats.has(member);
  }

  /** From now on messages are kept for the member until {@link settle}. Answers whether it is the first connection of its user. */
  enter(member: Member): boolean {
    const first = !this.#hasUser(member.user.id);
    this.#seats.set(member, { early: [], earlyLength: 0, missed: false });
    return first;
  }

  /**
   * The member has all messages up to that seq; what came since follows at once. False if that was too much to be kept: then it has to be
   * read, from that seq on, and this called again.
   */
  settle(member: Member, seq: number): boolean {
    const seat = this.#seats.get(member);
    if (seat === undefined) return true;
    if (typeof seat === "object" && seat.missed) {
      this.#seats.set(member, { early: [], earlyLength: 0, missed: false });
      return false;
    }
    this.#seats.set(member, seq);
    if (typeof seat === "object")
      for (const waiting of seat.early)
        if (waiting.seq > seq) member.hear(waiting.message, this.id);
    return true;
  }

  /** Answers whether it was the last connection of its user here; undefined if it was not here at all. */
  leave(member: Member): boolean | undefined {
    if (!this.#seats.delete(member)) return undefined;
    this.#states?.delete(member);
    return !this.#hasUser(member.user.id);
  }

  setState(member: Member, state: Value): void {
    if (this.#seats.has(member)) (this.#states ??= new Map()).set(member, state);
  }

  stateOf(member: Member): Value {
    return this.#states?.get(member) ?? null;
  }

  /** Every user who is here, once, with the state that one of its connections said last. */
  get users(): readonly { readonly id: string; readonly name?: string; readonly state: Value }[] {
    const users = new Map<string, { id: string; name?: string; state: Value }>();
    for (const member of this.#seats.keys()) {
      const { user } = member;
      const state = this.stateOf(member);
      const known = users.get(user.id);
      if (known === undefined) users.set(user.id, { ...user, state });
      else if (state !== null) known.state = state;
    }
    return [...users.values()];
  }

  /** A message of that seq, to everybody (but its author). */
  deliver(message: SharedMessage, seq: number, except?: Member): void {
    for (const [member, seat] of this.#seats.entries()) {
      if (member === except) continue;
      if (typeof seat === "object") keep(seat, { seq, message });
      else if (seq > seat) member.hear(message, this.id);
    }
  }

  /** What is not kept, to everybody else. */
  tell(message: SharedMessage, except: Member, topic?: string): void {
    for (const member of this.#seats.keys())
      if (member !== except) member.hear(message, this.id, topic);
  }

  #hasUser(id: string): boolean {
    for (const { user } of this.#seats.keys()) if (user.id === id) return true;
    return false;
  }
}

/** Messages that are kept for a member while it gets what was before them, in UTF-16 units. */
const EARLY_LENGTH_MAX = 256 * 1024;

function keep(
  seat: Waiting,
  waiting: { readonly seq: number; readonly message: SharedMessage },
): void {
  if (seat.missed) return;
  seat.earlyLength += waiting.message.text.length;
  seat.missed = seat.earlyLength > EARLY_LENGTH_MAX;
  if (seat.missed) seat.early.length = 0;
  else seat.early.push(waiting);
}
