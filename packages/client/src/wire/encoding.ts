import type { ClientMessage } from "@geode/protocol";
import { binaryFrame, readBinaryFrame } from "@geode/protocol/binary";
import { CborError, decodeCbor, encodeCbor } from "@geode/protocol/cbor";
import { BrokenFrame } from "./broken-frame.ts";

/** How messages travel: as JSON in text frames, or as CBOR in binary ones, which are smaller where there are many numbers. */
export type Encoding = "json" | "cbor";

/** Deeper than anything that a server sends: values nest less. */
const DEPTH_MAX = 1_000;

/** The frame of a message. */
export function encodeFrame(
  message: ClientMessage,
  encoding: Encoding,
): string | Uint8Array<ArrayBuffer> {
  return encoding === "json"
    ? JSON.stringify(message)
    : binaryFrame("message", encodeCbor(message));
}

/** What a frame holds, as JSON has it. Throws BrokenFrame. */
export function decodeFrame(data: unknown): unknown {
  if (typeof data === "string") return fromJson(data);
  if (data instanceof ArrayBuffer) return fromCbor(new Uint8Array(data));
  throw new BrokenFrame("a frame is neither text nor bytes");
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new BrokenFrame("a frame is not JSON", cause);
  }
}

function fromCbor(bytes: Uint8Array): unknown {
  const frame = readBinaryFrame(bytes);
  if (frame?.kind !== "message") throw new BrokenFrame("a binary frame is none that was asked for");
  try {
    return decodeCbor(frame.payload, DEPTH_MAX);
  } catch (cause) {
    if (!(cause instanceof CborError)) throw cause;
    throw new BrokenFrame("a binary frame is not CBOR", cause);
  }
}
