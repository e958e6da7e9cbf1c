import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Database } from "../database.ts";
import type { Effect } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import type { Principal } from "../requests.ts";
import { LOG_START, readChain } from "./chain.ts";
import { checkDirectory } from "./check.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { copyState, makeCopy } from "./copy.ts";
import { SegmentLog } from "./segments/segment-log.ts";

const ann: Principal = { id: "ann", roles: ["admin"], claims: new Map() };

describe("a copy of a directory that nobody uses", () => {
  test("has the same elements under the same ids, the same indexes, and the seq of the last commit", async () => {
    const source = await directoryWith(["CREATE INDEX FOR (n:N) ON (n.n)", insert(1), insert(2)]);
    const target = join(temporaryPath(), "copy");
    const header = await makeCopy(target, (file) => copyState(source, file));
    expect(stateOf(target)).toEqual(await effectsOf(source));
    const database = await Database.open({ directory: source });
    expect(header).toMatchObject({ seq: database.seq, epoch: database.epoch });
    await database.close();
  });

  test("is found sound, as made and once it was opened", async () => {
    const source = await directoryWith([insert(1)]);
    const target = join(temporaryPath(), "copy");
    await makeCopy(target, (file) => copyState(source, file));
    expect((await checkDirectory(target)).findings).toEqual([]);
    await (await Database.open({ directory: target })).close();
    expect((await checkDirectory(target)).findings).toEqual([]);
  });

  test("begins a new epoch when it is opened first, and only then", async () => {
    const source = await directoryWith([insert(1)]);
    const target = join(temporaryPath(), "copy");
    await makeCopy(target, (file) => copyState(source, file));
    const epochs: string[] = [];
    for (const directory of [source, target, target]) {
      const database = await Database.open({ directory });
      epochs.push(database.epoch);
      await database.close();
    }
    expect(epochs[1]).not.toBe(epochs[0]);
    expect(epochs[2]).toBe(epochs[1]);
  });

  test("goes on where the original stood: seqs, element ids and idempotency keys", async () => {
    const source = await directoryWith([insert(1)]);
    const target = join(temporaryPath(), "copy");
    await makeCopy(target, (file) => copyState(source, file));
    const database = await Database.open({ directory: target });
    const again = await database.query({
      text: insert(1),
      principal: ann,
      idempotencyKey: insert(1),
    });
    expect(again.stats).toMatchObject({ nodesInserted: 0 });
    await database.query({ text: insert(2), principal: ann });
    const { rows } = await database.query({
      text: "MATCH (n) RETURN count(n), count(DISTINCT element_id(n))",
      principal: ann,
    });
    expect(rows).toEqual([[2, 2]]);
    expect(database.check()).toEqual([]);
    await database.close();
  });

  test("of a copy that lived on has what it lived through", async () => {
    const first = await directoryWith([insert(1)]);
    const second = join(temporaryPath(), "second");
    await makeCopy(second, (file) => copyState(first, file));
    const database = await Database.open({ directory: second });
    await database.query({ text: insert(2), principal: ann });
    await database.close();
    const third = join(temporaryPath(), "third");
    await makeCopy(third, (file) => copyState(second, file));
    expect(stateOf(third)).toEqual(await effectsOf(second));
  });

  test("may go into an empty directory, and into one under directories that are not there", async () => {
    const source = await directoryWith([insert(1)]);
    const empty = temporaryPath();
    await makeCopy(empty, (file) => copyState(source, file));
    const deep = join(temporaryPath(), "a", "b");
    await makeCopy(deep, (file) => copyState(source, file));
    expect(stateOf(deep)).toEqual(stateOf(empty));
  });

  test("says how far it has come, and ends when it is told to", async () => {
    const source = await directoryWith(Array.from({ length: 300 }, (_, n) => insert(n)));
    const target = join(temporaryPath(), "copy");
    const calls: [number, number][] = [];
    const stop = new Error("enough");
    const copying = makeCopy(target, (file) =>
      copyState(source, file, {
        onProgress: (entries, entryCount) => {
          calls.push([entries, entryCount]);
          throw stop;
        },
      }),
    );
    await expect(copying).rejects.toBe(stop);
    expect(calls).toEqual([[256, 301]]);
    expect(readdirSync(dirname(target))).toEqual([]);
  });
});

