import { randomUUID } from "node:crypto";
import { HISTORY_MAX } from "@geode/protocol";
import { GeodeError, type Value } from "@geode/values";
import { Audience } from "../audience/audience.ts";
import type { Member } from "../audience/member.ts";
import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import { NameAccess, type RoomRight } from "../policy/name-access.ts";
import type { DatabasePort, ReservedCommit } from "../port.ts";
import { SharedMessage } from "../transport/shared-message.ts";
import { Cursors } from "./cursors.ts";
import { jsonText, valueOfJson } from "./plain-json.ts";
import { Retention } from "./retention.ts";
import { RoomLimit } from "./room-limit.ts";
import {
  behind,
  type Messages,
  type Place,
  RoomStore,
  type StoredMessage,
  storedMessage,
} from "./room-store.ts";

export interface RoomsOptions {
  readonly database: Pick<DatabasePort, "query" | "seq" | "watchReserved" | "policyText">;
  readonly clock: Clock;
  readonly log: Log;
  /** Rooms that one connection may be in. */
  readonly perMemberMax: number;
  /** Rooms that one user may make. */
  readonly perUserMax: number;
  /** Of a message's text, and of its data as JSON, in bytes of UTF-8. */
  readonly messageBytesMax: number;
  /** Messages that a room keeps. */
  readonly messagesMax: number;
  /** How long it keeps them, in milliseconds. */
  readonly retentionMs: number;
  /** For each statement. */
  readonly timeoutMs: number;
  /** A room had more messages than it keeps. */
  readonly onTrim: () => void;
}

/** What is sent to a room, or to a user. */
export interface Post {
  readonly id?: string | number | undefined;
  readonly room_id?: string | undefined;
  readonly to?: string | undefined;
  readonly text?: string | undefined;
  readonly data?: unknown;
  readonly timestamp?: string | undefined;
}

export interface JoinRequest {
  readonly id?: string | number | undefined;
  readonly room_id: string;
  /** How many of the last messages are wanted. */
  readonly history?: number | undefined;
}

export interface HistoryRequest {
  readonly room_id: string;
  readonly before?: number | undefined;
  readonly since?: number | undefined;
  readonly limit?: number | undefined;
}

/** Some of a room's messages: whole commits, as of one. */
interface Page extends Messages {
  /** There are others in the direction in which it was asked. */
  readonly more: boolean;
}

/** Where messages go that name no place. */
const DEFAULT_ROOM = "default";
const HISTORY_DEFAULT = 50;
/** Messages that are read at once when a member gets what it has missed. */
const PAGE = 500;
/** A member's state is saved at most this often. */
const STATE_EVERY_MS = 1_000;

