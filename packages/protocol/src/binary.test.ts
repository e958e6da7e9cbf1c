import { expect, test } from "vitest";
import { binaryFrame, readBinaryFrame } from "./binary.ts";

const payload = new TextEncoder().encode("RETURN 1");

test("PROTOCOL 14.1: the header is version, type and length, big-endian", () => {
  expect([...binaryFrame("query", payload).subarray(0, 6)]).toEqual([1, 1, 0, 0, 0, 8]);
  expect(binaryFrame("result", payload)[1]).toBe(2);
  expect(binaryFrame("error", payload)[1]).toBe(3);
  expect([...binaryFrame("message", payload).subarray(0, 2)]).toEqual([2, 0]);
});

test("a frame is read as it was written", () => {
  for (const kind of ["query", "result", "error", "message"] as const)
    expect(readBinaryFrame(binaryFrame(kind, payload))).toEqual({ kind, payload });
});

test.each([
  ["no header", [1, 1, 0, 0, 0]],
  ["nothing", []],
  ["another version", [3, 1, 0, 0, 0, 0]],
  ["another type", [1, 4, 0, 0, 0, 0]],
  ["version 2 with a type of version 1", [2, 1, 0, 0, 0, 0]],
  ["a length that is too long", [1, 1, 0, 0, 0, 1]],
  ["a length that is too short", [1, 1, 0, 0, 0, 0, 65]],
])("PROTOCOL 14.1: %s is no header", (_, bytes) => {
  expect(readBinaryFrame(Uint8Array.from(bytes))).toBeUndefined();
});
