import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { limitsWith } from "@geode/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { Traffic } from "../metrics/traffic.ts";
import { Peer } from "../../test/peer.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { Listener, type TlsFiles } from "./listener.ts";

let listener: Listener;
const peers: Peer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.webSocket.terminate();
  await listener.close();
});

/** A listener that lets everybody in, and what it tells of the connections. */
async function listen(tls?: TlsFiles, handler: Partial<ConnectionListener> = {}) {
  const connections: Connection[] = [];
  listener = await Listener.listen({
    host: "127.0.0.1",
    port: 0,
    tls,
    limits: limitsWith(),
    traffic: new Traffic(),
    log: silentLog,
    door: {
      handshake: () =>
        Promise.resolve({
          kind: "accepted",
          protocol: undefined,
          open: (connection) => {
            connections.push(connection);
            return {
              textFrame: () => undefined,
              binaryFrame: () => undefined,
              pong: () => undefined,
              taken: () => undefined,
              closed: () => undefined,
              ...handler,
            };
          },
        }),
      request: () => Promise.reject(new Error("a bug")),
      limitReached: () => undefined,
    },
  });
  return connections;
}

const connect = async () => {
  const peer = await Peer.connect(`ws://127.0.0.1:${listener.port}/ws`);
  peers.push(peer);
  return peer;
};

describe("sending", () => {
  test("frames of one call arrive in order, short and long ones, as they were sent", async () => {
    const connections = await listen();
    const peer = await connect();
    const long = JSON.stringify({ text: "é€😀".repeat(200_000) });
    connections[0]!.send(['{"n":1}', long, '{"n":2}', '{"n":3}']);
    connections[0]!.send(['{"n":4}']);
    expect(await peer.next()).toEqual({ n: 1 });
    expect(await peer.next()).toEqual(JSON.parse(long));
    expect([await peer.next(), await peer.next(), await peer.next()]).toEqual([
      { n: 2 },
      { n: 3 },
      { n: 4 },
    ]);
  });

  test("a ping passes between the slices of a long frame", async () => {
    const connections = await listen();
    const peer = await connect();
    const order: string[] = [];
    peer.webSocket.on("ping", () => order.push("ping"));
    peer.webSocket.on("message", () => order.push("message"));
    connections[0]!.send([JSON.stringify("x".repeat(16 * 1024 * 1024))]);
    connections[0]!.ping();
    await peer.next();
    expect(order).toEqual(["ping", "message"]);
  });

  test("what is not taken is counted, and counted as taken once it was", async () => {
    let taken = () => {};
    const connections = await listen(undefined, { taken: () => taken() });
    const peer = await connect();
    const connection = connections[0]!;
    peer.webSocket.pause();
    const frame = JSON.stringify("x".repeat(32 * 1024 * 1024));
    connection.send([frame]);
    expect(connection.bufferedBytes).toBe(frame.length);
    peer.webSocket.resume();
    await new Promise<void>((resolve) => {
      taken = () => connection.bufferedBytes === 0 && resolve();
      taken();
    });
    expect(connection.takenBytes).toBe(frame.length);
  });

  test("what the system takes at once counts as taken when the turn is over, for each call", async () => {
    const told: number[] = [];
    const connections = await listen(undefined, {
      taken: () => told.push(connections[0]!.takenBytes),
    });
    const peer = await connect();
    const connection = connections[0]!;
    connection.send(['{"n":1}', '{"n":2}']);
    connection.send(['{"n":33}']);
    expect([connection.bufferedBytes, connection.takenBytes, told]).toEqual([22, 0, []]);
    await new Promise((resolve) => process.nextTick(resolve));
    expect([connection.bufferedBytes, connection.takenBytes, told]).toEqual([0, 22, [14, 22]]);
    expect([await peer.next(), await peer.next(), await peer.next()]).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 33 },
    ]);
  });

  test("what the system does not take at once, of many short frames, counts as taken once it was", async () => {
    let taken = () => {};
    const connections = await listen(undefined, { taken: () => taken() });
    const peer = await connect();
    const connection = connections[0]!;
    peer.webSocket.pause();
    const filler = "x".repeat(15_000);
    let sent = 0;
    let bytes = 0;
    const send = (): void => {
      const frame = JSON.stringify({ n: sent++, filler });
      bytes += frame.length;
      connection.send([frame]);
    };
    // Until the buffers of the system are full, and then some.
    while (connection.bufferedBytes === 0) {
      send();
      await new Promise((resolve) => process.nextTick(resolve));
    }
    for (let more = 0; more < 10; more++) send();
    expect(connection.bufferedBytes + connection.takenBytes).toBe(bytes);
    peer.webSocket.resume();
    await new Promise<void>((resolve) => {
      taken = () => connection.bufferedBytes === 0 && resolve();
      taken();
    });
    expect(connection.takenBytes).toBe(bytes);
    for (let n = 0; n < sent; n++) expect((await peer.next())["n"]).toBe(n);
  });

  test("what could not be written does not count as taken", async () => {
    const closed = Promise.withResolvers<void>();
    let told = 0;
    const connections = await listen(undefined, {
      taken: () => told++,
      closed: () => closed.resolve(),
    });
    const peer = await connect();
    const connection = connections[0]!;
    // The connection is reset, and this side has not heard of it when it writes.
    const { _socket: socket } = peer.webSocket as unknown as { _socket: Socket };
    socket.resetAndDestroy();
    connection.send(["{}"]);
    await closed.promise;
    expect(connection.takenBytes).toBe(0);
    expect(told).toBe(0);
  });

  test("after the end nothing is sent, and nothing fails", async () => {
    const closed = Promise.withResolvers<void>();
    const connections = await listen(undefined, { closed: () => closed.resolve() });
    const peer = await connect();
    peer.webSocket.terminate();
    await closed.promise;
    const connection = connections[0]!;
    connection.send(["{}"]);
    connection.ping();
    connection.close(1000, "x");
    connection.terminate();
    expect(connection.bufferedBytes).toBe(0);
  });
});

