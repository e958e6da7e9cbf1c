import { constants, deflateRawSync } from "node:zlib";
import { limitsWith } from "@geode/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { Traffic } from "../metrics/traffic.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  converse,
  PING,
  PONG,
  rawFrame,
  TEXT,
  type Heard,
  type RawFrame,
} from "../../test/raw-peer.ts";
import type { Connection } from "./connection.ts";
import { Listener } from "./listener.ts";

/*
 * RFC 6455 and RFC 7692 by hand-made frames over a bare socket, against a listener that says every message back. The categories are
 * those of the Autobahn test suite. What is random comes from a fixed seed.
 */

const KIB = 1024;
const LIMIT = 64 * KIB;
const FRAGMENTS_MAX = 1024;

let listener: Listener;
const limitsMet: string[] = [];
beforeAll(async () => {
  listener = await Listener.listen({
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    limits: limitsWith({ frameBytesBeforeAuthMax: LIMIT }),
    traffic: new Traffic(),
    log: silentLog,
    door: {
      handshake: () =>
        Promise.resolve({
          kind: "accepted",
          protocol: undefined,
          open: (connection: Connection) => ({
            textFrame: (text) => connection.send([text]),
            binaryFrame: (bytes) => connection.send([Buffer.from(bytes)]),
            pong: () => undefined,
            taken: () => undefined,
            closed: () => undefined,
          }),
        }),
      request: () => Promise.reject(new Error("a bug")),
      limitReached: (name) => limitsMet.push(name),
    },
  });
});
let cases = 0;
afterAll(async () => {
  await listener.close();
  expect(cases).toBeGreaterThan(500);
});

interface Expected {
  readonly messages?: readonly (string | Buffer)[];
  readonly pongs?: readonly Uint8Array[];
  /** The code that the server closes with; by default that of our own close, which stands at the end. */
  readonly close?: number;
}

type Chop = "whole" | "bytes" | "pieces";

/** Says these frames, and ours of closing behind them. */
async function say(
  name: string,
  frames: readonly RawFrame[],
  expected: Expected,
  { chop = "whole", deflate = false }: { chop?: Chop; deflate?: boolean } = {},
): Promise<void> {
  cases++;
  const farewell = { opcode: CLOSE, payload: closePayload(1000) };
  const bytes = Buffer.concat([...frames, farewell].map(rawFrame));
  const heard: Heard = await converse(listener.port, chopped(bytes, chop), { deflate });
  expect(heard.close, name).toBe(expected.close ?? 1000);
  if (expected.messages !== undefined) expect(heard.messages, name).toEqual(expected.messages);
  if (expected.pongs !== undefined) {
    expect(heard.pongs.map(String), name).toEqual(
      expected.pongs.map((pong) => Buffer.from(pong).toString()),
    );
  }
}

function chopped(bytes: Buffer, chop: Chop): Buffer[] {
  const size = chop === "whole" ? bytes.length : chop === "bytes" ? 1 : 997;
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size)
    pieces.push(bytes.subarray(start, start + size));
  return pieces;
}

function closePayload(code: number, reason: string | Uint8Array = ""): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason as string)]);
}

const text = (payload: string | Uint8Array): RawFrame => ({
  opcode: TEXT,
  payload: Buffer.from(payload as string),
});

/** A message in fragments of the given kind, cut at these places. */
function fragments(opcode: number, payload: Buffer, cuts: readonly number[], rsv = 0): RawFrame[] {
  const ends = [...cuts, payload.length];
  return ends.map((end, place) => ({
    opcode: place === 0 ? opcode : CONTINUATION,
    payload: payload.subarray(place === 0 ? 0 : ends[place - 1], end),
    fin: place === ends.length - 1,
    rsv: place === 0 ? rsv : 0,
  }));
}

/** Values that a seed gives, always the same. */
const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(arbitrary, { seed: 20_301_122, numRuns: count });

describe("1 framing", () => {
  test.each(["whole", "bytes", "pieces"] as const)(
    "messages of every length, sent %s",
    async (chop) => {
      const lengths = [0, 1, 125, 126, 127, 128, 255, 256, 1000, 65_535, LIMIT];
      for (const length of lengths) {
        if (chop === "bytes" && length > 300) continue;
        const payload = Buffer.alloc(length, 0x2a);
        await say(`text ${length}`, [text(payload)], { messages: [payload.toString()] }, { chop });
        const binary = { opcode: BINARY, payload };
        await say(`binary ${length}`, [binary], { messages: [payload] }, { chop });
      }
    },
  );

  test("what a client does not mask closes with 1002", async () => {
    for (const opcode of [TEXT, BINARY, PING, PONG])
      await say(`opcode ${opcode}`, [{ opcode, masked: false }], { close: 1002 });
  });

  test("several messages in one piece are answered in order", async () => {
    const words = ["a", "b", "", "d".repeat(200)];
    await say("four", words.map(text), { messages: words });
  });
});

