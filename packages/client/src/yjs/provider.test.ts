import { fromBase64, toBase64 } from "lib0/buffer";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { afterEach, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { FakeClock } from "../../test/fake-clock.ts";
import { FakeServer, type Frame } from "../../test/fake-server.ts";
import { Geode } from "../geode.ts";
import { GeodeProvider, type ProviderOptions } from "./provider.ts";

/*
 * The provider against a scripted server, where the moment matters. Against a real one: tests/e2e/yjs.test.ts.
 */

const opened: GeodeProvider[] = [];
afterEach(() => {
  for (const provider of opened.splice(0)) provider.destroy();
});

interface SetUp {
  readonly server: FakeServer;
  readonly clock: FakeClock;
  readonly geode: Geode;
  readonly doc: Y.Doc;
  readonly provider: GeodeProvider;
  /** What the provider told, in order. */
  readonly told: unknown[];
}

/** With a connection, and JOIN_SESSION sent. */
function joining(options: ProviderOptions & { doc?: Y.Doc } = {}): SetUp {
  const server = new FakeServer();
  const clock = new FakeClock();
  const { doc = new Y.Doc(), ...more } = options;
  const geode = new Geode("ws://here/ws", {
    token: "secret",
    webSocket: server.webSocket,
    clock,
    random: () => 0,
    heartbeatMs: 0,
  });
  const provider = new GeodeProvider(geode, "plan", doc, more);
  opened.push(provider);
  const told: unknown[] = [];
  provider.on("status", ({ status }) => told.push(status));
  provider.on("sync", (synced) => told.push(synced ? "synced" : "not synced"));
  provider.on("saved", (saved) => told.push(saved ? "saved" : "not saved"));
  provider.on("error", ({ code }) => told.push(code));
  server.socket.accept();
  return { server, clock, geode, doc, provider, told };
}

/** In the document of which the server has what is in `there`. */
function following(there = new Y.Doc(), options: ProviderOptions & { doc?: Y.Doc } = {}): SetUp {
  const all = joining(options);
  answerJoin(all, there);
  // What it shows of itself is of no matter to most.
  return all;
}

function answerJoin({ server }: Pick<SetUp, "server">, there = new Y.Doc()): void {
  const join = server.socket.take();
  expect(join).toMatchObject({ type: "JOIN_SESSION", document_id: "plan" });
  server.socket.says({
    type: "SESSION_JOINED",
    id: join["id"],
    document_id: "plan",
    users: [],
    version: 1,
    state: toBase64(Y.encodeStateAsUpdate(there, fromBase64(join["state_vector"] as string))),
    state_vector: toBase64(Y.encodeStateVector(there)),
  });
}

/** Lets what goes at the end of the turn go. */
const turn = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

async function edits({ server }: SetUp): Promise<Frame[]> {
  await turn();
  return server.socket.sent.splice(0).filter(({ type }) => type === "EDIT");
}

const acknowledge = ({ server }: SetUp, edit: Frame): void =>
  server.socket.says({ type: "ACK", message_id: edit["id"], seq: 1, version: 1 });

const refuse = ({ server }: SetUp, edit: Frame, code: string, more: object = {}): void =>
  server.socket.says({
    type: "ERROR",
    id: edit["id"],
    code,
    error: "no",
    retryable: code === "RATE_LIMITED",
    ...more,
  });

function reconnect({ server, clock }: SetUp): void {
  server.socket.drop();
  clock.advance(1_000);
  server.socket.accept();
}

const textOf = (doc: Y.Doc): string => doc.getText("t").toString();

function typed(text: string): Y.Doc {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, text);
  return doc;
}

/** What somebody has who had what is in `there`, and got these edits. */
function merged(there: Y.Doc, frames: readonly Frame[]): string {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(there));
  for (const { edit } of frames) Y.applyUpdate(copy, fromBase64((edit as { yjs: string }).yjs));
  expect(copy.store.pendingStructs).toBeNull();
  return textOf(copy);
}

function says({ server }: SetUp, edit: Uint8Array): void {
  server.socket.says({
    type: "EDIT",
    document_id: "plan",
    edit: { yjs: toBase64(edit) },
    user: { id: "kim" },
    version: 2,
  });
}

