import type { CommitChanges, RowChange } from "@geode/protocol";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import type { Connection } from "../transport/connection.ts";
import { payloadOf, type OutFrame } from "../transport/out-frame.ts";
import { FanOut } from "./fan-out.ts";
import { Outbox, type Backpressure, type UpdateStream } from "./outbox.ts";

const MIB = 1024 * 1024;

/** A connection that keeps what it is sent, and takes none of it until told. */
class SlowConnection implements Connection {
  readonly writes: string[][] = [];
  bufferedBytes = 0;
  takenBytes = 0;
  send(frames: readonly OutFrame[]): void {
    this.writes.push(frames.map((frame) => payloadOf(frame).toString()));
    this.bufferedBytes += frames.reduce((sum, frame) => sum + payloadOf(frame).length, 0);
  }
  takeAll(): void {
    this.takenBytes += this.bufferedBytes;
    this.bufferedBytes = 0;
  }
  close(): void {}
  terminate(): void {}
  ping(): void {}
  stopReading(): void {}
  startReading(): void {}
  allowFrames(): void {}
}

/** A live result whose rows are told as `op key=data`. */
class Stream implements UpdateStream {
  readonly backpressure: Backpressure;
  readonly told: string[];
  constructor(told: string[], backpressure: Backpressure = "conflate") {
    this.told = told;
    this.backpressure = backpressure;
  }
  frames({ changes }: CommitChanges): string[] {
    return changes.map(({ data, key, op }) => `${op} ${key}=${data}`);
  }
  bytesOf(commit: CommitChanges): number {
    return this.frames(commit).join("").length;
  }
  skip(): void {
    this.told.push("skip");
  }
  restart(): void {
    this.told.push("restart");
  }
}

function harness({ bytesMax = 8 * MIB, conflateBytesMin = MIB } = {}) {
  const connection = new SlowConnection();
  const clock = new ManualClock();
  const told: string[] = [];
  const behind: [id: string, fromSeq: number][] = [];
  const outbox = new Outbox({
    connection,
    clock,
    fanOut: new FanOut(clock),
    conflateBytesMin,
    outboxBytesMax: bytesMax,
    behindAt: (seq) => behind.filter(([, fromSeq]) => fromSeq <= seq).map(([id]) => id),
    onOverflow: () => told.push("overflow"),
    onRelief: () => told.push("relief"),
  });
  let seq = 0;
  const commit = (...changes: RowChange[]): CommitChanges => {
    seq++;
    return { seq, prevSeq: seq - 1, digest: "", changes };
  };
  return { behind, clock, commit, connection, outbox, stream: new Stream(told), told };
}

const insert = (key: string, data = ""): RowChange => ({ op: "insert", key, data });
const update = (key: string, data = ""): RowChange => ({ op: "update", key, data });
const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

test("everything of one turn leaves in one write, answers first", async () => {
  const { commit, connection, outbox, stream } = harness();
  outbox.update(stream, commit(insert("a"), insert("b")));
  outbox.answer("a1");
  outbox.push("said");
  outbox.update(stream, commit(update("a", "2")));
  outbox.answer("a2");
  expect(connection.writes).toEqual([]);
  await endOfTurn();
  expect(connection.writes).toEqual([["a1", "a2", "insert a=", "insert b=", "said", "update a=2"]]);
});

test("a commit that is larger than the limit reaches a peer that keeps up", () => {
  const { commit, connection, outbox, stream, told } = harness({ bytesMax: 10 });
  outbox.answer("answer");
  outbox.update(stream, commit(insert("a", "x".repeat(11))));
  expect(connection.writes).toEqual([["answer", `insert a=${"x".repeat(11)}`]]);
  expect(told).toEqual([]);
});

test("of what waits under one topic there is the latest only, in the place of the first", async () => {
  const { connection, outbox, told } = harness({ bytesMax: 10 });
  connection.bufferedBytes = 2 * MIB;
  outbox.push("a 1", "a");
  outbox.push("b", "b");
  for (let n = 2; n <= 9; n++) outbox.push(`a ${n}`, "a");
  outbox.push("said");
  await endOfTurn();
  expect([connection.writes, told]).toEqual([[], []]);
  connection.takeAll();
  outbox.taken();
  outbox.push("a 10", "a");
  await endOfTurn();
  expect(connection.writes.flat()).toEqual(["a 9", "b", "said", "a 10"]);
});

