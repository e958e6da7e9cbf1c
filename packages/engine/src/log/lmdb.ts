import { realpathSync } from "node:fs";
import { GeodeError } from "@geode/values";
import { type Database, type GetOptions, open, type RootDatabase, type Transaction } from "lmdb";
import { decodeHeader, hashOf } from "./entry.ts";
import {
  type AppendOutcome,
  type Blob,
  type CommitLog,
  entryTrimmed,
  logClosed,
  type LogHead,
  requireNext,
  sameHash,
  writeFailed,
  ZERO_HASH,
} from "./log.ts";
import { freeBytesOf, prepareLmdbFiles, requireSpace } from "./lmdb-files.ts";
import { Waiters } from "./waiters.ts";

/**
 * When an append is answered. "durable": once the operating system says that the disk has it. "relaxed": once it is committed, without
 * waiting for the last of its two flushes; it then survives the end of the process, but a power cut may take the newest commits.
 */
export type Durability = "durable" | "relaxed";

export interface LmdbLogOptions {
  /** The directory of the LMDB files; made if need be. */
  readonly path: string;
  /** Default: "durable". */
  readonly durability?: Durability;
  /**
   * "write" (the default) takes the log for this process alone. "read" opens it beside a writer: in another thread of the writer's
   * process, or in another process.
   */
  readonly access?: Access;
  /** Where a log that is made here begins: after this entry of another one. Default: at the first entry. One that exists keeps its own. */
  readonly start?: Pick<LogHead, "number" | "hash">;
  /** Stands between the log and LMDB at every write; a test's way to fail like a disk. */
  readonly commit?: Commit;
  /** What is free on the disk. Default: asks the operating system before every write. */
  readonly freeBytes?: () => number;
}

type Access = "write" | "read";
type Commit = (write: () => Promise<boolean>) => Promise<boolean>;

/*
 * The tables of the environment, all with keys of 8 or 32 bytes:
 *   entries     number (big-endian) → SHA-256 of the entry, bytes of all entries and blobs so far (u64), the entry
 *   state       "trimmed" → number, SHA-256 and bytes so far of the newest entry that was given up
 *               "flushed" → the head when flush() was last called in relaxed mode
 *   blobs       SHA-256 → the blob
 *   blob-names  number → the hashes that this entry names, one after the other
 *   blob-users  SHA-256 → the newest entry that names it
 */
const HASH_BYTES = 32;
const STAMP_BYTES = HASH_BYTES + 8;
const TRIMMED_KEY = Buffer.from("trimmed\0");
const FLUSHED_KEY = Buffer.from("flushed\0");

/** Entries given up per transaction, so that appends in between do not wait. */
const TRIM_BATCH = 512;

const DATABASES_MAX = 8;

/** Logs open for writing in this process, by real path. LMDB itself would let us open one twice. */
const writers = new Set<string>();

/**
 * The log in LMDB, which looks after torn writes and recovery. One process writes: LMDB's table of readers, whose entries are held by
 * locks of the operating system that end with the process, tells who else is there, so a killed process leaves nothing to clean up.
 * Were that ever deceived (two containers that share a disk but not process ids), appending is still a compare-and-set inside LMDB:
 * the second writer is refused, never interleaved.
 */
export class LmdbLog implements CommitLog {
  readonly #path: string;
  readonly #access: Access;
  readonly #durability: Durability;
  readonly #commit: Commit;
  readonly #freeBytes: () => number;
  readonly #root: RootDatabase<Buffer, Uint8Array>;
  readonly #tables: Tables;
  /** Who opened the log for reading sees it as it was then, however long it takes and whatever the writer trims. */
  readonly #snapshot: Transaction | null;
  readonly #getOptions: GetOptions;
  readonly #waiters = new Waiters();
  #number: number;
  #hash: Uint8Array;
  #bytesSoFar: number;
  /** Where {@link bytes} was last asked to count from: after every commit it is the same place, and each look would cost a read. */
  #asked: Pick<Stamp, "number" | "bytesSoFar"> = { number: -1, bytesSoFar: 0 };
  #oldest: number;
  #failure: GeodeError | null = null;
  #closing: Promise<void> | null = null;
  /** The last write that was asked for; never rejects. */
  #writing: Promise<unknown> = Promise.resolve();

