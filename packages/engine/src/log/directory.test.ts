import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Effect } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { checkDirectory } from "./check.ts";
import { copyState, makeCopy } from "./copy.ts";
import { SegmentLog } from "./segments/segment-log.ts";
import { Checkpointer, type CheckpointerOptions, type CheckpointOutcome } from "./checkpointer.ts";
import { checkpointPaths } from "./checkpoint.ts";
import { DataDirectory, type Recovery } from "./directory.ts";
import { Fold } from "./fold.ts";
import { ENTRY_FORMAT, encodeEntry, type EntryCommit } from "./entry.ts";
import type { CommitLog } from "./log.ts";

describe("a data directory", () => {
  test("is made on first use, for its owner alone, and begins with nothing", async () => {
    const path = join(temporaryPath(), "new", "data");
    const directory = await open(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(join(path, "format.json"), "utf8"))).toEqual({ format: 2 });
    const { checkpoint, damaged, entryCount } = directory.recover();
    expect({ checkpoint, damaged, entryCount }).toEqual({
      checkpoint: null,
      damaged: [],
      entryCount: 0,
    });
    expect(directory.cursorsVoid).toBe(false);
  });

  test("gives back every commit when it is opened again", async () => {
    const path = temporaryPath();
    const first = await open(path);
    await write(first.log, 20);
    await first.close();
    const second = await open(path);
    const recovered = rebuild(second.recover());
    expect(recovered).toEqual({ ...reference(20), damaged: 0, fromCheckpoint: 0 });
  });

  test("belongs to one opener at a time", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await expect(DataDirectory.open({ path })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await directory.close();
    await directory.close();
    await open(path);
  });

  test("of a newer version is refused with its format and what to do", async () => {
    const path = temporaryPath();
    await (await open(path)).close();
    writeFileSync(join(path, "format.json"), '{"format": 3}');
    await expect(DataDirectory.open({ path })).rejects.toMatchObject({
      code: "CORRUPT",
      message: `${path} has format 3; this version of Geode reads format 2`,
    });
    writeFileSync(join(path, "format.json"), "{");
    await expect(DataDirectory.open({ path })).rejects.toMatchObject({ code: "CORRUPT" });
    rmSync(join(path, "format.json"));
    await expect(DataDirectory.open({ path })).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test("says after an unclean end of a relaxed life that cursors are void, until a new epoch began", async () => {
    const path = temporaryPath();
    const relaxed = await DataDirectory.open({ path, durability: "relaxed" });
    await write(relaxed.log, 1);
    // As if the process had been killed: the log is left, but nothing is tidied up.
    await relaxed.log.close();
    for (const _ of ["once", "and as long as no epoch began"]) {
      const directory = await open(path);
      expect(directory.cursorsVoid).toBe(true);
      await directory.close();
    }
    const again = await open(path);
    again.epochBegun();
    await again.close();
    expect((await open(path)).cursorsVoid).toBe(false);
  });

  test("keeps cursors valid when a relaxed life was closed", async () => {
    const path = temporaryPath();
    const relaxed = await DataDirectory.open({ path, durability: "relaxed" });
    await write(relaxed.log, 3);
    await relaxed.close();
    const directory = await open(path);
    expect(directory.cursorsVoid).toBe(false);
    expect(rebuild(directory.recover()).seq).toBe(3);
  });
});

describe("recovery", () => {
  test("goes from the newest checkpoint, and the state is the same as without", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await write(directory.log, 10);
    fold(directory);
    await write(directory.log, 5);
    expect(rebuild(directory.recover())).toEqual({
      ...reference(15),
      damaged: 0,
      fromCheckpoint: 10,
    });
  });

  test("falls back on the checkpoint before if the newest is damaged: the log still reaches back to it", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    const checkpointer = checkpointerOf(directory);
    for (const _ of [1, 2, 3]) {
      await write(directory.log, 10);
      await checkpointer.checkpoint();
    }
    await write(directory.log, 5);
    expect(directory.log.head().oldest).toBe(21);
    damage(checkpointPaths(directory.checkpointsPath)[0] as string);
    expect(rebuild(directory.recover())).toEqual({
      ...reference(35),
      damaged: 1,
      fromCheckpoint: 20,
    });
  });

  test("falls back on the log alone if the only checkpoint is damaged", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 10);
    fold(directory);
    damage(checkpointPaths(directory.checkpointsPath)[0] as string);
    expect(rebuild(directory.recover())).toEqual({
      ...reference(10),
      damaged: 1,
      fromCheckpoint: 0,
    });
  });

  test("is refused when the entries that it needs are gone", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 10);
    await directory.log.trim(5);
    expect(() => rebuild(directory.recover())).toThrow(
      expect.objectContaining({
        code: "CORRUPT",
        message: "the log begins with entry 6, but entries from 1 on are needed",
      }),
    );
  });

  test("is refused when the log is older than the checkpoint", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await write(directory.log, 10);
    fold(directory);
    await directory.close();
    rmSync(join(path, "log"), { recursive: true });
    const other = await open(path);
    await write(other.log, 3);
    expect(() => rebuild(other.recover())).toThrow(
      expect.objectContaining({
        code: "CORRUPT",
        message: "the log ends with entry 3, but a checkpoint holds entry 10",
      }),
    );
  });

  test("is refused when an entry does not follow from the checkpoint", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await write(directory.log, 10);
    fold(directory);
    await directory.close();
    rmSync(join(path, "log"), { recursive: true });
    const other = await open(path);
    await write(other.log, 12, 1_000);
    expect(() => rebuild(other.recover())).toThrow(
      expect.objectContaining({
        code: "CORRUPT",
        message: expect.stringContaining("log entry 11 does not follow from entry 10"),
      }),
    );
  });
});