/**
 * Chat and presence (PROTOCOL.md §16). Rooms, messages and who is where are elements of the graph, written through here; what has become
 * durable comes back as news of the database, and goes to everybody in the room. So a message is in the log before anybody sees it, and
 * who comes back gets what it has missed from there.
 */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #store: RoomStore;
  readonly #access: NameAccess<"rooms">;
  readonly #cursors: Cursors;
  readonly #rooms = new Map<string, Audience>();
  /** The rooms of each member. */
  readonly #joined = new Map<Member, Set<Audience>>();
  /** Direct messages, by the user that they are for. */
  readonly #inboxes = new Map<string, Audience>();
  readonly #stateTimers = new Map<Audience, Map<Member, Timer>>();
  /** The policy by which those who are in rooms were let in. */
  #obeyed: string;
  readonly #retention: Retention;
  readonly #limit: RoomLimit;
  readonly #stopWatching: () => void;
  /** What is still being written for connections that are gone. */
  readonly #unfinished = new Set<Promise<void>>();

  constructor(options: RoomsOptions) {
    const { clock, database, log, timeoutMs } = options;
    this.#options = options;
    this.#store = new RoomStore(database, timeoutMs);
    this.#access = new NameAccess("rooms", () => database.policyText ?? "");
    this.#obeyed = database.policyText ?? "";
    this.#cursors = new Cursors(this.#store, clock, log);
    this.#limit = new RoomLimit(this.#store, options.perUserMax);
    this.#retention = new Retention({ ...options, store: this.#store });
    this.#stopWatching = database.watchReserved?.((commit) => this.#news(commit)) ?? (() => {});
  }

  /** Nobody is anywhere yet, whatever a server before this one has left behind. From now on old messages are given up. */
  async start(): Promise<void> {
    await this.#store.clearPresence();
    this.#retention.start();
  }

  /** A connection begins to speak for its user: it gets the direct messages that wait, and hears of new ones. */
  async arrive(member: Member): Promise<void> {
    const user = member.user.id;
    let inbox = this.#inboxes.get(user);
    if (inbox === undefined) this.#inboxes.set(user, (inbox = new Audience(null)));
    inbox.enter(member);
    const since = (await this.#cursors.get(inboxKey(user))) ?? 0;
    await this.#replay(member, inbox, { to: user }, since);
  }

  /** It is gone: from its rooms too. */
  depart(member: Member): void {
    const user = member.user.id;
    const inbox = this.#inboxes.get(user);
    inbox?.leave(member);
    if (inbox?.isEmpty === true) this.#inboxes.delete(user);
    const rooms = [...(this.#joined.get(member) ?? [])];
    if (rooms.length === 0) return;
    for (const room of rooms) this.#takeOut(member, room);
    this.#finish(this.#store.leave(user, member.session, null));
  }

  /**
   * From now on what is said in the room comes to the member. Answers with ROOM_JOINED; what follows it, i.e. the messages that the
   * client has not acknowledged, begins when `answered` is called.
   */
  async join(
    member: Member,
    { history = HISTORY_DEFAULT, id: requestId, room_id: id }: JoinRequest,
    answered: (answer: string) => void,
  ): Promise<void> {
    this.#require("join", id, member);
    const room = this.#enter(member, id);
    let first: boolean;
    try {
      const again = room.has(member);
      first = room.enter(member);
      await this.#limit.require(id, member.user.id);
      if (again) await this.#store.leave(member.user.id, member.session, id);
      await this.#store.enter(id, member.session, member.user);
    } catch (error) {
      this.#takeOut(member, room);
      throw error;
    }
    // It may have gone while it came.
    if (!room.has(member)) return this.#store.leave(member.user.id, member.session, id);
    if (first) room.tell(new SharedMessage(userFrame("USER_JOINED", id, member.user)), member);
    const cursor =
      member.client === undefined
        ? undefined
        : await this.#cursors.get(cursorKey(member.user.id, member.client, id));
    const may = this.#access.allows("history", id, member.principal);
    const past = await this.#pageBefore(
      id,
      cursor === undefined ? null : cursor + 1,
      bounded(history),
    );
    const gap = cursor !== undefined && (await this.#store.trimmed(id)) > cursor;
    const parts = [
      ...(requestId === undefined ? [] : [`"id":${JSON.stringify(requestId)}`]),
      `"room_id":${JSON.stringify(id)}`,
      `"members":[${room.users.map(memberText).join(",")}]`,
      `"history":[${may ? past.messages.map((message) => messageFrame(message)).join(",") : ""}]`,
      `"seq":${past.seq}`,
      ...(gap ? [`"gap":true`] : []),
    ];
    answered(`{"type":"ROOM_JOINED",${parts.join(",")}}`);
    if (cursor === undefined && room.settle(member, past.seq)) return;
    await this.#replay(member, room, { room: id }, cursor ?? past.seq, past.seq);
  }

  /** Leaving a room that one is not in is nothing. */
  async leave(member: Member, id: string): Promise<void> {
    const room = this.#rooms.get(id);
    if (room === undefined || !room.has(member)) return;
    this.#takeOut(member, room);
    await this.#store.leave(member.user.id, member.session, id);
  }

  /** Whoever may not be in a room any more, with other roles or claims or by another policy, is in it no more. */
  review(member: Member): void {
    for (const room of this.#joined.get(member) ?? []) {
      const id = room.id ?? "";
      if (this.#access.allows("join", id, member.principal)) continue;
      this.#takeOut(member, room);
      member.dismissed(id);
      this.#finish(this.#store.leave(member.user.id, member.session, id));
    }
  }

  /** Before anything is told: to whom it may be told. */
  #obey(): void {
    const policy = this.#options.database.policyText ?? "";
    if (policy === this.#obeyed) return;
    this.#obeyed = policy;
    for (const member of this.#joined.keys()) this.review(member);
  }

  /**
   * Keeps a message. Resolves with the seq at which it is durable, or was before under the same id. `transaction`: it is part of that;
   * then nothing is certain yet, and there is no seq.
   */
  async post(
    member: Member,
    post: Post,
    transaction?: Pick<DatabasePort, "query">,
  ): Promise<number> {
    const { data, id, room_id, text, timestamp, to } = post;
    if (to !== undefined && room_id !== undefined)
      throw new GeodeError("INVALID_MESSAGE", "A message is for a room or to a user, not both.");
    const room = to === undefined ? (room_id ?? DEFAULT_ROOM) : null;
    if (room !== null) this.#require("write", room, member);
    this.#requireSize(post);
    if (room !== null) await this.#limit.require(room, member.user.id, transaction);
    const { clock } = this.#options;
    const received = new Date(clock.nowMs()).toISOString();
    const scope = id === undefined ? randomUUID() : (member.client ?? member.session);
    const message = {
      key: JSON.stringify([member.user.id, scope, id ?? null]),
      room,
      to: to ?? null,
      user: member.user,
      clientId: id ?? null,
      text: text ?? null,
      data: valueOfJson(data ?? null),
      timestamp: timestamp ?? received,
      isDated: timestamp !== undefined,
      received,
    };
    const { differs, seq } = await this.#store.post(message, transaction);
    if (differs) {
      throw new GeodeError(
        "ID_REUSED",
        `The id ${JSON.stringify(id)} was used for another message.`,
        {
          hint: "Ids are unique per user and client: send `client` with AUTH, and count on, or use random ids.",
        },
      );
    }
    this.#retention.said(room === null ? { to: to ?? "" } : { room });
    return seq;
  }

  /** The client has everything up to that message. Unknown ids are nothing: what they name may have been given up meanwhile. */
  async acknowledge(member: Member, messageId: string): Promise<void> {
    const found = await this.#store.find(messageId);
    if (found === undefined) return;
    const user = member.user.id;
    const { upTo, where } = found;
    if ("to" in where) {
      if (where.to === user) this.#cursors.move(inboxKey(user), user, null, upTo);
    } else if (member.client !== undefined) {
      this.#cursors.move(cursorKey(user, member.client, where.room), user, where.room, upTo);
    }
  }

  typing(member: Member, id: string): void {
    this.#obey();
    const frame = new SharedMessage(userFrame("TYPING", id, member.user));
    // Who is slow need not hear of it again and again.
    const topic = JSON.stringify(["TYPING", id, member.user.id]);
    this.#joinedRoom(member, id).tell(frame, member, topic);
  }

  /** The others hear of it at once; the graph has it within a second. */
  presence(member: Member, id: string, state: unknown): void {
    this.#obey();
    const room = this.#joinedRoom(member, id);
    const value = valueOfJson(state ?? null);
    const text = jsonText(value);
    if (Buffer.byteLength(text) > this.#options.messageBytesMax) throw this.#tooLarge("state");
    room.setState(member, value);
    const frame = `{"type":"PRESENCE","room_id":${JSON.stringify(id)},"user":${JSON.stringify(member.user)},"state":${text}}`;
    room.tell(new SharedMessage(frame), member);
    let timers = this.#stateTimers.get(room);
    if (timers === undefined) this.#stateTimers.set(room, (timers = new Map()));
    if (timers.has(member)) return;
    const save = (): void => {
      timers.delete(member);
      if (!room.has(member)) return;
      this.#finish(this.#store.setState(member.user.id, member.session, id, room.stateOf(member)));
    };
    timers.set(member, this.#options.clock.timer(STATE_EVERY_MS, save));
  }

  /** A page of what was said in a room; `more`: there is more in that direction. */
  async history(
    member: Member,
    { room_id: id, before, since, limit }: HistoryRequest,
  ): Promise<{ readonly messages: string; readonly more: boolean }> {
    this.#require("history", id, member);
    const wanted = bounded(limit ?? HISTORY_DEFAULT);
    const { messages, more } =
      since === undefined
        ? await this.#pageBefore(id, before ?? null, wanted)
        : await this.#pageSince(id, since, wanted);
    return { messages: `[${messages.map((message) => messageFrame(message)).join(",")}]`, more };
  }

  /** The last messages before a seq, without a part of a commit at the old end: the next page has that, since it is asked for by seq. */
  async #pageBefore(room: string, before: number | null, limit: number): Promise<Page> {
    const { messages, seq } = await this.#store.last(room, before, limit + 1);
    if (messages.length <= limit) return { messages, seq, more: false };
    const cut = messages[0]?.seq ?? 0;
    const whole = messages.filter((message) => message.seq !== cut);
    if (whole.length > 0 || limit === 0) return { messages: whole, seq, more: true };
    const older = await this.#store.last(room, cut, 1);
    const ofCommit = await this.#store.ofCommit(room, cut);
    return { messages: ofCommit, seq, more: older.messages.length > 0 };
  }

  /** The first messages behind a seq, without a part of a commit at the new end. */
  async #pageSince(room: string, since: number, limit: number): Promise<Page> {
    const where = { room };
    const { messages, seq } = await this.#store.next(where, behind(since), limit + 1);
    if (messages.length <= limit) return { messages, seq, more: false };
    const cut = messages.at(-1)?.seq ?? 0;
    const whole = messages.filter((message) => message.seq !== cut);
    if (whole.length > 0 || limit === 0) return { messages: whole, seq, more: true };
    const newer = await this.#store.next(where, behind(cut), 1);
    const ofCommit = await this.#store.ofCommit(room, cut);
    return { messages: ofCommit, seq, more: newer.messages.length > 0 };
  }

  /** Nothing more is heard; what was acknowledged is saved. */
  async close(): Promise<void> {
    this.#stopWatching();
    for (const timers of this.#stateTimers.values())
      for (const timer of timers.values()) timer.cancel();
    await this.#retention.close();
    await this.#cursors.save();
    await Promise.all(this.#unfinished);
  }

  /** What became durable, whoever wrote it. */
  #news({ nodes, seq }: ReservedCommit): void {
    this.#obey();
    for (const { id, label, properties } of nodes) {
      if (label !== "GeodeMessage") continue;
      const message = storedMessage(String(id), properties);
      const room =
        message.room === null ? this.#inboxes.get(message.to ?? "") : this.#rooms.get(message.room);
      room?.deliver(new SharedMessage(messageFrame(message)), seq);
    }
  }

  /**
   * Everything behind a seq, as fast as the connection takes it, until the member has all there is and hears of new messages by itself.
   * What was said up to `joinedSeq` was there before the member was.
   */
  async #replay(
    member: Member,
    room: Audience,
    where: Place,
    since: number,
    joinedSeq = Number.MAX_SAFE_INTEGER,
  ): Promise<void> {
    let position = behind(since);
    for (;;) {
      const { messages, seq } = await this.#store.next(where, position, PAGE);
      for (const message of messages) {
        await member.relieved();
        if (!room.has(member)) return;
        const frame = messageFrame(message, message.seq <= joinedSeq);
        member.hear(new SharedMessage(frame), room.id);
        position = message;
      }
      if (messages.length === PAGE) continue;
      if (room.settle(member, seq)) return;
      position = behind(seq);
    }
  }

  #enter(member: Member, id: string): Audience {
    let own = this.#joined.get(member);
    if (own === undefined) this.#joined.set(member, (own = new Set()));
    let room = this.#rooms.get(id);
    const { perMemberMax } = this.#options;
    if (own.size >= perMemberMax && (room === undefined || !own.has(room))) {
      throw new GeodeError("LIMIT", `A connection may be in ${perMemberMax} rooms.`, {
        limit: "rooms",
        hint: "Leave those that are not needed any more with LEAVE_ROOM.",
      });
    }
    if (room === undefined) this.#rooms.set(id, (room = new Audience(id)));
    own.add(room);
    return room;
  }

  #takeOut(member: Member, room: Audience): void {
    const own = this.#joined.get(member);
    own?.delete(room);
    if (own?.size === 0) this.#joined.delete(member);
    this.#stateTimers.get(room)?.get(member)?.cancel();
    this.#stateTimers.get(room)?.delete(member);
    if (room.leave(member) === true)
      room.tell(new SharedMessage(userFrame("USER_LEFT", room.id ?? "", member.user)), member);
    if (!room.isEmpty) return;
    this.#rooms.delete(room.id ?? "");
    this.#stateTimers.delete(room);
  }

  #joinedRoom(member: Member, id: string): Audience {
    const room = this.#rooms.get(id);
    if (room?.has(member) === true) return room;
    throw new GeodeError("NOT_FOUND", `This connection is not in the room ${JSON.stringify(id)}.`, {
      hint: "Join it first with JOIN_ROOM.",
    });
  }

  #require(right: RoomRight, id: string, member: Member): void {
    if (this.#access.allows(right, id, member.principal)) return;
    throw new GeodeError(
      "FORBIDDEN",
      `${RIGHTS[right]} the room ${JSON.stringify(id)} is not permitted.`,
    );
  }

  #requireSize({ data, text }: Post): void {
    const { messageBytesMax } = this.#options;
    if (text !== undefined && Buffer.byteLength(text) > messageBytesMax)
      throw this.#tooLarge("text");
    if (data !== undefined && Buffer.byteLength(JSON.stringify(data)) > messageBytesMax)
      throw this.#tooLarge("data");
  }

  #tooLarge(what: string): GeodeError {
    return new GeodeError(
      "TOO_LARGE",
      `The ${what} of a message has at most ${this.#options.messageBytesMax} bytes.`,
      { limit: "messageBytes" },
    );
  }

  /** Something that nobody waits for. */
  #finish(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#options.log.warn({ error: String(error) }, "a room was not written");
      })
      .finally(() => this.#unfinished.delete(done));
    this.#unfinished.add(done);
  }
}