test("what waits under a topic counts with its present length", () => {
  const { connection, outbox, told } = harness({ bytesMax: 10 });
  connection.bufferedBytes = 2 * MIB;
  outbox.push("12345678", "a");
  outbox.push("1", "a");
  outbox.push("123456789");
  expect(told).toEqual([]);
  outbox.push("1");
  expect(told).toEqual(["overflow"]);
});

test("updates of a subscription can be taken back until they have left", async () => {
  const { commit, connection, outbox, stream, told } = harness();
  const other = new Stream(told);
  outbox.update(stream, commit(insert("mine")));
  outbox.update(other, commit(insert("o")));
  outbox.withdraw(stream);
  outbox.update(other, commit(insert("p")));
  await endOfTurn();
  expect(connection.writes).toEqual([["insert o=", "insert p="]]);
});

describe("while the connection holds more than a MiB", () => {
  const full = async (options = {}) => {
    const parts = harness({ bytesMax: 1000, conflateBytesMin: 100, ...options });
    parts.outbox.answer("x".repeat(MIB + 1));
    await endOfTurn();
    return parts;
  };
  const rest = ({ connection, outbox }: Awaited<ReturnType<typeof full>>) => {
    connection.takeAll();
    outbox.taken();
    return connection.writes[1];
  };

  test("what follows waits, and leaves when it was taken", async () => {
    const parts = await full();
    const { commit, connection, outbox, stream, told } = parts;
    outbox.answer("a");
    outbox.update(stream, commit(insert("u")));
    await endOfTurn();
    expect(connection.writes).toHaveLength(1);
    expect(outbox.congested).toBe(true);
    expect(told).toEqual([]);
    expect(rest(parts)).toEqual(["a", "insert u="]);
    expect(outbox.congested).toBe(false);
    expect(told).toEqual(["relief"]);
  });

  test("updates are merged to one net change per row as soon as they are more than the limit for that", async () => {
    const parts = await full();
    const { commit, outbox, stream } = parts;
    for (let n = 1; n <= 9; n++) outbox.update(stream, commit(update("a", `${n}`)));
    expect(rest(parts)).toHaveLength(9);
    const more = await full();
    for (let n = 1; n <= 30; n++) more.outbox.update(more.stream, more.commit(update("a", `${n}`)));
    expect(rest(more)!.length).toBeLessThan(20);
    expect(rest(more)!.at(-1)).toBe("update a=30");
  });

  test("each live result is merged for itself, in the place of its first update", async () => {
    const parts = await full();
    const { commit, outbox, stream, told } = parts;
    const other = new Stream(told);
    for (let n = 1; n <= 6; n++) {
      outbox.update(stream, commit(update("a", `${n}`)));
      outbox.update(other, commit(update("b", `${n}`)));
    }
    expect(rest(parts)).toEqual(["update a=6", "update b=5", "update b=6"]);
  });

  test("where merging is not enough the updates are dropped, and the result is asked for again when there is room", async () => {
    const parts = await full();
    const { commit, outbox, stream, told } = parts;
    for (let n = 1; n <= 60; n++) outbox.update(stream, commit(insert(`row ${n}`)));
    expect(told).toEqual(["skip"]);
    rest(parts);
    expect(told).toEqual(["skip", "restart", "relief"]);
  });

  test("rows with positions are not merged: their result is asked for again", async () => {
    const { commit, outbox, stream, told } = await full();
    for (let n = 1; n <= 10; n++)
      outbox.update(stream, commit({ ...insert(`row ${n}`), index: 0 }));
    expect(told).toEqual(["skip"]);
  });

  test("a result that has ended is not asked for again", async () => {
    const parts = await full();
    const { commit, outbox, stream, told } = parts;
    for (let n = 1; n <= 10; n++)
      outbox.update(stream, commit({ ...insert(`row ${n}`), index: 0 }));
    outbox.withdraw(stream);
    rest(parts);
    expect(told).toEqual(["skip", "relief"]);
  });

  test('"latest" is merged at once', async () => {
    const parts = await full();
    const { commit, outbox, told } = parts;
    const stream = new Stream(told, "latest");
    for (let n = 1; n <= 3; n++) outbox.update(stream, commit(update("a", `${n}`)));
    expect(rest(parts)).toEqual(["update a=3"]);
  });

  test('"disconnect" is neither merged nor dropped: up to the limit it waits, one byte more is too much', async () => {
    const { commit, outbox, told } = await full();
    const stream = new Stream(told, "disconnect");
    const bytes = stream.bytesOf(commit(update("a")));
    outbox.update(stream, commit(update("a", "x".repeat(1000 - bytes))));
    expect(told).toEqual([]);
    outbox.update(stream, commit(update("a")));
    expect(told).toEqual(["overflow"]);
  });

  test("what was said in a channel is not dropped either", async () => {
    const { outbox, told } = await full();
    for (let n = 0; n < 10; n++) outbox.push("x".repeat(100));
    expect(told).toEqual([]);
    outbox.push("x");
    expect(told).toEqual(["overflow"]);
  });

  test("answers do not count towards that limit", async () => {
    const { commit, outbox, stream, told } = await full();
    outbox.answer("a".repeat(2000));
    outbox.update(stream, commit(insert("u")));
    expect(told).toEqual([]);
  });
});

