import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { GeodeError } from "@geode/values";
import { expect, test } from "vitest";
import { type Disk, DISK } from "./disk.ts";
import type { EncodedEntry } from "../entry.ts";
import type { Durability } from "../log.ts";
import { entryAfter, largeEntryAfter } from "../log.contract.ts";
import { SegmentLog, type SegmentLogOptions } from "./segment-log.ts";

/** What a disk keeps or loses as a whole. */
const SECTOR_BYTES = 512;

type Step =
  | { readonly kind: "append"; readonly large: boolean }
  | { readonly kind: "trim"; readonly back: number }
  | { readonly kind: "flush" }
  | { readonly kind: "reopen" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("append" as const), large: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("trim" as const), back: fc.nat(6) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom("flush" as const, "reopen" as const) }),
    },
  ),
  { minLength: 1, maxLength: 25 },
) satisfies fc.Arbitrary<readonly Step[]>;

const lives = fc.array(
  fc.record({
    steps,
    durability: fc.constantFrom<Durability>("durable", "durable", "relaxed"),
    /** Who is killed leaves to the system what it had not told the disk to keep; when the power goes, that is lost. */
    end: fc.constantFrom("power cut", "kill"),
    /** After how many calls to the disk it ends. */
    calls: fc.nat(60),
    /** What becomes of each sector that the disk was not told to keep. */
    lost: fc.infiniteStream(fc.boolean()),
  }),
  { minLength: 1, maxLength: 4 },
);

