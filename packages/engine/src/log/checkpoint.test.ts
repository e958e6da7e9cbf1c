import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Effect } from "../graph/effect.ts";
import {
  CHECKPOINT_FORMAT,
  type CheckpointContent,
  checkpointPaths,
  newestGood,
  openCheckpoint,
  removeUnfinishedCheckpoints,
  writeCheckpoint,
} from "./checkpoint.ts";
import { hashOf } from "./entry.ts";

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "geode-checkpoint-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function nodes(from: number, count: number, text = ""): Effect[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: "insertNode",
    graph: "default",
    id: from + i,
    labels: ["Person"],
    properties: new Map([["name", `Person ${from + i}${text}`]]),
  }));
}

function content(
  number: number,
  chunks: readonly (readonly Effect[])[] = [nodes(0, 10), nodes(10, 10)],
): CheckpointContent {
  return {
    header: {
      format: CHECKPOINT_FORMAT,
      epoch: "e1",
      seq: number * 2,
      number,
      hash: hashOf(new Uint8Array([number])),
      timeMs: 1_000.5,
    },
    idempotency: Array.from({ length: 2_500 }, (_, i) => ({
      principal: "alice",
      key: `k${i}`,
      seq: i,
      timeMs: i,
    })),
    chunks,
  };
}

describe("a checkpoint", () => {
  test("is read back as it was written, as often as one likes", () => {
    const written = content(5);
    const checkpoint = writeCheckpoint(temporaryDirectory(), written);
    for (const _ of ["once", "again"]) {
      expect(checkpoint.header).toEqual(written.header);
      expect([...checkpoint.idempotency]).toEqual(written.idempotency);
      expect([...checkpoint.chunks]).toEqual(written.chunks);
    }
    expect(checkpoint.bytes).toBe(readFileSync(checkpoint.path).length);
  });

  test("of nothing is one too", () => {
    const checkpoint = writeCheckpoint(temporaryDirectory(), {
      ...content(1, []),
      idempotency: [],
    });
    expect([...checkpoint.chunks]).toEqual([]);
    expect([...checkpoint.idempotency]).toEqual([]);
  });

  test("divides a chunk that is large, so that reading it needs little memory", () => {
    const effects = nodes(0, 100, "x".repeat(200_000));
    const checkpoint = writeCheckpoint(temporaryDirectory(), content(1, [effects]));
    const chunks = [...checkpoint.chunks];
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flat()).toEqual(effects);
  });

  test("that cannot be finished leaves nothing behind", () => {
    const directory = temporaryDirectory();
    const broken = {
      ...content(1),
      chunks: {
        *[Symbol.iterator](): Iterator<Effect[]> {
          yield nodes(0, 10);
          throw new Error("the disk is full");
        },
      },
    };
    expect(() => writeCheckpoint(directory, broken)).toThrow(
      expect.objectContaining({
        code: "UNAVAILABLE",
        message: expect.stringContaining("the disk is full"),
      }),
    );
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a damaged checkpoint", () => {
  test.each<[string, (path: string) => void, string]>([
    ["cut off", (path) => truncateSync(path, 1_000), "SHA-256 differs"],
    ["cut off in the first bytes", (path) => truncateSync(path, 20), "it is cut short"],
    ["empty", (path) => truncateSync(path, 0), "it is cut short"],
    ["changed in one bit", (path) => flip(path, 500), "SHA-256 differs"],
    ["changed in its hash", (path) => flip(path, -1), "SHA-256 differs"],
    ["something else", (path) => writeFileSync(path, "x".repeat(1_000)), "it is not a checkpoint"],
    ["of another format", (path) => flip(path, 8), "this version of Geode reads format 1"],
  ])("that is %s is refused when it is opened", (_, damage, problem) => {
    const { path } = writeCheckpoint(temporaryDirectory(), content(1));
    damage(path);
    expect(() => openCheckpoint(path)).toThrow(
      expect.objectContaining({ code: "CORRUPT", message: expect.stringContaining(problem) }),
    );
  });

  test("is passed over for the one before, and named", () => {
    const directory = temporaryDirectory();
    for (const number of [8, 9, 10]) {
      writeCheckpoint(directory, content(number));
    }
    const [newest] = checkpointPaths(directory);
    flip(newest as string, 500);
    const found = newestGood(directory);
    expect(found.checkpoint?.header.number).toBe(9);
    expect(found.damaged.map(({ path }) => path)).toEqual([newest]);
  });

  test("does not count when it was never finished, and is removed", () => {
    const directory = temporaryDirectory();
    writeCheckpoint(directory, content(1));
    writeFileSync(join(directory, "0000000000000002.checkpoint.tmp"), "half");
    expect(newestGood(directory).checkpoint?.header.number).toBe(1);
    removeUnfinishedCheckpoints(directory);
    expect(readdirSync(directory)).toHaveLength(1);
  });

  test("is all there is: then there is none", () => {
    const directory = temporaryDirectory();
    expect(newestGood(directory)).toEqual({ checkpoint: null, damaged: [] });
    flip(writeCheckpoint(directory, content(1)).path, 500);
    expect(newestGood(directory).checkpoint).toBeNull();
  });
});

/** Changes one bit of a file; a negative place counts from its end. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] as number) ^ 2;
  writeFileSync(path, bytes);
}
