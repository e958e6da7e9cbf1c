import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { certificateFor, Nginx } from "./nginx.ts";

/*
 * A server behind nginx, configured as packages/server/docs/operations.md shows it.
 */

const secret = configuredSecret("a secret of at least 256 bits, for tests only");
const operations = new URL("../../packages/server/docs/operations.md", import.meta.url);

let database: Database;
let server: Server;
let nginx: Nginx;
beforeAll(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret, port: 0 });
  const shown = /```nginx\n([^]*?)```/.exec(readFileSync(operations, "utf8"))![1]!;
  nginx = await Nginx.start(shown, server.port, certificateFor("localhost"));
});
afterAll(async () => {
  nginx.close();
  await server.close();
  await database.close();
});

const token = () =>
  signToken({ user: "ann", roles: ["admin"], ttlMs: 3_600_000 }, secret, systemClock);

/** What nginx answers. */
async function get(path: string, authorization?: string) {
  const call = request({
    host: "127.0.0.1",
    port: nginx.port,
    path,
    rejectUnauthorized: false,
    headers: { host: "localhost", ...(authorization === undefined ? {} : { authorization }) },
  });
  call.end();
  const [response] = (await once(call, "response")) as [
    NodeJS.ReadableStream & { statusCode: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}

async function connect(headers: Record<string, string> = {}): Promise<WebSocket> {
  const url = `wss://127.0.0.1:${nginx.port}/ws?token=${await token()}`;
  const webSocket = new WebSocket(url, { rejectUnauthorized: false, headers });
  await once(webSocket, "open");
  return webSocket;
}

test("a WebSocket passes, and its token is in no log of the proxy", async () => {
  const webSocket = await connect();
  webSocket.send('{"type":"QUERY","id":1,"query":"RETURN $auth.id AS me"}');
  const [data] = (await once(webSocket, "message")) as [Buffer];
  expect(JSON.parse(data.toString())).toMatchObject({ data: [{ me: "ann" }] });
  webSocket.close();
  await once(webSocket, "close");
  // nginx writes its line when the connection has ended.
  while (!nginx.log("geode.log").includes('"GET /ws" 101')) await get("/health/live");
  expect(nginx.log("geode.log") + nginx.log("error.log")).not.toContain("token");
});

test("the server hears whose connection it is", async () => {
  const webSocket = await connect({ "x-forwarded-for": "203.0.113.5" });
  const { body } = await get("/admin/connections", `Bearer ${await token()}`);
  const { connections } = JSON.parse(body) as { connections: { remote_address: string }[] };
  // A proxy of this machine's before nginx, as it were: both are believed, so what stands before them counts.
  expect(connections.map(({ remote_address }) => remote_address)).toEqual(["203.0.113.5"]);
  webSocket.terminate();
});

test("metrics are this machine's own, and not those of whom the proxy asks for", async () => {
  expect((await get("/metrics")).status).toBe(403);
  const direct = await fetch(`${server.url}/metrics`, {
    headers: { "x-forwarded-for": "203.0.113.5" },
  });
  expect(direct.status).toBe(401);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
});

test("health and the console pass", async () => {
  expect((await get("/health/ready")).status).toBe(200);
  expect((await get("/")).body).toContain("<!doctype html>");
});
