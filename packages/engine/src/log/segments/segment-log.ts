import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import { readClosedMark, removeClosedMark, writeClosedMark } from "./closed-mark.ts";
import { type Disk, DISK } from "./disk.ts";
import { decodeHeader, hashOf } from "../entry.ts";
import {
  type AppendOutcome,
  type Blob,
  type CommitLog,
  type Durability,
  entryTrimmed,
  logClosed,
  type LogHead,
  requireNext,
  sameHash,
  writeFailed,
  ZERO_HASH,
} from "../log.ts";
import { LogLock } from "./lock.ts";
import { type BlobPlace, firstOfName, isUnfinishedName, NoFileLeft, Segment } from "./segment.ts";
import { Waiters } from "../waiters.ts";

export interface SegmentLogOptions {
  /** The directory of the segments; made if need be. */
  readonly path: string;
  /** Default: "durable". */
  readonly durability?: Durability;
  /**
   * "write" (the default) takes the log for this opener alone. "read" opens it as it is at that moment, beside a writer: in this process
   * or in another one.
   */
  readonly access?: Access;
  /** Where a log that is made here begins: after this entry of another one. Default: at the first entry. One that exists keeps its own. */
  readonly start?: Pick<LogHead, "number" | "hash">;
  /** How much is in a segment when the next one is begun, in bytes. Default: 16 MiB. */
  readonly segmentBytes?: number;
  /** Default: this machine's. */
  readonly disk?: Disk;
}

type Access = "write" | "read";

const SEGMENT_BYTES = 16 * 1024 * 1024;

/** How often a log is looked at that somebody writes, until it is found in one piece. */
const LOOKS_MAX = 8;

/**
 * The log as a row of files, the segments, each appended to until it is full. An append is one write and one wait for the disk. What an
 * append leaves behind that never was acknowledged is told from damage by what follows it, see {@link Segment.open}.
 */
export class SegmentLog implements CommitLog {
  readonly #path: string;
  readonly #lock: LogLock | null;
  readonly #durability: Durability;
  readonly #segmentBytes: number;
  readonly #disk: Disk;
  /** Oldest first, at least one; the last one is appended to. */
  readonly #segments: Segment[];
  readonly #waiters = new Waiters();
  /** By the hex of their hash: the newest of those that are kept. */
  readonly #blobs = new Map<string, { readonly segment: Segment; readonly place: BlobPlace }>();
  #oldest: number;
  #failure: GeodeError | null = null;
  #closing: Promise<void> | null = null;
  /** The last write that was asked for; never rejects. */
  #writing: Promise<unknown> = Promise.resolve();
  /** The last files that were taken away; never rejects. Nothing waits for it but the end of the log: each may take milliseconds. */
  #removing: Promise<unknown> = Promise.resolve();

