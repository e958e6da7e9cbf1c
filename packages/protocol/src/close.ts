/**
 * Why a connection is closed by the server: one close code (RFC 6455 §7.4) and one reason each. `reconnect` says what a client should do:
 * "now" (with back-off; a session resumes), "token" (after it got another token), "never" (the same would happen again).
 */
export interface Close {
  readonly code: number;
  readonly reason: string;
  readonly reconnect: "now" | "token" | "never";
}

/** The one table of close codes and reasons. An empty reason is sent by the WebSocket layer itself. */
export const CLOSES = {
  idle: { code: 1000, reason: "Idle timeout", reconnect: "now" },
  replaced: { code: 1000, reason: "Replaced by new connection", reconnect: "never" },
  sessionClosed: { code: 1000, reason: "Session closed", reconnect: "never" },
  badFrame: { code: 1002, reason: "", reconnect: "never" },
  invalidJson: { code: 1003, reason: "Invalid JSON", reconnect: "never" },
  invalidMessage: { code: 1003, reason: "Invalid message format", reconnect: "never" },
  badUtf8: { code: 1007, reason: "", reconnect: "never" },
  authenticationRequired: { code: 1008, reason: "Authentication required", reconnect: "token" },
  invalidToken: { code: 1008, reason: "Invalid token", reconnect: "token" },
  revoked: { code: 1008, reason: "Revoked", reconnect: "never" },
  atCapacity: { code: 1008, reason: "Server at capacity", reconnect: "now" },
  editRefused: { code: 1008, reason: "Edit refused", reconnect: "now" },
  tooBig: { code: 1009, reason: "Message too big", reconnect: "never" },
  internal: { code: 1011, reason: "Internal error", reconnect: "now" },
  restart: { code: 1012, reason: "Service restart", reconnect: "now" },
  slow: { code: 4008, reason: "Slow consumer", reconnect: "now" },
  tokenExpired: { code: 4401, reason: "Token expired", reconnect: "token" },
} as const satisfies Record<string, Close>;

export type CloseName = keyof typeof CLOSES;

/** What a received close means, or undefined when it is not one of ours (the network, a proxy, a newer server). */
export function closeNamed(code: number, reason: string): CloseName | undefined {
  for (const [name, close] of Object.entries(CLOSES)) {
    if (close.code === code && close.reason === reason) return name as CloseName;
  }
  return undefined;
}