describe("2 pings and pongs", () => {
  test("a ping is answered with its payload", async () => {
    for (const length of [0, 1, 124, 125]) {
      const payload = Buffer.alloc(length, 0x70);
      await say(`${length} bytes`, [{ opcode: PING, payload }], { pongs: [payload] });
    }
    const many = Array.from({ length: 10 }, (_, n) => Buffer.from(String(n)));
    await say(
      "ten",
      many.map((payload) => ({ opcode: PING, payload })),
      { pongs: many },
    );
  });

  test("a pong that nobody asked for is nothing", async () => {
    const pong = { opcode: PONG, payload: Buffer.from("unasked") };
    await say("pong", [pong, text("after")], { messages: ["after"], pongs: [] });
  });

  test("control frames of more than 125 bytes, or in fragments, close with 1002", async () => {
    for (const opcode of [PING, PONG, CLOSE]) {
      await say(`long ${opcode}`, [{ opcode, payload: Buffer.alloc(126) }], { close: 1002 });
      await say(`fragment ${opcode}`, [{ opcode, fin: false }], { close: 1002 });
    }
  });
});

describe("3 reserved bits", () => {
  test.each([false, true])(
    "close with 1002 unless they mean compression (negotiated: %s)",
    async (deflate) => {
      const payload = deflateRawSync("hello", { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
        0,
        -4,
      );
      for (const opcode of [TEXT, BINARY, PING, PONG, CLOSE]) {
        for (let rsv = 1; rsv < 8; rsv++) {
          const compressed = deflate && rsv === 4 && opcode <= BINARY;
          await say(
            `opcode ${opcode}, bits ${rsv}`,
            [
              text("before"),
              { opcode, rsv, payload: opcode === CLOSE ? closePayload(1000) : payload },
            ],
            compressed
              ? { messages: ["before", opcode === TEXT ? "hello" : Buffer.from("hello")] }
              : { messages: ["before"], close: 1002 },
            { deflate },
          );
        }
      }
    },
  );
});

describe("4 opcodes that mean nothing", () => {
  test("close with 1002, alone and inside a message, with and without a payload", async () => {
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
      for (const payload of [Buffer.alloc(0), Buffer.from("x")]) {
        await say(`opcode ${opcode}`, [{ opcode, payload }], { messages: [], close: 1002 });
        const begun = { ...text("begun"), fin: false };
        await say(`opcode ${opcode} inside`, [begun, { opcode, payload }], {
          messages: [],
          close: 1002,
        });
      }
    }
  });
});

describe("5 fragmentation", () => {
  test("a message in fragments is one message, wherever it is cut and whatever pings stand between", async () => {
    const random = fc.tuple(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      fc.constantFrom<Chop>("whole", "bytes", "pieces"),
    );
    for (const [message, places, pinged, chop] of sample(random, 80)) {
      const payload = Buffer.from(message);
      const cuts = places.map((place) => place % (payload.length + 1)).sort((a, b) => a - b);
      const pongs: Buffer[] = [];
      const frames = fragments(TEXT, payload, cuts).flatMap((frame, place) => {
        if (pinged[place] !== true) return [frame];
        const ping = Buffer.from(`ping ${place}`);
        pongs.push(ping);
        return [{ opcode: PING, payload: ping }, frame];
      });
      await say(JSON.stringify([message, cuts]), frames, { messages: [message], pongs }, { chop });
    }
  });

  test("fragments that do not follow each other close with 1002", async () => {
    const begun = { ...text("begun"), fin: false };
    const end = { opcode: CONTINUATION, payload: Buffer.from("end") };
    for (const [name, ...frames] of [
      ["a continuation of nothing", end],
      ["an open continuation of nothing", { ...end, fin: false }],
      ["a continuation behind the end", begun, end, end],
      ["a message inside of a message", begun, text("other")],
      ["a binary message inside of a message", begun, { opcode: BINARY }],
    ] as const)
      await say(name, frames, { close: 1002 });
    await say(
      "a reserved bit on a continuation",
      [begun, { ...end, rsv: 4 }],
      { close: 1002 },
      { deflate: true },
    );
  });
});