  /** Throws UNAVAILABLE if the log is in use or out of reach, CORRUPT if it is damaged, NOT_FOUND if there is none to read. */
  static async open(options: LmdbLogOptions): Promise<LmdbLog> {
    const access = options.access ?? "write";
    const root = openRoot(options, access);
    const path = realpathSync(options.path);
    let claimed = false;
    let snapshot: Transaction | null = null;
    try {
      if (access === "write") {
        claim(path, root);
        claimed = true;
      }
      const tables = openTables(root);
      if (options.start !== undefined) await beginAfter(options.start, tables);
      snapshot = access === "read" ? root.useReadTransaction() : null;
      return new LmdbLog(path, root, tables, snapshot, options);
    } catch (error) {
      if (claimed) {
        writers.delete(path);
      }
      // Closing waits for it.
      snapshot?.done();
      await root.close();
      throw error instanceof GeodeError ? error : unreadable(path, error);
    }
  }

  private constructor(
    path: string,
    root: RootDatabase<Buffer, Uint8Array>,
    tables: Tables,
    snapshot: Transaction | null,
    options: LmdbLogOptions,
  ) {
    const { access = "write", durability = "durable", commit = (write) => write() } = options;
    this.#path = path;
    this.#root = root;
    this.#access = access;
    this.#durability = durability;
    this.#commit = commit;
    this.#freeBytes = options.freeBytes ?? (() => freeBytesOf(path));
    this.#tables = tables;
    this.#snapshot = snapshot;
    this.#getOptions = snapshot === null ? {} : { transaction: snapshot };
    const [newest] = this.#tables.entries.getKeys({ reverse: true, limit: 1, ...this.#getOptions });
    const [oldest] = this.#tables.entries.getKeys({ limit: 1, ...this.#getOptions });
    const head = newest === undefined ? this.#trimmed() : this.#stamp(numberOf(newest));
    this.#number = head.number;
    this.#hash = head.hash;
    this.#bytesSoFar = head.bytesSoFar;
    this.#oldest = oldest === undefined ? head.number + 1 : numberOf(oldest);
  }