test("a copy that was killed on the way is no data directory, and is named so", async () => {
  const source = await directoryWith([insert(1)]);
  const target = join(temporaryPath(), "copy");
  await makeCopy(target, async (file) => {
    await copyState(source, file);
    const [left, ...more] = readdirSync(dirname(target));
    expect(more).toEqual([]);
    expect(left).toMatch(/^copy\.partial-/);
    await expect(checkDirectory(join(dirname(target), left!))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
  // As if it had ended right before its last step.
  rmSync(join(target, "format.json"));
  await expect(Database.open({ directory: target })).rejects.toMatchObject({ code: "CORRUPT" });
});

describe("a copy of a database that is open", () => {
  test("while writes go on shows all of one commit and nothing of the next", async () => {
    const path = temporaryPath();
    const database = await Database.open({ directory: path });
    let stopped = false;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !stopped; n++) {
        await database.query({
          text: "INSERT (:Pair {writer: $writer, n: $n})-[:TO]->(:Pair {writer: $writer, n: $n})",
          principal: ann,
          parameters: new Map([
            ["writer", writer],
            ["n", n],
          ]),
        });
      }
    });
    const target = join(temporaryPath(), "copy");
    const atLeast = database.seq;
    const header = await makeCopy(target, (file) => download(database, file));
    stopped = true;
    await Promise.all(writers);
    await database.close();
    expect(header.seq).toBeGreaterThanOrEqual(atLeast);
    expect(stateOf(target)).toEqual(await stateAt(path, header.seq));
  });

  test("has every write that was answered before it was asked for, also while a checkpoint is being made", async () => {
    const database = await Database.open({ directory: temporaryPath() });
    const earlier = database.checkpoint();
    const { seq } = await database.query({ text: insert(1), principal: ann });
    const state = await database.state();
    await earlier;
    expect(state.seq).toBeGreaterThanOrEqual(seq);
    await state.close();
    await database.close();
  });

  test("can be read to its end although the checkpoint that it is made of has gone", async () => {
    const path = temporaryPath();
    const database = await Database.open({ directory: path });
    await database.query({ text: insert(1), principal: ann });
    const state = await database.state();
    for (const n of [2, 3, 4]) {
      await database.query({ text: insert(n), principal: ann });
      await database.checkpoint();
    }
    const file = join(temporaryPath(), "state");
    writeFileSync(file, await bytesOf(state));
    expect(openCheckpoint(file).header.seq).toBe(state.seq);
    await state.close();
    await state.close();
    await expect(bytesOf(state)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await database.close();
  });

  test("needs a directory", async () => {
    const database = await Database.open();
    await expect(database.state()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await database.close();
    await expect(database.state()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("a copy is refused", () => {
  test("where there is something already, and that stays as it is", async () => {
    const source = await directoryWith([insert(1)]);
    const target = temporaryPath();
    writeFileSync(join(target, "letter.txt"), "Dear Bob");
    await expect(makeCopy(target, (file) => copyState(source, file))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: `${target} is not empty, and nothing is overwritten`,
    });
    expect(readdirSync(target)).toEqual(["letter.txt"]);
    const file = join(target, "letter.txt");
    await expect(makeCopy(file, (made) => copyState(source, made))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(readFileSync(file, "utf8")).toBe("Dear Bob");
  });

  test("where somebody else put something while it was made", async () => {
    const source = await directoryWith([insert(1)]);
    const target = join(temporaryPath(), "copy");
    const copying = makeCopy(target, async (file) => {
      await copyState(source, file);
      mkdirSync(target);
      writeFileSync(join(target, "letter.txt"), "");
    });
    await expect(copying).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(readdirSync(dirname(target))).toEqual(["copy"]);
    expect(readdirSync(target)).toEqual(["letter.txt"]);
  });

  test("when what came is cut short or changed on the way, and nothing is left", async () => {
    const source = await directoryWith([insert(1)]);
    for (const damage of [
      (bytes: Buffer) => bytes.subarray(0, -1),
      (bytes: Buffer) => bytes.fill(0xff, 40, 41),
      () => Buffer.alloc(0),
    ]) {
      const target = join(temporaryPath(), "copy");
      const copying = makeCopy(target, async (file) => {
        await copyState(source, file);
        writeFileSync(file, damage(readFileSync(file)));
      });
      await expect(copying).rejects.toMatchObject({ code: "CORRUPT" });
      expect(readdirSync(dirname(target))).toEqual([]);
    }
  });

  test("of what is no data directory, and of one whose newest checkpoints and log do not meet", async () => {
    const file = join(temporaryPath(), "state");
    await expect(copyState(temporaryPath(), file)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const source = await directoryWith([insert(1)]);
    const target = join(temporaryPath(), "copy");
    await makeCopy(target, (made) => copyState(source, made));
    rmSync(join(target, "checkpoints"), { recursive: true });
    mkdirSync(join(target, "checkpoints"));
    await expect(copyState(target, file)).rejects.toMatchObject({ code: "CORRUPT" });
    expect(existsSync(file)).toBe(false);
  });
});

const insert = (n: number): string => `INSERT (:N {n: ${n}, text: 'line\\nbreak'})`;

function temporaryPath(): string {
  const path = mkdtempSync(join(tmpdir(), "geode-copy-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A data directory in which those statements were committed, one by one. */
async function directoryWith(statements: readonly string[]): Promise<string> {
  const directory = temporaryPath();
  const database = await Database.open({ directory });
  for (const text of statements) {
    await database.query({ text, principal: ann, idempotencyKey: text });
  }
  await database.close();
  return directory;
}

/** The state that the log of a directory, from its first entry on, led to with that commit. */
async function stateAt(directory: string, seq: number): Promise<Effect[]> {
  const log = await SegmentLog.open({ path: join(directory, "log"), access: "read" });
  const store = new Store();
  for (const { entry } of readChain(log, LOG_START)) {
    entry.commits.slice(0, Math.max(0, seq - entry.firstSeq + 1)).forEach(({ patch }) => {
      patch.forEach((effect) => store.apply(effect));
    });
  }
  await log.close();
  return [...store.effects()].flat();
}

async function download(database: Database, file: string): Promise<void> {
  const state = await database.state();
  try {
    writeFileSync(file, await bytesOf(state));
  } finally {
    await state.close();
  }
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** The state in the only checkpoint of a directory that was not opened yet. */
function stateOf(directory: string): Effect[] {
  const [name, ...more] = readdirSync(join(directory, "checkpoints"));
  expect(more).toEqual([]);
  return [...openCheckpoint(join(directory, "checkpoints", name!)).chunks].flat();
}

/** The state of a directory by its own recovery. */
async function effectsOf(directory: string): Promise<Effect[]> {
  const database = await Database.open({ directory });
  const file = join(temporaryPath(), "state");
  await download(database, file);
  await database.close();
  return [...openCheckpoint(file).chunks].flat();
}