describe("PROTOCOL 11.2: held back for a BATCH", () => {
  test("updates leave together when the time is over, answers at once", async () => {
    const { clock, commit, connection, outbox, stream } = harness();
    outbox.batching = { delayMs: 100, byCommit: false };
    stream.frames = ({ seq }) => [`{"seq":${seq}}`];
    outbox.update(stream, commit(insert("a")));
    outbox.answer("answer");
    await endOfTurn();
    expect(connection.writes).toEqual([["answer"]]);
    clock.pass(99);
    outbox.update(stream, commit(insert("b")));
    clock.pass(1);
    expect(connection.writes[1]).toEqual(['{"type":"BATCH","messages":[{"seq":1},{"seq":2}]}']);
    expect(clock.armed).toBe(0);
  });

  test("a BATCH names the subscriptions that tell of a later commit in its place", async () => {
    const { behind, commit, connection, outbox, stream } = harness();
    outbox.batching = { delayMs: 0, byCommit: true };
    stream.frames = ({ seq }) => [`{"seq":${seq}}`];
    behind.push(["slow", 2]);
    for (let count = 0; count < 2; count++) outbox.update(stream, commit(insert("a")));
    await endOfTurn();
    expect(connection.writes).toEqual([
      [
        '{"type":"BATCH","seq":1,"messages":[{"seq":1}]}',
        '{"type":"BATCH","seq":2,"behind":["slow"],"messages":[{"seq":2}]}',
      ],
    ]);
  });

  test("the updates of one commit are one BATCH, those of another are another", async () => {
    const { commit, connection, outbox, stream, told } = harness();
    outbox.batching = { delayMs: 0, byCommit: true };
    const other = new Stream(told);
    for (const each of [stream, other]) each.frames = ({ seq }) => [`{"seq":${seq}}`];
    const [first, second] = [commit(insert("a")), commit(insert("b"))];
    outbox.update(stream, first);
    outbox.update(other, first);
    outbox.update(other, second);
    await endOfTurn();
    expect(connection.writes).toEqual([
      [
        '{"type":"BATCH","seq":1,"messages":[{"seq":1},{"seq":1}]}',
        '{"type":"BATCH","seq":2,"messages":[{"seq":2}]}',
      ],
    ]);
  });
});

test("once closed, nothing more is sent, but what was queued before is", async () => {
  const { clock, commit, connection, outbox, stream } = harness();
  outbox.batching = { delayMs: 100, byCommit: false };
  outbox.answer("last words");
  stream.frames = () => ["{}"];
  outbox.update(stream, commit(insert("a")));
  outbox.close();
  outbox.answer("too late");
  outbox.push("too late");
  outbox.update(stream, commit(insert("b")));
  await endOfTurn();
  expect(connection.writes).toEqual([["last words", '{"type":"BATCH","messages":[{}]}']]);
  expect(clock.armed).toBe(0);
});