describe("joining", () => {
  test("says what the copy has, takes what it lacks, and sends what the server lacks", async () => {
    const there = typed("there");
    const own = typed("here");
    const all = following(there, { doc: own });
    const sent = await edits(all);
    expect(sent).toHaveLength(1);
    expect(merged(there, sent)).toBe(textOf(own));
    expect(textOf(own).length).toBe("therehere".length);
    expect(all.told).toEqual(["connecting", "connected", "synced"]);
    acknowledge(all, sent[0]!);
    expect(all.told.at(-1)).toBe("saved");
    expect(all.provider).toMatchObject({ status: "connected", synced: true, saved: true });
  });

  test("a copy that has nothing of its own sends nothing, deletions or not", async () => {
    const there = typed("there");
    there.getText("t").delete(0, 2);
    const all = following(there);
    expect(await edits(all)).toEqual([]);
    expect(all.provider.saved).toBe(true);
  });

  test("only a deletion is something", async () => {
    const there = typed("there");
    const doc = new Y.Doc();
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(there));
    doc.getText("t").delete(0, 2);
    expect(merged(there, await edits(following(there, { doc })))).toBe("ere");
  });

  test("one that is not permitted is told once, and tried again with the next connection", async () => {
    const all = joining();
    refuse(all, all.server.socket.take(), "FORBIDDEN");
    expect(all.told).toEqual(["connecting", "disconnected", "FORBIDDEN"]);
    all.doc.getText("t").insert(0, "x");
    all.clock.advance(60_000);
    expect(await edits(all)).toEqual([]);
    reconnect(all);
    answerJoin(all);
    expect(await edits(all)).toHaveLength(1);
  });

  test("one that is refused for now is repeated", () => {
    const all = joining();
    refuse(all, all.server.socket.take(), "RATE_LIMITED", { retry_after_ms: 700 });
    all.clock.advance(699);
    expect(all.server.socket.sent).toEqual([]);
    all.clock.advance(1);
    answerJoin(all);
    expect(all.told).toEqual(["connecting", "connected", "synced", "saved"]);
  });

  test("a document that is not of Yjs is left alone", () => {
    const all = joining();
    const { id } = all.server.socket.take();
    const joined = { type: "SESSION_JOINED", id, document_id: "plan", users: [], version: 4 };
    all.server.socket.says(joined);
    expect(all.told).toEqual(["connecting", "disconnected", "INVALID_MESSAGE"]);
    expect(all.server.socket.take()).toMatchObject({ type: "LEAVE_SESSION" });
  });
});

describe("writing", () => {
  test("what is written in one go is one edit, and is saved when the server says so", async () => {
    const all = following();
    await turn();
    for (const word of ["one ", "two ", "three "]) all.doc.getText("t").insert(0, word);
    const sent = await edits(all);
    expect(sent).toHaveLength(1);
    expect(merged(new Y.Doc(), sent)).toBe("three two one ");
    expect(all.provider.saved).toBe(false);
    acknowledge(all, sent[0]!);
    expect(all.provider.saved).toBe(true);
  });

  test("with eight edits unanswered, the rest waits and goes as one", async () => {
    const all = following();
    const sent: Frame[] = [];
    for (let n = 0; n < 20; n += 1) {
      all.doc.getText("t").insert(0, `${n} `);
      sent.push(...(await edits(all)));
    }
    expect(sent).toHaveLength(8);
    acknowledge(all, sent[0]!);
    const rest = await edits(all);
    expect(rest).toHaveLength(1);
    expect(merged(new Y.Doc(), [...sent, ...rest])).toBe(textOf(all.doc));
  });

  test("more than is kept beside the document is found out by joining again", async () => {
    const all = following();
    const there = new Y.Doc();
    const sent: Frame[] = [];
    for (let n = 0; n < 12; n += 1) {
      all.doc.getText("t").insert(0, "x".repeat(100_000));
      sent.push(...(await edits(all)));
    }
    expect(sent).toHaveLength(8);
    for (const edit of sent) {
      Y.applyUpdate(there, fromBase64((edit["edit"] as { yjs: string }).yjs));
      expect(all.server.socket.sent).toEqual([]);
      acknowledge(all, edit);
    }
    answerJoin(all, there);
    expect(merged(there, await edits(all))).toBe(textOf(all.doc));
    // To the application it never went.
    expect(all.told).toEqual(["connecting", "connected", "synced", "saved", "not saved"]);
  });

  test("what others write is not sent back", async () => {
    const all = following();
    says(all, Y.encodeStateAsUpdate(typed("theirs")));
    expect(textOf(all.doc)).toBe("theirs");
    expect(await edits(all)).toEqual([]);
  });

  test("a lost connection loses nothing: what was not acknowledged is compared, not repeated", async () => {
    const all = following();
    const there = new Y.Doc();
    all.doc.getText("t").insert(0, "kept ");
    const [kept] = await edits(all);
    Y.applyUpdate(there, fromBase64((kept!["edit"] as { yjs: string }).yjs));
    all.doc.getText("t").insert(0, "lost ");
    await edits(all);
    all.server.socket.drop();
    all.doc.getText("t").insert(0, "offline ");
    expect(all.told.slice(-2)).toEqual(["disconnected", "not synced"]);
    all.clock.advance(1_000);
    all.server.socket.accept();
    there.getText("t").insert(0, "theirs ");
    answerJoin(all, there);
    const sent = await edits(all);
    expect(sent).toHaveLength(1);
    expect(merged(there, sent)).toBe(textOf(all.doc));
    expect(textOf(all.doc).split(" ").toSorted()).toEqual([
      "",
      "kept",
      "lost",
      "offline",
      "theirs",
    ]);
  });
});

