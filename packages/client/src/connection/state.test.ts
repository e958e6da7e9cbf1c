import { describe, expect, test } from "vitest";
import { next } from "./state.ts";
import type { ConnectionEvent, ConnectionState, Policy } from "./state.ts";

const STATIC: Policy = { freshTokens: false, reconnect: true };
const FRESH: Policy = { freshTokens: true, reconnect: true };
const ONCE: Policy = { freshTokens: true, reconnect: false };

const STATES: readonly ConnectionState[] = [
  { kind: "idle" },
  { kind: "authorizing", attempt: 0, refusals: 0 },
  { kind: "opening", attempt: 0, refusals: 0, token: "t" },
  { kind: "authenticating", attempt: 0, refusals: 0 },
  { kind: "ready", attempt: 0, session: null, resumeAfterMs: 0 },
  { kind: "waiting", attempt: 1, refusals: 0, reason: "lost", unreadable: false },
  { kind: "closed", error: null },
];

const EVENTS: readonly ConnectionEvent[] = [
  { kind: "wanted" },
  { kind: "token", token: "t" },
  { kind: "tokenFailed", cause: new Error("no network") },
  { kind: "opened" },
  { kind: "authenticated", session: null },
  { kind: "lost", code: 1006, reason: "" },
  { kind: "failed", reason: "silence" },
  { kind: "goingAway", retryAfterMs: 5 },
  { kind: "settled" },
  { kind: "retry" },
  { kind: "close" },
];

/** Rows: states. Columns: events, in the order above. */
const TABLE: Readonly<Record<ConnectionState["kind"], string>> = {
  idle: "authorizing idle idle idle idle idle idle idle idle idle closed",
  authorizing:
    "authorizing opening waiting authorizing authorizing authorizing waiting authorizing authorizing authorizing closed",
  opening:
    "opening opening opening authenticating opening waiting waiting opening opening opening closed",
  authenticating:
    "authenticating authenticating authenticating authenticating ready waiting waiting authenticating authenticating authenticating closed",
  ready: "ready ready ready ready ready waiting waiting ready ready ready closed",
  waiting:
    "waiting waiting waiting waiting waiting waiting waiting waiting waiting authorizing closed",
  closed: "closed closed closed closed closed closed closed closed closed closed closed",
};

describe("every state answers every event", () => {
  for (const state of STATES) {
    test(state.kind, () => {
      const reached = EVENTS.map((event) => next(state, event, FRESH).state.kind);
      expect(reached.join(" ")).toBe(TABLE[state.kind]);
    });
  }
});

describe("what a close means", () => {
  const ready: ConnectionState = { kind: "ready", attempt: 0, session: null, resumeAfterMs: 0 };
  const cases: readonly (readonly [number, string, Policy, string])[] = [
    [1006, "", STATIC, "waiting"],
    [1012, "Service restart", STATIC, "waiting"],
    [1011, "Internal error", STATIC, "waiting"],
    [1008, "Server at capacity", STATIC, "waiting"],
    [4008, "Slow consumer", STATIC, "waiting"],
    [1000, "Idle timeout", STATIC, "idle"],
    [1000, "Replaced by new connection", FRESH, "closed LIMIT"],
    [1000, "Session closed", FRESH, "closed UNAVAILABLE"],
    [1008, "Revoked", FRESH, "closed FORBIDDEN"],
    [1008, "Invalid token", STATIC, "closed FORBIDDEN"],
    [1008, "Invalid token", FRESH, "authorizing"],
    [1008, "Authentication required", FRESH, "authorizing"],
    [4401, "Token expired", STATIC, "closed FORBIDDEN"],
    [4401, "Token expired", FRESH, "authorizing"],
    [4401, "Token expired", ONCE, "closed FORBIDDEN"],
    [1006, "", ONCE, "closed UNAVAILABLE"],
  ];
  test.each(cases)("%i %s", (code, reason, policy, expected) => {
    const { state } = next(ready, { kind: "lost", code, reason }, policy);
    const said =
      state.kind === "closed" && state.error !== null ? `closed ${state.error.code}` : state.kind;
    expect(said).toBe(expected);
  });
});

test("a second token in a row that is refused ends the attempts", () => {
  const first = next(
    { kind: "authenticating", attempt: 0, refusals: 0 },
    { kind: "lost", code: 1008, reason: "Invalid token" },
    FRESH,
  );
  expect(first.state).toEqual({ kind: "authorizing", attempt: 0, refusals: 1 });
  const second = next(
    { kind: "authenticating", attempt: 0, refusals: 1 },
    { kind: "lost", code: 1008, reason: "Invalid token" },
    FRESH,
  );
  expect(second.state).toMatchObject({ kind: "closed", error: { code: "FORBIDDEN" } });
});

test("attempts count up until the connection has stood for a while", () => {
  const lost = next(
    { kind: "ready", attempt: 3, session: null, resumeAfterMs: 0 },
    { kind: "lost", code: 1006, reason: "" },
    STATIC,
  );
  expect(lost.state).toMatchObject({ kind: "waiting", attempt: 4 });
  const settled = next(
    { kind: "ready", attempt: 3, session: null, resumeAfterMs: 0 },
    { kind: "settled" },
    STATIC,
  );
  expect(settled.state).toMatchObject({ kind: "ready", attempt: 0 });
});

test("a server that goes away is given the time it asked for", () => {
  const told = next(
    { kind: "ready", attempt: 0, session: null, resumeAfterMs: 0 },
    { kind: "goingAway", retryAfterMs: 4_000 },
    STATIC,
  );
  const lost = next(told.state, { kind: "lost", code: 1012, reason: "Service restart" }, STATIC);
  expect(lost.commands).toEqual([{ kind: "wait", attempt: 1, leastMs: 4_000 }]);
});