describe("the checkpointer", () => {
  test("makes a checkpoint when the log has grown by so much, and gives up what is older than the last but one", async () => {
    const directory = await open(temporaryPath());
    const outcomes: CheckpointOutcome[] = [];
    let told = (): void => {};
    const checkpointer = checkpointerOf(directory, {
      checkpointBytes: 2_000,
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        told();
      },
    });
    checkpointer.start();
    for (const count of [1, 2, 3]) {
      const made = new Promise<void>((resolve) => {
        told = resolve;
      });
      while (outcomes.length < count) {
        await write(directory.log, 1);
      }
      await made;
    }
    await checkpointer.close();
    const made = outcomes.map((outcome) =>
      outcome.kind === "made" ? outcome.checkpoint.number : outcome.error,
    );
    expect(outcomes[0]).toMatchObject({ kind: "made", trimmedTo: 0 });
    expect(outcomes[1]).toMatchObject({ kind: "made", trimmedTo: made[0] });
    expect(outcomes[2]).toMatchObject({ kind: "made", trimmedTo: made[1] });
    expect(checkpointPaths(directory.checkpointsPath)).toHaveLength(2);
    const { number } = directory.log.head();
    expect(rebuild(directory.recover())).toMatchObject({ ...reference(number), damaged: 0 });
  });

  test("keeps as many entries as it is told to, for those who follow the log", async () => {
    const directory = await open(temporaryPath());
    const checkpointer = checkpointerOf(directory, { retainedEntries: 15 });
    for (const _ of [1, 2, 3]) {
      await write(directory.log, 10);
      await checkpointer.checkpoint();
    }
    expect(directory.log.head().oldest).toBe(16);
  });

  test("makes no second checkpoint of the same entry", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 5);
    const checkpointer = checkpointerOf(directory);
    const first = await checkpointer.checkpoint();
    const second = await checkpointer.checkpoint();
    expect(second).toEqual(first);
    expect(checkpointPaths(directory.checkpointsPath)).toHaveLength(1);
  });

  test("folds large commits and a long log, and appending goes on meanwhile", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 300);
    await write(directory.log, 3, 301, "x".repeat(300_000));
    const folding = checkpointerOf(directory).checkpoint();
    await write(directory.log, 50);
    expect((await folding).number).toBe(303);
    expect(rebuild(directory.recover())).toMatchObject({
      seq: 353,
      fromCheckpoint: 303,
    });
  });

  test("remembers idempotency keys as long as they are to be kept", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 10);
    const checkpointer = checkpointerOf(directory, {
      idempotency: { idempotencyKeptMs: 4_000, idempotencyKeysMax: 100 },
    });
    await checkpointer.checkpoint();
    expect([...directory.recover().idempotency].map(({ key, seq }) => [key, seq])).toEqual(
      [7, 8, 9, 10].map((n) => [`k${n}`, n]),
    );
    await write(directory.log, 1);
    await checkpointerOf(directory, {
      idempotency: { idempotencyKeptMs: 1e9, idempotencyKeysMax: 2 },
    }).checkpoint();
    expect([...directory.recover().idempotency].map(({ key }) => key)).toEqual(["k10", "k11"]);
  });

  test("tells of a failure, leaves the log alone, and can be asked again", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 5);
    const outcomes: CheckpointOutcome[] = [];
    const checkpointer = checkpointerOf(directory, {
      directory: join(directory.path, "nowhere"),
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    for (const count of [1, 2]) {
      await expect(checkpointer.checkpoint()).rejects.toMatchObject({
        message: expect.stringContaining("nowhere"),
      });
      expect(outcomes).toHaveLength(count);
    }
    expect(directory.log.head()).toMatchObject({ number: 5, oldest: 1 });
  });

  test("can be closed while it works, and closes once", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 50);
    const checkpointer = checkpointerOf(directory);
    checkpointer.start();
    const cancelled = expect(checkpointer.checkpoint()).rejects.toMatchObject({
      code: "CANCELLED",
    });
    await checkpointer.close();
    await cancelled;
    await checkpointer.close();
    expect(rebuild(directory.recover()).seq).toBe(50);
  });
});

