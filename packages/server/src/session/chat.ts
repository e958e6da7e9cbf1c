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
import type { Access } from "../port.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { Participant, type ParticipantOptions } from "./participant.ts";
import type { Reply } from "./reply.ts";
import type { Statements } from "./statements.ts";

export type RoomRequest =
  | JoinRoomMessage
  | LeaveRoomMessage
  | PostMessage
  | AcknowledgeMessage
  | SayTypingMessage
  | SetPresenceMessage
  | AskHistoryMessage;

export interface ChatOptions extends ParticipantOptions {
  readonly rooms: Rooms;
  readonly statements: Statements;
}

const ACCESS: Readonly<Record<RoomRequest["type"], Access>> = {
  // Its answer may be as long as a history: one after the other, and none while an answer waits.
  JOIN_ROOM: "unknown",
  LEAVE_ROOM: "write",
  MESSAGE: "write",
  ACK: "write",
  TYPING: "write",
  PRESENCE: "write",
  // A page shows what was said before it was asked for.
  HISTORY: "read",
};

/** What one connection does in rooms. */
export class Chat extends Participant<ChatOptions> {
  /** Gets what waits for its user. Throws what the database throws. */
  arrive(): Promise<void> {
    return this.options.rooms.arrive(this);
  }

  /** It speaks for other roles or claims of its user now. */
  renewed(): void {
    this.options.rooms.review(this);
  }

  depart(): void {
    this.forget();
    this.options.rooms.depart(this);
  }

  handle(message: RoomRequest, reply: Reply): void {
    const { rooms } = this.options;
    switch (message.type) {
      case "JOIN_ROOM": {
        const { id, room_id: room } = message;
        return this.#later(message, reply, () =>
          this.enter(room, { id, reply }, (answered) => rooms.join(this, message, answered)),
        );
      }
      case "LEAVE_ROOM":
        return this.#later(message, reply, async () => {
          const { id, room_id: room } = message;
          await rooms.leave(this, room);
          this.forget(room);
          reply.answer(this.left(room, id));
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
          return reply.answer(this.options.failure({}, error));
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

  protected left(room: string, id: RequestId | undefined): string {
    const named = id === undefined ? {} : { id };
    return encodeServerMessage({ type: "ROOM_LEFT", ...named, room_id: room });
  }

  /** Within the connection's transaction, it is answered when that is committed. */
  #post(message: PostMessage, reply: Reply): void {
    const { rooms, statements } = this.options;
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
        else reply.answer(this.options.failure({ id }, outcome));
      });
    });
  }

  #later(message: RoomRequest, reply: Reply, work: () => Promise<void>): void {
    const id = message.type === "ACK" ? null : "id" in message ? message.id : undefined;
    const { statements } = this.options;
    const access = ACCESS[message.type];
    const request = {
      get access() {
        return statements.inTransaction ? "unknown" : access;
      },
    };
    this.later(request, reply, id, work);
  }
}

/** What is answered where nobody keeps rooms. */
export function noRooms(): GeodeError {
  return new GeodeError("NOT_FOUND", "This server has no rooms.");
}
