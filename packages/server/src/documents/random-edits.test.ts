import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { ManualClock } from "../../test/manual-clock.ts";
import { Peer } from "../../test/peer.ts";
import { SECRET } from "../../test/running-server.ts";
import { signToken } from "../auth/token.ts";
import { Server } from "../server.ts";

/*
 * Twenty authors of one document, whose connections break and whose server is started anew, in a random order. Whatever happened: in the
 * end all copies are equal, and equal to what the server keeps and shows.
 */

const AUTHORS = 20;
const SHOWN_AFTER_MS = 300;

/** An author as providers are: what was not acknowledged is still in its copy, and goes again when it joins. */
class Author {
  readonly doc = new Y.Doc();
  readonly #connect: () => Promise<Peer>;
  #peer: Peer | undefined;

  constructor(connect: () => Promise<Peer>) {
    this.#connect = connect;
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#send(update);
    });
  }

  get text(): Y.Text {
    return this.doc.getText("t");
  }

  async join(): Promise<void> {
    if (this.#peer !== undefined) return;
    const peer = await this.#connect();
    this.#peer = peer;
    peer.webSocket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Record<string, unknown>;
      if (frame["type"] === "EDIT") this.#bring((frame["edit"] as { yjs: string }).yjs);
    });
    const state_vector = base64(Y.encodeStateVector(this.doc));
    peer.send({ type: "JOIN_SESSION", id: "join", document_id: "d", state_vector });
    const joined = await answerTo(peer, "join");
    this.#bring(joined["state"] as string);
    const missing = Buffer.from(joined["state_vector"] as string, "base64");
    this.#send(Y.encodeStateAsUpdate(this.doc, missing));
  }

  /** Whatever was sent to it so far has come. */
  async hear(): Promise<void> {
    if (this.#peer === undefined) return;
    this.#peer.send({ type: "QUERY", id: "quiet", query: "RETURN 1" });
    await answerTo(this.#peer, "quiet");
  }

  /** In the middle of whatever is under way. */
  drop(): void {
    this.#peer?.webSocket.terminate();
    this.#peer = undefined;
  }

  #send(update: Uint8Array): void {
    this.#peer?.send({ type: "EDIT", document_id: "d", edit: { yjs: base64(update) } });
  }

  #bring(update: string): void {
    Y.applyUpdate(this.doc, Buffer.from(update, "base64"), this);
  }
}

type Step =
  | { readonly kind: "edit"; readonly who: number; readonly at: number; readonly what: number }
  | { readonly kind: "drop" | "join" | "hear"; readonly who: number }
  | { readonly kind: "restart" | "reopen" | "checkpoint" };

const who = fc.nat(AUTHORS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      kind: fc.constant("edit" as const),
      who,
      at: fc.nat(1_000),
      what: fc.nat(1_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("drop" as const), who }) },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant("join" as const), who }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("hear" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("restart", "reopen", "checkpoint") }) },
);

test("all copies come to be equal, whatever breaks", { timeout: 120_000 }, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 400 }), play), {
    numRuns: 12,
    endOnFailure: true,
  });
});

async function play(steps: readonly Step[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "geode-edits-"));
  const clock = new ManualClock();
  let database = await Database.open({ directory });
  let server = await Server.start({ database, secret: SECRET, port: 0, clock });
  const token = await signToken({ user: "ann", roles: ["admin"], ttlMs: 3_600_000 }, SECRET, clock);
  const authors = Array.from(
    { length: AUTHORS },
    () =>
      new Author(async () => {
        const peer = await Peer.connect(`${server.url.replace(/^http/, "ws")}/ws`);
        expect(await peer.ask({ type: "AUTH", token })).toMatchObject({ type: "AUTH_OK" });
        return peer;
      }),
  );
  const stop = async (): Promise<void> => {
    const closing = server.close();
    for (const author of authors) author.drop();
    await closing;
  };
  const start = async (): Promise<void> => {
    server = await Server.start({ database, secret: SECRET, port: 0, clock });
  };
  try {
    for (const each of steps) {
      switch (each.kind) {
        case "edit":
          edit(authors[each.who]!, each.at, each.what);
          break;
        case "drop":
          authors[each.who]!.drop();
          break;
        case "join":
          await authors[each.who]!.join();
          break;
        case "hear":
          await authors[each.who]!.hear();
          clock.pass(SHOWN_AFTER_MS);
          break;
        case "restart":
          await stop();
          await start();
          break;
        case "checkpoint":
          await database.checkpoint();
          break;
        case "reopen":
          await stop();
          await database.close();
          database = await Database.open({ directory });
          await start();
          break;
      }
    }
    for (const author of authors) author.drop();
    // Twice: the first to come could not know what the last one brings.
    for (let round = 0; round < 2; round++) {
      for (const author of authors) {
        await author.join();
        await author.hear();
        author.drop();
      }
    }
    const texts = new Set(authors.map(({ text }) => text.toString()));
    expect(texts.size).toBe(1);
    const [text] = texts;
    const kept = new Y.Doc();
    for (const { bytes } of database.documents.get("d")?.editsBehind(0) ?? [])
      Y.applyUpdate(kept, bytes.slice());
    expect(kept.getText("t").toString()).toBe(text);
    expect(kept.store.pendingStructs).toBeNull();
    clock.pass(SHOWN_AFTER_MS);
    await server.close();
    const { rows } = await database.query({
      text: "MATCH (d:GeodeDocument {id: 'd'}) RETURN d.text",
      principal: { id: "root", roles: ["admin"], claims: new Map() },
    });
    expect(rows).toEqual(text === "" ? [[null]] : [[text]]);
    expect(database.check()).toEqual([]);
  } finally {
    for (const author of authors) author.drop();
    await server.close();
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function edit({ text }: Author, at: number, what: number): void {
  const place = at % (text.length + 1);
  // Enough now and then for the history to be compacted.
  if (what % 40 === 1) return text.insert(place, "-".repeat(24_000));
  if (what % 40 === 2) return text.delete(0, Math.min(text.length, 30_000));
  if (what % 4 === 0 && text.length > place)
    text.delete(place, Math.min(text.length - place, 1 + (what % 9)));
  else text.insert(place, String.fromCodePoint(97 + (what % 26)).repeat(1 + (what % 12)));
}

async function answerTo(peer: Peer, id: string): Promise<Record<string, unknown>> {
  for (let frame = await peer.next(); ; frame = await peer.next()) {
    if (frame["type"] === "ERROR") throw new Error(JSON.stringify(frame));
    if (frame["id"] === id) return frame;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
