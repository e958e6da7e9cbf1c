import type { Principal } from "../port.ts";
import type { SharedMessage } from "../transport/shared-message.ts";

/** A connection as far as rooms and documents are concerned: it is in some of them. */
export interface Member {
  /** Names the connection. */
  readonly session: string;
  readonly user: { readonly id: string; readonly name?: string };
  readonly principal: Principal;
  /** What the client calls itself over reconnects. */
  readonly client: string | undefined;
  /** Something that happened there; null: that was said to its user. Of what waits under one topic, the latest is enough. */
  hear(message: SharedMessage, place: string | null, topic?: string): void;
  /** It may not be there any more, and is not. */
  dismissed(place: string): void;
  /** Resolves when the connection has taken what waits for it, or is gone; at once while little waits. */
  relieved(): Promise<void>;
}
