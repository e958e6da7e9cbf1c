import { readdirSync, readFileSync } from "node:fs";
import { decodeClientMessage } from "@geode/protocol";
import { describe, expect, test } from "vitest";
import type { DocumentListener } from "../src/document/document.ts";
import { Geode } from "../src/geode.ts";
import { readFrame } from "../src/wire/read.ts";
import { FakeClock } from "./fake-clock.ts";
import { digestOf, FakeServer } from "./fake-server.ts";

const GOLDEN = new URL("../../protocol/golden/server/", import.meta.url);

interface Golden {
  readonly about: string;
  readonly frames: readonly GoldenFrame[];
}

interface GoldenFrame {
  readonly type: string;
  /** Of a BATCH. */
  readonly messages?: readonly { readonly type: string }[];
}

describe("what a server sends", () => {
  test.each(readdirSync(GOLDEN))("%s is understood", (file) => {
    const { frames } = JSON.parse(readFileSync(new URL(file, GOLDEN), "utf8")) as Golden;
    for (const frame of frames) expect(() => readFrame(JSON.stringify(frame))).not.toThrow();
    const ours = frames.filter((frame) => frame.type !== "UNSUBSCRIBED");
    const read = ours.flatMap((frame) => readFrame(JSON.stringify(frame)));
    const types = ours.flatMap(
      ({ messages, type }) => messages?.map((inner) => inner.type) ?? type,
    );
    for (const message of read) expect(types).toContain(message.type);
  });
});

const nothing = (): void => {};
const nobody: DocumentListener = {
  connected: nothing,
  disconnected: nothing,
  closed: nothing,
  joined: nothing,
  edited: nothing,
  shown: nothing,
  acknowledged: nothing,
  failed: nothing,
};

test("everything that the client sends is a message of the protocol", async () => {
  const server = new FakeServer();
  const clock = new FakeClock();
  const geode = new Geode("ws://here/ws", {
    token: "t",
    webSocket: server.webSocket,
    clock,
    random: () => 0,
  });
  const frames: string[] = [];
  const { socket } = server;
  const send = socket.send.bind(socket);
  socket.send = (data) => {
    frames.push(String(data));
    send(data);
  };
  socket.accept();
  let deep: unknown = 1;
  for (let i = 0; i < 60; i += 1) deep = [deep];
  const all = {
    bytes: new Uint8Array([1]),
    big: 2n ** 60n,
    float: Number.NaN,
    $odd: { $x: null },
    deep,
  };
  const first = geode.query("INSERT (:A {x: $big})", all, {
    graph: "other",
    minSeq: 3,
    timeoutMs: 500,
  });
  const second = geode.query("RETURN 1", {}, { idempotencyKey: "mine" });
  const live = geode.live("SELECT * FROM metrics", { limit: 3 }, { graph: "other" });
  const rows = [["k", { x: 1 }]] as const;
  const head = { live: true, columns: [], maintenance: "m", epoch: "e", seq: 1 };
  socket.says({
    type: "RESULT",
    id: "s1",
    subscription: "s1",
    data: [{ x: 1 }],
    keys: ["k"],
    digest: digestOf(rows),
    ...head,
  });
  // A commit that was missed makes it resume.
  const update = { op: "delete", key: "k", data: { x: 1 }, last: true, digest: digestOf([]) };
  socket.says({ type: "UPDATE", subscription: "s1", seq: 9, prev_seq: 8, ...update });
  const document = geode.document("plan", nobody);
  document.join("AA==");
  document.edit({ yjs: "AAA=" });
  document.show(null);
  document.close();
  clock.advance(60_000);
  live.close();
  geode.close();
  // Nobody has answered.
  await expect(first).rejects.toMatchObject({ code: "TIMEOUT" });
  await expect(second).rejects.toMatchObject({ code: "TIMEOUT" });

  const types = frames.map((frame) => {
    const decoded = decodeClientMessage(frame, { jsonDepthMax: 64, jsonKeysMax: 1_000 });
    expect(decoded, frame).toMatchObject({ kind: "message" });
    return decoded.kind === "message" ? decoded.message.type : decoded.kind;
  });
  expect([...new Set(types)].toSorted()).toEqual([
    "AUTH",
    "AWARENESS",
    "CANCEL",
    "EDIT",
    "JOIN_SESSION",
    "LEAVE_SESSION",
    "PING",
    "QUERY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
  ]);
});