  head(): LogHead {
    return { number: this.#number, hash: this.#hash, oldest: this.#oldest };
  }

  append(expected: number, bytes: Uint8Array, blobs: readonly Blob[] = []): Promise<AppendOutcome> {
    if (this.#closing !== null) {
      return Promise.reject(logClosed());
    }
    return this.#inTurn(() => this.#append(expected, bytes, blobs));
  }

  *read(from: number): Iterable<Uint8Array> {
    for (let number = from; number <= this.#number; number++) {
      this.#requireOpen();
      if (number < this.#oldest) {
        throw entryTrimmed(number, this.#oldest);
      }
      const value = this.#get(this.#tables.entries, keyOf(number));
      if (value === undefined || value.length < STAMP_BYTES) {
        throw new GeodeError("CORRUPT", `log entry ${number} is missing`);
      }
      yield new Uint8Array(
        value.buffer,
        value.byteOffset + STAMP_BYTES,
        value.length - STAMP_BYTES,
      );
    }
  }

  async wait(from: number, signal?: AbortSignal): Promise<void> {
    this.#requireOpen();
    if (from > this.#number) {
      await this.#waiters.wait(from, signal);
    }
  }

  async trim(upTo: number): Promise<void> {
    this.#requireOpen();
    const last = Math.min(upTo, this.#number);
    while (this.#oldest <= last) {
      const until = Math.min(this.#oldest + TRIM_BATCH - 1, last);
      await this.#inTurn(() => this.#trimTo(until));
    }
  }

  blob(hash: Uint8Array): Uint8Array | undefined {
    this.#requireOpen();
    const bytes = this.#get(this.#tables.blobs, hash);
    if (bytes === undefined) {
      return undefined;
    }
    if (!sameHash(hashOf(bytes), hash)) {
      throw new GeodeError(
        "CORRUPT",
        `blob ${Buffer.from(hash).toString("hex")} of the log is damaged`,
      );
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  bytes(from = this.#oldest): number {
    this.#requireOpen();
    const before = Math.max(from, this.#oldest) - 1;
    if (before >= this.#number) {
      return 0;
    }
    if (this.#asked.number !== before) {
      this.#asked =
        before < this.#oldest ? { ...this.#trimmed(), number: before } : this.#stamp(before);
    }
    return this.#bytesSoFar - this.#asked.bytesSoFar;
  }

  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) {
      throw this.#failure;
    }
    if (this.#durability === "relaxed" && this.#access === "write") {
      // A commit flushes all data of the file first, and with it the meta page of the commit before.
      await this.#inTurn(() =>
        this.#write(() => this.#tables.state.put(FLUSHED_KEY, keyOf(this.#number))),
      );
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #append(
    expected: number,
    bytes: Uint8Array,
    blobs: readonly Blob[],
  ): Promise<AppendOutcome> {
    this.#requireHealthy();
    const { number, prevHash } = decodeHeader(bytes);
    requireNext(number, expected);
    if (expected !== this.#number || !sameHash(prevHash, this.#hash)) {
      return "conflict";
    }
    const hash = hashOf(bytes);
    const bytesSoFar = blobs.reduce(
      (sum, blob) => sum + blob.bytes.length,
      this.#bytesSoFar + bytes.length,
    );
    const stamp = { number, hash, bytesSoFar };
    await this.#write(
      () =>
        this.#tables.entries.ifNoExists(keyOf(number), () => {
          for (const blob of blobs) {
            part(this.#tables.blobs.put(blob.hash, blob.bytes as Buffer));
            part(this.#tables.blobUsers.put(blob.hash, keyOf(number)));
          }
          if (blobs.length > 0) {
            part(
              this.#tables.blobNames.put(
                keyOf(number),
                Buffer.concat(blobs.map((blob) => blob.hash)),
              ),
            );
          }
          part(this.#tables.entries.put(keyOf(number), Buffer.concat([stampPrefix(stamp), bytes])));
        }),
      bytesSoFar - this.#bytesSoFar,
    );
    this.#number = number;
    this.#hash = hash;
    this.#bytesSoFar = bytesSoFar;
    this.#waiters.arrived(number);
    return "ok";
  }

  /** Gives up the entries to `until`, which is not far. */
  async #trimTo(until: number): Promise<void> {
    this.#requireHealthy();
    const first = this.#oldest;
    const stamp = this.#stamp(until);
    // Readers are told before, so that nobody finds a hole.
    this.#oldest = until + 1;
    await this.#write(() =>
      this.#root.batch(() => {
        part(this.#tables.state.put(TRIMMED_KEY, encodeStamp(stamp)));
        for (let number = first; number <= until; number++) {
          this.#dropEntry(number, until);
        }
      }),
    );
  }

  /** One write after the other: each looks at what the one before has left. */
  #inTurn<T>(write: () => Promise<T>): Promise<T> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => {});
    return written;
  }

  /** Runs a write that adds so many bytes; the first that fails is the last. */
  async #write(write: () => Promise<boolean>, bytes = 0): Promise<void> {
    let done: boolean;
    try {
      requireSpace(this.#freeBytes(), bytes);
      done = await this.#commit(write);
    } catch (error) {
      this.#failure ??= writeFailed(await causeOf(error));
      throw this.#failure;
    }
    if (!done) {
      this.#failure ??= writeFailed(new Error("another process has written to it"));
      throw this.#failure;
    }
  }

