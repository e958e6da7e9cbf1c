import { Geode, type GeodeOptions, type SocketConstructor } from "@geode/client";
import { GeodeProvider, type ProviderOptions } from "@geode/client/yjs";
import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebsocketProvider } from "y-websocket";
import { WebSocket } from "ws";
import * as Y from "yjs";

/*
 * The provider of the client, and that of y-websocket as it comes from its package, on the documents of one real server.
 */

const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
const admin: Principal = { id: "root", roles: ["admin"], claims: new Map() };

let database: Database;
let server: Server;
/** Ended in this order. */
let open: { readonly destroy: () => void }[];

beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret, port: 0 });
  open = [];
});
afterEach(async () => {
  for (const one of open.toReversed()) one.destroy();
  await server.close();
  await database.close();
});

const token = (user: string, roles: readonly string[]): Promise<string> =>
  signToken({ user, roles, ttlMs: 3_600_000 }, secret, systemClock);

async function connected(
  user: string,
  roles: readonly string[] = [],
  options: Pick<GeodeOptions, "encoding" | "webSocket"> = {},
): Promise<Geode> {
  const geode = new Geode(`ws://127.0.0.1:${server.port}/ws`, {
    ...options,
    token: await token(user, roles),
    reconnect: { firstMs: 5, mostMs: 50 },
  });
  open.push({ destroy: geode.close });
  return geode;
}

/** A copy of the document "plan" over the provider of the client, in step. */
async function editing(
  user: string,
  options: ProviderOptions &
    Pick<GeodeOptions, "encoding" | "webSocket"> & { doc?: Y.Doc; roles?: readonly string[] } = {},
): Promise<GeodeProvider> {
  const { doc = new Y.Doc(), roles, ...more } = options;
  const geode = await connected(user, roles, more);
  const provider = new GeodeProvider(geode, "plan", doc, more);
  open.push(provider);
  await until(provider, "synced");
  return provider;
}

/** A copy of the document "plan" over the provider of y-websocket, in step. */
async function editingOverYWebsocket(user: string): Promise<WebsocketProvider> {
  const provider = new WebsocketProvider(`ws://127.0.0.1:${server.port}/yjs`, "plan", new Y.Doc(), {
    params: { token: await token(user, []) },
    disableBc: true,
  });
  open.push(provider);
  await vi.waitUntil(() => provider.synced, { timeout: 10_000 });
  return provider;
}

const until = (provider: GeodeProvider, what: "synced" | "saved" | "readOnly"): Promise<unknown> =>
  vi.waitUntil(() => provider[what], { timeout: 10_000, interval: 5 });

const textOf = ({ doc }: { readonly doc: Y.Doc }): Y.Text => doc.getText("t");

const becomes = (provider: { readonly doc: Y.Doc }, text: string): Promise<void> =>
  vi.waitFor(() => expect(textOf(provider).toString()).toBe(text), {
    timeout: 10_000,
    interval: 5,
  });

/** The names that the others show. */
const seenBy = ({ awareness }: Pick<GeodeProvider, "awareness">): unknown[] =>
  [...awareness.getStates()]
    .filter(([client]) => client !== awareness.clientID)
    .flatMap(([, { name }]) => (name === undefined ? [] : [name as string]))
    .toSorted();

const sees = (provider: Pick<GeodeProvider, "awareness">, names: string[]): Promise<void> =>
  vi.waitFor(() => expect(seenBy(provider)).toEqual(names), { timeout: 10_000, interval: 5 });

test("edits and cursors go both ways, also to and from stock y-websocket", async () => {
  const ada = await editing("ada");
  const kim = await editing("kim", { encoding: "cbor" });
  const lee = await editingOverYWebsocket("lee");
  textOf(ada).insert(0, "one ");
  await becomes(kim, "one ");
  textOf(kim).insert(4, "two ");
  await becomes(lee, "one two ");
  textOf(lee).insert(8, "three");
  await becomes(ada, "one two three");
  await becomes(kim, "one two three");
  for (const [name, { awareness }] of Object.entries({ ada, kim, lee }))
    awareness.setLocalStateField("name", name);
  await sees(ada, ["kim", "lee"]);
  await sees(kim, ["ada", "lee"]);
  await sees(lee, ["ada", "kim"]);
  ada.disconnect();
  await sees(kim, ["lee"]);
  await sees(lee, ["kim"]);
  await sees(ada, []);
  ada.connect();
  await sees(ada, ["kim", "lee"]);
  await sees(kim, ["ada", "lee"]);
  await sees(lee, ["ada", "kim"]);
});

test("a server that goes and comes back at the same address: nothing is lost, and everybody is seen again", async () => {
  const [ada, kim] = [await editing("ada"), await editing("kim")];
  ada.awareness.setLocalStateField("name", "ada");
  textOf(ada).insert(0, "before ");
  await becomes(kim, "before ");
  await sees(kim, ["ada"]);
  const { port } = server;
  await server.close();
  await vi.waitUntil(() => !ada.synced && !kim.synced, { timeout: 10_000 });
  expect(seenBy(kim)).toEqual([]);
  textOf(ada).insert(7, "ada ");
  textOf(kim).insert(0, "kim ");
  server = await Server.start({ database, secret, port });
  await becomes(ada, "kim before ada ");
  await becomes(kim, "kim before ada ");
  await sees(kim, ["ada"]);
  await Promise.all([until(ada, "saved"), until(kim, "saved")]);
});

