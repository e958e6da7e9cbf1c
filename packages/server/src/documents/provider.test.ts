import { Database } from "@geode/engine";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { Peer } from "../../test/peer.ts";
import { SECRET } from "../../test/running-server.ts";
import { signToken } from "../auth/token.ts";
import { systemClock } from "../clock.ts";
import { Server } from "../server.ts";

/*
 * The provider of y-websocket as it comes from its package, against /yjs.
 */

let database: Database;
let server: Server;
let providers: WebsocketProvider[];

beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret: SECRET, port: 0 });
  providers = [];
});
afterEach(async () => {
  for (const provider of providers) provider.destroy();
  await server.close();
  await database.close();
});

function token(user: string, roles: readonly string[] = []): Promise<string> {
  return signToken({ user, roles, ttlMs: 3_600_000 }, SECRET, systemClock);
}

/** With a copy of its own, in sync. */
async function editing(
  user: string,
  document: string,
  { doc = new Y.Doc(), roles = [] }: { doc?: Y.Doc; roles?: readonly string[] } = {},
): Promise<WebsocketProvider> {
  const url = `${server.url.replace(/^http/, "ws")}/yjs`;
  const provider = new WebsocketProvider(url, document, doc, {
    params: { token: await token(user, roles) },
    disableBc: true,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  providers.push(provider);
  await synced(provider);
  return provider;
}

async function synced(provider: WebsocketProvider): Promise<void> {
  if (provider.synced) return;
  await new Promise<void>((resolve) => {
    provider.once("sync", () => resolve());
  });
}

/** Resolves with what the document's text is once it is that. */
async function becomes(provider: WebsocketProvider, text: string): Promise<void> {
  const { doc } = provider;
  const own = doc.getText("codemirror");
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (own.toString() !== text) return;
      doc.off("update", look);
      resolve();
    };
    doc.on("update", look);
    look();
  });
}

function write(provider: WebsocketProvider, at: number, text: string): void {
  provider.doc.getText("codemirror").insert(at, text);
}

test("two providers see each other's edits, and a third gets what there is", async () => {
  const ann = await editing("ann", "team/plan");
  const bob = await editing("bob", "team/plan");
  write(ann, 0, "Hello");
  await becomes(bob, "Hello");
  write(bob, 5, " world");
  await becomes(ann, "Hello world");
  const eve = await editing("eve", "team/plan");
  await becomes(eve, "Hello world");
});

test("what was written offline arrives, and what others wrote meanwhile", async () => {
  const ann = await editing("ann", "d");
  const bob = await editing("bob", "d");
  write(ann, 0, "ab");
  await becomes(bob, "ab");
  bob.disconnect();
  write(bob, 2, "!");
  write(ann, 0, ">");
  bob.connect();
  await becomes(bob, ">ab!");
  await becomes(ann, ">ab!");
});

test("a copy that was there before the document comes to be the document", async () => {
  const doc = new Y.Doc();
  doc.getText("codemirror").insert(0, "from before");
  await editing("ann", "d", { doc });
  const bob = await editing("bob", "d");
  await becomes(bob, "from before");
});

test("cursors are seen, and gone with their connection", async () => {
  const ann = await editing("ann", "d");
  const bob = await editing("bob", "d");
  const others = (): unknown[] =>
    [...bob.awareness.getStates()]
      .filter(([client]) => client !== bob.doc.clientID)
      .map(([, state]) => state);
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      bob.awareness.once("change", () => resolve());
    });
  const seen = change();
  ann.awareness.setLocalStateField("user", { name: "Ann", color: "#00f" });
  await seen;
  await vi.waitFor(() => expect(others()).toEqual([{ user: { name: "Ann", color: "#00f" } }]));
  // Who comes later sees it at once.
  const eve = await editing("eve", "d");
  await vi.waitFor(() =>
    expect([...eve.awareness.getStates().values()]).toContainEqual({
      user: { name: "Ann", color: "#00f" },
    }),
  );
  (ann.ws as unknown as WebSocket).terminate();
  ann.shouldConnect = false;
  await vi.waitFor(() => expect(others()).not.toContainEqual({ user: expect.anything() }));
});

