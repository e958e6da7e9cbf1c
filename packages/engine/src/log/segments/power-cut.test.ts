import {
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

type End = "power cut" | "kill" | "refusal";

const lives = fc.array(
  fc.record({
    steps,
    durability: fc.constantFrom<Durability>("durable", "durable", "relaxed"),
    /**
     * Who is killed leaves to the system what it had not told the disk to keep; when the power goes, that is lost. A disk that refuses
     * one call does what it is told again.
     */
    end: fc.constantFrom<End>("power cut", "kill", "refusal"),
    /** After how many calls to the disk it ends. */
    calls: fc.oneof(fc.nat(60), fc.nat(12)),
    /** What becomes of each sector and each name that the disk was not told to keep. */
    lost: fc.infiniteStream(fc.boolean()),
  }),
  { minLength: 1, maxLength: 4 },
);

test("a log whose power goes at any moment has every entry that was acknowledged, in one chain", async () => {
  await fc.assert(
    fc.asyncProperty(lives, fc.constantFrom(1, 3_000, 1 << 24), async (games, segmentBytes) => {
      const path = mkdtempSync(join(tmpdir(), "geode-power-"));
      const kept = mkdtempSync(join(tmpdir(), "geode-power-"));
      try {
        const disk = new FailingDisk(kept);
        let known: Left = { entries: [], safe: 0, trimmed: 0, given: 0 };
        for (const { calls, durability, end, lost, steps: script } of games) {
          disk.begin(calls, end);
          const left = await live({ path, segmentBytes, durability, disk }, script, known);
          if (end === "power cut") disk.losePower(path, lost);
          known = await checkAfter(path, left);
        }
      } finally {
        rmSync(path, { recursive: true, force: true });
        rmSync(kept, { recursive: true, force: true });
      }
    }),
    { numRuns: 200 },
  );
});

/** What a life has left. */
interface Left {
  /** Those that may be there: they were offered, and not refused by a disk that let us take them back. */
  readonly entries: readonly EncodedEntry[];
  /** How many of them have to be there whatever happens. */
  readonly safe: number;
  /** The newest that has to be given up, and the newest that may be. */
  readonly trimmed: number;
  readonly given: number;
}

/** Goes through the steps until the power is gone. */
async function live(
  options: SegmentLogOptions & { readonly disk: FailingDisk },
  steps: readonly Step[],
  known: Left,
): Promise<Left> {
  const { disk, durability } = options;
  const entries = [...known.entries];
  let { safe, trimmed, given } = known;
  let answered = entries.length;
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
          answered = entries.length;
          if (durability === "durable") safe = entries.length;
          break;
        }
        case "trim": {
          const upTo = log.head().number - step.back;
          given = Math.max(given, upTo);
          await log.trim(upTo);
          trimmed = Math.max(trimmed, upTo);
          break;
        }
        case "flush":
          await log.flush();
          safe = entries.length;
          break;
        case "reopen":
          await log.close();
          if (!disk.isGone && !disk.hasRefused) safe = entries.length;
          log = await SegmentLog.open(options);
          break;
      }
    }
  } catch (error) {
    if (!disk.isGone && !disk.hasRefused) throw error;
  }
  if (disk.hasRefused) {
    await log?.close();
    return { entries: entries.slice(0, answered), safe, trimmed, given };
  }
  // Nobody closes anything when the power goes: here it is the disk that takes no more, and the log finds out.
  disk.isGone = true;
  await log?.append(entries.length, entryAfter(log.head()).bytes).catch(() => {});
  await log?.flush().catch(() => {});
  await log?.close();
  return { entries, safe, trimmed, given };
}

/** Reads what is left and holds it against what is known of it. */
async function checkAfter(path: string, left: Left): Promise<Left> {
  const { entries, safe, trimmed, given } = left;
  const log = await SegmentLog.open({ path, access: "read" }).catch((error: unknown) => {
    // The power went before there was a log.
    if (error instanceof GeodeError && error.code === "NOT_FOUND") return null;
    throw error;
  });
  if (log === null) {
    expect(safe).toBe(0);
    return { entries: [], safe: 0, trimmed: 0, given: 0 };
  }
  const { number, hash, oldest } = log.head();
  expect(number).toBeLessThanOrEqual(entries.length);
  expect(number).toBeGreaterThanOrEqual(safe);
  expect(oldest).toBeGreaterThan(trimmed);
  expect(oldest).toBeLessThanOrEqual(given + 1);
  const read = [...log.read(oldest)].map((bytes) => Buffer.from(bytes));
  const expected = entries.slice(oldest - 1, number);
  expect(read).toEqual(expected.map(({ bytes }) => Buffer.from(bytes)));
  for (const blob of expected.flatMap(({ blobs }) => blobs)) {
    expect(Buffer.compare(log.blob(blob.hash) as Uint8Array, blob.bytes)).toBe(0);
  }
  if (number > 0) expect(hash).toEqual((entries[number - 1] as EncodedEntry).hash);
  await log.close();
  return { ...left, entries: entries.slice(0, number) };
}

/** What a part of a sector held before it was written. */
interface Before {
  readonly position: number;
  readonly bytes: Buffer;
}

/** What a file is called from now on: no name is that of a file that is gone. */
type Naming = readonly (readonly [name: string, inode: number | null])[];

/**
 * A disk that stops after so many calls, and has then lost what it was not told to keep, sector by sector and name by name. When it stops
 * while it is told so, the system believes that all is written and does not try again.
 */