  /** Throws UNAVAILABLE if the log is in use or out of reach, CORRUPT if it is damaged, NOT_FOUND if there is none to read. */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    const { path, access = "write" } = options;
    try {
      return access === "write" ? await openToWrite(options) : openToRead(options);
    } catch (cause) {
      if (cause instanceof GeodeError) throw cause;
      const { message } = cause as Error;
      throw new GeodeError("UNAVAILABLE", `the log in ${path} cannot be opened: ${message}`, {
        cause,
      });
    }
  }

  /** For those who have found the segments. */
  constructor(segments: Segment[], lock: LogLock | null, options: SegmentLogOptions) {
    this.#path = options.path;
    this.#segments = segments;
    this.#lock = lock;
    this.#durability = options.durability ?? "durable";
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#disk = options.disk ?? DISK;
    const [oldest] = segments as [Segment];
    this.#oldest = Math.max(oldest.first, this.#current.trimmed + 1);
    for (const segment of segments) {
      segment.forgetBlobs(this.#oldest - 1);
      this.#place(segment, segment.blobs);
    }
  }

  head(): LogHead {
    const { last, lastHash } = this.#current;
    return { number: last, hash: lastHash, oldest: this.#oldest };
  }

  append(expected: number, bytes: Uint8Array, blobs: readonly Blob[] = []): Promise<AppendOutcome> {
    if (this.#closing !== null) return Promise.reject(logClosed());
    return this.#inTurn(() => this.#append(expected, bytes, blobs));
  }

  *read(from: number): Iterable<Uint8Array> {
    let segment: Segment | null = null;
    let entry: ((number: number) => Uint8Array) | null = null;
    for (let number = from; number <= this.#current.last; number++) {
      this.#requireOpen();
      if (number < this.#oldest) throw entryTrimmed(number, this.#oldest);
      const next = this.#segmentOf(number);
      if (entry === null || next !== segment) {
        segment = next;
        entry = next.reader();
      }
      yield entry(number);
    }
  }

  async wait(from: number, signal?: AbortSignal): Promise<void> {
    this.#requireOpen();
    if (from > this.#current.last) await this.#waiters.wait(from, signal);
  }

  async trim(upTo: number): Promise<void> {
    this.#requireOpen();
    const { removed } = await this.#inTurn(() => this.#trim(upTo));
    await removed;
  }

  blob(hash: Uint8Array): Uint8Array | undefined {
    this.#requireOpen();
    const found = this.#blobs.get(hex(hash));
    if (found === undefined) return undefined;
    const bytes = found.segment.blob(found.place);
    if (!sameHash(hashOf(bytes), hash)) {
      throw new GeodeError("CORRUPT", `blob ${hex(hash)} of the log is damaged`);
    }
    return bytes;
  }

  bytes(from = this.#oldest): number {
    this.#requireOpen();
    const last = this.#current.last;
    const before = Math.min(Math.max(from, this.#oldest) - 1, last);
    return this.#current.bytesSoFar(last) - this.#segmentOf(before).bytesSoFar(before);
  }

  async flush(): Promise<void> {
    if (this.#durability === "relaxed" && this.#lock !== null && this.#closing === null) {
      await this.#inTurn(() => this.#sync());
    }
    await (this.#closing ?? this.#writing);
    if (this.#failure !== null) throw this.#failure;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Whoever appends says so first; what was there is made durable before anything is built on it. */
  async begin(wasClosed: boolean): Promise<void> {
    await this.#latched(async () => {
      if (!wasClosed || this.#current.torn) await this.#current.secure(this.#disk);
      // Whoever was ended while it made a segment may have left its name to the system alone: it is durable with the end of the mark.
      await removeClosedMark(this.#disk, this.#path);
      await this.#current.opened(this.#disk, this.#durability);
    });
  }

  async #append(
    expected: number,
    bytes: Uint8Array,
    blobs: readonly Blob[],
  ): Promise<AppendOutcome> {
    this.#requireHealthy();
    const { number, prevHash } = decodeHeader(bytes);
    requireNext(number, expected);
    const { last, lastHash } = this.#current;
    if (expected !== last || !sameHash(prevHash, lastHash)) return "conflict";
    await this.#latched(async () => {
      if (this.#current.bytes >= this.#segmentBytes && !this.#current.isEmpty) await this.#roll();
      const entry = { bytes, hash: hashOf(bytes), blobs };
      await this.#current.append(this.#disk, entry, this.#durability);
    });
    if (blobs.length > 0) this.#place(this.#current, this.#current.blobs.slice(-blobs.length));
    this.#waiters.arrived(number);
    return "ok";
  }

  /** Begins the next segment. Whatever is in the ones before is durable then. */
  async #roll(): Promise<void> {
    if (this.#durability === "relaxed") await this.#current.sync(this.#disk);
    const { last: number, lastHash: hash } = this.#current;
    const header = {
      salt: salt(),
      durability: this.#durability,
      before: { number, hash },
      bytesSoFar: this.#current.bytesSoFar(number),
      trimmed: this.#oldest - 1,
    };
    try {
      this.#segments.push(await Segment.create(this.#disk, this.#path, header));
    } catch (error) {
      // Who may open no more files, for all the connections that there are, goes on in the one that is open.
      if (!(error instanceof NoFileLeft)) throw error;
    }
  }

  async #sync(): Promise<void> {
    this.#requireHealthy();
    await this.#latched(() => this.#current.sync(this.#disk));
  }

  /** The files may go later than the entries. */
  async #trim(upTo: number): Promise<{ readonly removed: Promise<void> }> {
    const last = Math.min(upTo, this.#current.last);
    if (last < this.#oldest) return { removed: Promise.resolve() };
    this.#requireHealthy();
    // Readers are told before, so that nobody finds a hole.
    this.#oldest = last + 1;
    await this.#latched(() => this.#current.trim(this.#disk, last));
    for (const [key, { place }] of this.#blobs) {
      if (place.entry <= last) this.#blobs.delete(key);
    }
    const kept = this.#segments.findIndex((segment) => segment.last > last);
    const gone = this.#segments.splice(0, kept === -1 ? this.#segments.length - 1 : kept);
    for (const segment of this.#segments) segment.forgetBlobs(last);
    for (const segment of gone) segment.close();
    const removed = this.#removing.then(() => this.#remove(gone));
    this.#removing = removed.catch(() => {});
    return { removed };
  }

  /** A file that stays is taken away when the log is opened again. */
  async #remove(segments: readonly Segment[]): Promise<void> {
    let refused: GeodeError | null = null;
    for (const { path } of segments) {
      try {
        await this.#disk.remove(path);
      } catch (cause) {
        const { message } = cause as Error;
        refused ??= new GeodeError(
          "UNAVAILABLE",
          `${path} is needed no more, but cannot be taken away: ${message}`,
          { cause },
        );
      }
    }
    if (refused !== null) throw refused;
  }

  /** One write after the other: each looks at what the one before has left. */
  #inTurn<T>(write: () => Promise<T>): Promise<T> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => {});
    return written;
  }

  /** The first write that fails is the last: nobody knows what the disk holds. */
  async #latched(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#failure ??= writeFailed(error);
      throw this.#failure;
    }
  }

  #place(segment: Segment, places: readonly BlobPlace[]): void {
    for (const place of places) this.#blobs.set(hex(place.hash), { segment, place });
  }

  get #current(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  /** The segment that an entry is in, or that begins after it. */
  #segmentOf(number: number): Segment {
    return (this.#segments.findLast(({ first }) => first <= number) ??
      this.#segments[0]) as Segment;
  }

  async #close(): Promise<void> {
    this.#waiters.close();
    await this.#writing;
    await this.#removing;
    if (this.#lock !== null && this.#failure === null) {
      await this.#latched(async () => {
        if (this.#durability === "relaxed") await this.#current.sync(this.#disk);
        await writeClosedMark(this.#disk, this.#path, this.#current.last);
        // Without the mark it is looked at more closely when it is opened; nothing is lost.
      }).catch(() => {});
    }
    for (const segment of this.#segments) segment.close();
    this.#lock?.release();
  }

  #requireOpen(): void {
    if (this.#closing !== null) throw logClosed();
  }

  #requireHealthy(): void {
    if (this.#lock === null) {
      throw new GeodeError("INTERNAL", "the log was opened for reading");
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

/** Whether a directory has a log, whatever its state. */
export function holdsSegments(path: string): boolean {
  return namesIn(path).some((name) => firstOfName(name) !== null);
}

async function openToWrite(options: SegmentLogOptions): Promise<SegmentLog> {
  const { path, durability = "durable", disk = DISK } = options;
  const { number, hash } = options.start ?? { number: 0, hash: ZERO_HASH };
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = LogLock.take(path);
  const segments: Segment[] = [];
  try {
    for (const name of namesIn(path)) {
      if (isUnfinishedName(name)) await disk.remove(join(path, name));
    }
    const { closedWith, gone } = load(path, "write", segments);
    for (const name of gone) {
      // One that cannot be taken away is in nobody's way.
      await disk.remove(join(path, name)).catch(() => {});
    }
    if (segments.length === 0) {
      const before = { number, hash };
      const header = { salt: salt(), durability, before, bytesSoFar: 0, trimmed: number };
      segments.push(await Segment.create(disk, path, header));
    }
    const log = new SegmentLog(segments, lock, options);
    await log.begin(closedWith !== null);
    return log;
  } catch (error) {
    for (const segment of segments) segment.close();
    lock.release();
    throw error;
  }
}

/** What a writer does meanwhile can look like damage, or take a file away: so what seems wrong is looked at again. */
function openToRead(options: SegmentLogOptions): SegmentLog {
  for (let look = 1; ; look++) {
    const segments: Segment[] = [];
    try {
      load(options.path, "read", segments);
      if (segments.length === 0) {
        throw new GeodeError("NOT_FOUND", `${options.path} holds no log`);
      }
      return new SegmentLog(segments, null, options);
    } catch (error) {
      for (const segment of segments) segment.close();
      if (look === LOOKS_MAX) throw error;
    }
  }
}

interface Loaded {
  /** The last entry when it was closed; null if it was not. */
  readonly closedWith: number | null;
  /** The names of segments of which no entry is needed. */
  readonly gone: readonly string[];
}

/** Opens the segments of a directory into `segments`, oldest first, as far as they are opened when something is wrong. */
function load(path: string, access: Access, segments: Segment[]): Loaded {
  const closedWith = readClosedMark(path);
  const names = namesIn(path)
    .filter((name) => firstOfName(name) !== null)
    .toSorted();
  const newest = names.at(-1);
  if (newest === undefined) {
    if (closedWith !== null) throw damaged(`the log in ${path} has lost all its segments`);
    return { closedWith, gone: [] };
  }
  const current = Segment.open(join(path, newest), access);
  segments.push(current);
  if (closedWith !== null && current.last < closedWith) {
    throw damaged(
      `the log in ${path} ends with entry ${current.last}, but had ${closedWith} when it was closed`,
    );
  }
  // One whose successor begins with an entry that is needed, is needed for those before it.
  const first = names.findIndex(
    (_, index) => (firstOfName(names[index + 1] ?? "") ?? Infinity) - 1 > current.trimmed,
  );
  for (const name of names.slice(first, -1).toReversed()) {
    const segment = Segment.open(join(path, name), access);
    const [next] = segments as [Segment];
    segments.unshift(segment);
    requireFollows(segment, next);
  }
  return { closedWith, gone: names.slice(0, first) };
}

function requireFollows(segment: Segment, next: Segment): void {
  const { number, hash } = next.header.before;
  if (!segment.torn && segment.last === number && sameHash(segment.lastHash, hash)) return;
  throw damaged(
    segment.last < number
      ? `log entry ${segment.last + 1} is missing: ${segment.path} ends before it, and ${next.path} begins after it`
      : `${next.path} does not follow from ${segment.path}`,
  );
}

function damaged(problem: string): GeodeError {
  return new GeodeError("CORRUPT", problem, {
    hint: "Restore a backup. What can still be read is said by geode check.",
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function salt(): number {
  return randomBytes(4).readUInt32LE() || 1;
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("hex");
}
