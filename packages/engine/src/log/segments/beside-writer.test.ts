import {
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { fill } from "../log.contract.ts";
import { SegmentLog } from "./segment-log.ts";

/** What happens after each time that something was read from a file. */
const meanwhile = vi.hoisted(() => ({ afterRead: (): void => {} }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return {
    ...fs,
    readSync: (...read: Parameters<typeof fs.readSync>) => {
      const count = fs.readSync(...read);
      meanwhile.afterRead();
      return count;
    },
  };
});

test("a log is opened for reading while somebody appends, however often", async () => {
  const path = mkdtempSync(join(tmpdir(), "geode-log-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const log = await SegmentLog.open({ path });
  const file = join(path, "0000000000000001.log");
  const states = [readFileSync(file)];
  for (let n = 1; n <= 60; n++) {
    await fill(log, 1);
    states.push(readFileSync(file));
  }
  const written = [...log.read(1)];
  await log.close();
  rmSync(join(path, "closed"));
  // So long that it is not read at once.
  writeFileSync(file, Buffer.concat([states[10] as Buffer, Buffer.alloc(2_000_000)]));
  let number = 10;
  meanwhile.afterRead = () => {
    number = Math.min(number + 2, 60);
    const writer = openSync(file, "r+");
    writeSync(writer, states[number] as Buffer, 0, null, 0);
    closeSync(writer);
  };
  const reader = await SegmentLog.open({ path, access: "read" });
  meanwhile.afterRead = () => {};
  expect(number).toBeLessThan(60);
  expect(reader.head().number).toBeGreaterThanOrEqual(10);
  expect([...reader.read(1)]).toEqual(written.slice(0, reader.head().number));
  await reader.close();
});