describe("an edit that is refused", () => {
  test("for now, is sent as what is missing when the time has come", async () => {
    const all = following();
    all.doc.getText("t").insert(0, "one ");
    const [one] = await edits(all);
    all.doc.getText("t").insert(0, "two ");
    const [two] = await edits(all);
    refuse(all, one!, "RATE_LIMITED", { retry_after_ms: 5_000 });
    all.doc.getText("t").insert(0, "three ");
    all.clock.advance(5_000);
    // The second one builds on the first; until its answer is there, nothing is certain.
    expect(all.server.socket.sent).toEqual([]);
    refuse(all, two!, "INVALID_MESSAGE");
    answerJoin(all);
    const sent = await edits(all);
    expect(merged(new Y.Doc(), sent)).toBe("three two one ");
    acknowledge(all, sent[0]!);
    expect(all.told.at(-1)).toBe("saved");
    expect(all.told).not.toContain("not synced");
  });

  test("for now and again, waits longer each time: joining takes of what is allowed too", async () => {
    const all = following();
    all.doc.getText("t").insert(0, "x");
    let [edit] = await edits(all);
    for (const waitMs of [1_000, 2_000, 3_000]) {
      refuse(all, edit!, "RATE_LIMITED", { retry_after_ms: 1_000 });
      all.clock.advance(waitMs - 1);
      expect(all.server.socket.sent).toEqual([]);
      all.clock.advance(1);
      answerJoin(all);
      [edit] = await edits(all);
    }
    acknowledge(all, edit!);
    expect(all.provider.saved).toBe(true);
  });

  test("as unfounded, is sent with what it builds on; three times in a row it ends the writing", async () => {
    const all = following();
    all.doc.getText("t").insert(0, "x");
    let [edit] = await edits(all);
    for (let n = 1; n <= 2; n += 1) {
      refuse(all, edit!, "INVALID_MESSAGE");
      all.clock.advance(1_000);
      answerJoin(all);
      [edit] = await edits(all);
    }
    refuse(all, edit!, "INVALID_MESSAGE");
    all.clock.advance(60_000);
    expect(all.server.socket.sent).toEqual([]);
    expect(all.told.at(-1)).toBe("INVALID_MESSAGE");
  });

  test.each(["FORBIDDEN", "TOO_LARGE"])(
    "with %s, ends the writing and not the reading",
    async (code) => {
      const all = following();
      all.doc.getText("t").insert(0, "mine");
      const [edit] = await edits(all);
      refuse(all, edit!, code);
      expect(all.told.at(-1)).toBe(code);
      expect(all.provider).toMatchObject({ readOnly: code === "FORBIDDEN", synced: true });
      all.doc.getText("t").insert(0, "more of ");
      expect(await edits(all)).toEqual([]);
      says(all, Y.encodeStateAsUpdate(typed("theirs")));
      expect(textOf(all.doc)).toContain("theirs");
      // The next connection may well be that of another token.
      reconnect(all);
      answerJoin(all);
      expect(await edits(all)).toHaveLength(1);
      expect(all.provider.readOnly).toBe(false);
    },
  );
});