describe("6 UTF-8", () => {
  const VALID = [
    "κόσμε",
    "\u{10FFFF}",
    "\u{FFFF}\u{FFFE}\u{FDD0}",
    "\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{10000}",
    "\u{0}",
    "\u{FEFF}bom",
  ];
  const INVALID = {
    "a lone continuation": [0x80],
    "two of them": [0xbf, 0x80],
    "a lead without its rest": [0xce],
    "two of three": [0xe2, 0x82],
    "three of four": [0xf0, 0x9f, 0x98],
    "an overlong slash of two": [0xc0, 0xaf],
    "an overlong slash of three": [0xe0, 0x80, 0xaf],
    "an overlong slash of four": [0xf0, 0x80, 0x80, 0xaf],
    "an overlong zero": [0xc1, 0xbf],
    "the first surrogate": [0xed, 0xa0, 0x80],
    "the last surrogate": [0xed, 0xbf, 0xbf],
    "beyond the last": [0xf4, 0x90, 0x80, 0x80],
    "five bytes": [0xf8, 0x88, 0x80, 0x80, 0x80],
    fe: [0xfe],
    ff: [0xff],
  };

  test("what is right is said back, cut at every byte", async () => {
    for (const valid of VALID) {
      const payload = Buffer.from(valid);
      for (let cut = 0; cut <= payload.length; cut++)
        await say(`${valid} at ${cut}`, fragments(TEXT, payload, [cut]), { messages: [valid] });
    }
  });

  test("what is wrong closes with 1007, at every place, cut at every byte", async () => {
    for (const [name, bytes] of Object.entries(INVALID)) {
      for (const [before, after] of [
        ["", ""],
        ["é", ""],
        ["", "é"],
        ["ab", "cd"],
      ] as const) {
        const payload = Buffer.concat([
          Buffer.from(before),
          Buffer.from(bytes),
          Buffer.from(after),
        ]);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const frames = fragments(TEXT, payload, [Buffer.byteLength(before) + cut]);
          await say(`${name} at ${cut}`, frames, { messages: [], close: 1007 });
        }
      }
    }
  });

  test("in a binary message every byte is right", async () => {
    for (const bytes of Object.values(INVALID))
      await say("binary", [{ opcode: BINARY, payload: Buffer.from(bytes) }], {
        messages: [Buffer.from(bytes)],
      });
  });

  test("in the reason of a close it is 1007 too", async () => {
    for (const bytes of Object.values(INVALID))
      await say("reason", [{ opcode: CLOSE, payload: closePayload(1000, Buffer.from(bytes)) }], {
        close: 1007,
      });
  });
});

describe("7 closing", () => {
  test("a code that means something comes back", async () => {
    for (const code of [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
      4999,
    ])
      await say(String(code), [{ opcode: CLOSE, payload: closePayload(code, "bye") }], {
        close: code,
      });
    await say("none", [{ opcode: CLOSE }], { close: 1005 });
    const longest = closePayload(1000, "x".repeat(123));
    await say("the longest reason", [{ opcode: CLOSE, payload: longest }], { close: 1000 });
  });

  test("one that must not be sent closes with 1002", async () => {
    for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
      await say(String(code), [{ opcode: CLOSE, payload: closePayload(code) }], { close: 1002 });
    await say("half a code", [{ opcode: CLOSE, payload: Buffer.from([3]) }], { close: 1002 });
  });

  test("nothing behind a close is heard", async () => {
    const close = { opcode: CLOSE, payload: closePayload(1001) };
    await say("text", [close, text("late")], { messages: [], close: 1001 });
    await say("ping", [close, { opcode: PING }], { pongs: [], close: 1001 });
    await say("nonsense", [close, { opcode: 5 }], { close: 1001 });
  });

  test("a close in the middle of a message ends it", async () => {
    const begun = { ...text("begun"), fin: false };
    await say("close", [begun, { opcode: CLOSE, payload: closePayload(1001) }], {
      messages: [],
      close: 1001,
    });
  });
});

describe("9 limits", () => {
  test("PROTOCOL 3.2: a byte more than a message may have closes with 1009, whole and in fragments", async () => {
    const payload = Buffer.alloc(LIMIT + 1, 0x78);
    await say("whole", [text(payload)], { messages: [], close: 1009 });
    await say("in fragments", fragments(TEXT, payload, [1, 100, LIMIT]), {
      messages: [],
      close: 1009,
    });
  });

  test("PROTOCOL 3.2: what a header announces is enough", async () => {
    for (const announcedBytes of [BigInt(LIMIT) + 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n])
      await say(`${announcedBytes}`, [{ opcode: TEXT, announcedBytes }], { close: 1009 });
  });

  test("PROTOCOL 3.2: 1,024 fragments are a message, one more closes with 1009", async () => {
    const cuts = (count: number) => Array.from({ length: count - 1 }, () => 0);
    const payload = Buffer.from("end");
    await say("at it", fragments(TEXT, payload, cuts(FRAGMENTS_MAX)), { messages: ["end"] });
    await say("above", fragments(TEXT, payload, cuts(FRAGMENTS_MAX + 1)), {
      messages: [],
      close: 1009,
    });
  });
});

