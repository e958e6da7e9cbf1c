import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { ChatPage, PageOptions } from "./contestant.ts";
import type { Said } from "./ledger.ts";

/*
 * What a chat page does that follows PROTOCOL.md, section 16: it keeps what it has said until that is acknowledged, and says it again
 * under the same id; it acknowledges what it has shown; whenever it is connected it joins its rooms.
 */

interface Waiting {
  id: string | number;
  readonly message: Said;
  /** On the present connection. */
  sent: boolean;
}

interface Delivered {
  readonly id: string;
  readonly room_id: string;
  readonly text: string;
  readonly seq: number;
}

type Heard =
  | { readonly type: "AUTH_OK" }
  | {
      readonly type: "ROOM_JOINED";
      readonly room_id: string;
      readonly history: readonly Delivered[];
      readonly gap?: boolean;
    }
  | ({ readonly type: "MESSAGE" } & Delivered)
  | { readonly type: "ACK"; readonly message_id: string | number }
  | {
      readonly type: "ERROR";
      readonly id?: string | number;
      readonly code: string;
      readonly error: string;
      readonly retryable: boolean;
    }
  | { readonly type: "USER_JOINED" | "USER_LEFT" | "GOAWAY" };

const ACKNOWLEDGE_EVERY_MS = 250;
const RECONNECT_MS = 250;
const RECONNECT_MS_MAX = 4_000;
export class GeodePage implements ChatPage {
  readonly #options: PageOptions & { readonly token: string };
  readonly #joined = Promise.withResolvers<void>();
  readonly #missing: Set<string>;
  readonly #shown = new Set<string>();
  /** By room, the last message that was shown and not acknowledged yet. */
  readonly #unread = new Map<string, string>();
  /** By room, of the message that was shown last. */
  readonly #lastSeq = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #waiting: Waiting[] = [];
  #socket: WebSocket | undefined;
  #ready = false;
  #attempts = 0;
  #closed = false;
  /** Ids count from 1 on a new page. The first goes alone: a page before this one may have used it, and what follows has to stay behind it. */
  #count = 1;
  #prefix: string | undefined;
  #certain = false;

  constructor(options: PageOptions & { readonly token: string }) {
    this.#options = options;
    this.#missing = new Set(options.rooms.map(String));
    this.#timer = setInterval(() => this.#acknowledge(), ACKNOWLEDGE_EVERY_MS);
    this.#connect();
  }

  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  get uncertain(): readonly Said[] {
    return this.#waiting.map(({ message }) => message);
  }

  say(message: Said): void {
    this.#waiting.push({ id: this.#newId(), message, sent: false });
    this.#send();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#socket?.terminate();
  }

  #newId(): string | number {
    const n = this.#count++;
    return this.#prefix === undefined ? n : `${this.#prefix} ${n}`;
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = new WebSocket(`ws://127.0.0.1:${this.#options.port}/ws`, {
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on("open", () =>
      this.#say({
        type: "AUTH",
        token: this.#options.token,
        client: `client of ${this.#options.chatter}`,
      }),
    );
    socket.on("message", (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Heard));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ready = false;
      for (const waiting of this.#waiting) waiting.sent = false;
      const delayMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS * 2 ** this.#attempts++);
      setTimeout(() => this.#connect(), delayMs * (0.5 + Math.random() / 2));
    });
  }

  #hear(heard: Heard): void {
    if (this.#closed) return;
    switch (heard.type) {
      case "AUTH_OK":
        this.#ready = true;
        this.#attempts = 0;
        for (const room of this.#options.rooms)
          this.#say({ type: "JOIN_ROOM", room_id: `${room}` });
        return this.#send();
      case "ROOM_JOINED":
        if (heard.gap === true) this.#options.onError(`a gap in room ${heard.room_id}`);
        for (const message of heard.history) this.#recall(message);
        this.#missing.delete(heard.room_id);
        if (this.#missing.size === 0) this.#joined.resolve();
        return;
      case "MESSAGE":
        return this.#show(heard);
      case "ACK":
        this.#waiting = this.#waiting.filter(({ id }) => id !== heard.message_id);
        this.#certain = true;
        return this.#send();
      case "ERROR":
        return this.#refused(heard);
      case "USER_JOINED":
      case "USER_LEFT":
      case "GOAWAY":
        return;
    }
  }

  #refused({ code, error, id, retryable }: Extract<Heard, { type: "ERROR" }>): void {
    if (code === "ID_REUSED" && this.#waiting.some((waiting) => waiting.id === id)) {
      // A page before this one has used it. From now on ids are new for certain.
      this.#prefix = randomUUID();
      this.#certain = true;
      for (const waiting of this.#waiting) {
        waiting.id = this.#newId();
        waiting.sent = false;
      }
      return this.#send();
    }
    this.#options.onError(`${code} ${error}`);
    // Once more, with everything that goes with a new connection.
    if (retryable) this.#socket?.terminate();
  }

  #send(): void {
    if (!this.#ready) return;
    for (const waiting of this.#certain ? this.#waiting : this.#waiting.slice(0, 1)) {
      if (waiting.sent) continue;
      waiting.sent = true;
      const { n, room, sender } = waiting.message;
      this.#say({ type: "MESSAGE", id: waiting.id, room_id: `${room}`, text: `${sender} ${n}` });
    }
  }

  /** Of a history, what is older than what the page shows belongs above it, for those who scroll up. */
  #recall(message: Delivered): void {
    if (message.seq >= (this.#lastSeq.get(message.room_id) ?? 0)) this.#show(message);
  }

  /** What comes again after a reconnect is known already, and not shown twice. */
  #show({ id, room_id: room, seq, text }: Delivered): void {
    this.#unread.set(room, id);
    if (this.#shown.has(id)) return;
    this.#shown.add(id);
    this.#lastSeq.set(room, seq);
    const [sender, n] = text.split(" ").map(Number);
    this.#options.show({ sender: sender!, room: Number(room), n: n! }, seq);
  }

  #acknowledge(): void {
    if (!this.#ready) return;
    for (const id of this.#unread.values()) this.#say({ type: "ACK", message_id: id });
    this.#unread.clear();
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
