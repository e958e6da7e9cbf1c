import {
  encodeServerMessage,
  type AcknowledgeMessage,
  type AskHistoryMessage,
  type JoinRoomMessage,
  type LeaveRoomMessage,
  type PostMessage,
  type RequestId,
  type SayTypingMessage,
  type SetPresenceMessage,
} from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import type { Identity } from "../auth/token.ts";
import type { Principal } from "../port.ts";
import type { RoomMember } from "../rooms/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Reply } from "./reply.ts";
import type { Requests } from "./requests.ts";
import type { Statements } from "./statements.ts";
import type { Voice } from "./voice.ts";

export type RoomRequest =
  | JoinRoomMessage
  | LeaveRoomMessage
  | PostMessage
  | AcknowledgeMessage
  | SayTypingMessage
  | SetPresenceMessage
  | AskHistoryMessage;

export interface ChatOptions {
  /** Names the connection. */
  readonly session: string;
  readonly rooms: Rooms;
  readonly requests: Requests;
  readonly statements: Statements;
  readonly identity: () => Identity;
  readonly client: () => string | undefined;
  /** How the connection is spoken to by default. */
  readonly voice: () => Voice;
  /** Of what waits under one topic, the latest is enough. */
  readonly push: (frame: OutFrame, topic?: string) => void;
  /** Resolves when the connection has taken what waits for it, or is gone. */
  readonly relieved: () => Promise<void>;
  readonly failure: (about: { readonly id?: RequestId | undefined }, error: unknown) => string;
}

/** What one connection does in rooms. */
export class Chat implements RoomMember {
  readonly #options: ChatOptions;
  /** In which form each room was joined: what is said there comes in the same. */
  readonly #voices = new Map<string, Voice>();

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  get session(): string {
    return this.#options.session;
  }

  get user(): RoomMember["user"] {
    const { name, principal } = this.#options.identity();
    return { id: principal.id, ...(name === undefined ? {} : { name }) };
  }

  get principal(): Principal {
    return this.#options.identity().principal;
  }

  get client(): string | undefined {
    return this.#options.client();
  }

  /** Whether it hears of anything. */
  get isBusy(): boolean {
    return this.#voices.size > 0;
  }

  hear(message: SharedMessage, room: string | null, topic?: string): void {
    const voice = (room === null ? undefined : this.#voices.get(room)) ?? this.#options.voice();
    const frame = voice.shared(message);
    if (frame !== undefined) this.#options.push(frame, topic);
  }

  dismissed(room: string): void {
    const voice = this.#voices.get(room) ?? this.#options.voice();
    this.#voices.delete(room);
    const frame = voice.push(encodeServerMessage({ type: "ROOM_LEFT", room_id: room }));
    if (frame !== undefined) this.#options.push(frame);
  }

  /** It speaks for other roles or claims of its user now. */
  renewed(): void {
    this.#options.rooms.review(this);
  }

  relieved(): Promise<void> {
    return this.#options.relieved();
  }

  /** Gets what waits for its user. Throws what the database throws. */
  arrive(): Promise<void> {
    return this.#options.rooms.arrive(this);
  }

  depart(): void {
    this.#voices.clear();
    this.#options.rooms.depart(this);
  }

  handle(message: RoomRequest, reply: Reply): void {
    const { rooms } = this.#options;
    switch (message.type) {
      case "JOIN_ROOM":
        return this.#join(message, reply);
      case "LEAVE_ROOM":
        return this.#later(message, reply, async () => {
          await rooms.leave(this, message.room_id);
          this.#voices.delete(message.room_id);
          const id = message.id === undefined ? {} : { id: message.id };
          reply.answer(encodeServerMessage({ type: "ROOM_LEFT", ...id, room_id: message.room_id }));
        });
      case "MESSAGE":
        return this.#post(message, reply);
      case "ACK":
        reply.nothing();
        return this.#later(message, reply, () =>
          rooms.acknowledge(this, String(message.message_id)),
        );
      case "TYPING":
      case "PRESENCE":
        try {
          if (message.type === "TYPING") rooms.typing(this, message.room_id);
          else rooms.presence(this, message.room_id, message.state);
          return reply.nothing();
        } catch (error) {
          return reply.answer(this.#options.failure({}, error));
        }
      case "HISTORY":
        return this.#later(message, reply, async () => {
          const { id, room_id: room } = message;
          const { messages, more } = await rooms.history(this, message);
          const head = `{"type":"HISTORY","id":${JSON.stringify(id)},"room_id":${JSON.stringify(room)}`;
          reply.answer(`${head},"messages":${messages},"more":${more}}`);
        });
      default:
        return unreachable(message);
    }
  }

  #join(message: JoinRoomMessage, reply: Reply): void {
    const { room_id: room } = message;
    this.#later(message, reply, async () => {
      const before = this.#voices.get(room);
      let answered = false;
      this.#voices.set(room, reply.voice);
      try {
        await this.#options.rooms.join(this, message, (answer) => {
          answered = true;
          reply.answer(answer);
        });
      } catch (error) {
        // It is in the room, but what it has missed could not be read: it has to come anew.
        if (answered) return reply.push(this.#options.failure({ id: message.id }, error));
        if (before === undefined) this.#voices.delete(room);
        else this.#voices.set(room, before);
        throw error;
      }
    });
  }

  /** Within the connection's transaction, it is answered when that is committed. */
  #post(message: PostMessage, reply: Reply): void {
    const { rooms, statements } = this.#options;
    const { id } = message;
    const answer = (seq: number): void => {
      if (id === undefined) reply.nothing();
      else reply.answer(encodeServerMessage({ type: "ACK", message_id: id, seq }));
    };
    this.#later(message, reply, async () => {
      const transaction = statements.transaction;
      if (transaction === null) return answer(await rooms.post(this, message));
      await rooms.post(this, message, transaction);
      statements.whenOver(transaction, (outcome) => {
        if (typeof outcome === "number") answer(outcome);
        else reply.answer(this.#options.failure({ id }, outcome));
      });
    });
  }

  #later(message: RoomRequest, reply: Reply, work: () => Promise<void>): void {
    const id = "id" in message ? message.id : undefined;
    const { failure, requests, statements } = this.#options;
    // A page of the history shows what was said before it was asked for.
    const access = message.type === "HISTORY" ? "read" : "write";
    requests.submit({
      get access() {
        return statements.inTransaction ? "unknown" : access;
      },
      run: async () => {
        try {
          await work();
        } catch (error) {
          if (message.type !== "ACK") reply.answer(failure({ id }, error));
        }
      },
    });
  }
}

/** What is answered where nobody keeps rooms. */
export function noRooms(): GeodeError {
  return new GeodeError("NOT_FOUND", "This server has no rooms.");
}