describe("awareness", () => {
  /** What connection `connection` shows; `null` is its end. */
  function shows({ server }: SetUp, connection: string, state: Uint8Array | null): void {
    server.socket.says({
      type: "AWARENESS",
      document_id: "plan",
      user: { id: "kim" },
      connection,
      state: state === null ? null : { yjs: toBase64(state) },
    });
  }

  function cursor(name: string): { readonly client: number; readonly update: Uint8Array } {
    const awareness = new Awareness(new Y.Doc());
    awareness.setLocalState({ name });
    const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
    awareness.destroy();
    return { client: awareness.clientID, update };
  }

  const others = ({ provider }: SetUp): string[] =>
    [...provider.awareness.getStates()]
      .filter(([client]) => client !== provider.awareness.clientID)
      .map(([, state]) => state["name"] as string)
      .toSorted((a, b) => (a < b ? -1 : 1));

  test("what others show is there until their connection is gone", () => {
    const all = following();
    const [kim, lee] = [cursor("kim"), cursor("lee")];
    shows(all, "c1", kim.update);
    shows(all, "c2", lee.update);
    expect(others(all)).toEqual(["kim", "lee"]);
    shows(all, "c1", null);
    expect(others(all)).toEqual(["lee"]);
    // Back on another connection, as it was.
    shows(all, "c3", kim.update);
    expect(others(all)).toEqual(["kim", "lee"]);
    shows(all, "c1", null);
    expect(others(all)).toEqual(["kim", "lee"]);
  });

  test("without a connection nobody is seen; with the next one they are, as they were", () => {
    const all = following();
    const kim = cursor("kim");
    shows(all, "c1", kim.update);
    all.server.socket.drop();
    expect(others(all)).toEqual([]);
    all.clock.advance(1_000);
    all.server.socket.accept();
    answerJoin(all);
    shows(all, "c1", kim.update);
    expect(others(all)).toEqual(["kim"]);
  });

  test("what one shows is sent when it has joined and when it changes, the newest only, and newer after every join", async () => {
    const all = joining();
    const { awareness } = all.provider;
    awareness.setLocalStateField("name", "ada");
    await turn();
    expect(all.server.socket.sent).toHaveLength(1);
    const shown = async (): Promise<unknown[]> => {
      await turn();
      const own = all.server.socket.sent.splice(0).filter(({ type }) => type === "AWARENESS");
      return own.map(({ state }) => {
        const copy = new Awareness(new Y.Doc());
        copy.destroy();
        const bytes = fromBase64((state as { yjs: string }).yjs);
        return [bytes[0], new TextDecoder().decode(bytes).replace(/^[^{]*/, "")];
      });
    };
    answerJoin(all);
    expect(await shown()).toEqual([[1, '{"name":"ada"}']]);
    awareness.setLocalStateField("at", 1);
    awareness.setLocalStateField("at", 2);
    expect(await shown()).toEqual([[1, '{"name":"ada","at":2}']]);
    const clock = awareness.meta.get(awareness.clientID)!.clock;
    reconnect(all);
    answerJoin(all);
    expect(await shown()).toHaveLength(1);
    expect(awareness.meta.get(awareness.clientID)!.clock).toBeGreaterThan(clock);
  });
});

describe("leaving", () => {
  test("sends what was written, leaves once, listens no more, and leaves no timer", async () => {
    const all = following();
    await turn();
    all.server.socket.sent.length = 0;
    all.doc.getText("t").insert(0, "last words");
    all.provider.destroy();
    all.provider.destroy();
    expect(all.server.socket.sent.map(({ type }) => type)).toEqual(["EDIT", "LEAVE_SESSION"]);
    all.server.socket.sent.length = 0;
    all.doc.getText("t").insert(0, "after ");
    says(all, Y.encodeStateAsUpdate(typed("theirs")));
    expect(textOf(all.doc)).toBe("after last words");
    await turn();
    expect(all.server.socket.sent).toEqual([]);
    all.geode.close();
    expect(all.clock.pending).toBe(0);
  });

  test("for a while: what is written meanwhile goes when one is back", async () => {
    const all = following();
    await turn();
    all.server.socket.sent.length = 0;
    all.provider.disconnect();
    all.provider.disconnect();
    await turn();
    expect(all.server.socket.sent.splice(0).map(({ type }) => type)).toEqual(["LEAVE_SESSION"]);
    all.doc.getText("t").insert(0, "meanwhile");
    reconnect(all);
    expect(await edits(all)).toEqual([]);
    all.provider.connect();
    answerJoin(all);
    expect(merged(new Y.Doc(), await edits(all))).toBe("meanwhile");
  });

  test("with the document, and with the client", () => {
    const first = following();
    first.doc.destroy();
    expect(first.provider.status).toBe("disconnected");
    const second = following();
    second.geode.close();
    expect(second.provider.status).toBe("disconnected");
    expect(() => new GeodeProvider(second.geode, "plan", new Y.Doc())).toThrow(/closed/);
  });

  test("with the client that has to end says why", () => {
    const { server, told, provider } = following();
    server.socket.drop(1008, "Revoked");
    expect(told.slice(-4)).toEqual(["disconnected", "not synced", "not saved", "FORBIDDEN"]);
    expect(provider.status).toBe("disconnected");
  });

  test("one client has a document open once; closed, it can be opened again", () => {
    const { geode, provider } = following();
    const doc = new Y.Doc();
    expect(() => new GeodeProvider(geode, "plan", doc)).toThrow(/open already/);
    provider.destroy();
    opened.push(new GeodeProvider(geode, "plan", doc));
  });
});
