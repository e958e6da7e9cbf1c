import type { Value } from "@geode/values";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Member } from "./member.ts";

/** A member's place in an audience. */
interface Seat {
  /** Messages that came before the member got its history; null once it has. */
  early: { readonly seq: number; readonly message: SharedMessage }[] | null;
  /** How long they are. */
  earlyLength: number;
  /** There were more of them than are kept. */
  missed: boolean;
  /** The member has everything up to this seq. News of it may still be under way. */
  seq: number;
  state: Value;
}

/**
 * Who is in a room, or in a document, now, and what each of them has. What is kept has an order: the seqs of messages, the versions of
 * edits.
 */
export class Audience {
  /** Null for what is said to one user. */
  readonly id: string | null;
  readonly #seats = new Map<Member, Seat>();

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
    const state = this.#seats.get(member)?.state ?? null;
    this.#seats.set(member, { early: [], earlyLength: 0, missed: false, seq: 0, state });
    return first;
  }

  /**
   * The member has all messages up to that seq; what came since follows at once. False if that was too much to be kept: then it has to be
   * read, from that seq on, and this called again.
   */
  settle(member: Member, seq: number): boolean {
    const seat = this.#seats.get(member);
    if (seat === undefined) return true;
    if (seat.missed) {
      Object.assign(seat, { early: [], earlyLength: 0, missed: false });
      return false;
    }
    const early = seat.early ?? [];
    seat.early = null;
    seat.seq = seq;
    for (const waiting of early) if (waiting.seq > seq) member.hear(waiting.message, this.id);
    return true;
  }

  /** Answers whether it was the last connection of its user here; undefined if it was not here at all. */
  leave(member: Member): boolean | undefined {
    if (!this.#seats.delete(member)) return undefined;
    return !this.#hasUser(member.user.id);
  }

  setState(member: Member, state: Value): void {
    const seat = this.#seats.get(member);
    if (seat !== undefined) seat.state = state;
  }

  stateOf(member: Member): Value {
    return this.#seats.get(member)?.state ?? null;
  }

  /** Every user who is here, once, with the state that one of its connections said last. */
  get users(): readonly { readonly id: string; readonly name?: string; readonly state: Value }[] {
    const users = new Map<string, { id: string; name?: string; state: Value }>();
    for (const [{ user }, { state }] of this.#seats) {
      const known = users.get(user.id);
      if (known === undefined) users.set(user.id, { ...user, state });
      else if (state !== null) known.state = state;
    }
    return [...users.values()];
  }

  /** A message of that seq, to everybody (but its author). */
  deliver(message: SharedMessage, seq: number, except?: Member): void {
    for (const [member, seat] of this.#seats) {
      if (member === except) continue;
      if (seat.early !== null) keep(seat, { seq, message });
      else if (seq > seat.seq) member.hear(message, this.id);
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
  seat: Seat,
  waiting: { readonly seq: number; readonly message: SharedMessage },
): void {
  if (seat.missed) return;
  seat.earlyLength += waiting.message.text.length;
  seat.missed = seat.earlyLength > EARLY_LENGTH_MAX;
  if (seat.missed) seat.early = [];
  else seat.early?.push(waiting);
}