test("a log whose power goes at any moment has every entry that was acknowledged, in one chain", async () => {
  await fc.assert(
    fc.asyncProperty(lives, fc.constantFrom(1, 3_000, 1 << 24), async (games, segmentBytes) => {
      const path = mkdtempSync(join(tmpdir(), "geode-power-"));
      try {
        const disk = new FailingDisk();
        let known: Left = { entries: [], safe: 0 };
        for (const { calls, durability, end, lost, steps: script } of games) {
          disk.callsLeft = calls;
          const left = await live({ path, segmentBytes, durability, disk }, script, known);
          if (end === "power cut") disk.losePower(path, lost);
          known = await checkAfter(path, left);
        }
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    }),
    { numRuns: 200 },
  );
});

/** What a life has left: the entries that were offered, and how many of them have to be there whatever happens. */
interface Left {
  readonly entries: readonly EncodedEntry[];
  readonly safe: number;
}

/** Goes through the steps until the power is gone. */
async function live(
  options: SegmentLogOptions & { readonly disk: FailingDisk },
  steps: readonly Step[],
  known: Left,
): Promise<Left> {
  const { disk, durability } = options;
  const entries = [...known.entries];
  let { safe } = known;
  let log: SegmentLog | null = null;
  try {
    log = await SegmentLog.open(options);
    // What can be seen has to stay from here on.
    safe = entries.length;
    for (const step of steps) {
      switch (step.kind) {
        case "append": {
          const entry = step.large ? largeEntryAfter(log.head()) : entryAfter(log.head());
          entries.push(entry);
          expect(await log.append(entries.length - 1, entry.bytes, entry.blobs)).toBe("ok");
          if (durability === "durable") safe = entries.length;
          break;
        }
        case "trim":
          await log.trim(log.head().number - step.back);
          break;
        case "flush":
          await log.flush();
          safe = entries.length;
          break;
        case "reopen":
          await log.close();
          if (!disk.isGone) safe = entries.length;
          log = await SegmentLog.open(options);
          break;
      }
    }
  } catch (error) {
    if (!disk.isGone) throw error;
  }
  // Nobody closes anything when the power goes: here it is the disk that takes no more, and the log finds out.
  disk.isGone = true;
  await log?.append(entries.length, entryAfter(log.head()).bytes).catch(() => {});
  await log?.flush().catch(() => {});
  await log?.close();
  return { entries, safe };
}

/** Reads what is left and holds it against what is known of it. */
async function checkAfter(path: string, { entries, safe }: Left): Promise<Left> {
  const log = await SegmentLog.open({ path, access: "read" }).catch((error: unknown) => {
    // The power went before there was a log.
    if (error instanceof GeodeError && error.code === "NOT_FOUND") return null;
    throw error;
  });
  if (log === null) {
    expect(safe).toBe(0);
    return { entries: [], safe: 0 };
  }
  const { number, hash, oldest } = log.head();
  expect(number).toBeLessThanOrEqual(entries.length);
  expect(number).toBeGreaterThanOrEqual(safe);
  const read = [...log.read(oldest)].map((bytes) => Buffer.from(bytes));
  const expected = entries.slice(oldest - 1, number);
  expect(read).toEqual(expected.map(({ bytes }) => Buffer.from(bytes)));
  for (const blob of expected.flatMap(({ blobs }) => blobs)) {
    expect(Buffer.compare(log.blob(blob.hash) as Uint8Array, blob.bytes)).toBe(0);
  }
  if (number > 0) expect(hash).toEqual((entries[number - 1] as EncodedEntry).hash);
  await log.close();
  return { entries: entries.slice(0, number), safe };
}

/** What a part of a sector held before it was written. */
interface Before {
  readonly position: number;
  readonly bytes: Buffer;
}

/**
 * A disk that stops after so many calls, and has then lost what it was not told to keep, sector by sector. When it stops while it is told
 * so, the system believes that all is written and does not try again.
 */
class FailingDisk implements Disk {
  isGone = false;
  #callsLeft = 0;
  /** By inode, in the order of the writes: since the file was last synced; and what no sync reaches any more. */
  readonly #unsynced = new Map<number, Before[]>();
  readonly #given = new Map<number, Before[]>();

  /** It is there again, for so many calls. */
  set callsLeft(calls: number) {
    this.#callsLeft = calls;
    this.isGone = false;
  }

  async write(file: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
    if (this.isGone) throw gone();
    const { ino } = fstatSync(file);
    const end = pieces.reduce((sum, piece) => sum + piece.length, position);
    // What is written again is the system's to write.
    const given = Map.groupBy(this.#given.get(ino) ?? [], (before) => {
      const overlaps = before.position < end && before.position + before.bytes.length > position;
      return overlaps ? "again" : "still";
    });
    this.#given.set(ino, given.get("still") ?? []);
    const unsynced = [...(this.#unsynced.get(ino) ?? []), ...(given.get("again") ?? [])];
    for (let at = position; at < end;) {
      const next = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, end);
      const bytes = Buffer.alloc(next - at);
      readSync(file, bytes, 0, bytes.length, at);
      unsynced.push({ position: at, bytes });
      at = next;
    }
    this.#unsynced.set(ino, unsynced);
    await DISK.write(file, pieces, position);
    this.#call();
  }

  async sync(file: number): Promise<void> {
    const { ino } = fstatSync(file);
    const unsynced = this.#unsynced.get(ino) ?? [];
    this.#unsynced.delete(ino);
    try {
      this.#call();
    } catch (error) {
      this.#given.set(ino, [...(this.#given.get(ino) ?? []), ...unsynced]);
      throw error;
    }
    await DISK.sync(file);
  }

  cut(file: number, bytes: number): void {
    this.#call();
    DISK.cut(file, bytes);
  }

  /** Puts back what was there before, for the sectors that are lost; a sector holds what one of the writes to it has left. */
  losePower(directory: string, lost: Iterator<boolean>): void {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const { ino } = statSync(path);
      const kept = new Set<number>();
      const file = openSync(path, "r+");
      const writes = [...(this.#given.get(ino) ?? []), ...(this.#unsynced.get(ino) ?? [])];
      for (const { position, bytes } of writes.toReversed()) {
        const sector = Math.floor(position / SECTOR_BYTES);
        if (lost.next().value !== true) kept.add(sector);
        if (!kept.has(sector)) writeSync(file, bytes, 0, bytes.length, position);
      }
      closeSync(file);
    }
    this.#unsynced.clear();
    this.#given.clear();
  }

  #call(): void {
    this.#callsLeft -= 1;
    if (this.#callsLeft < 0) this.isGone = true;
    if (this.isGone) throw gone();
  }
}

function gone(): Error {
  return new Error("the power is gone");
}