describe("12 and 13 compression", () => {
  const pieceOf = (bytes: Buffer, options: object) =>
    deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, ...options });

  test("whatever a client's compressor makes is understood, in one frame and in several", async () => {
    const random = fc.record({
      words: fc.array(fc.constantFrom("geode", "é水", "a", "0123456789", " "), { maxLength: 400 }),
      level: fc.integer({ min: 0, max: 9 }),
      windowBits: fc.integer({ min: 9, max: 15 }),
      strategy: fc.constantFrom(
        constants.Z_DEFAULT_STRATEGY,
        constants.Z_FIXED,
        constants.Z_HUFFMAN_ONLY,
        constants.Z_RLE,
      ),
      halves: fc.boolean(),
      places: fc.array(fc.nat(5000), { maxLength: 3 }),
      chop: fc.constantFrom<Chop>("whole", "pieces"),
    });
    for (const { chop, halves, level, places, strategy, windowBits, words } of sample(
      random,
      100,
    )) {
      const message = words.join("");
      const bytes = Buffer.from(message);
      const options = { level, strategy, windowBits };
      const middle = Math.floor(bytes.length / 2);
      const pieces = halves
        ? [pieceOf(bytes.subarray(0, middle), options), pieceOf(bytes.subarray(middle), options)]
        : [pieceOf(bytes, options)];
      const payload = Buffer.concat(pieces).subarray(0, -4);
      const cuts = places.map((place) => place % (payload.length + 1)).sort((a, b) => a - b);
      const frames = fragments(TEXT, payload, cuts, 4);
      await say(JSON.stringify(options), frames, { messages: [message] }, { chop, deflate: true });
    }
  });

  test("a compressor that ends its stream is understood", async () => {
    const payload = deflateRawSync("the end");
    await say(
      "final block",
      [{ opcode: TEXT, rsv: 4, payload: Buffer.concat([payload, Buffer.from([0])]) }],
      { messages: ["the end"] },
      { deflate: true },
    );
  });

  test("messages that are not compressed pass between those that are", async () => {
    const packed = {
      opcode: TEXT,
      rsv: 4,
      payload: pieceOf(Buffer.from("packed"), {}).subarray(0, -4),
    };
    await say(
      "mixed",
      [packed, text("plain"), packed],
      { messages: ["packed", "plain", "packed"] },
      { deflate: true },
    );
  });

  test("what is no deflate stream closes with 1007", async () => {
    for (const [name, payload] of [
      ["a block of no kind", [0x06]],
      ["a stored block that contradicts itself", [0x00, 0x05, 0x00, 0x00, 0x00, 0x41]],
      ["a look back before the beginning", [0x4b, 0x04, 0x22, 0x00]],
      ["noise", [0xff, 0xff, 0xff, 0xff, 0x00]],
    ] as const) {
      const frame = { opcode: TEXT, rsv: 4, payload: Buffer.from(payload) };
      await say(name, [frame], { messages: [], close: 1007 }, { deflate: true });
    }
  });

  test("UTF-8 is looked at after inflating", async () => {
    const payload = pieceOf(Buffer.from([0x61, 0xff]), {}).subarray(0, -4);
    await say(
      "bad",
      [{ opcode: TEXT, rsv: 4, payload }],
      { messages: [], close: 1007 },
      { deflate: true },
    );
  });

  test("PROTOCOL 11.4: a bomb is stopped at the limit, however small it is and however much is in it", async () => {
    const before = process.memoryUsage().rss;
    limitsMet.length = 0;
    for (const mebibytes of [0.1, 1, 10, 50, 99]) {
      const bomb = pieceOf(Buffer.alloc(mebibytes * KIB * KIB), { level: 9 }).subarray(0, -4);
      // What is larger than the limit when packed does not even get so far.
      const frame = { opcode: TEXT, rsv: 4, payload: bomb.subarray(0, LIMIT) };
      await say(`${mebibytes} MiB`, [frame], { messages: [], close: 1009 }, { deflate: true });
    }
    expect(limitsMet).toEqual(Array.from({ length: 5 }, () => "frameBytesBeforeAuthMax"));
    const message = "x".repeat(LIMIT);
    const largest = pieceOf(Buffer.from(message), {}).subarray(0, -4);
    await say(
      "at the limit",
      [{ opcode: TEXT, rsv: 4, payload: largest }],
      { messages: [message] },
      { deflate: true },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * KIB * KIB);
  });
});
