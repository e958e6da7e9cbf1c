import { expect, test } from "vitest";
import { CLOSES, closeNamed } from "./close.ts";
import { LIMIT_NAMES, LIMITS, limitsOnWire, limitsWith, type Limit } from "./limits.ts";

test("every close has a code of its kind, and code and reason together name it", () => {
  for (const [name, { code, reason }] of Object.entries(CLOSES)) {
    expect(code >= 1000 && (code <= 1015 || code >= 4000) && code < 5000, name).toBe(true);
    expect(new TextEncoder().encode(reason).length, name).toBeLessThanOrEqual(123);
    expect(closeNamed(code, reason)).toBe(name);
  }
  expect(closeNamed(1006, "")).toBeUndefined();
  expect(closeNamed(1008, "Something newer")).toBeUndefined();
});

test("every limit has an option and a name of its own", () => {
  const limits: Limit[] = LIMIT_NAMES.map((name) => LIMITS[name]);
  expect(new Set(limits.map(({ option }) => option)).size).toBe(limits.length);
  for (const { option } of limits) expect(option).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test("a limit can be replaced, and those a client meets are told to it", () => {
  const limits = limitsWith({ jsonDepthMax: 5, inFlightMax: undefined });
  expect(limits.jsonDepthMax).toBe(5);
  expect(limits.inFlightMax).toBe(64);
  expect(limitsOnWire(limits)).toMatchObject({
    json_depth: 5,
    in_flight: 64,
    frame_bytes: 1048576,
  });
  expect(limitsOnWire(limits)).not.toHaveProperty("authMsMax");
});
