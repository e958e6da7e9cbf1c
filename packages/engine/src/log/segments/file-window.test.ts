import { expect, test, vi } from "vitest";
import { FileWindow } from "./file-window.ts";

/** How much was asked for in one call. */
const asked = vi.hoisted((): number[] => []);

vi.mock("node:fs", async (importOriginal) => ({
  ...(await importOriginal<typeof import("node:fs")>()),
  readSync: (_file: number, buffer: Uint8Array, offset: number, length: number) => {
    asked.push(length);
    return offset + length < buffer.length ? length : 0;
  },
}));

test("what is longer than one call to the system may read is read by several", () => {
  new FileWindow(0, 0).bytes(0, 2 ** 31 + 1, 0);
  expect(Math.max(...asked)).toBeLessThan(2 ** 31);
  expect(asked.reduce((sum, bytes) => sum + bytes, 0)).toBe(2 ** 31 + 1);
});
