import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

/** Shorter messages are sent as they are, in bytes. */
export const DEFLATE_BYTES_MIN = 1024;

/** What was negotiated (RFC 7692): a window of 10 bits, and no message looks back at another. */
export const PER_MESSAGE_DEFLATE = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 10,
} as const;

const DEFLATE = {
  level: 3,
  memLevel: 7,
  windowBits: PER_MESSAGE_DEFLATE.serverMaxWindowBits,
  finishFlush: constants.Z_SYNC_FLUSH,
} as const;

/** An empty stored block: what a sync flush ends with, left out of a message and put back by its reader (RFC 7692 §7.2.1). */
const FLUSH_TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const STORED_BYTES_MAX = 0xffff;

/** A piece of a deflate stream: complete, up to a byte boundary, and without references to anything before it. */
export function deflate(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, DEFLATE);
}

/** Bytes as blocks that are not compressed (RFC 1951 §3.2.4): a piece of a deflate stream like {@link deflate}'s. */
export function stored(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += STORED_BYTES_MAX) {
    const block = bytes.subarray(start, start + STORED_BYTES_MAX);
    const header = Buffer.allocUnsafe(5);
    header[0] = 0;
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(block.length ^ 0xffff, 3);
    blocks.push(header, block);
  }
  return Buffer.concat(blocks);
}

/** The last piece of a message as it is sent. */
export function endOfMessage(piece: Buffer): Buffer {
  return piece.subarray(-4).equals(FLUSH_TAIL)
    ? piece.subarray(0, -4)
    : Buffer.concat([piece, Buffer.from([0])]);
}

/** A whole message as it was before compression. Throws ERR_BUFFER_TOO_LARGE beyond `bytesMax`, another error if it is none. */
export function inflate(payload: Buffer, bytesMax: number): Buffer {
  return inflateRawSync(Buffer.concat([payload, FLUSH_TAIL]), {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: bytesMax,
  });
}