describe("checking a data directory", () => {
  test.each<["before" | "after", number]>([
    ["before", 2],
    ["after", 1],
    ["after", 3],
  ])(
    "finds nothing, and is copied, when %s the log was opened its owner has made %i checkpoints",
    async (when, count) => {
      const directory = await open(temporaryPath());
      const checkpointer = checkpointerOf(directory);
      await write(directory.log, 10);
      await checkpointer.checkpoint();
      const openLog = SegmentLog.open.bind(SegmentLog);
      const goOn = async (): Promise<void> => {
        for (let i = 0; i < count; i++) {
          await write(directory.log, 10);
          await checkpointer.checkpoint();
        }
      };
      const disturbed = vi.spyOn(SegmentLog, "open");
      onTestFinished(() => disturbed.mockRestore());
      const disturb = (): unknown =>
        disturbed.mockImplementationOnce(async (options) => {
          if (when === "before") await goOn();
          const log = await openLog(options);
          if (when === "after") await goOn();
          return log;
        });
      disturb();
      const { findings, state } = await checkDirectory(directory.path);
      expect(findings).toEqual([]);
      expect(state?.nodes).toBe(state?.seq);
      disturb();
      const copy = join(temporaryPath(), "copy");
      const { number } = await makeCopy(copy, (file) => copyState(directory.path, file));
      expect(number).toBeGreaterThan(10);
    },
  );

  test("finds nothing wrong with a good one, also while it is in use", async () => {
    const directory = await open(temporaryPath());
    for (const _ of [1, 2]) {
      await write(directory.log, 10);
      fold(directory);
    }
    await write(directory.log, 2, 21, "x".repeat(300_000));
    const report = await checkDirectory(directory.path);
    expect(report.findings).toEqual([]);
    expect(report.log).toMatchObject({
      oldest: 1,
      newest: 22,
      commits: 22,
      bytes: directory.log.bytes(),
    });
    expect(
      report.checkpoints.map(({ header, effects, idempotencyKeys }) => [
        header.number,
        effects,
        idempotencyKeys,
      ]),
    ).toEqual([
      // The nodes, and a lease of their ids.
      [20, 21, 20],
      [10, 11, 10],
    ]);
  });

  test("names what the graph contradicts, though every byte is as it was written", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 2);
    const { number, hash } = directory.log.head();
    const { bytes } = encodeEntry({
      format: ENTRY_FORMAT,
      number: number + 1,
      firstSeq: number + 1,
      prevHash: hash,
      writer: new Uint8Array(8),
      nonce: new Uint8Array(16),
      timeMs: number * 1_000,
      commits: [
        {
          principal: "alice",
          patch: [
            {
              kind: "createConstraint",
              graph: "default",
              name: "aged",
              element: "node",
              label: "Person",
              properties: ["age"],
              requirement: "exists",
            },
          ],
        },
      ],
    });
    expect(await directory.log.append(number, bytes)).toBe("ok");
    expect((await checkDirectory(directory.path)).findings).toEqual(
      [1, 2].map((id) => ({
        severity: "error",
        subject: "the graph",
        problem: expect.stringContaining(`constraint aged is violated by node ${id}`),
      })),
    );
  });

  test("names a damaged checkpoint, which costs nothing yet", async () => {
    const directory = await open(temporaryPath());
    await write(directory.log, 10);
    fold(directory);
    const [path] = checkpointPaths(directory.checkpointsPath);
    damage(path as string);
    const { findings, checkpoints } = await checkDirectory(directory.path);
    expect(findings).toEqual([
      { severity: "warning", subject: path, problem: expect.stringContaining("SHA-256 differs") },
    ]);
    expect(checkpoints).toEqual([]);
  });

  test("names entries that are missing and checkpoints that belong to another log", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await write(directory.log, 10);
    fold(directory);
    await directory.close();
    rmSync(join(path, "log"), { recursive: true });
    const other = await open(path);
    await write(other.log, 10, 1_000);
    expect((await checkDirectory(path)).findings).toMatchObject([
      { severity: "error", problem: expect.stringContaining("it was made of another log") },
    ]);
    await write(other.log, 5);
    await other.log.trim(12);
    expect((await checkDirectory(path)).findings).toMatchObject([
      {
        severity: "error",
        subject: "the log",
        problem: "it holds entries 13 to 15, but the newest good checkpoint ends with entry 10",
      },
    ]);
  });

  test("finds damage inside a segment", async () => {
    const path = temporaryPath();
    const directory = await open(path);
    await write(directory.log, 200);
    await directory.close();
    const [name] = readdirSync(join(path, "log")).filter((file) => file.endsWith(".log"));
    const file = join(path, "log", name as string);
    const bytes = readFileSync(file);
    bytes.write("Parson", bytes.lastIndexOf("Person 150"));
    writeFileSync(file, bytes);
    expect((await checkDirectory(path)).findings).toMatchObject([
      {
        severity: "error",
        subject: "the log",
        problem: expect.stringContaining("is not the one that was written"),
      },
    ]);
  });

  test("of what is none is refused", async () => {
    await expect(checkDirectory(temporaryPath())).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

/** What a {@link Recovery} leads to, in a form that can be compared. */
interface Rebuilt {
  readonly state: readonly Effect[];
  readonly seq: number;
  readonly keys: readonly string[];
}

function rebuild(recovery: Recovery): Rebuilt & { damaged: number; fromCheckpoint: number } {
  const store = new Store();
  const keys = [...recovery.idempotency].map(({ key }) => key);
  for (const effect of [...recovery.chunks].flat()) {
    store.apply(effect);
  }
  let seq = recovery.checkpoint?.seq ?? 0;
  let count = 0;
  for (const { entry } of recovery.entries) {
    count++;
    entry.commits.forEach(({ key, patch }) => {
      seq++;
      keys.push(...(key === undefined ? [] : [key]));
      patch.forEach((effect) => store.apply(effect));
    });
  }
  expect(count).toBe(recovery.entryCount);
  return {
    state: [...store.effects()].flat(),
    seq,
    keys,
    damaged: recovery.damaged.length,
    fromCheckpoint: recovery.checkpoint?.number ?? 0,
  };
}

/** The same from the commits themselves. */
function reference(count: number): Rebuilt {
  const store = new Store();
  const commits = Array.from({ length: count }, (_, i) => commitOf(i + 1));
  commits.flatMap(({ patch }) => patch).forEach((effect) => store.apply(effect));
  return {
    state: [...store.effects()].flat(),
    seq: count,
    keys: commits.map(({ key }) => key as string),
  };
}

/** The n-th commit: a node. */
function commitOf(n: number, id = n, text = ""): EntryCommit {
  return {
    principal: "alice",
    key: `k${n}`,
    patch: [
      {
        kind: "insertNode",
        graph: "default",
        id,
        labels: ["Person"],
        properties: new Map([["name", `Person ${n}${text}`]]),
      },
    ],
  };
}

/** Appends entries of one commit each. `firstId` and `text` make other commits of them. */
async function write(
  log: CommitLog,
  count: number,
  firstId?: number,
  text?: string,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { number, hash } = log.head();
    const { bytes, blobs } = encodeEntry({
      format: ENTRY_FORMAT,
      number: number + 1,
      firstSeq: number + 1,
      prevHash: hash,
      writer: new Uint8Array(8),
      nonce: new Uint8Array(16),
      timeMs: number * 1_000,
      commits: [commitOf(number + 1, firstId === undefined ? number + 1 : firstId + i, text)],
    });
    expect(await log.append(number, bytes, blobs)).toBe("ok");
  }
}

async function open(path: string): Promise<DataDirectory> {
  const directory = await DataDirectory.open({ path });
  onTestFinished(() => directory.close());
  return directory;
}

/** Makes a checkpoint here and now, without a worker, and gives up nothing. */
function fold(directory: DataDirectory): void {
  const folding = new Fold(directory.checkpointsPath, {
    idempotencyKeptMs: 1e9,
    idempotencyKeysMax: 1_000,
  });
  for (const bytes of directory.log.read(folding.next)) {
    folding.add(bytes, (hash) => directory.log.blob(hash));
  }
  folding.finish();
}

function checkpointerOf(
  directory: DataDirectory,
  options: Partial<CheckpointerOptions> = {},
): Checkpointer {
  const { checkpoint: previous } = directory.recover();
  const checkpointer = new Checkpointer({
    log: directory.log,
    directory: directory.checkpointsPath,
    previous,
    ...options,
  });
  onTestFinished(() => checkpointer.close());
  return checkpointer;
}

function temporaryPath(): string {
  const path = mkdtempSync(join(tmpdir(), "geode-directory-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(path, bytes);
}
