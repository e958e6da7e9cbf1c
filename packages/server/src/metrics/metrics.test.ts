import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { RunningServer } from "../../test/running-server.ts";

let running: RunningServer;
const start = async (options: Parameters<typeof RunningServer.start>[0] = {}) => {
  running = await RunningServer.start(options);
};
afterEach(() => running.close());

const text = async () => (await fetch(`${running.http}/metrics`)).text();
/** The sample of that name and those labels; undefined if there is none. */
async function sample(name: string): Promise<number | undefined> {
  const line = (await text()).split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

test("the names of old count what they say", async () => {
  await start();
  const [ann, bob] = [await running.peer(), await running.peer({ user: "bob" })];
  await ann.ask({ type: "QUERY", id: 1, query: "value x" });
  await ann.ask({ type: "QUERY", id: 2, query: "fail" });
  await bob.close();
  await running.connections(1);
  expect(await sample("websocket_connections_active")).toBe(1);
  expect(await sample("websocket_connections_total")).toBe(2);
  expect(await sample("websocket_messages_received_total")).toBe(4);
  expect(await sample("websocket_messages_sent_total")).toBe(4);
  expect(await sample("websocket_errors_total")).toBe(1);
  expect(await sample("websocket_bytes_received_total")).toBeGreaterThan(500);
  expect(await sample("websocket_bytes_sent_total")).toBeGreaterThan(1_000);
  ann.send("{");
  await ann.closed;
  await running.connections(0);
  expect(await sample("websocket_connections_active")).toBe(0);
  expect(await sample("websocket_errors_total")).toBe(2);
  expect(await sample('geode_closes_total{code="1003",reason="invalidJson"}')).toBe(1);
});

test("times are told by class, and what the database says of itself", async () => {
  await start();
  Object.assign(running.database, {
    status: () => ({ writable: false, reason: "disk full", seq: 7, nodes: 3, readers: 2 }),
  });
  const peer = await running.peer();
  await peer.ask({ type: "QUERY", id: 1, query: "value" });
  await peer.ask({ type: "QUERY", id: 2, query: "write" });
  await peer.ask({ type: "SUBSCRIBE", id: 3, query: "x" });
  running.database.commit(1);
  await peer.next();
  for (const [name, count] of [
    ['geode_query_seconds_count{class="read"}', 1],
    ['geode_query_seconds_count{class="write"}', 1],
    ['geode_query_seconds_count{class="subscribe"}', 1],
    ["geode_commit_seconds_count", 1],
    ["geode_queue_seconds_count", 3],
    ["geode_fan_out_seconds_count", 1],
    ["geode_subscriptions", 1],
    ["geode_users", 1],
    ["geode_writable", 0],
    ["geode_seq", 7],
    ["geode_nodes", 3],
    ["geode_readers", 2],
  ] as const)
    expect([name, await sample(name)]).toEqual([name, count]);
});

test("nothing that a peer chose becomes a label", async () => {
  await start();
  const peer = await running.peer({ user: "a-name-of-a-peer" });
  await peer.ask({ type: "QUERY", id: "an-id-of-a-peer", query: "fail a-text-of-a-peer" });
  peer.webSocket.close(4999, "a-reason-of-a-peer");
  await running.connections(0);
  expect(await text()).not.toContain("of-a-peer");
  expect(await sample('geode_closes_total{code="other",reason="other"}')).toBe(1);
});

/** Of Debian's package `prometheus`; `npm test` installs it when it is missing and it may. */
const PROMTOOL = process.env["GEODE_PROMTOOL"] ?? "/usr/bin/promtool";

test("promtool finds nothing wrong, after everything has happened", async () => {
  await start();
  const peer = await running.peer();
  await peer.ask({ type: "QUERY", id: 1, query: "fail" });
  await expect(running.stranger("", { origin: "https://evil.example" })).rejects.toThrow("403");
  await peer.close();
  const check = spawnSync(PROMTOOL, ["check", "metrics"], {
    input: await text(),
    encoding: "utf8",
  });
  expect(check.error, `cannot run ${PROMTOOL}`).toBeUndefined();
  expect([check.stdout, check.stderr, check.status]).toEqual(["", "", 0]);
});

describe("PROTOCOL 15.1: GET /metrics is open to this machine, and to nobody else without a token", () => {
  const get = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = running.server;
      const call = request({ host: "127.0.0.1", port, path: "/metrics", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.on("error", reject).end();
    });
  const bearer = async (...roles: string[]) => ({
    authorization: `Bearer ${await running.token({ roles })}`,
  });
  const elsewhere = { "x-forwarded-for": "203.0.113.5" };

  test.each<[string, Record<string, string>, number]>([
    ["this machine", {}, 200],
    ["this machine by name", { host: "localhost:8443" }, 200],
    ["a proxy on it, for somebody else", elsewhere, 401],
    ["a proxy on it, for whoever it does not say", { "x-forwarded-for": "" }, 401],
    ["a proxy on it that only passes on the host", { host: "geode.example" }, 401],
    ["a page whose name was bound to this machine's address", { host: "evil.example:8443" }, 401],
  ])("%s", async (_name, headers, status) => {
    await start();
    expect(await get(headers)).toBe(status);
  });

  test("elsewhere, for the roles admin and monitor", async () => {
    await start();
    expect(await get({ ...elsewhere, ...(await bearer("monitor")) })).toBe(200);
    expect(await get({ ...elsewhere, ...(await bearer("admin")) })).toBe(200);
    expect(await get({ ...elsewhere, ...(await bearer("member")) })).toBe(403);
    expect(await get({ ...elsewhere, authorization: "Bearer nonsense" })).toBe(401);
  });

  test("behind a configured proxy nothing is local", async () => {
    await start({ trustedProxies: ["127.0.0.1"] });
    expect(await get({})).toBe(401);
  });

  test("everywhere, where the server is so configured", async () => {
    await start({ metricsPublic: true });
    expect(await get(elsewhere)).toBe(200);
  });
});

test("every metric that the Grafana dashboard shows exists", async () => {
  await start();
  const path = new URL("../../../../docs/grafana.json", import.meta.url);
  const dashboard = JSON.parse(readFileSync(path, "utf8")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const shown = new Set(
    expressions.flatMap((expr) => expr.match(/\b(?:websocket|geode|process)_\w+/g) ?? []),
  );
  const known = new Set(
    running.server.metricNames.flatMap((name) => [name, `${name}_bucket`, `${name}_count`]),
  );
  expect(shown.size).toBeGreaterThan(20);
  expect([...shown].filter((name) => !known.has(name))).toEqual([]);
  // And none is left out.
  const names = running.server.metricNames.filter(
    (name) => ![name, `${name}_bucket`].some((each) => shown.has(each)),
  );
  expect(names).toEqual([]);
});
