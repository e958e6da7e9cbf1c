import { type ChildProcessByStdio, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { decodeEntry, decodeHeader, encodeEntry, type EncodedEntry } from "../entry.ts";
import { type Disk, DISK } from "./disk.ts";
import type { Durability } from "../log.ts";
import { SEGMENT_HEADER_BYTES } from "./format.ts";
import { SegmentLog } from "./segment-log.ts";
import { entryAfter, fill, largeEntryAfter, testCommitLog } from "../log.contract.ts";

/** A log whose segments are full at once, and one that never needs a second. */
const KINDS: readonly (readonly [Durability, segmentBytes: number])[] = [
  ["durable", 1],
  ["durable", 1 << 30],
  ["relaxed", 2_000],
  ["relaxed", 1 << 30],
];

for (const [durability, segmentBytes] of KINDS) {
  testCommitLog(`the ${durability} log in segments of ${segmentBytes} bytes`, async () => {
    const path = temporaryPath();
    let failure: string | null = null;
    const disk: Disk = {
      ...DISK,
      write: (...write) =>
        failure === null ? DISK.write(...write) : Promise.reject(new Error(failure)),
    };
    const options = { path, durability, disk, segmentBytes };
    const opened = [await SegmentLog.open(options)];
    return {
      log: opened[0] as SegmentLog,
      breakDisk: (message) => {
        failure = message;
      },
      reopen: async () => {
        await opened.at(-1)?.close();
        const log = await SegmentLog.open(options);
        opened.push(log);
        return log;
      },
      dispose: async () => {
        await opened.at(-1)?.close();
      },
    };
  });
}

describe("the log in segments", () => {
  test("has everything that it acknowledged when it is opened again", async () => {
    const path = temporaryPath();
    const first = await open(path);
    const entries = await fill(first, 10);
    const large = largeEntryAfter(first.head());
    await first.append(10, large.bytes, large.blobs);
    const head = first.head();
    await first.close();
    const second = await open(path);
    expect(second.head()).toEqual(head);
    expect([...second.read(1)]).toEqual([...entries, large].map(({ bytes }) => bytes));
    expect(second.blob(large.blobs[0]?.hash as Uint8Array)).toEqual(large.blobs[0]?.bytes);
    await fill(second, 1);
  });

  test("may be opened durable after it was relaxed, and the other way round", async () => {
    const path = temporaryPath();
    for (const durability of ["relaxed", "durable", "relaxed"] as const) {
      const log = await SegmentLog.open({ path, durability });
      await fill(log, 2);
      await log.close();
    }
    expect((await open(path)).head().number).toBe(6);
  });

  test("cannot be opened twice for writing in one process, but beside the writer for reading", async () => {
    const path = temporaryPath();
    const writer = await open(path);
    await fill(writer, 3);
    await expect(SegmentLog.open({ path })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("in use by this process"),
    });
    const reader = await SegmentLog.open({ path, access: "read" });
    expect([...reader.read(1)]).toHaveLength(3);
    await expect(reader.append(3, entryAfter(reader.head()).bytes)).rejects.toMatchObject({
      code: "INTERNAL",
    });
    await reader.close();
    await fill(writer, 1);
  });

  test("is read as it was when it was opened for reading, whatever the writer does meanwhile", async () => {
    const path = temporaryPath();
    const writer = await open(path);
    const entries = await fill(writer, 20);
    const reader = await SegmentLog.open({ path, access: "read" });
    await fill(writer, 5);
    await writer.trim(22);
    expect(reader.head()).toMatchObject({ number: 20, oldest: 1 });
    expect([...reader.read(1)]).toEqual(entries.map(({ bytes }) => bytes));
    await reader.close();
  });

  test("takes a commit of many megabytes", async () => {
    const path = temporaryPath();
    const log = await open(path);
    const text = "x".repeat(10_000_000);
    const patch = [1, 2].map((id) => ({
      kind: "insertNode" as const,
      graph: "default",
      id,
      labels: [],
      properties: new Map([["text", text]]),
    }));
    const { bytes, blobs } = encodeEntry({
      ...decodeHeader(entryAfter(log.head()).bytes),
      commits: [{ principal: "alice", patch }],
    });
    expect(await log.append(0, bytes, blobs)).toBe("ok");
    const [read] = log.read(1);
    expect(decodeEntry(read as Uint8Array, (hash) => log.blob(hash)).commits[0]?.patch).toEqual(
      patch,
    );
  });

  test.each<[string, (path: string) => void]>([
    ["is a file", (path) => writeFileSync(path, "")],
    [
      "has a directory for a segment",
      (path) => mkdirSync(join(path, "0000000000000001.log"), { recursive: true }),
    ],
    ["has a directory for a lock", (path) => mkdirSync(join(path, "lock"), { recursive: true })],
  ])("a path that %s is refused, and does not end the process", async (_, prepare) => {
    const path = join(temporaryPath(), "log");
    prepare(path);
    await expect(SegmentLog.open({ path })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("reading where there is none is NOT_FOUND and makes none", async () => {
    const path = join(temporaryPath(), "log");
    await expect(SegmentLog.open({ path, access: "read" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(existsSync(path)).toBe(false);
  });

  test("cannot be opened for writing while another process has it, and can at once when that was killed", async () => {
    const path = temporaryPath();
    const other = await startOther(path);
    await expect(SegmentLog.open({ path })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`in use by process ${other.pid}`),
    });
    await other.kill();
    const log = await open(path);
    expect(log.head().number).toBe(5);
    await fill(log, 1);
  });

  test.skipIf(process.platform === "win32").each<[Durability]>([["durable"], ["relaxed"]])(
    "%s, on a disk that refuses to write: everything acknowledged is kept, everything after is refused, and the process lives",
    async (durability) => {
      const path = temporaryPath();
      const { acknowledged, refusals, read } = await fillUntilRefused(path, durability);
      expect(acknowledged).toBeGreaterThan(0);
      expect(refusals).toEqual(
        Array.from({ length: 3 }, () =>
          expect.stringMatching(/^UNAVAILABLE the log could not be written: .+/),
        ),
      );
      expect(read).toBe(acknowledged);
      const log = await open(path);
      expect(log.head().number).toBe(acknowledged);
      expect([...log.read(1)]).toHaveLength(acknowledged);
      await fill(log, 1);
    },
  );

  test.each<[string, (file: string, bytes: Buffer) => void]>([
    ["is something else", (file) => writeFileSync(file, "this is not a log".repeat(1_000))],
    ["has a few bytes", (file) => writeFileSync(file, "no")],
    ["is empty", (file) => truncateSync(file, 0)],
    ["was cut off within the header", (file) => truncateSync(file, 20)],
    ["was cut off behind the header", (file) => truncateSync(file, SEGMENT_HEADER_BYTES)],
    ["was cut off in the middle", (file) => truncateSync(file, 4_096)],
    ["has nothing but zeros", (file, bytes) => writeFileSync(file, Buffer.alloc(bytes.length))],
    ["has a hole", (file, bytes) => writeFileSync(file, bytes.fill(0, 2_000, 2_100))],
    ["is no longer there", (file) => rmSync(file)],
  ])("a segment of a closed log that %s is CORRUPT", async (_, damage) => {
    const path = temporaryPath();
    const log = await SegmentLog.open({ path });
    await fill(log, 50);
    await log.close();
    const file = join(path, FIRST);
    damage(file, readFileSync(file));
    for (const access of ["read", "write"] as const) {
      await expect(SegmentLog.open({ path, access })).rejects.toMatchObject({ code: "CORRUPT" });
    }
  });

  test("a flipped bit anywhere in a closed log is told, or does no harm", async () => {
    const path = temporaryPath();
    const log = await SegmentLog.open({ path });
    const entries = (await fill(log, 4)).map(({ bytes }) => Buffer.from(bytes));
    await log.close();
    const file = join(path, FIRST);
    const bytes = readFileSync(file);
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    for (let at = 0; at < end; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      writeFileSync(file, damaged);
      const read = SegmentLog.open({ path, access: "read" }).then((reader) => {
        const found = [...reader.read(1)].map((entry) => Buffer.from(entry));
        return reader.close().then(() => found);
      });
      const outcome = await read.catch((error: unknown) => (error as { code: string }).code);
      if (outcome !== "CORRUPT") expect(outcome, `byte ${at}`).toEqual(entries);
    }
  });

  test.each<[string, number]>([
    ["the newest", 3],
    ["one in the middle", 2],
    ["the oldest", 1],
  ])("a log of which %s of its segments is missing is CORRUPT", async (_, missing) => {
    const path = temporaryPath();
    const log = await SegmentLog.open({ path, segmentBytes: 1 });
    await fill(log, 3);
    await log.close();
    rmSync(join(path, `${String(missing).padStart(16, "0")}.log`));
    const outcome = await SegmentLog.open({ path }).then(
      async (opened) => {
        const { oldest } = opened.head();
        await opened.close();
        return oldest;
      },
      (error: unknown) => (error as { code: string }).code,
    );
    // Without the oldest it is a log that was trimmed; who needs the entry says so.
    expect(outcome).toBe(missing === 1 ? 2 : "CORRUPT");
  });

  test("a segment under the name of another one is CORRUPT, and none is taken away", async () => {
    const path = temporaryPath();
    const log = await SegmentLog.open({ path });
    await fill(log, 3);
    await log.close();
    renameSync(join(path, FIRST), join(path, "0000000000000003.log"));
    for (const access of ["read", "write"] as const) {
      await expect(SegmentLog.open({ path, access })).rejects.toMatchObject({
        code: "CORRUPT",
        message: expect.stringMatching(/3\.log is damaged: it begins with entry 1, and is called/),
      });
    }
    expect(segmentsOf(path)).toEqual([3]);
  });

  test("segments of which no entry is needed are taken away, also when that was interrupted", async () => {
    const path = temporaryPath();
    const log = await SegmentLog.open({ path, segmentBytes: 1 });
    await fill(log, 6);
    const kept = readFileSync(join(path, FIRST));
    await log.trim(4);
    expect(segmentsOf(path)).toEqual([5, 6]);
    await log.close();
    // As if the power had gone before the file was.
    writeFileSync(join(path, FIRST), kept);
    const reader = await SegmentLog.open({ path, access: "read" });
    expect(reader.head()).toMatchObject({ number: 6, oldest: 5 });
    await reader.close();
    const again = await open(path);
    expect(again.head()).toMatchObject({ number: 6, oldest: 5 });
    expect(segmentsOf(path)).toEqual([5, 6]);
  });

  test("appending does not wait for segments that are taken away, and closing does", async () => {
    const path = temporaryPath();
    const { promise: removable, resolve: letGo } = Promise.withResolvers<void>();
    const disk: Disk = {
      ...DISK,
      remove: (file) =>
        file.endsWith(".log") ? removable.then(() => DISK.remove(file)) : DISK.remove(file),
    };
    const log = await SegmentLog.open({ path, segmentBytes: 1, disk });
    await fill(log, 4);
    const trimmed = log.trim(3);
    await fill(log, 1);
    expect(log.head()).toMatchObject({ number: 5, oldest: 4 });
    expect(segmentsOf(path)).toEqual([1, 2, 3, 4, 5]);
    const closed = log.close();
    letGo();
    await closed;
    expect(segmentsOf(path)).toEqual([4, 5]);
    await trimmed;
  });

  test("a segment that cannot be taken away is told, keeps no other, and goes when the log is opened again", async () => {
    const path = temporaryPath();
    let refuses = true;
    const disk: Disk = {
      ...DISK,
      remove: (file) =>
        refuses && file.endsWith(FIRST)
          ? Promise.reject(new Error("operation not permitted"))
          : DISK.remove(file),
    };
    const options = { path, segmentBytes: 1, disk };
    let log = await SegmentLog.open(options);
    await fill(log, 4);
    await expect(log.trim(3)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `${join(path, FIRST)} is needed no more, but cannot be taken away: operation not permitted`,
    });
    expect(segmentsOf(path)).toEqual([1, 4]);
    await fill(log, 1);
    for (const left of [
      [1, 4, 5],
      [4, 5],
    ]) {
      await log.close();
      log = await SegmentLog.open(options);
      expect(log.head()).toMatchObject({ number: 5, oldest: 4 });
      expect(segmentsOf(path)).toEqual(left);
      refuses = false;
    }
    await log.close();
  });

  test("a disk that is nearly full takes what has room on it, and a log on it can be opened", async () => {
    const path = temporaryPath();
    let room = 1_500;
    const disk: Disk = {
      ...DISK,
      write: (file, pieces, position) => {
        const end = pieces.reduce((sum, piece) => sum + piece.length, position);
        const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        return end > room ? Promise.reject(full) : DISK.write(file, pieces, position);
      },
    };
    const log = await SegmentLog.open({ path, disk });
    let refused: unknown = null;
    while (refused === null) {
      await fill(log, 1).catch((error: unknown) => (refused = error));
    }
    expect(refused).toMatchObject({ code: "UNAVAILABLE" });
    const { number } = log.head();
    expect(number).toBeGreaterThan(3);
    await log.close();
    room += 300;
    const again = await SegmentLog.open({ path, disk });
    expect(again.head().number).toBe(number);
    await fill(again, 1);
    await again.close();
    expect((await open(path)).head().number).toBe(number + 1);
  });

  test("without a file to open it goes on in the segment that is full, and begins the next when there is one", async () => {
    const path = temporaryPath();
    let files = Infinity;
    const disk: Disk = {
      ...DISK,
      create: (file) => {
        if (files-- > 0) return DISK.create(file);
        throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
      },
    };
    const log = await SegmentLog.open({ path, segmentBytes: 1, disk });
    await fill(log, 2);
    files = 0;
    await fill(log, 2);
    files = Infinity;
    const [entry] = await fill(log, 1);
    expect(segmentsOf(path)).toEqual([1, 2, 5]);
    expect([...log.read(5)]).toEqual([entry?.bytes]);
    await log.close();
    expect([...(await open(path)).read(1)]).toHaveLength(5);
  });

  test("files of others stay, whatever they are called", async () => {
    const path = temporaryPath();
    const others = ["mine.log.tmp", "1.log", "0000000000000001.log.bak"];
    for (const name of others) writeFileSync(join(path, name), "mine");
    writeFileSync(join(path, `${FIRST}.tmp`), "what is left of a segment that was being made");
    const log = await open(path);
    await fill(log, 1);
    const names = readdirSync(path);
    expect(names).toEqual(expect.arrayContaining(others));
    expect(names).not.toContain(`${FIRST}.tmp`);
  });

  test.each<[Durability]>([["durable"], ["relaxed"]])(
    "%s: whatever is asked of it at once while it closes is done or refused, and nothing is asked of a closed file",
    async (durability) => {
      const path = temporaryPath();
      let isClosed = false;
      const late: string[] = [];
      const disk: Disk = {
        ...DISK,
        write: (...write) => {
          if (isClosed) late.push("write");
          return DISK.write(...write);
        },
        sync: (file) => {
          if (isClosed) late.push("sync");
          return DISK.sync(file);
        },
      };
      const log = await SegmentLog.open({ path, durability, disk, segmentBytes: 1 });
      await fill(log, 3);
      const { bytes } = entryAfter(log.head());
      const outcomes = await Promise.allSettled([
        log.flush(),
        log.append(3, bytes),
        log.trim(2),
        log.flush(),
        log.close().then(() => {
          isClosed = true;
        }),
        log.flush(),
        log.append(4, bytes),
        log.trim(3),
        log.close(),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        ...Array.from({ length: 6 }, () => "fulfilled"),
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      await log.flush();
      expect(late).toEqual([]);
      expect((await open(path)).head()).toMatchObject({ number: 4, oldest: 3 });
    },
  );

  test("a segment whose name the disk did not get has it before anything is appended to it", async () => {
    const path = temporaryPath();
    const calls: string[] = [];
    let refuses = true;
    const disk: Disk = {
      ...DISK,
      write: (...write) => {
        calls.push("write");
        return DISK.write(...write);
      },
      syncNames: (directory) => {
        if (refuses) throw new Error("no names");
        calls.push("syncNames");
        DISK.syncNames(directory);
      },
    };
    await expect(SegmentLog.open({ path, disk })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("no names"),
    });
    expect(segmentsOf(path)).toEqual([1]);
    calls.length = 0;
    refuses = false;
    const log = await SegmentLog.open({ path, disk });
    expect(calls).toEqual(["syncNames", "write"]);
    await log.close();
  });

  test("an append that was under way when the process ended is passed over and cut off", async () => {
    const path = temporaryPath();
    const { torn, large } = await tornIn(path);
    for (const access of ["read", "write"] as const) {
      const log = await SegmentLog.open({ path, access });
      expect(log.head().number).toBe(3);
      expect(log.blob(large.blobs[0]?.hash as Uint8Array)).toBeUndefined();
      if (access === "write") await fill(log, 1);
      await log.close();
    }
    expect(readFileSync(torn).includes("xxxxxxxx")).toBe(false);
    expect((await open(path)).head().number).toBe(4);
  });

  test("an append that is torn, with a whole one behind it, is CORRUPT", async () => {
    const path = temporaryPath();
    const { torn } = await tornIn(path, 2);
    for (const access of ["read", "write"] as const) {
      await expect(SegmentLog.open({ path, access })).rejects.toMatchObject({
        code: "CORRUPT",
        message: expect.stringMatching(
          /^.*1\.log is damaged: the append at byte \d+ is not the one/,
        ),
      });
    }
    expect(readFileSync(torn).includes("xxxxxxxx")).toBe(true);
  });

  test("what a relaxed life left behind a hole is given up with it", async () => {
    const path = temporaryPath();
    await tornIn(path, 2, "relaxed");
    const log = await open(path);
    expect(log.head().number).toBe(3);
    await fill(log, 2);
  });

  test.skipIf(process.platform !== "linux")(
    "what lies behind a hole is read once, however many records that is",
    async () => {
      const path = temporaryPath();
      const log = await SegmentLog.open({ path, durability: "relaxed" });
      await fill(log, 5_000);
      await log.close();
      rmSync(join(path, "closed"));
      const file = join(path, FIRST);
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0, 4_096, 8_192));
      const before = bytesRead();
      const reader = await SegmentLog.open({ path, access: "read" });
      expect(bytesRead() - before).toBeLessThan(10 * bytes.length);
      expect(reader.head().number).toBeLessThan(100);
      await reader.close();
    },
  );
});

/** What this thread has read from files so far, as Linux counts it. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/thread-self/io", "utf8"))?.[1]);
}

const FIRST = "0000000000000001.log";

/**
 * Leaves a log that was not closed: three entries, then a large append of which a page is missing, then `behind` small ones.
 */
async function tornIn(
  path: string,
  behind = 0,
  durability: Durability = "durable",
): Promise<{ torn: string; large: EncodedEntry }> {
  const log = await SegmentLog.open({ path, durability });
  await fill(log, 3);
  const torn = join(path, FIRST);
  const start = readFileSync(torn).findLastIndex((byte) => byte !== 0);
  const large = largeEntryAfter(log.head());
  await log.append(3, large.bytes, large.blobs);
  await fill(log, behind);
  const bytes = readFileSync(torn);
  await log.close();
  rmSync(join(path, "closed"));
  writeFileSync(torn, bytes.fill(0, start + 8_192, start + 12_288));
  return { torn, large };
}

/** The numbers that the segments in a directory begin with. */
function segmentsOf(path: string): number[] {
  return readdirSync(path)
    .filter((name) => name.endsWith(".log"))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b);
}

async function open(path: string): Promise<SegmentLog> {
  const log = await SegmentLog.open({ path });
  onTestFinished(() => log.close());
  return log;
}

function temporaryPath(): string {
  const path = mkdtempSync(join(tmpdir(), "geode-log-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What another process says that may not make files larger than half a megabyte and appends until it is refused, three times. */
async function fillUntilRefused(
  path: string,
  durability: Durability,
): Promise<{ acknowledged: number; refusals: string[]; read: number }> {
  const child = runProgram(
    `
    process.on("SIGXFSZ", () => {});
    const log = await SegmentLog.open({ path: ${JSON.stringify(path)}, durability: ${JSON.stringify(durability)} });
    const refusals = [];
    while (refusals.length < 3) {
      try {
        await append(log, "x".repeat(5_000));
      } catch (error) {
        refusals.push(error.code + " " + error.message);
      }
      // A turn of the event loop, in which a rejection that nobody handles would end the process.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const acknowledged = log.head().number;
    const read = [...log.read(1)].length;
    await log.close();
    console.log(JSON.stringify({ acknowledged, refusals, read }));
    `,
    "ulimit -f 1024;",
  );
  const line = await firstLine(child);
  return JSON.parse(line) as { acknowledged: number; refusals: string[]; read: number };
}

/** Another process that opens the log, appends five entries and keeps it open. */
async function startOther(path: string): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const child = runProgram(`
    const log = await SegmentLog.open({ path: ${JSON.stringify(path)} });
    for (let n = 1; n <= 5; n++) await append(log, "alice");
    console.log("ready");
    process.stdin.resume();
  `);
  expect(await firstLine(child)).toBe("ready");
  return {
    pid: child.pid as number,
    kill: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

/** Runs a program that has `SegmentLog` and `append(log, principal)`, under what the shell is told first. */
function runProgram(program: string, shell = ""): ChildProcessByStdio<Writable, Readable, null> {
  const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const source = `
    import { SegmentLog } from ${url("./segment-log.ts")};
    import { encodeEntry } from ${url("../entry.ts")};
    async function append(log, principal) {
      const { number, hash } = log.head();
      const { bytes } = encodeEntry({ format: 1, number: number + 1, firstSeq: number + 1, prevHash: hash,
        writer: new Uint8Array(8), nonce: new Uint8Array(16), timeMs: number, commits: [{ principal, patch: [] }] });
      await log.append(number, bytes);
    }
    ${program}
  `;
  const args = ["--conditions=source", "--input-type=module", "-e", source];
  const child =
    shell === ""
      ? spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })
      : spawn("sh", ["-c", `${shell} exec "$0" "$@"`, process.execPath, ...args], {
          stdio: ["pipe", "pipe", "ignore"],
        });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function firstLine(child: ChildProcessByStdio<Writable, Readable, null>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    return line;
  }
  throw new Error("the process ended without a word");
}
