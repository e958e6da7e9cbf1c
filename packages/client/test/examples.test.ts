import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { connect } from "../src/index.ts";
import { AUTH_OK, digestOf, FakeServer } from "./fake-server.ts";

/** What the examples of README.md need around them. */
interface Surroundings {
  readonly freshToken: () => string;
  readonly show: (rows: readonly { name: string }[]) => void;
  readonly log: (...what: readonly unknown[]) => void;
}

async function run({ freshToken, show, log }: Surroundings): Promise<readonly { name: string }[]> {
  const geode = await connect("ws://localhost:8443/ws", { token: () => freshToken() });

  const { data } = await geode.query<{ name: string }>(
    "MATCH (p:Person) WHERE p.age > $age RETURN p.name AS name",
    { age: 18 },
  );

  const live = geode.live<{ name: string }>("MATCH (p:Person) RETURN p.name AS name ORDER BY name");
  await live.ready;
  const stop = live.subscribe(() => show(live.rows));

  setTimeout(() => live.close());
  for await (const { seq, changes } of live) {
    for (const { op, key, row } of changes) log(seq, op, key, row);
  }
  stop();
  geode.close();
  return data;
}

test("the examples of the README are those that run here, or that are compiled in editor-examples.ts", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const source = ["examples.test.ts", "editor-examples.ts"]
    .map((path) => read(path).replaceAll(/^ {2}/gm, ""))
    .join("\n");
  const blocks = [...read("../README.md").matchAll(/```ts\n([\s\S]*?)```/g)];
  expect(blocks).toHaveLength(6);
  for (const [, block = ""] of blocks) {
    const [, imports = "", body = ""] = /^((?:import .*\n)*)([^]*)$/.exec(block)!;
    for (const line of imports.split("\n")) expect(source).toContain(line);
    expect(source).toContain(body.trimStart());
  }
});

test("and they work", async () => {
  const server = new FakeServer();
  const before = globalThis.WebSocket;
  globalThis.WebSocket = answering(server) as unknown as typeof WebSocket;
  try {
    const said: unknown[] = [];
    const data = await run({
      freshToken: () => "secret",
      show: (rows) => said.push(rows),
      log: (...what) => said.push(what),
    });
    expect(data).toEqual([{ name: "Ada" }]);
    expect(said).toContainEqual([5, "insert", "a", { name: "Ada" }]);
  } finally {
    globalThis.WebSocket = before;
  }
});

/** A WebSocket behind which a server answers everything as soon as it can. */
function answering(server: FakeServer): unknown {
  const rows = [["a", { name: "Ada" }]] as const;
  const head = { columns: [], epoch: "e1", seq: 5, maintenance: "reexecution" };
  return class extends server.webSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      const { socket } = server;
      const send = socket.send.bind(socket);
      socket.send = (data) => {
        send(data);
        const { type, id } = socket.take() as { type: string; id: string };
        const answer = { data: [{ name: "Ada" }], ...head };
        const live = { subscription: id, live: true, keys: ["a"], digest: digestOf(rows) };
        if (type === "AUTH") queueMicrotask(() => socket.says(AUTH_OK));
        if (type === "QUERY") queueMicrotask(() => socket.says({ type: "RESULT", id, ...answer }));
        if (type === "SUBSCRIBE") {
          queueMicrotask(() => socket.says({ type: "RESULT", id, ...live, ...answer }));
        }
      };
      queueMicrotask(() => socket.open());
    }
  };
}
