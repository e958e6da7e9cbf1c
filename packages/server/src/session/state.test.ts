import { CLOSES } from "@geode/protocol";
import { describe, expect, test } from "vitest";
import type { Identity } from "../auth/token.ts";
import {
  next,
  type Frame,
  type SessionAction,
  type SessionEvent,
  type SessionState,
} from "./state.ts";

const identityOf = (id: string): Identity => ({
  principal: { id, roles: [], claims: new Map() },
  name: undefined,
  expiresAtMs: 1,
  issuedAtMs: undefined,
  tokenId: undefined,
});
const ann = identityOf("ann");

const states = {
  waiting: { name: "waiting" },
  "verifying AUTH": { name: "verifying", answer: true },
  "verifying the URL": { name: "verifying", answer: false },
  open: { name: "open", identity: ann },
  renewing: { name: "renewing", identity: ann },
  closed: { name: "closed" },
} as const satisfies Record<string, SessionState>;

const frame = (content: Frame): SessionEvent => ({ name: "frame", frame: content });

const events = {
  AUTH: frame({ kind: "message", message: { type: "AUTH", token: "t" } }),
  QUERY: frame({ kind: "message", message: { type: "QUERY", id: 1, query: "x" } }),
  "no JSON": frame({ kind: "notJson" }),
  "bad AUTH": frame({ kind: "invalid", error: "e", type: "AUTH", id: undefined }),
  "bad QUERY": frame({ kind: "invalid", error: "e", type: "QUERY", id: 1 }),
  binary: frame({ kind: "binary" }),
  verified: { name: "verified", identity: ann },
  "verified as bob": { name: "verified", identity: identityOf("bob") },
  refused: { name: "refused" },
  unverifiable: { name: "unverifiable" },
  "auth deadline": { name: "authDeadline" },
  "expiry near": { name: "expiryNear" },
  expired: { name: "expired" },
  draining: { name: "draining", retryAfterMs: 740 },
  "close asked": { name: "closeAsked", close: "idle" },
  gone: { name: "gone" },
} as const satisfies Record<string, SessionEvent>;

/** What a transition comes to, in words: the state it ends in, and what is done on the way. */
function outcome(state: SessionState, event: SessionEvent): string {
  const transition = next(state, event);
  return [transition.state.name, ...transition.actions.map(inWords)].join(", ");
}

function inWords(action: SessionAction): string {
  return action.do === "close"
    ? `${CLOSES[action.close].code} ${CLOSES[action.close].reason}`
    : action.do;
}

const REQUIRED = "closed, 1008 Authentication required, release";
const INVALID_TOKEN = "closed, 1008 Invalid token, release";
const INTERNAL = "closed, 1011 Internal error, release";
const RESTART = "closed, 1012 Service restart, release";
const IDLE = "closed, 1000 Idle timeout, release";

/** Every state × every event; a missing cell does not compile. */
const table: Record<keyof typeof states, Record<keyof typeof events, string>> = {
  waiting: {
    AUTH: "verifying, stopReading, verify",
    QUERY: REQUIRED,
    "no JSON": "closed, 1003 Invalid JSON, release",
    "bad AUTH": "closed, refuseMessage, 1003 Invalid message format, release",
    "bad QUERY": REQUIRED,
    binary: REQUIRED,
    verified: "waiting",
    "verified as bob": "waiting",
    refused: "waiting",
    unverifiable: "waiting",
    "auth deadline": REQUIRED,
    "expiry near": "waiting",
    expired: "waiting",
    draining: RESTART,
    "close asked": IDLE,
    gone: "closed, release",
  },
  "verifying AUTH": {
    AUTH: "verifying, hold",
    QUERY: "verifying, hold",
    "no JSON": "verifying, hold",
    "bad AUTH": "verifying, hold",
    "bad QUERY": "verifying, hold",
    binary: "verifying, hold",
    verified: "open, admit, readOn",
    "verified as bob": "open, admit, readOn",
    refused: INVALID_TOKEN,
    unverifiable: INTERNAL,
    "auth deadline": REQUIRED,
    "expiry near": "verifying",
    expired: "verifying",
    draining: RESTART,
    "close asked": IDLE,
    gone: "closed, release",
  },
  "verifying the URL": {
    AUTH: "verifying, hold",
    QUERY: "verifying, hold",
    "no JSON": "verifying, hold",
    "bad AUTH": "verifying, hold",
    "bad QUERY": "verifying, hold",
    binary: "verifying, hold",
    verified: "open, admit, readOn",
    "verified as bob": "open, admit, readOn",
    refused: INVALID_TOKEN,
    unverifiable: INTERNAL,
    "auth deadline": REQUIRED,
    "expiry near": "verifying",
    expired: "verifying",
    draining: RESTART,
    "close asked": IDLE,
    gone: "closed, release",
  },
  open: {
    AUTH: "renewing, stopReading, verify",
    QUERY: "open, handle",
    "no JSON": "closed, 1003 Invalid JSON, release",
    "bad AUTH": "open, refuseMessage",
    "bad QUERY": "open, refuseMessage",
    binary: "open, refuseMessage",
    verified: "open",
    "verified as bob": "open",
    refused: "open",
    unverifiable: "open",
    "auth deadline": "open",
    "expiry near": "open, warnExpiry",
    expired: "closed, 4401 Token expired, release",
    draining: "open, goAway",
    "close asked": IDLE,
    gone: "closed, release",
  },
  renewing: {
    AUTH: "renewing, hold",
    QUERY: "renewing, hold",
    "no JSON": "renewing, hold",
    "bad AUTH": "renewing, hold",
    "bad QUERY": "renewing, hold",
    binary: "renewing, hold",
    verified: "open, renew, readOn",
    "verified as bob": INVALID_TOKEN,
    refused: INVALID_TOKEN,
    unverifiable: "open, postponeRenewal, readOn",
    "auth deadline": "renewing",
    "expiry near": "renewing, warnExpiry",
    expired: "closed, 4401 Token expired, release",
    draining: "renewing, goAway",
    "close asked": IDLE,
    gone: "closed, release",
  },
  closed: {
    AUTH: "closed",
    QUERY: "closed",
    "no JSON": "closed",
    "bad AUTH": "closed",
    "bad QUERY": "closed",
    binary: "closed",
    verified: "closed",
    "verified as bob": "closed",
    refused: "closed",
    unverifiable: "closed",
    "auth deadline": "closed",
    "expiry near": "closed",
    expired: "closed",
    draining: "closed",
    "close asked": "closed",
    gone: "closed",
  },
};

describe.each(Object.keys(states) as (keyof typeof states)[])("in the state %s", (state) => {
  test.each(Object.entries(table[state]))("%s → %s", (event, expected) => {
    expect(outcome(states[state], events[event as keyof typeof events])).toBe(expected);
  });
});

test("only a token that came by AUTH is answered", () => {
  const actions = (state: SessionState) =>
    next(state, { name: "verified", identity: ann }).actions[0];
  expect(actions(states["verifying AUTH"])).toMatchObject({ do: "admit", answer: true });
  expect(actions(states["verifying the URL"])).toMatchObject({ do: "admit", answer: false });
});
