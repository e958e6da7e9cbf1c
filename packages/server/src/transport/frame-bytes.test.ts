import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { deflate, endOfMessage, inflate, stored } from "./deflate.ts";
import { framed, framedSlice } from "./frame-bytes.ts";
import { payloadOf, SharedBody, SharedFrame, type OutFrame } from "./out-frame.ts";

const MIB = 1024 * 1024;

/** What `ws`, as a client, reads out of bytes that a server sent. */
async function readBy(bytes: Buffer, count: number, deflates: boolean): Promise<OutFrame[]> {
  const server = await rawServer(bytes, deflates);
  const webSocket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, {
    perMessageDeflate: deflates,
  });
  const read: OutFrame[] = [];
  const all = Promise.withResolvers<void>();
  webSocket.on("error", all.reject);
  webSocket.on("message", (data: Buffer, isBinary: boolean) => {
    read.push(isBinary ? data : data.toString());
    if (read.length === count) all.resolve();
  });
  try {
    await all.promise;
  } finally {
    webSocket.terminate();
    server.close();
  }
  return read;
}

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Answers a handshake by hand, and then says these bytes. */
async function rawServer(bytes: Buffer, deflates: boolean): Promise<Server> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once("data", (request) => {
      const key = /sec-websocket-key: (\S+)/i.exec(request.toString())![1]!;
      const accept = createHash("sha1")
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      const extension =
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; " +
        "client_no_context_takeover; server_max_window_bits=10\r\n";
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\n${deflates ? extension : ""}\r\n`,
      );
      socket.write(bytes);
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const sharedOf = (head: string, body: string, foot: string): OutFrame =>
  new SharedFrame(head, new SharedBody(body), foot);
const plain = (message: OutFrame) =>
  message instanceof Uint8Array ? Buffer.from(message) : payloadOf(message).toString();

describe.each([
  ["plain", false],
  ["compressed", true],
])("messages, %s,", (_, deflates) => {
  const messages: OutFrame[] = [
    "",
    "short",
    "é€😀".repeat(20),
    "x".repeat(125),
    "x".repeat(126),
    "abc".repeat(1000),
    "x".repeat(65_535),
    "y".repeat(65_536),
    Buffer.from([0, 1, 2]),
    Buffer.alloc(5000, 7),
    randomBytes(3000),
    sharedOf('{"s":1,', `"data":"${"row ".repeat(400)}"}`, ""),
    sharedOf('{"s":"é",', `"data":"${"row ".repeat(400)}"}`, "}"),
    sharedOf("h".repeat(70_000), "b".repeat(1500), "}"),
    sharedOf("a", "b", "c"),
    new SharedFrame(Buffer.from([2, 0]), new SharedBody(Buffer.alloc(2000, 3)), ""),
  ];

  test("of every length and kind are read as they were sent, from one piece of memory", async () => {
    const read = await readBy(framed(messages, deflates), messages.length, deflates);
    expect(read).toEqual(
      messages.map((message) =>
        message instanceof SharedFrame && typeof message.head !== "string"
          ? payloadOf(message)
          : plain(message),
      ),
    );
  });

  test("that travel in slices are put together again", async () => {
    const text = Buffer.from("0123456789é".repeat(1000));
    const slices: Buffer[] = [];
    for (let start = 0; start < text.length; start += 1001) {
      const bytes = text.subarray(start, start + 1001);
      const last = start + 1001 >= text.length;
      slices.push(...framedSlice({ bytes, text: true, first: start === 0, last, deflates }));
    }
    expect(await readBy(Buffer.concat(slices), 1, deflates)).toEqual([text.toString()]);
  });
});

test("PROTOCOL 11.4: messages shorter than a KiB, and what would not get shorter, are not compressed", () => {
  const compressedBit = (message: OutFrame) => (framed([message], true)[0]! & 0x40) !== 0;
  expect(compressedBit("x".repeat(1023))).toBe(false);
  expect(compressedBit("x".repeat(1024))).toBe(true);
  expect(compressedBit(randomBytes(4096))).toBe(false);
});

test("a shared body is compressed once, whoever gets it, and only when somebody needs it", () => {
  const body = new SharedBody("row ".repeat(1000));
  framed([new SharedFrame("a", body, "")], true);
  const { deflated } = body;
  framed([new SharedFrame("b", body, "}")], true);
  expect(body.deflated).toBe(deflated);
});

test("what was compressed in pieces, with stored pieces between them, inflates to the whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 })), { minLength: 1 }),
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      (pieces, end) => {
        const all = [...pieces.map(([, bytes]) => bytes), end].map((bytes) => Buffer.from(bytes));
        const coded = all.map((bytes, place) =>
          pieces[place]?.[0] === true ? stored(bytes) : deflate(bytes),
        );
        const last = endOfMessage(coded.pop()!);
        expect(inflate(Buffer.concat([...coded, last]), MIB)).toEqual(Buffer.concat(all));
      },
    ),
  );
});

describe("several messages that many get alike", () => {
  const shared = (letter: string): SharedFrame =>
    new SharedFrame("", new SharedBody(letter.repeat(2_000)), "");
  const texts = (messages: readonly OutFrame[]): string[] =>
    messages.map((message) => payloadOf(message).toString());

  test("are joined once", () => {
    const messages = [shared("a"), shared("b")];
    expect(framed([...messages], false)).toBe(framed([...messages], false));
  });

  test("are what each of them is, whoever got which before, compressed or not", async () => {
    const [a, b, c] = [shared("a"), shared("b"), shared("c")];
    for (const messages of [
      [a, b],
      [a, c],
      [b, a],
      [a, b, c],
      [a, b],
    ]) {
      for (const deflates of [true, false, true])
        expect(await readBy(framed(messages, deflates), messages.length, deflates)).toEqual(
          texts(messages),
        );
    }
  });
});