  /** Inside a batch: removes an entry and the blobs that no entry after `until` names. */
  #dropEntry(number: number, until: number): void {
    const key = keyOf(number);
    part(this.#tables.entries.remove(key));
    const names = this.#get(this.#tables.blobNames, key);
    if (names === undefined) {
      return;
    }
    part(this.#tables.blobNames.remove(key));
    for (let at = 0; at < names.length; at += HASH_BYTES) {
      const hash = Buffer.from(names.subarray(at, at + HASH_BYTES));
      const user = this.#get(this.#tables.blobUsers, hash);
      if (user !== undefined && numberOf(user) <= until) {
        part(this.#tables.blobs.remove(hash));
        part(this.#tables.blobUsers.remove(hash));
      }
    }
  }

  /** As LMDB's own; what it says of damaged pages becomes CORRUPT. */
  #get(table: Table, key: Uint8Array): Buffer | undefined {
    try {
      return table.get(key, this.#getOptions);
    } catch (cause) {
      throw unreadable(this.#path, cause);
    }
  }

  #trimmed(): Stamp {
    const value = this.#get(this.#tables.state, TRIMMED_KEY);
    return value === undefined
      ? { number: 0, hash: ZERO_HASH, bytesSoFar: 0 }
      : stampOf(numberOf(value), value.subarray(8));
  }

  #stamp(number: number): Stamp {
    const value = this.#get(this.#tables.entries, keyOf(number));
    if (value === undefined) {
      throw new GeodeError("CORRUPT", `log entry ${number} is missing`);
    }
    return stampOf(number, value);
  }

  async #close(): Promise<void> {
    this.#waiters.close();
    await this.flush().catch(() => {});
    this.#snapshot?.done();
    await this.#root.close();
    if (this.#access === "write") {
      writers.delete(this.#path);
    }
  }

  #requireOpen(): void {
    if (this.#closing !== null) {
      throw logClosed();
    }
  }

  #requireHealthy(): void {
    if (this.#access === "read") {
      throw new GeodeError("INTERNAL", "the log was opened for reading");
    }
    if (this.#failure !== null) {
      throw this.#failure;
    }
  }
}

type Table = Database<Buffer, Uint8Array>;

interface Tables {
  readonly entries: Table;
  readonly state: Table;
  readonly blobs: Table;
  readonly blobNames: Table;
  readonly blobUsers: Table;
}

/** Ends the read transaction that is current. */
function openTables(root: RootDatabase<Buffer, Uint8Array>): Tables {
  const table = (name: string): Table =>
    root.openDB<Buffer, Uint8Array>({ name, encoding: "binary", keyEncoding: "binary" });
  return {
    entries: table("entries"),
    state: table("state"),
    blobs: table("blobs"),
    blobNames: table("blob-names"),
    blobUsers: table("blob-users"),
  };
}

/** Makes an empty log one whose entries up to `start` were given up. */
async function beginAfter(
  { number, hash }: Pick<LogHead, "number" | "hash">,
  { entries, state }: Tables,
): Promise<void> {
  if (entries.getCount({ limit: 1 }) > 0 || state.get(TRIMMED_KEY) !== undefined) return;
  await state.put(TRIMMED_KEY, encodeStamp({ number, hash, bytesSoFar: 0 }));
}

/** What is known of an entry beside its bytes. */
interface Stamp {
  readonly number: number;
  readonly hash: Uint8Array;
  /** Of all entries up to this one, with their blobs. */
  readonly bytesSoFar: number;
}

