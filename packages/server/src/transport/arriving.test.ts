import fc from "fast-check";
import { expect, test } from "vitest";
import * as ws from "ws";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  PING,
  PONG,
  rawFrame,
  TEXT,
  type RawFrame,
} from "../../test/raw-peer.ts";
import { readFrames, type Arriving, type Ear } from "./arriving.ts";

/* What is read is held to what `ws` reads of the same bytes; compression is held to zlib in frames.test.ts. */

const BYTES_MAX = 300;
const FRAGMENTS_MAX = 4;
const ONE_PIECE = 1_000;

/** What was heard, in order; the last may say how it ended. */
function ours(chunks: readonly Buffer[]): string[] {
  const heard: string[] = [];
  let over = false;
  const end = (word: string): void => {
    heard.push(word);
    over = true;
  };
  const ear: Ear = {
    deflates: false,
    frameBytesMax: BYTES_MAX,
    fragmentsMax: FRAGMENTS_MAX,
    chunksMax: ONE_PIECE,
    message: (payload, isBinary) => heard.push(message(payload, isBinary)),
    pinged: (payload) => heard.push(`ping ${payload.toString("hex")}`),
    ponged: () => heard.push("pong"),
    farewell: (code, reason) => end(`close ${code} ${reason.toString()}`),
    broken: ({ code }) => end(`broken ${code}`),
  };
  let arriving: Arriving | undefined;
  for (const chunk of chunks) if (!over) arriving = readFrames(Buffer.from(chunk), arriving, ear);
  if (over) expect(arriving).toBeUndefined();
  return heard;
}

/** It is there, and no type says so. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => NodeJS.WritableStream;
};

/** `ws` closes with 1008 for fragments; ours is 1009, as for everything that is too much. */
const ITS_CODES: Readonly<Record<number, number>> = { 1008: 1009 };

async function theirs(chunks: readonly Buffer[]): Promise<string[]> {
  const heard: string[] = [];
  const receiver = new Receiver({
    isServer: true,
    maxPayload: BYTES_MAX,
    maxFragments: FRAGMENTS_MAX,
  });
  let over = false;
  receiver.on("message", (payload: Buffer, isBinary: boolean) =>
    heard.push(message(payload, isBinary)),
  );
  receiver.on("ping", (payload: Buffer) => heard.push(`ping ${payload.toString("hex")}`));
  receiver.on("pong", () => heard.push("pong"));
  receiver.on("conclude", (code: number, reason: Buffer) => {
    over = true;
    heard.push(`close ${code} ${reason.toString()}`);
  });
  receiver.on("error", (error: Error) => {
    over = true;
    const [status] = Object.getOwnPropertySymbols(error);
    const code = (error as unknown as Record<symbol, number>)[status!]!;
    heard.push(`broken ${ITS_CODES[code] ?? code}`);
  });
  for (const chunk of chunks) {
    if (over) break;
    receiver.write(Buffer.from(chunk));
    await new Promise((resolve) => process.nextTick(resolve));
  }
  return heard;
}

function message(payload: Buffer, isBinary: boolean): string {
  return `${isBinary ? "binary" : "text"} ${payload.toString("hex")}`;
}

const often = (count: number) => fc.integer({ min: 0, max: 99 }).map((chance) => chance < count);

const payloads = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 120, max: BYTES_MAX + 1 }).map((length) => Buffer.alloc(length, "é")),
  fc
    .tuple(fc.constantFrom(1000, 1001, 1004, 1005, 1014, 1015, 2999, 3000, 4999, 5000), fc.string())
    .map(([code, reason]) => Buffer.from([code >> 8, code & 0xff, ...Buffer.from(reason)])),
);
const frames: fc.Arbitrary<RawFrame> = fc.record(
  {
    opcode: fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(TEXT, BINARY, CONTINUATION, PING, PONG) },
      { weight: 3, arbitrary: fc.constant(CLOSE) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 15 }) },
    ),
    payload: payloads,
    fin: often(70),
    rsv: often(3).map((some) => (some ? 4 : 0)),
    masked: often(99),
  },
  { requiredKeys: ["opcode", "payload"] },
);

test("random frames, right and wrong, cut anywhere, are read as ws reads them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frames, { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      async (said, cuts) => {
        const bytes = Buffer.concat(said.map(rawFrame));
        const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])];
        ends.sort((a, b) => a - b);
        const chunks = ends.map((end, place) => bytes.subarray(ends[place - 1] ?? 0, end));
        expect(ours(chunks)).toEqual(await theirs(chunks));
      },
    ),
    { numRuns: 3_000 },
  );
});

test("between two messages nothing is kept, and in a frame no more than it has so far", () => {
  const heard: string[] = [];
  const ear = { ...silentEar, message: (payload: Buffer) => void heard.push(payload.toString()) };
  const frame = rawFrame({ opcode: TEXT, payload: Buffer.from("a message") });
  expect(readFrames(Buffer.concat([frame, frame]), undefined, ear)).toBeUndefined();
  const begun = readFrames(frame.subarray(0, 8), undefined, ear);
  expect(begun).toMatchObject({ bytes: 8, wantedBytes: frame.length });
  expect(readFrames(frame.subarray(8), begun, ear)).toBeUndefined();
  expect(heard).toEqual(["a message", "a message", "a message"]);
});

test("a byte that waits for more does not keep all that arrived with it", () => {
  const ping = rawFrame({ opcode: PING, payload: Buffer.alloc(100) });
  const noise = Array.from({ length: 600 }, () => ping);
  const begun = rawFrame({ opcode: TEXT, payload: Buffer.from("a"), fin: false });
  const arrive = (...frames: readonly Buffer[]): Buffer => {
    // As the network hands it over: in memory of its own.
    const chunk = Buffer.from(new ArrayBuffer(frames.reduce((sum, { length }) => sum + length, 0)));
    chunk.set(Buffer.concat(frames));
    return chunk;
  };
  const keptBytes = (pieces: readonly Buffer[] = []): number =>
    pieces.reduce((sum, piece) => sum + piece.buffer.byteLength, 0);
  const half = readFrames(arrive(...noise, ping.subarray(0, 1)), undefined, silentEar);
  expect(half?.bytes).toBe(1);
  expect(keptBytes(half?.chunks)).toBe(1);
  const fragment = readFrames(arrive(...noise, begun), undefined, silentEar);
  expect(fragment?.message?.bytes).toBe(1);
  expect(keptBytes(fragment?.message?.pieces)).toBe(1);
});

const silentEar: Ear = {
  deflates: false,
  frameBytesMax: BYTES_MAX,
  fragmentsMax: FRAGMENTS_MAX,
  chunksMax: ONE_PIECE,
  message: () => undefined,
  pinged: () => undefined,
  ponged: () => undefined,
  farewell: () => undefined,
  broken: () => undefined,
};
