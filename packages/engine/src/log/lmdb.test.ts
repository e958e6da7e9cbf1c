import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { describe, expect, onTestFinished, test } from "vitest";
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

/** Another process that opens the log, appends five entries and keeps it open. */
async function startOther(path: string): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const program = `
    import { LmdbLog } from ${JSON.stringify(new URL("./lmdb.ts", import.meta.url).href)};
    import { encodeEntry } from ${JSON.stringify(new URL("./entry.ts", import.meta.url).href)};
    const log = await LmdbLog.open({ path: ${JSON.stringify(path)} });
    for (let n = 1; n <= 5; n++) {
      const { bytes } = encodeEntry({ format: 1, number: n, firstSeq: n, prevHash: log.head().hash,
        writer: new Uint8Array(8), nonce: new Uint8Array(16), timeMs: n, commits: [] });
      await log.append(n - 1, bytes);
    }
    console.log("ready");
    process.stdin.resume();
  `;
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--input-type=module", "-e", program],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    expect(line).toBe("ready");
    break;
  }
  return {
    pid: child.pid as number,
    kill: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}