test("a connection that is not read still hears the other side's close", async () => {
  const closed = Promise.withResolvers<number>();
  const connections = await listen(undefined, { closed: (code) => closed.resolve(code) });
  const peer = await connect();
  connections[0]!.stopReading();
  connections[0]!.close(4008, "Slow consumer");
  expect(await peer.closed).toEqual({ code: 4008, reason: "Slow consumer" });
  expect(await closed.promise).toBe(4008);
});

test("the frame limit can grow while a connection is open", async () => {
  const seen = Promise.withResolvers<number>();
  const connections = await listen(undefined, { textFrame: (text) => seen.resolve(text.length) });
  const peer = await connect();
  connections[0]!.allowFrames(100_000);
  peer.send("x".repeat(100_000));
  expect(await seen.promise).toBe(100_000);
  peer.send("x".repeat(100_001));
  expect(await peer.closed).toEqual({ code: 1009, reason: "Message too big" });
});

test("a request that fails inside is HTTP 500 without the inside", async () => {
  await listen();
  const response = await fetch(`http://127.0.0.1:${listener.port}/`);
  expect(response.status).toBe(500);
  expect(await response.text()).toBe("Internal error\n");
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

/** Node.js makes keys, but no certificates. */
const OPENSSL = "openssl";

describe("TLS", () => {
  let directory: string;
  const certificate = (name: string): TlsFiles => {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
    const subject = `/CN=${name}`;
    execFileSync(
      OPENSSL,
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
      ].concat(["-days", "1", "-subj", subject, "-keyout", key, "-out", cert]),
      { stdio: "ignore" },
    );
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "geode-tls-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** The name in the certificate that a new connection is shown. */
  const shownName = async () => {
    const call = request({
      host: "127.0.0.1",
      port: listener.port,
      rejectUnauthorized: false,
      agent: false,
    });
    call.end();
    const [response] = (await once(call, "response")) as [{ socket: TLSSocket; resume(): void }];
    const { subject } = response.socket.getPeerCertificate();
    response.resume();
    return subject.CN;
  };

  test("what is sent is counted as without it", async () => {
    let taken = () => {};
    const connections = await listen(certificate("one"), { taken: () => taken() });
    const peer = await Peer.connect(`wss://127.0.0.1:${listener.port}/ws`, {
      rejectUnauthorized: false,
    });
    peers.push(peer);
    const connection = connections[0]!;
    for (let n = 0; n < 3; n++) connection.send([`{"n":${n}}`]);
    expect(connection.bufferedBytes).toBe(21);
    await new Promise<void>((resolve) => (taken = () => connection.takenBytes === 21 && resolve()));
    expect(connection.bufferedBytes).toBe(0);
    for (let n = 0; n < 3; n++) expect(await peer.next()).toEqual({ n });
  });

  test("a certificate is replaced while the server runs; a bad one is refused and the present one stays", async () => {
    await listen(certificate("one"));
    expect(await shownName()).toBe("one");
    const two = certificate("two");
    listener.replaceTls(two);
    expect(await shownName()).toBe("two");
    expect(() => listener.replaceTls({ cert: "nonsense", key: two.key })).toThrow();
    expect(await shownName()).toBe("two");
  });
});
