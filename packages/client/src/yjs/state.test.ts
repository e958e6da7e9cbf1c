import { GeodeError } from "@geode/values";
import { expect, test } from "vitest";
import { isInside, nextSession, type SessionEvent, type SessionState } from "./state.ts";

const error = (code: "FORBIDDEN" | "TOO_LARGE" | "INVALID_MESSAGE" | "RATE_LIMITED"): GeodeError =>
  new GeodeError(code, "no");

const STATES: readonly SessionState[] = [
  { kind: "away" },
  { kind: "joining", request: "d1", inside: false, attempt: 0 },
  { kind: "joining", request: "d1", inside: true, attempt: 1 },
  { kind: "following", attempt: 0 },
  { kind: "following", attempt: 2 },
  { kind: "behind", inside: true, attempt: 1, leastMs: 0, waited: false },
  { kind: "reading", error: error("FORBIDDEN") },
  { kind: "refused", error: error("FORBIDDEN") },
  { kind: "closed" },
];

const EVENTS: readonly SessionEvent[] = [
  { kind: "asked", request: "d2" },
  { kind: "joined" },
  { kind: "taken" },
  { kind: "joinFailed", error: error("FORBIDDEN"), retryAfterMs: 0 },
  { kind: "joinFailed", error: error("RATE_LIMITED"), retryAfterMs: 9 },
  { kind: "editFailed", error: error("FORBIDDEN"), retryAfterMs: 0 },
  { kind: "editFailed", error: error("INVALID_MESSAGE"), retryAfterMs: 0 },
  { kind: "editFailed", error: error("RATE_LIMITED"), retryAfterMs: 9 },
  { kind: "waited" },
  { kind: "overflowed" },
  { kind: "left" },
  { kind: "closed" },
];

/** A state in a few letters: `+` inside, `-` not. */
function brief(state: SessionState): string {
  const { attempt } = { attempt: undefined, ...state };
  const waited = state.kind === "behind" && state.waited ? " waited" : "";
  return `${state.kind}${isInside(state) ? "+" : "-"}${attempt ?? ""}${waited}`;
}

test("every event in every state", () => {
  const rows = EVENTS.map((event) => {
    const about = "error" in event ? `${event.kind} ${event.error.code}` : event.kind;
    return [about, ...STATES.map((state) => brief(nextSession(state, event)))].join(" | ");
  });
  const head = ["", ...STATES.map(brief)].join(" | ");
  expect(`\n${[head, ...rows].join("\n")}\n`).toMatchInlineSnapshot(`
    "
     | away- | joining-0 | joining+1 | following+0 | following+2 | behind+1 | reading+ | refused- | closed-
    asked | joining-0 | joining-0 | joining+0 | joining+0 | joining+0 | joining+1 | joining+0 | joining-0 | closed-
    joined | away- | following+0 | following+1 | following+0 | following+2 | behind+1 | reading+ | refused- | closed-
    taken | away- | joining-0 | joining+1 | following+0 | following+0 | behind+1 | reading+ | refused- | closed-
    joinFailed FORBIDDEN | away- | refused- | refused- | following+0 | following+2 | behind+1 | reading+ | refused- | closed-
    joinFailed RATE_LIMITED | away- | behind-1 | behind+2 | following+0 | following+2 | behind+1 | reading+ | refused- | closed-
    editFailed FORBIDDEN | away- | joining-0 | joining+1 | reading+ | reading+ | reading+ | reading+ | refused- | closed-
    editFailed INVALID_MESSAGE | away- | joining-0 | joining+1 | behind+1 | reading+ | behind+1 | reading+ | refused- | closed-
    editFailed RATE_LIMITED | away- | joining-0 | joining+1 | behind+1 | behind+3 | behind+1 | reading+ | refused- | closed-
    waited | away- | joining-0 | joining+1 | following+0 | following+2 | behind+1 waited | reading+ | refused- | closed-
    overflowed | away- | joining-0 | joining+1 | behind+0 waited | behind+2 waited | behind+1 | reading+ | refused- | closed-
    left | away- | away- | away- | away- | away- | away- | away- | away- | closed-
    closed | closed- | closed- | closed- | closed- | closed- | closed- | closed- | closed- | closed-
    "
  `);
});

test("what changes nothing is the same state", () => {
  const [away] = STATES;
  expect(nextSession(away!, { kind: "taken" })).toBe(away);
});