function openRoot(
  { path, durability = "durable" }: LmdbLogOptions,
  access: Access,
): RootDatabase<Buffer, Uint8Array> {
  prepareLmdbFiles(path, access);
  try {
    return open<Buffer, Uint8Array>({
      path,
      encoding: "binary",
      keyEncoding: "binary",
      noSubdir: false,
      maxDbs: DATABASES_MAX,
      // Measured, a durable commit is answered no later without it, and many writers are faster.
      overlappingSync: false,
      // With it, every write would be wrapped in one more promise, which nobody can catch when the disk fails.
      eventTurnBatching: false,
      // The commit is on its way to the disk, with its data flushed before it, but not waited for: LMDB's own relaxed mode. After a power
      // cut the file is sound and may lack the last commits.
      noMetaSync: durability === "relaxed",
      readOnly: access === "read",
    });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** LMDB's own codes are negative and speak of the file; positive ones are the operating system's. */
function unreadable(path: string, cause: unknown): GeodeError {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const fromSystem = typeof code === "number" && code > 0;
  return new GeodeError(
    fromSystem ? "UNAVAILABLE" : "CORRUPT",
    `the log in ${path} cannot be read: ${String(message)}`,
    {
      cause,
      hint: fromSystem
        ? undefined
        : "Restore a backup. What can still be read is said by geode check.",
    },
  );
}

/** Takes the log for this process, or throws UNAVAILABLE. If two come at the same moment, both may be refused; never neither. */
function claim(path: string, root: RootDatabase<Buffer, Uint8Array>): void {
  if (writers.has(path)) {
    throw inUse(path, "this process");
  }
  // Reading puts us into the table of readers: now the others can see us, before we look for them.
  root.get(TRIMMED_KEY);
  root.readerCheck();
  const others = readers(root.readerList()).filter((pid) => pid !== process.pid);
  if (others.length > 0) {
    throw inUse(path, `process ${others.join(" and ")}`);
  }
  writers.add(path);
}

/** The process ids in LMDB's table: a line of headings, then "pid thread txnid" a line. */
function readers(table: string): number[] {
  const pids = table.split("\n").map((line) => Number.parseInt(line, 10));
  return [...new Set(pids.filter((pid) => Number.isInteger(pid)))];
}

function inUse(path: string, owner: string): GeodeError {
  return new GeodeError("UNAVAILABLE", `the log in ${path} is in use by ${owner}`, {
    hint: "Only one process at a time can open a data directory. Stop that one first, or talk to it.",
  });
}

/** lmdb rejects a failed commit with an error that carries the real one in a promise, which must not go unhandled. */
async function causeOf(error: unknown): Promise<unknown> {
  const commitError =
    error instanceof Error ? (error as { commitError?: Promise<unknown> }).commitError : undefined;
  if (commitError === undefined) {
    return error;
  }
  const cause = commitError.then(
    () => error,
    (reason: unknown) => reason,
  );
  // It is settled by now; should it not be, the outer error has to do.
  return Promise.race([
    cause,
    Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => error),
  ]);
}

/** A write inside a condition or a batch: the outcome of the whole is that of each part, and is asked for once. */
function part(write: Promise<unknown>): void {
  write.catch(() => {});
}

function keyOf(number: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(number));
  return key;
}

function numberOf(key: Uint8Array): number {
  return Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE());
}

function stampPrefix({ hash, bytesSoFar }: Stamp): Buffer {
  const prefix = Buffer.allocUnsafe(STAMP_BYTES);
  prefix.set(hash);
  prefix.writeBigUInt64BE(BigInt(bytesSoFar), HASH_BYTES);
  return prefix;
}

function encodeStamp(stamp: Stamp): Buffer {
  return Buffer.concat([keyOf(stamp.number), stampPrefix(stamp)]);
}

function stampOf(number: number, value: Buffer): Stamp {
  if (value.length < STAMP_BYTES) {
    throw new GeodeError("CORRUPT", `log entry ${number} is cut short`);
  }
  return {
    number,
    hash: new Uint8Array(value.subarray(0, HASH_BYTES)),
    bytesSoFar: Number(value.readBigUInt64BE(HASH_BYTES)),
  };
}
