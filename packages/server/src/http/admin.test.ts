import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GeodeError } from "@geode/values";
import { forgetfulStore } from "../auth/revocations.ts";
import { SignJWT } from "jose";
import { RunningServer, SECRET } from "../../test/running-server.ts";
import type { LogFields } from "../log.ts";

let running: RunningServer;
let audit: (LogFields & { readonly message: string })[];
const record = (fields: LogFields, message: string) => void audit.push({ ...fields, message });
const start = async (options: Parameters<typeof RunningServer.start>[0] = {}) => {
  running = await RunningServer.start({
    auditLog: { info: record, warn: record, error: record },
    ...options,
  });
};
beforeEach(() => {
  audit = [];
});
afterEach(() => running.close());

async function call(method: string, path: string, roles: readonly string[] = ["admin"]) {
  const token = await running.token({ user: "root", roles });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${running.http}/admin/${path}`, { method, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return {
    status: response.status,
    body: (isJson ? JSON.parse(text) : text) as Record<string, unknown>,
  };
}
const revoked = { code: 1008, reason: "Revoked" };

describe("PROTOCOL 15.1: GET /admin/connections", () => {
  test("shows the pool as a whole, and each connection without its token", async () => {
    await start({ limits: { connectionsMax: 200 } });
    const ann = await running.peer({ user: "ann", roles: ["member"] });
    await running.stranger();
    await ann.ask({ type: "SUBSCRIBE", id: "s", query: "x" });
    const { body } = await call("GET", "connections");
    expect(body).toMatchObject({
      total_connections: 2,
      capacity_used: "1.0%",
      connections_total: 2,
      messages: { sent: 2, received: 2 },
      bandwidth: { sent_mb: "0.00", received_mb: "0.00" },
      errors: 0,
      found: 2,
    });
    const [first, second] = body["connections"] as Record<string, unknown>[];
    expect(first).toEqual({
      session: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      user: "ann",
      roles: ["member"],
      token_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      remote_address: "127.0.0.1",
      opened_at: new Date(running.clock.nowMs()).toISOString(),
      expires_at: new Date(running.clock.nowMs() + 3_600_000).toISOString(),
      subscriptions: 1,
      in_flight: 0,
      buffered_bytes: 0,
    });
    expect(second).not.toHaveProperty("user");
  });

  test("can be asked for one user and for so many, within limits", async () => {
    await start();
    for (const user of ["ann", "bob", "ann"]) await running.peer({ user });
    const shown = async (search: string) => {
      const { body } = await call("GET", `connections${search}`);
      return [body["found"], (body["connections"] as unknown[]).length];
    };
    expect(await shown("?user=ann")).toEqual([2, 2]);
    expect(await shown("?user=ann&limit=1")).toEqual([2, 1]);
    expect(await shown("?user=__proto__")).toEqual([0, 0]);
    expect(await shown("?limit=1000")).toEqual([3, 3]);
    for (const limit of ["1001", "-1", "x", "1.5"])
      expect((await call("GET", `connections?limit=${limit}`)).status).toBe(400);
  });
});

describe("PROTOCOL 2.8: access is revoked within a second", () => {
  test("of one connection, and no other", async () => {
    await start();
    const [first, second] = [await running.peer(), await running.peer()];
    const { body } = await call("GET", "connections");
    const [{ session }] = body["connections"] as [{ session: string }];
    expect(await call("DELETE", `connections/${session}`)).toMatchObject({ body: { closed: 1 } });
    expect(await first.closed).toEqual(revoked);
    await second.ask({ type: "PING" });
    expect((await call("DELETE", "connections/nonsense")).status).toBe(404);
  });

  test("of a user: all connections end, the tokens stay out, and new ones are good", async () => {
    await start();
    const token = await running.token({ user: "ann" });
    const [first, second] = [
      await running.peer({ user: "ann" }),
      await running.peer({ user: "ann" }),
    ];
    const bob = await running.peer({ user: "bob" });
    expect((await call("PUT", "revocations/users/ann")).body).toEqual({ closed: 2 });
    expect([await first.closed, await second.closed]).toEqual([revoked, revoked]);
    await bob.ask({ type: "PING" });
    const stranger = await running.stranger();
    stranger.send({ type: "AUTH", token });
    expect(await stranger.closed).toEqual({ code: 1008, reason: "Invalid token" });
    const headers = { authorization: `Bearer ${token}` };
    await expect(running.stranger("", { headers })).rejects.toThrow("401");
    running.clock.pass(1_000);
    await running.peer({ user: "ann" });
  });

  test("of a user whose token was signed by a clock that is ahead of ours", async () => {
    await start();
    const iat = Math.floor(running.clock.nowMs() / 1000) + 30;
    const token = await new SignJWT({ sub: "ann", iat, exp: iat + 60 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(SECRET);
    const peer = await running.stranger();
    await peer.ask({ type: "AUTH", token });
    expect((await call("PUT", "revocations/users/ann")).body).toEqual({ closed: 1 });
    expect(await peer.closed).toEqual(revoked);
  });

  test("of a token by its id", async () => {
    await start();
    const [first, second] = [await running.peer(), await running.peer()];
    const { body } = await call("GET", "connections");
    const [{ token_id: id }] = body["connections"] as [{ token_id: string }];
    expect((await call("PUT", `revocations/tokens/${id}`)).body).toEqual({ closed: 1 });
    expect(await first.closed).toEqual(revoked);
    await second.ask({ type: "PING" });
  });

  test("of a user whose name needs encoding", async () => {
    await start();
    const peer = await running.peer({ user: "a/b é%?#" });
    await call("PUT", `revocations/users/${encodeURIComponent("a/b é%?#")}`);
    expect(await peer.closed).toEqual(revoked);
    expect((await call("GET", "revocations")).body).toMatchObject({ users: [{ id: "a/b é%?#" }] });
  });

  test("a renewal of a revoked token ends the connection", async () => {
    await start();
    const peer = await running.peer({ user: "ann" });
    const token = await running.token({ user: "ann" });
    const { jti } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as {
      jti: string;
    };
    await call("PUT", `revocations/tokens/${jti}`);
    peer.send({ type: "AUTH", token });
    expect(await peer.closed).toEqual({ code: 1008, reason: "Invalid token" });
  });

  test("who may not be kept is told so, and the connections end all the same", async () => {
    const save = () => Promise.reject(new GeodeError("UNAVAILABLE", "the disk is full"));
    await start({ revocationStore: { ...forgetfulStore, save } });
    const peer = await running.peer({ user: "ann" });
    expect(await call("PUT", "revocations/users/ann")).toEqual({
      status: 503,
      body: "the disk is full\n",
    });
    expect(await peer.closed).toEqual(revoked);
  });

  test("one revocation more than there may be is HTTP 409", async () => {
    await start({ limits: { revocationsMax: 1 } });
    expect((await call("PUT", "revocations/users/ann")).status).toBe(200);
    expect((await call("PUT", "revocations/users/bob")).status).toBe(409);
  });
});

describe("PROTOCOL 15.1: administration is for the role admin alone", () => {
  test.each([
    ["GET", "connections"],
    ["DELETE", "connections/x"],
    ["GET", "revocations"],
    ["PUT", "revocations/users/ann"],
    ["GET", "nothing"],
  ])("%s /admin/%s", async (method, path) => {
    await start();
    expect((await call(method, path, [])).status).toBe(403);
    expect((await call(method, path, ["monitor", "Admin"])).status).toBe(403);
    const anonymous = await fetch(`${running.http}/admin/${path}`, { method });
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get("www-authenticate")).toBe("Bearer");
    const inUrl = `?token=${await running.token({ roles: ["admin"] })}`;
    expect((await fetch(`${running.http}/admin/${path}${inUrl}`, { method })).status).toBe(401);
  });

  test.each([
    ["POST", "connections", 405],
    ["GET", "connections/x", 405],
    ["DELETE", "revocations/users/ann", 405],
    ["GET", "", 404],
    ["GET", "nothing", 404],
    ["PUT", "revocations/users", 404],
    ["PUT", "revocations/roles/x", 404],
    ["PUT", "revocations/users/", 400],
    ["PUT", "revocations/users/%E0%A4%A", 400],
    ["PUT", "revocations/users/a/b", 404],
  ])("%s /admin/%s is HTTP %i", async (method, path, status) => {
    await start();
    expect((await call(method, path)).status).toBe(status);
  });
});

test("the audit has who came in, who did not, who was refused, and what administrators did", async () => {
  await start();
  const peer = await running.peer({ user: "ann\nroot" });
  await expect(
    running.stranger("", { headers: { authorization: "Bearer nonsense" } }),
  ).rejects.toThrow("401");
  await call("GET", "connections", ["monitor"]);
  await call("PUT", `revocations/users/${encodeURIComponent("ann\nroot")}`);
  await peer.closed;
  const address = { remoteAddress: "127.0.0.1", audit: true };
  expect(audit).toEqual([
    {
      ...address,
      message: "authenticated",
      user: "ann\nroot",
      session: expect.any(String) as string,
      tokenId: expect.any(String) as string,
    },
    { ...address, message: "token refused", why: expect.stringContaining("not a JWT") as string },
    { ...address, message: "forbidden", user: "root", what: "Administration" },
    { ...address, message: "user revoked", user: "root", target: "ann\nroot", closed: 1 },
  ]);
});