class FailingDisk implements Disk {
  /** It does nothing any more. */
  isGone = false;
  /** It has not done one thing that it was told. */
  hasRefused = false;
  readonly #kept: string;
  #end: End = "kill";
  #callsLeft = 0;
  /** Whether a cut that is not answered is made. */
  #cutsUnanswered = false;
  /** By inode, in the order of the writes: since the file was last synced; and what no sync reaches any more. */
  readonly #unsynced = new Map<number, Before[]>();
  readonly #given = new Map<number, Before[]>();
  /** By inode: how long the file was when it was last synced. */
  readonly #bytes = new Map<number, number>();
  /** The names on the disk, and what became of them since. */
  #names = new Map<string, number>();
  #namings: Naming[] = [];

  /** Every file that there ever was is kept in that directory, by its inode. */
  constructor(kept: string) {
    this.#kept = kept;
  }

  /** It is there again, for so many calls. */
  begin(calls: number, end: End): void {
    this.#callsLeft = calls;
    this.#end = end;
    this.#cutsUnanswered = calls % 2 === 0;
    this.isGone = false;
    this.hasRefused = false;
  }

  create(path: string): number {
    this.#requireThere();
    rmSync(path, { force: true });
    const file = DISK.create(path);
    const { ino } = fstatSync(file);
    linkSync(path, this.#inode(ino));
    this.#bytes.set(ino, 0);
    this.#namings.push([[basename(path), ino]]);
    try {
      this.#call();
    } catch (error) {
      closeSync(file);
      throw error;
    }
    return file;
  }

  rename(from: string, to: string): void {
    this.#requireThere();
    const { ino } = statSync(from);
    DISK.rename(from, to);
    this.#namings.push([
      [basename(from), null],
      [basename(to), ino],
    ]);
    this.#call();
  }

  async remove(path: string): Promise<void> {
    this.#requireThere();
    await DISK.remove(path);
    this.#namings.push([[basename(path), null]]);
    this.#call();
  }

  syncNames(directory: string): void {
    this.#call();
    DISK.syncNames(directory);
    for (const naming of this.#namings) this.#name(naming);
    this.#namings = [];
  }

  async write(file: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
    this.#requireThere();
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
    const { ino, size } = fstatSync(file);
    const unsynced = this.#unsynced.get(ino) ?? [];
    this.#unsynced.delete(ino);
    try {
      this.#call();
    } catch (error) {
      this.#given.set(ino, [...(this.#given.get(ino) ?? []), ...unsynced]);
      throw error;
    }
    this.#bytes.set(ino, size);
    await DISK.sync(file);
  }

  cut(file: number, bytes: number): void {
    this.#requireThere();
    if (this.#callsLeft === 0 && !this.#cutsUnanswered) this.#call();
    DISK.cut(file, bytes);
    const { ino } = fstatSync(file);
    this.#bytes.set(ino, bytes);
    this.#unsynced.delete(ino);
    const given = (this.#given.get(ino) ?? [])
      .filter(({ position }) => position < bytes)
      .map((before) => ({ ...before, bytes: before.bytes.subarray(0, bytes - before.position) }));
    this.#given.set(ino, given);
    this.#call();
  }

  /** What was not synced is lost or not, each for itself. */
  losePower(directory: string, lost: Iterator<boolean>): void {
    for (const [ino, bytes] of this.#bytes) this.#loseIn(ino, bytes, lost);
    this.#unsynced.clear();
    this.#given.clear();
    const names = new Set([...this.#names.keys(), ...this.#namings.flat().map(([name]) => name)]);
    for (const naming of this.#namings) if (lost.next().value !== true) this.#name(naming);
    this.#namings = [];
    for (const name of names) {
      const path = join(directory, name);
      rmSync(path, { force: true });
      const inode = this.#names.get(name);
      if (inode !== undefined) linkSync(this.#inode(inode), path);
    }
  }

  /**
   * Puts back what was there before, for the sectors that are lost; a sector holds what one of the writes to it has left. The file may be
   * as short as it was, up to the last sector that is not lost.
   */
  #loseIn(ino: number, bytes: number, lost: Iterator<boolean>): void {
    const kept = new Set<number>();
    const file = openSync(this.#inode(ino), "r+");
    const { size } = fstatSync(file);
    const writes = [...(this.#given.get(ino) ?? []), ...(this.#unsynced.get(ino) ?? [])];
    for (const { position, bytes: before } of writes.toReversed()) {
      const sector = Math.floor(position / SECTOR_BYTES);
      if (lost.next().value !== true) kept.add(sector);
      if (!kept.has(sector)) writeSync(file, before, 0, before.length, position);
    }
    const end = [...kept].reduce((last, sector) => Math.max(last, sector + 1), 0) * SECTOR_BYTES;
    const least = Math.max(bytes, end);
    if (least < size && lost.next().value === true) ftruncateSync(file, least);
    this.#bytes.set(ino, fstatSync(file).size);
    closeSync(file);
  }

  #name(naming: Naming): void {
    for (const [name, inode] of naming) {
      if (inode === null) this.#names.delete(name);
      else this.#names.set(name, inode);
    }
  }

  #inode(inode: number): string {
    return join(this.#kept, String(inode));
  }

  #requireThere(): void {
    if (this.isGone) throw new Error("the power is gone");
  }

  #call(): void {
    this.#requireThere();
    this.#callsLeft -= 1;
    if (this.#callsLeft !== -1) return;
    if (this.#end === "refusal") this.hasRefused = true;
    else this.isGone = true;
    throw new Error(this.isGone ? "the power is gone" : "this time not");
  }
}
