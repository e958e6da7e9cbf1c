import { expect, test } from "vitest";
import { Profile } from "./profile.ts";

test("a profile gives the time until a row comes out of a line to that line, and the rest to the last one", () => {
  let clockMs = 5;
  const profile = new Profile(4, () => clockMs);
  for (const [line, rows, tookMs] of [
    [1, 1, 2],
    [2, 10, 30],
    [1, 1, 400],
    [3, 1, 5_000],
  ] as const) {
    clockMs += tookMs;
    profile.came(line, rows);
  }
  clockMs += 60_000;
  profile.end();
  expect([0, 1, 2, 3].map((line) => profile.rows(line))).toEqual([0, 2, 10, 1]);
  // Line 0 stands above 1 and 2; 3 stands beside it.
  const depths = [0, 1, 2, 0];
  expect([0, 1, 2, 3].map((line) => profile.timeMs(line, depths))).toEqual([432, 432, 30, 65_000]);
});
