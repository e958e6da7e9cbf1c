import { Database } from "@geode/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { silentLog } from "../log.ts";
import { Retention } from "./retention.ts";
import { RoomStore, type NewMessage, type Place } from "./room-store.ts";

const DAY_MS = 24 * 3_600_000;
const SWEEP_MS = 60_000;

let database: Database;
let store: RoomStore;
let clock: ManualClock;
let retention: Retention;
let trims: number;

beforeEach(async () => {
  database = await Database.open();
  store = new RoomStore(database, 10_000);
  clock = new ManualClock();
  trims = 0;
});
afterEach(async () => {
  await retention.close();
  await database.close();
});

/** Keeps messages for 30 days, and so many in a room. */
function keep(messagesMax = 100_000): void {
  retention = new Retention({
    store,
    clock,
    log: silentLog,
    messagesMax,
    retentionMs: 30 * DAY_MS,
    onTrim: () => trims++,
  });
  retention.start();
}

let count = 0;
async function say(where: Place, text: string): Promise<void> {
  const received = new Date(clock.nowMs()).toISOString();
  const message: NewMessage = {
    key: `${count++}`,
    room: "room" in where ? where.room : null,
    to: "to" in where ? where.to : null,
    user: { id: "ann" },
    clientId: null,
    text,
    data: null,
    timestamp: received,
    isDated: false,
    received,
  };
  await store.post(message);
}

const red = { room: "red" };
const root = { id: "root", roles: ["admin"], claims: new Map() };

async function left(): Promise<unknown[]> {
  const text = "MATCH (m:GeodeMessage) RETURN m.text ORDER BY m.seq";
  return (await database.query({ text, principal: root })).rows.flat();
}

/** Resolves when that is left; whoever waits in vain is told by the test's time limit. */
async function leaves(texts: readonly string[]): Promise<void> {
  while (JSON.stringify(await left()) !== JSON.stringify(texts))
    await new Promise((resolve) => setImmediate(resolve));
}

describe("16.12 retention", () => {
  test("a room in which nothing is said any more gives up what is too old, and so do direct messages", async () => {
    await say(red, "a");
    await say({ to: "bob" }, "b");
    clock.pass(DAY_MS);
    await say(red, "c");
    keep();
    clock.pass(29 * DAY_MS - SWEEP_MS);
    expect(await left()).toEqual(["a", "b", "c"]);
    clock.pass(2 * SWEEP_MS);
    await leaves(["c"]);
    clock.pass(DAY_MS);
    await leaves([]);
  });

  test("the room remembers up to where it has given up, so that a mark from before is told of the gap", async () => {
    await say(red, "a");
    keep();
    const { seq } = database;
    clock.pass(30 * DAY_MS + SWEEP_MS);
    await leaves([]);
    expect(await store.trimmed("red")).toBe(seq);
  });

  test("what was said before the server started is swept, however long ago", async () => {
    for (const day of [0, 100, 400]) {
      await say(red, `day ${day}`);
      clock.jump(300 * DAY_MS);
    }
    keep();
    clock.pass(10 * SWEEP_MS);
    await leaves([]);
  });

  test("a database that has messages but no index on their age gets one before it is swept", async () => {
    await say(red, "a");
    const index = "geode_messages_by_age";
    const system = { ...root, system: true } as const;
    await database.query({ text: `DROP INDEX ${index}`, principal: system });
    const names = async () =>
      (await database.query({ text: "SHOW INDEXES", principal: root })).rows.flat();
    expect(await names()).not.toContain(index);
    // The server starts anew.
    store = new RoomStore(database, 10_000);
    keep();
    clock.pass(SWEEP_MS);
    while (!(await names()).includes(index)) await new Promise((resolve) => setImmediate(resolve));
    expect(await left()).toEqual(["a"]);
  });

  test("much of one moment goes in commits of a thousand", async () => {
    await Promise.all(Array.from({ length: 2_500 }, (_, n) => say(red, `${n}`)));
    keep();
    clock.jump(40 * DAY_MS);
    clock.pass(60 * SWEEP_MS);
    await leaves([]);
    expect(trims).toBe(3);
  });

  test("a sweep that finds nothing writes nothing", async () => {
    await say(red, "a");
    keep();
    const { seq } = database;
    clock.pass(10 * DAY_MS);
    await retention.close();
    expect(database.seq).toBe(seq);
  });

  test("too many in a room go when something is said there, the oldest first", async () => {
    keep(5);
    for (let n = 0; n <= 10; n++) {
      await say(red, `${n}`);
      retention.said(red);
    }
    await leaves(["6", "7", "8", "9", "10"]);
  });

  test("a room that keeps very many is looked at from its old end", async () => {
    keep(2);
    for (let n = 0; n < 700; n++) await say({ room: `${n % 2}` }, `${n}`);
    retention.said({ room: "0" });
    const kept = async (): Promise<unknown[]> =>
      (await left()).filter((text) => Number(text) % 2 === 0);
    while ((await kept()).length > 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await kept()).toEqual(["696", "698"]);
  });

  test("once closed it does nothing more", async () => {
    await say(red, "a");
    keep();
    await retention.close();
    clock.pass(31 * DAY_MS);
    expect(clock.armed).toBe(0);
    expect(await left()).toEqual(["a"]);
  });

  test("a busy time is dealt with in short stretches, a quiet one in long ones", async () => {
    // A thousand messages a minute on one day, long ago, and nothing since.
    const firstMs = clock.nowMs() - 400 * DAY_MS;
    const within = (from: string, to: string): number =>
      Math.max(0, Math.min(Date.parse(to), firstMs + DAY_MS) - Date.parse(from)) / 60;
    const counts: number[] = [];
    retention = new Retention({
      clock,
      log: silentLog,
      messagesMax: 1,
      retentionMs: 30 * DAY_MS,
      onTrim: () => {},
      store: {
        firstReceived: () => Promise.resolve(new Date(firstMs).toISOString()),
        countReceived: (from, to) => Promise.resolve(within(from, to)),
        placesReceived: (from, to) => {
          counts.push(within(from, to));
          return Promise.resolve([]);
        },
        trim: () => Promise.resolve(0),
      },
    });
    retention.start();
    for (let minute = 0; minute < 200; minute++) {
      clock.pass(SWEEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(1_000);
    expect(counts.reduce((sum, count) => sum + count)).toBe(DAY_MS / 60);
  });
});
