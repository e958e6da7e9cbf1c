import { type ChildProcessByStdio, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { open as openLmdb } from "lmdb";
import { decodeEntry, decodeHeader, encodeEntry } from "./entry.ts";
import { type Durability, LmdbLog } from "./lmdb.ts";
import { entryAfter, fill, largeEntryAfter, testCommitLog } from "./log.contract.ts";

for (const durability of ["durable", "relaxed"] satisfies Durability[]) {
  testCommitLog(`the ${durability} log in LMDB`, async () => {
    const path = temporaryPath();
    let failure: string | null = null;
    const commit = (write: () => Promise<boolean>): Promise<boolean> =>
      failure === null ? write() : Promise.reject(new Error(failure));
    const opened = [await LmdbLog.open({ path, durability, commit })];
    return {
      log: opened[0] as LmdbLog,
      breakDisk: (message) => {
        failure = message;
      },
      reopen: async () => {
        await opened.at(-1)?.close();
        const log = await LmdbLog.open({ path, durability, commit });
        opened.push(log);
        return log;
      },
      dispose: async () => {
        await opened.at(-1)?.close();
      },
    };
  });
}

describe("the log in LMDB", () => {
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
      const log = await LmdbLog.open({ path, durability });
      await fill(log, 2);
      await log.close();
    }
    expect((await open(path)).head().number).toBe(6);
  });

  test("cannot be opened twice for writing in one process, but beside the writer for reading", async () => {
    const path = temporaryPath();
    const writer = await open(path);
    await fill(writer, 3);
    await expect(LmdbLog.open({ path })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("in use by this process"),
    });
    const reader = await LmdbLog.open({ path, access: "read" });
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
    const reader = await LmdbLog.open({ path, access: "read" });
    await fill(writer, 5);
    await writer.trim(22);
    expect(reader.head()).toMatchObject({ number: 20, oldest: 1 });
    expect([...reader.read(1)]).toEqual(entries.map(({ bytes }) => bytes));
    await reader.close();
  });

  test("refuses to write on when something else has written to it, and does not overwrite that", async () => {
    const path = temporaryPath();
    const log = await open(path);
    await fill(log, 3);
    const stranger = openLmdb({ path, encoding: "binary", keyEncoding: "binary", noSubdir: false });
    const entries = stranger.openDB<Buffer, Uint8Array>({
      name: "entries",
      encoding: "binary",
      keyEncoding: "binary",
    });
    const key = Buffer.from([0, 0, 0, 0, 0, 0, 0, 4]);
    await entries.put(key, Buffer.from("theirs"));
    for (const _ of ["at first", "and ever after"]) {
      await expect(log.append(3, entryAfter(log.head()).bytes)).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: "the log could not be written: another process has written to it",
      });
    }
    expect(String(entries.get(key))).toBe("theirs");
  });

  test("that is full of holes can be opened for reading or not, but neither hangs nor ends the process", async () => {
    const path = temporaryPath();
    const log = await LmdbLog.open({ path });
    await fill(log, 200);
    await log.close();
    const file = join(path, "data.mdb");
    const bytes = readFileSync(file);
    // Everything but the two meta pages.
    writeFileSync(
      file,
      Buffer.concat([bytes.subarray(0, 8_192), Buffer.alloc(bytes.length - 8_192)]),
    );
    for (const access of ["read", "write"] as const) {
      await expect(LmdbLog.open({ path, access })).rejects.toMatchObject({ code: "CORRUPT" });
    }
  });

  test("refuses to write before the disk is full, also when space comes back, and can still be read", async () => {
    const path = temporaryPath();
    let freeBytes = Number.MAX_SAFE_INTEGER;
    const log = await LmdbLog.open({ path, freeBytes: () => freeBytes });
    onTestFinished(() => log.close());
    const [first] = await fill(log, 1);
    freeBytes = 1024 * 1024;
    const { bytes } = entryAfter(log.head());
    const refused = { code: "UNAVAILABLE", message: expect.stringContaining("the disk is full") };
    await expect(log.append(1, bytes)).rejects.toMatchObject(refused);
    freeBytes = Number.MAX_SAFE_INTEGER;
    await expect(log.append(1, bytes)).rejects.toMatchObject(refused);
    expect(log.head().number).toBe(1);
    expect([...log.read(1)]).toEqual([first?.bytes]);
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
      "has a directory for a data file",
      (path) => mkdirSync(join(path, "data.mdb"), { recursive: true }),
    ],
    [
      "has a directory for a lock file",
      (path) => mkdirSync(join(path, "lock.mdb"), { recursive: true }),
    ],
  ])("a path that %s is refused, and does not end the process", async (_, prepare) => {
    const path = join(temporaryPath(), "log");
    prepare(path);
    await expect(LmdbLog.open({ path })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("reading where there is none is NOT_FOUND and makes none", async () => {
    const path = join(temporaryPath(), "log");
    await expect(LmdbLog.open({ path, access: "read" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(existsSync(path)).toBe(false);
  });

  test("cannot be opened for writing while another process has it, and can at once when that was killed", async () => {
    const path = temporaryPath();
    const other = await startOther(path);
    await expect(LmdbLog.open({ path })).rejects.toMatchObject({
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

  test.each<[string, (file: string) => void]>([
    ["is something else", (file) => writeFileSync(file, "this is not a database".repeat(1_000))],
    ["has a few bytes", (file) => writeFileSync(file, "no")],
    ["was cut off within the first page", (file) => truncateSync(file, 1_000)],
    ["was cut off after the first page", (file) => truncateSync(file, 4_096)],
    ["was cut off in the middle", (file) => truncateSync(file, 8_192)],
    ["has nothing but zeros", (file) => writeFileSync(file, Buffer.alloc(65_536))],
  ])("a data file that %s is CORRUPT, and does not end the process", async (_, damage) => {
    const path = temporaryPath();
    const log = await LmdbLog.open({ path });
    await fill(log, 50);
    await log.close();
    damage(join(path, "data.mdb"));
    await expect(LmdbLog.open({ path, access: "read" })).rejects.toMatchObject({ code: "CORRUPT" });
    const opened = LmdbLog.open({ path }).then(async (damaged) => {
      try {
        return [...damaged.read(1)];
      } finally {
        await damaged.close();
      }
    });
    await expect(opened).rejects.toMatchObject({ code: "CORRUPT" });
  });
});

async function open(path: string): Promise<LmdbLog> {
  const log = await LmdbLog.open({ path });
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
    const log = await LmdbLog.open({ path: ${JSON.stringify(path)}, durability: ${JSON.stringify(durability)} });
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
    const log = await LmdbLog.open({ path: ${JSON.stringify(path)} });
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

/** Runs a program that has `LmdbLog` and `append(log, principal)`, under what the shell is told first. */
function runProgram(program: string, shell = ""): ChildProcessByStdio<Writable, Readable, null> {
  const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const source = `
    import { LmdbLog } from ${url("./lmdb.ts")};
    import { encodeEntry } from ${url("./entry.ts")};
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
