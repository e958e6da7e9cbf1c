export interface HeartbeatOptions {
  readonly pingMs: number;
  readonly pongMsMax: number;
  ping(): void;
  /** False while the connection is not read: then an answer could not be heard, and silence proves nothing. */
  listening(): boolean;
  /** Two pings in a row were not answered in time. */
  onDead(): void;
}

/**
 * How a connection answers. A ping that is not answered in time is counted; a second one in a row ends the connection, because the peer
 * went away without a word. It is one word for each connection, and there are many.
 */
export type Pulse =
  | "resting"
  /** A ping is under way, and its time is not over. */
  | "asked"
  | "answered"
  /** The last one was not answered. */
  | "restingAfterMiss"
  | "askedAfterMiss";

/** Any sign of life counts as an answer: a peer that reads a long answer gets to the ping behind it late. */
export function alive(pulse: Pulse): Pulse {
  return pulse === "asked" || pulse === "askedAfterMiss" || pulse === "answered"
    ? "answered"
    : "resting";
}

/**
 * Asks, or judges the answer. Answers after how many milliseconds to be called again; undefined: never, it is dead. First after `pingMs`.
 */
export function beat(
  pulse: Pulse,
  options: HeartbeatOptions,
): { readonly pulse: Pulse; readonly nextMs: number | undefined } {
  const { pingMs, pongMsMax } = options;
  const restMs = Math.max(0, pingMs - pongMsMax);
  switch (pulse) {
    case "resting":
      options.ping();
      return { pulse: "asked", nextMs: pongMsMax };
    case "restingAfterMiss":
      options.ping();
      return { pulse: "askedAfterMiss", nextMs: pongMsMax };
    case "answered":
      return { pulse: "resting", nextMs: restMs };
    case "asked":
      return { pulse: options.listening() ? "restingAfterMiss" : "resting", nextMs: restMs };
    case "askedAfterMiss":
      if (!options.listening()) return { pulse: "restingAfterMiss", nextMs: restMs };
      options.onDead();
      return { pulse: "restingAfterMiss", nextMs: undefined };
  }
}
