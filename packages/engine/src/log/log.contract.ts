import { describe, expect, onTestFinished, test } from "vitest";
import { ENTRY_FORMAT, encodeEntry, type EncodedEntry, type Entry, hashOf } from "./entry.ts";
import { type CommitLog, type LogHead, ZERO_HASH } from "./log.ts";

/** What a kind of log has to offer to be held to the contract. */
export interface Subject {
  readonly log: CommitLog;
  /** From now on every write fails with that message. */
  breakDisk(message: string): void;
  /** Closes and opens again what is stored; absent for a log that stores nothing. */
  reopen?(): Promise<CommitLog>;
  dispose(): Promise<void>;
}

/** What every {@link CommitLog} does, whatever it is made of. */
export function testCommitLog(name: string, open: () => Promise<Subject>): void {
  const start = async (): Promise<Subject> => {
    const subject = await open();
    onTestFinished(() => subject.dispose());
    return subject;
  };

  describe(`${name} keeps the contract of a commit log:`, () => {
    test("an empty log has head 0, a hash of zeros and nothing to read", async () => {
      const { log } = await start();
      expect(log.head()).toEqual({ number: 0, hash: ZERO_HASH, oldest: 1 });
      expect([...log.read(1)]).toEqual([]);
      expect(log.bytes()).toBe(0);
    });

    test("what was appended is read back, and the head moves", async () => {
      const { log } = await start();
      const entries = await fill(log, 3);
      expect(log.head()).toEqual({ number: 3, hash: entries[2]?.hash, oldest: 1 });
      expect([...log.read(1)]).toEqual(entries.map(({ bytes }) => bytes));
      expect([...log.read(3)]).toEqual([entries[2]?.bytes]);
      expect([...log.read(4)]).toEqual([]);
    });

    test("an append whose place is taken is a conflict and changes nothing", async () => {
      const { log } = await start();
      await fill(log, 2);
      const before = log.head();
      const late = entryAfter({ number: 1, hash: (before as LogHead).hash, oldest: 1 });
      expect(await log.append(1, late.bytes)).toBe("conflict");
      const early = entryAfter({ ...before, number: 5 });
      expect(await log.append(5, early.bytes)).toBe("conflict");
      expect(log.head()).toEqual(before);
    });

    test("an append that does not follow from the head by its hash is a conflict", async () => {
      const { log } = await start();
      await fill(log, 2);
      const stranger = entryAfter({ ...log.head(), hash: hashOf(new Uint8Array([1])) });
      expect(await log.append(2, stranger.bytes)).toBe("conflict");
      expect(log.head().number).toBe(2);
    });

    test("of two appends to one place that are not awaited, the first wins", async () => {
      const { log } = await start();
      const [a, b] = [entryAfter(log.head(), "a"), entryAfter(log.head(), "b")];
      expect(await Promise.all([log.append(0, a.bytes), log.append(0, b.bytes)])).toEqual([
        "ok",
        "conflict",
      ]);
      expect([...log.read(1)]).toEqual([a.bytes]);
    });

    test("an entry under a number that is not its own is a mistake, not a conflict", async () => {
      const { log } = await start();
      const { bytes } = entryAfter({ ...log.head(), number: 7 });
      await expect(log.append(0, bytes)).rejects.toMatchObject({ code: "INTERNAL" });
      await fill(log, 1);
    });

    test("what is no entry is refused and does not stop the log", async () => {
      const { log } = await start();
      await expect(log.append(0, new Uint8Array(3))).rejects.toMatchObject({ code: "CORRUPT" });
      await fill(log, 1);
    });

    test("the caller may use its buffer again once the append is answered, and the reader may keep what it got", async () => {
      const { log } = await start();
      const { bytes } = entryAfter(log.head());
      const original = bytes.slice();
      await log.append(0, bytes);
      bytes.fill(0);
      for (const read of log.read(1)) {
        expect(read).toEqual(original);
        read.fill(0);
      }
      expect([...log.read(1)]).toEqual([original]);
    });

    test("a reader that is under way sees what is appended meanwhile", async () => {
      const { log } = await start();
      const [first] = await fill(log, 1);
      const reader = log.read(1)[Symbol.iterator]();
      expect(reader.next().value).toEqual(first?.bytes);
      const [second] = await fill(log, 1);
      expect(reader.next().value).toEqual(second?.bytes);
      expect(reader.next().done).toBe(true);
    });

    test("whoever waits for an entry is told when it is there", async () => {
      const { log } = await start();
      await fill(log, 1);
      await log.wait(1);
      const order: string[] = [];
      const waits = [2, 3].map((number) =>
        log.wait(number).then(() => order.push(`woken for ${number}`)),
      );
      for (const number of [2, 3]) {
        await fill(log, 1);
        order.push(`appended ${number}`);
        await waits[number - 2];
      }
      expect(order.filter((event) => event.startsWith("woken"))).toEqual([
        "woken for 2",
        "woken for 3",
      ]);
      expect(order.indexOf("woken for 3")).toBeGreaterThan(order.indexOf("woken for 2"));
    });

    test("a wait ends with its signal or with the log", async () => {
      const { log } = await start();
      const abort = new AbortController();
      const cancelled = expect(log.wait(1, abort.signal)).rejects.toMatchObject({
        code: "CANCELLED",
      });
      abort.abort();
      await cancelled;
      await expect(log.wait(1, abort.signal)).rejects.toMatchObject({ code: "CANCELLED" });
      const closed = expect(log.wait(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await log.close();
      await closed;
    });

    test("after the first failed write every append is refused with the cause, and reads go on", async () => {
      const subject = await start();
      const { log } = subject;
      const entries = await fill(log, 2);
      subject.breakDisk("no space left on device");
      const lost = entryAfter(log.head());
      for (const _ of ["the one that failed", "and the same again"]) {
        await expect(log.append(2, lost.bytes)).rejects.toMatchObject({
          code: "UNAVAILABLE",
          message: "the log could not be written: no space left on device",
          cause: { message: "no space left on device" },
        });
      }
      expect(log.head().number).toBe(2);
      expect([...log.read(1)]).toEqual(entries.map(({ bytes }) => bytes));
    });

    test("trimming gives up the old entries and keeps the rest", async () => {
      const { log } = await start();
      const entries = await fill(log, 5);
      await log.trim(2);
      expect(log.head()).toEqual({ number: 5, hash: entries[4]?.hash, oldest: 3 });
      expect([...log.read(3)]).toEqual(entries.slice(2).map(({ bytes }) => bytes));
      expect(() => [...log.read(2)]).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
      await log.trim(1);
      expect(log.head().oldest).toBe(3);
    });

    test("a log that was trimmed to the end still knows its head, and goes on from it", async () => {
      const subject = await start();
      const entries = await fill(subject.log, 3);
      await subject.log.trim(100);
      let log = subject.log;
      for (const _ of ["before", "after opening again"]) {
        expect(log.head()).toEqual({ number: 3, hash: entries[2]?.hash, oldest: 4 });
        expect(log.bytes()).toBe(0);
        log = (await subject.reopen?.()) ?? log;
      }
      const [next] = await fill(log, 1);
      expect([...log.read(4)]).toEqual([next?.bytes]);
    });

    test("appending goes on while a long log is trimmed", async () => {
      const { log } = await start();
      await fill(log, 1_500);
      const [, added] = await Promise.all([log.trim(1_200), fill(log, 20)]);
      expect(log.head()).toMatchObject({ number: 1_520, oldest: 1_201 });
      expect([...log.read(1_501)]).toEqual(added.map(({ bytes }) => bytes));
    });

    test("bytes() says what is kept, and what is kept from an entry on", async () => {
      const subject = await start();
      let { log } = subject;
      const entries = await fill(log, 5);
      const large = largeEntryAfter(log.head());
      await log.append(5, large.bytes, large.blobs);
      const sizes = [...entries, large].map(({ bytes, blobs }) =>
        blobs.reduce((sum, blob) => sum + blob.bytes.length, bytes.length),
      );
      const from = (number: number): number => sizes.slice(number - 1).reduce((a, b) => a + b, 0);
      expect([log.bytes(), log.bytes(1), log.bytes(4), log.bytes(6), log.bytes(7)]).toEqual([
        from(1),
        from(1),
        from(4),
        from(6),
        0,
      ]);
      await log.trim(3);
      log = (await subject.reopen?.()) ?? log;
      expect([log.bytes(), log.bytes(1), log.bytes(4), log.bytes(6)]).toEqual([
        from(4),
        from(4),
        from(4),
        from(6),
      ]);
    });

    test("blobs are there with the entry that names them, and go with the last one that does", async () => {
      const { log } = await start();
      const first = largeEntryAfter(log.head());
      await log.append(0, first.bytes, first.blobs);
      const [blob] = first.blobs;
      if (blob === undefined) {
        throw new Error("a large commit makes a blob");
      }
      expect(log.blob(blob.hash)).toEqual(blob.bytes);
      expect(log.blob(hashOf(new Uint8Array([1])))).toBeUndefined();
      const second = largeEntryAfter(log.head());
      expect(second.blobs[0]?.hash).toEqual(blob.hash);
      await log.append(1, second.bytes, second.blobs);
      await log.trim(1);
      expect(log.blob(blob.hash)).toEqual(blob.bytes);
      await log.trim(2);
      expect(log.blob(blob.hash)).toBeUndefined();
    });

    test("a blob that is named again while its last entry is given up stays", async () => {
      const { log } = await start();
      const first = largeEntryAfter(log.head());
      await log.append(0, first.bytes, first.blobs);
      const second = largeEntryAfter(log.head());
      await Promise.all([log.append(1, second.bytes, second.blobs), log.trim(1)]);
      const [blob] = second.blobs;
      expect(log.blob(blob?.hash as Uint8Array)).toEqual(blob?.bytes);
    });

    test("a closed log refuses everything and closes once", async () => {
      const { log } = await start();
      await fill(log, 1);
      const entry = entryAfter(log.head());
      await log.close();
      await log.close();
      const refused = expect.objectContaining({ code: "UNAVAILABLE" });
      await expect(log.append(1, entry.bytes)).rejects.toEqual(refused);
      await expect(log.trim(1)).rejects.toEqual(refused);
      await expect(log.wait(9)).rejects.toEqual(refused);
      expect(() => [...log.read(1)]).toThrow(refused);
    });

    test("an append under way is done before the log closes", async () => {
      const subject = await start();
      const appended = fill(subject.log, 1);
      const closed = subject.log.close();
      await appended;
      await closed;
    });
  });
}

/** The entry that comes next, with one small commit. */
export function entryAfter(head: LogHead, principal = "alice"): EncodedEntry {
  return encodeEntry({
    ...headerAfter(head),
    commits: [{ principal, patch: [{ kind: "lease", firstBlock: head.number, count: 1 }] }],
  });
}

/** The entry that comes next, with a commit that is too large for it; the same commit every time. */
export function largeEntryAfter(head: LogHead): EncodedEntry {
  const text = "x".repeat(300_000);
  return encodeEntry({
    ...headerAfter(head),
    commits: [
      {
        principal: "alice",
        patch: [
          {
            kind: "insertNode",
            graph: "default",
            id: 1,
            labels: [],
            properties: new Map([["text", text]]),
          },
        ],
      },
    ],
  });
}

/** Appends so many entries, one after the other. */
export async function fill(log: CommitLog, count: number): Promise<EncodedEntry[]> {
  const entries: EncodedEntry[] = [];
  for (let i = 0; i < count; i++) {
    const head = log.head();
    const entry = entryAfter(head);
    expect(await log.append(head.number, entry.bytes, entry.blobs)).toBe("ok");
    entries.push(entry);
  }
  return entries;
}

function headerAfter(head: LogHead): Omit<Entry, "commits"> {
  return {
    format: ENTRY_FORMAT,
    number: head.number + 1,
    firstSeq: head.number + 1,
    prevHash: head.hash,
    writer: new Uint8Array(8),
    nonce: new Uint8Array(16).fill(head.number),
    timeMs: 1_000 + head.number,
  };
}
