import { afterEach, beforeEach, expect, test } from "vitest";
import { subscribe, WITHOUT_PINGS } from "./messages.ts";
import { RunningServer } from "./running-server.ts";

/** Who leaves leaves nothing behind, and who starts anew does so as who they are by now. */
let running: RunningServer;
beforeEach(async () => {
  running = await RunningServer.start({ limits: WITHOUT_PINGS });
});
afterEach(() => running.close());

const gauge = async (name: string): Promise<number> => {
  const lines = (await running.server.metrics()).split("\n");
  return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1));
};

test("what waits for a commit that is still to come is taken back", async () => {
  const peer = await running.peer();
  await peer.ask(subscribe("s", "x", { min_seq: 99 }));
  const { signal } = running.database.live[0]!.request;
  expect(signal!.aborted).toBe(false);
  await peer.close();
  await running.connections(0);
  expect(signal!.aborted).toBe(true);
});

test("channels forget who has left", async () => {
  const admin = await running.peer({ user: "root", roles: ["admin"] });
  const peers = [await running.peer(), await running.peer()];
  for (const peer of peers) await peer.ask({ type: "OPEN_CHANNEL", channel: "notifications" });
  const notify = { type: "NOTIFY", id: 1, message: "hello" };
  expect(await admin.ask(notify)).toMatchObject({ connections: 2 });
  await peers[0]!.close();
  await running.connections(2);
  expect(await admin.ask(notify)).toMatchObject({ connections: 1 });
});

test("users are forgotten once their rates are full again", async () => {
  const peer = await running.peer();
  await peer.ask(subscribe("s"));
  expect(await gauge("geode_users")).toBe(1);
  await peer.close();
  await running.connections(0);
  running.clock.pass(10_000);
  expect(await gauge("geode_users")).toBe(0);
});

test("a result that is sent anew is asked for with the roles of now, and not from where the client once was", async () => {
  await running.close();
  running = await RunningServer.start({
    limits: { ...WITHOUT_PINGS, conflateBytesMin: 1_000, outboxBytesMax: 20_000 },
  });
  const peer = await running.peer();
  const resume = { epoch: "epoch-1", seq: 0 };
  await peer.ask(subscribe("s", "x", { resume }));
  await peer.ask({ type: "AUTH", token: await running.token({ roles: ["auditor"] }) });
  peer.webSocket.pause();
  const ages = Array.from({ length: 20_000 }, (_, age) => age);
  // The operating system takes some of it; then updates are dropped, and the result is asked for anew when there is room.
  for (let count = 0; count < 20; count++) {
    running.database.commit(...ages);
    await new Promise((resolve) => setImmediate(resolve));
  }
  peer.webSocket.resume();
  while (running.database.live.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const [first, second] = running.database.live.map(({ request }) => request);
  expect(first).toMatchObject({ resume, principal: { roles: [] } });
  expect(second).toMatchObject({ text: "x", principal: { roles: ["auditor"] } });
  expect(second).not.toHaveProperty("resume");
  expect(second).not.toHaveProperty("signal");
});
