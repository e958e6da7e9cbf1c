import type { Said } from "./ledger.ts";
import type { ServerProcess } from "./server-process.ts";

/** One page of a chatter, with nothing in it that was not there when it was opened. */
export interface ChatPage {
  /** Resolves when it hears of its rooms for the first time. */
  readonly joined: Promise<void>;
  say(message: Said): void;
  /** What it has said without knowing that it was accepted. */
  readonly uncertain: readonly Said[];
  /** The page is gone, with all that it knew. */
  close(): void;
}

export interface PageOptions {
  readonly chatter: number;
  readonly rooms: readonly number[];
  /** Of the chatter's link. */
  readonly port: number;
  /** To be shown to whoever looks at the page. */
  readonly show: (message: Said, seq?: number) => void;
  readonly onError: (what: string) => void;
}

/** What a contestant is given. */
export interface Entry {
  readonly chatters: number;
  /** Of its server. */
  readonly port: number;
  /** The server ended by itself. */
  readonly onFailure: (what: string) => void;
}

/** Who is in the race. */
export interface Contestant {
  readonly server: ServerProcess;
  open(options: PageOptions): ChatPage;
  close(): Promise<void>;
}

export const CONTESTANTS = [
  "Geode",
  "Socket.IO",
  "Socket.IO, recovery",
  "Socket.IO, recovery and retries",
] as const;
export type ContestantName = (typeof CONTESTANTS)[number];
