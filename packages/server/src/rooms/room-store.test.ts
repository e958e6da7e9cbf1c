import { Database } from "@geode/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabasePort } from "../port.ts";
import { behind, RoomStore, type StoredMessage } from "./room-store.ts";

let database: Database;
let store: RoomStore;

beforeEach(async () => {
  database = await Database.open();
  store = new RoomStore(database, 10_000);
});
afterEach(() => database.close());

const RECEIVED = "2030-01-01T10:00:00.000Z";

async function say(room: string, text: string, by = store): Promise<void> {
  await by.post({
    key: `${room} ${text}`,
    room,
    to: null,
    user: { id: "ann" },
    clientId: null,
    text,
    data: null,
    timestamp: RECEIVED,
    isDated: false,
    received: RECEIVED,
  });
}

const texts = (messages: readonly StoredMessage[]) => messages.map(({ text }) => text);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `${from + n}`);

/** Every message is a commit of its own here; the first stretch that is looked at is shorter than this. */
const MANY = 700;
async function sayMany(): Promise<void> {
  await Promise.all(numbers(0, MANY).map((text) => say("red", text)));
}

describe("the last messages of a room", () => {
  test("are found however far back they are, each once, in order", async () => {
    await sayMany();
    expect(texts((await store.last("red", null, MANY + 1)).messages)).toEqual(numbers(0, MANY));
  });

  test("are so many, and no more, also where they come from two stretches", async () => {
    await sayMany();
    const { messages } = await store.last("red", null, MANY - 50);
    expect(texts(messages)).toEqual(numbers(50, MANY));
    const older = await store.last("red", messages[0]!.seq, 20);
    expect(texts(older.messages)).toEqual(numbers(30, 50));
  });

  test("are found behind much that was said elsewhere", async () => {
    await say("blue", "long ago");
    await sayMany();
    expect(texts((await store.last("blue", null, 10)).messages)).toEqual(["long ago"]);
    expect((await store.last("green", null, 10)).messages).toEqual([]);
  });

  test("are those as of the seq that comes with them, whatever is said meanwhile", async () => {
    await sayMany();
    let asked = 0;
    const talkative: Pick<DatabasePort, "query" | "seq"> = {
      get seq() {
        return database.seq;
      },
      async query(request) {
        const answer = await database.query(request);
        if (request.text.startsWith("MATCH (m") && asked++ === 0) await say("red", "late", store);
        return answer;
      },
    };
    const before = database.seq;
    const { messages, seq } = await new RoomStore(talkative, 10_000).last("red", null, MANY + 1);
    expect(asked).toBeGreaterThan(1);
    expect(seq).toBe(before);
    expect(texts(messages)).not.toContain("late");
    // And it is what comes next.
    expect(texts((await store.next({ room: "red" }, behind(seq), 10)).messages)).toEqual(["late"]);
  });
});

describe("the first messages behind a position", () => {
  test("are found however far ahead they are, each once, in order", async () => {
    await say("blue", "first");
    await sayMany();
    await say("blue", "last");
    expect(texts((await store.next({ room: "blue" }, behind(0), 10)).messages)).toEqual([
      "first",
      "last",
    ]);
    expect(texts((await store.next({ room: "red" }, behind(0), MANY + 1)).messages)).toEqual(
      numbers(0, MANY),
    );
  });

  test("are so many, and no more, and the next page begins behind them", async () => {
    await sayMany();
    const heard: (string | null)[] = [];
    let position = behind(0);
    for (;;) {
      const { messages } = await store.next({ room: "red" }, position, 550);
      expect(messages.length).toBeLessThanOrEqual(550);
      if (messages.length === 0) break;
      heard.push(...texts(messages));
      position = messages.at(-1)!;
    }
    expect(heard).toEqual(numbers(0, MANY));
  });
});
