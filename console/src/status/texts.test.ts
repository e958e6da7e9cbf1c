import { expect, test } from "vitest";
import { connectionText } from "./connection-text.ts";
import { durationText } from "./duration-text.ts";

test.each([
  [0.04, "0.0 ms"],
  [3.25, "3.3 ms"],
  [42.4, "42 ms"],
  [1_234, "1.23 s"],
  [65_432, "65.4 s"],
])("%d ms is %s", (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text);
});

test("the first connection and a repeated one are told apart", () => {
  expect(connectionText({ kind: "opening", attempt: 0, refusals: 0, token: null }).text).toBe(
    "Connecting…",
  );
  expect(connectionText({ kind: "opening", attempt: 2, refusals: 0, token: null }).text).toBe(
    "Reconnecting…",
  );
  expect(connectionText({ kind: "ready", attempt: 0, session: null, resumeAfterMs: 0 })).toEqual({
    text: "Connected",
    tone: "good",
  });
});