test("who may only read is told so when writing, and goes on to follow", async () => {
  await database.applyPolicy({
    roles: {
      reader: { graphs: { default: ["read"] }, documents: { read: ["plan"] } },
      nobody: { graphs: { default: ["read"] } },
    },
  });
  const ada = await editing("ada", { roles: ["admin"] });
  textOf(ada).insert(0, "mine");
  textOf(ada).delete(0, 1);
  const kim = await editing("kim", { roles: ["reader"] });
  await becomes(kim, "ine");
  // Having said what it has, it has written nothing.
  expect(kim.readOnly).toBe(false);
  const refused = new Promise((resolve) => kim.once("error", ({ code }) => resolve(code)));
  textOf(kim).insert(0, "not ");
  expect(await refused).toBe("FORBIDDEN");
  expect(kim).toMatchObject({ readOnly: true, synced: true, saved: false });
  textOf(ada).insert(3, "!");
  await becomes(kim, "not ine!");
  const eve = new GeodeProvider(await connected("eve", ["nobody"]), "plan", new Y.Doc());
  open.push(eve);
  const error = await new Promise((resolve) => eve.once("error", ({ code }) => resolve(code)));
  expect(error).toBe("FORBIDDEN");
  expect(eve.status).toBe("disconnected");
});

test("a server that takes so many messages a second gets everything in the end", async () => {
  const { port } = server;
  await server.close();
  server = await Server.start({ database, secret, port, rate: { perSecond: 20, burst: 5 } });
  const [ada, kim] = [await editing("ada"), await editing("kim")];
  for (let n = 0; n < 60; n += 1) {
    textOf(ada).insert(0, `${n} `);
    // One edit each, as when somebody types.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(ada, "saved");
  await becomes(kim, textOf(ada).toString());
});

test("connections that break in the middle of everything lose nothing", async () => {
  const sockets = new Map<string, WebSocket>();
  const breakable = (user: string): SocketConstructor =>
    class extends WebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url, protocols);
        sockets.set(user, this);
      }
    } as unknown as SocketConstructor;
  const users = ["ada", "kim", "lee"];
  const providers = await Promise.all(
    users.map((user) => editing(user, { webSocket: breakable(user) })),
  );
  const words: string[] = [];
  for (let n = 0; n < 150; n += 1) {
    const at = n % users.length;
    const word = `${users[at]}${n}`;
    words.push(word);
    const text = textOf(providers[at]!);
    text.insert((n * 31) % 2 === 0 ? 0 : text.length, `${word} `);
    if (n % 7 === 0) sockets.get(users[(n / 7) % users.length]!)!.terminate();
    // A frame or two pass between.
    await new Promise((resolve) => setTimeout(resolve, n % 3));
  }
  await Promise.all(providers.map((provider) => until(provider, "saved")));
  for (const provider of providers)
    await vi.waitFor(
      () =>
        expect(textOf(provider).toString().trim().split(" ").toSorted()).toEqual(words.toSorted()),
      { timeout: 10_000 },
    );
});

test("a document that is longer than a frame may be is brought in pieces, and comes whole", async () => {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, "A long text. ".repeat(150_000));
  for (let n = 0; n < 1_000; n += 1) doc.getText("t").delete(n * 7, 3);
  const ada = await editing("ada", { doc });
  await until(ada, "saved");
  const kim = await editing("kim");
  expect(textOf(kim).toString() === textOf(ada).toString()).toBe(true);
  textOf(kim).insert(0, "And on. ");
  await vi.waitUntil(() => textOf(ada).toString().startsWith("And on. "), { timeout: 10_000 });
});

test("many who write at once, come and go, end with one text, which is that in the graph", async () => {
  const providers = await Promise.all(["ada", "kim", "lee"].map((user) => editing(user)));
  for (let round = 0; round < 40; round += 1) {
    for (const [at, provider] of providers.entries()) {
      const text = textOf(provider);
      text.insert((round * 7 + at) % (text.length + 1), `${at}${round} `);
      if (text.length > 6) text.delete((round * 3) % (text.length - 5), 2);
      if (round % 8 === at) provider.disconnect();
      if (round % 8 === at + 4) provider.connect();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const provider of providers) provider.connect();
  await Promise.all(providers.map((provider) => until(provider, "saved")));
  await vi.waitFor(
    () => expect(new Set(providers.map((provider) => textOf(provider).toString())).size).toBe(1),
    { timeout: 10_000 },
  );
  const text = textOf(providers[0]!).toString();
  await vi.waitFor(
    async () => {
      const { rows } = await database.query({
        text: "MATCH (d:GeodeDocument {id: 'plan'}) RETURN d.text",
        principal: admin,
      });
      expect(rows).toEqual([[text]]);
    },
    { timeout: 10_000 },
  );
});
