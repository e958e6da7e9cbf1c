import { describe, expect, test } from "vitest";
import type { Connection } from "../transport/connection.ts";
import { ManualClock } from "../../test/manual-clock.ts";
import { Outbox } from "./outbox.ts";

const MIB = 1024 * 1024;

/** A connection that keeps what it is sent, and takes none of it until told. */
class SlowConnection implements Connection {
  readonly remoteAddress = "";
  readonly writes: (readonly string[])[] = [];
  bufferedBytes = 0;
  takenBytes = 0;
  send(frames: readonly string[]): void {
    this.writes.push([...frames]);
    this.bufferedBytes += frames.join("").length;
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

function harness(bytesMax = MIB) {
  const connection = new SlowConnection();
  const told: string[] = [];
  const outbox = new Outbox({
    connection,
    clock: new ManualClock(),
    bytesMax,
    onOverflow: () => told.push("overflow"),
    onRelief: () => told.push("relief"),
  });
  return { connection, outbox, told };
}

const update = (...frames: string[]) => ({ frames, bytes: frames.join("").length });
const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

test("everything of one turn leaves in one write, answers first", async () => {
  const { connection, outbox } = harness();
  outbox.update({}, update("u1", "u2"));
  outbox.answer("a1");
  outbox.update({}, update("u3"));
  outbox.answer("a2");
  expect(connection.writes).toEqual([]);
  await endOfTurn();
  expect(connection.writes).toEqual([["a1", "a2", "u1", "u2", "u3"]]);
});

test("a commit that is larger than the limit reaches a peer that keeps up", () => {
  const { connection, outbox, told } = harness(10);
  outbox.answer("a");
  outbox.update({}, update("u".repeat(11)));
  expect(connection.writes).toEqual([["a", "u".repeat(11)]]);
  expect(told).toEqual([]);
});

test("updates of a subscription can be taken back until they have left", async () => {
  const { connection, outbox } = harness();
  const [mine, other] = [{}, {}];
  outbox.update(mine, update("mmmmm"));
  outbox.update(other, update("o"));
  outbox.withdraw(mine);
  outbox.update(other, update("ooooooooo"));
  await endOfTurn();
  expect(connection.writes).toEqual([["o", "ooooooooo"]]);
});

describe("while the connection holds more than a MiB", () => {
  const full = async () => {
    const parts = harness(100);
    parts.outbox.answer("x".repeat(MIB + 1));
    await endOfTurn();
    return parts;
  };

  test("what follows waits, and leaves when it was taken", async () => {
    const { connection, outbox, told } = await full();
    outbox.answer("a");
    outbox.update({}, update("u"));
    await endOfTurn();
    expect(connection.writes).toHaveLength(1);
    expect(outbox.congested).toBe(true);
    expect(told).toEqual([]);
    connection.takeAll();
    outbox.taken();
    expect(connection.writes[1]).toEqual(["a", "u"]);
    expect(outbox.congested).toBe(false);
    expect(told).toEqual(["relief"]);
  });

  test("updates up to the limit wait, one byte more is too much", async () => {
    const { outbox, told } = await full();
    outbox.update({}, update("u".repeat(100)));
    expect(told).toEqual([]);
    outbox.update({}, update("u"));
    expect(told).toEqual(["overflow"]);
  });

  test("answers do not count towards that limit", async () => {
    const { outbox, told } = await full();
    outbox.answer("a".repeat(1000));
    outbox.update({}, update("u"));
    expect(told).toEqual([]);
  });
});

test("once closed, nothing more is sent, but what was queued before is", async () => {
  const { connection, outbox } = harness();
  outbox.answer("last words");
  outbox.close();
  outbox.answer("too late");
  outbox.update({}, update("too late"));
  await endOfTurn();
  expect(connection.writes).toEqual([["last words"]]);
});