const RIGHTS = {
  join: "Joining",
  write: "Writing to",
  history: "Reading the history of",
} as const;

function bounded(limit: number): number {
  return Math.min(Math.max(0, limit), HISTORY_MAX);
}

function cursorKey(user: string, client: string, room: string): string {
  return JSON.stringify([user, client, room]);
}

function inboxKey(user: string): string {
  return JSON.stringify([user]);
}

function userFrame(type: string, room: string, user: Member["user"]): string {
  return JSON.stringify({ type, room_id: room, user });
}

function memberText({ state, ...user }: { readonly id: string; readonly state: Value }): string {
  const text = JSON.stringify(user);
  return state === null ? text : `${text.slice(0, -1)},"state":${jsonText(state)}}`;
}

/** MESSAGE as it is delivered; in a history, an item of it. */
function messageFrame(message: StoredMessage, redelivered = false): string {
  const { clientId, data, id, room, seq, text, timestamp, to, user } = message;
  const fields = JSON.stringify({
    type: "MESSAGE",
    id,
    ...(clientId === null ? {} : { client_id: clientId }),
    ...(room === null ? { to } : { room_id: room }),
    user,
    ...(text === null ? {} : { text }),
    timestamp,
    seq,
    ...(redelivered ? { redelivered } : {}),
  });
  return data === null ? fields : `${fields.slice(0, -1)},"data":${jsonText(data)}}`;
}