test("the main socket and /yjs are one document: edits and cursors go both ways", async () => {
  const ann = await editing("ann", "d");
  const peer = await Peer.connect(`${server.url.replace(/^http/, "ws")}/ws`);
  await peer.ask({ type: "AUTH", token: await token("bob") });
  await peer.ask({ type: "JOIN_SESSION", document_id: "d" });
  write(ann, 0, "x");
  const heard = await peer.next();
  expect(heard).toMatchObject({ type: "AWARENESS", user: { id: "ann" } });
  const edit = await peer.next();
  expect(edit).toMatchObject({ type: "EDIT", user: { id: "ann" }, version: 1 });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from((edit["edit"] as { yjs: string }).yjs, "base64"));
  const before = Y.encodeStateVector(doc);
  doc.getText("codemirror").insert(1, "y");
  const update = Buffer.from(Y.encodeStateAsUpdate(doc, before)).toString("base64");
  peer.send({ type: "EDIT", document_id: "d", edit: { yjs: update } });
  await becomes(ann, "xy");
  await peer.close();
});

test("a bad frame ends its own connection and no other", async () => {
  const ann = await editing("ann", "d");
  const url = `${server.url.replace(/^http/, "ws")}/yjs/d?token=${await token("bob")}`;
  const closes: unknown[] = [];
  for (const bytes of [
    [9, 9],
    [0, 2, 4, 1, 1, 1, 0],
    [0, 7, 0],
    [0, 2, 200],
  ]) {
    const raw = new WebSocket(url);
    await new Promise((resolve) => {
      raw.once("open", resolve);
    });
    raw.send(Uint8Array.from(bytes));
    await new Promise<void>((resolve) => {
      raw.once("close", (code, reason) => {
        closes.push([code, reason.toString()]);
        resolve();
      });
    });
  }
  expect(closes).toEqual([
    [1003, "Invalid message format"],
    [1008, "Edit refused"],
    [1003, "Invalid message format"],
    [1003, "Invalid message format"],
  ]);
  write(ann, 0, "fine");
  const eve = await editing("eve", "d");
  await becomes(eve, "fine");
});

test("a frame longer than a document may be ends its connection before it is read", async () => {
  const ann = await editing("ann", "d");
  const url = `${server.url.replace(/^http/, "ws")}/yjs/d?token=${await token("bob")}`;
  const raw = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve) => {
    raw.once("open", resolve);
  });
  const closed = new Promise((resolve) => {
    raw.once("close", (code) => resolve(code));
  });
  raw.on("error", () => undefined);
  raw.send(new Uint8Array(50 * 1024 * 1024));
  expect(await closed).toBe(1009);
  write(ann, 0, "fine");
  await becomes(await editing("eve", "d"), "fine");
});

test("who may only read sees everything and changes nothing", async () => {
  await database.applyPolicy({
    roles: {
      reader: { graphs: { default: ["read"] }, documents: { read: ["*"] } },
      nobody: { graphs: { default: ["read"] } },
    },
  });
  const ann = await editing("ann", "d", { roles: ["admin"] });
  write(ann, 0, "mine");
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const bob = await editing("bob", "d", { roles: ["reader"] });
  await becomes(bob, "mine");
  expect(warned).not.toHaveBeenCalled();
  write(bob, 0, "not ");
  await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce());
  expect(String(warned.mock.calls[0])).toContain("is not permitted");
  write(ann, 4, "!");
  await becomes(bob, "not mine!");
  const eve = await editing("eve", "d", { roles: ["reader"] });
  await becomes(eve, "mine!");
  warned.mockRestore();
});

test("/yjs asks for a token like /ws, and takes no text", async () => {
  const base = `${server.url.replace(/^http/, "ws")}/yjs/d`;
  const closed = (url: string, first?: string): Promise<unknown> =>
    new Promise((resolve) => {
      const raw = new WebSocket(url);
      raw.once("open", () => {
        if (first !== undefined) raw.send(first);
      });
      raw.once("close", (code, reason) => resolve([code, reason.toString()]));
    });
  expect(await closed(`${base}?token=nonsense`)).toEqual([1008, "Invalid token"]);
  expect(await closed(base, "{}")).toEqual([1008, "Authentication required"]);
  expect(await closed(`${base}?token=${await token("ann")}`, "{}")).toEqual([
    1003,
    "Invalid message format",
  ]);
});
