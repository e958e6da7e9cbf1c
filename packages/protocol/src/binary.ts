/** What begins a binary frame: `[version u8][type u8][length u32, big-endian]` (PROTOCOL.md §14). */
export const BINARY_HEADER_BYTES = 6;

/** Version 1 knows a query and its answers; in version 2 the payload is any message, and says itself which. */
const KINDS = {
  query: { version: 1, type: 1 },
  result: { version: 1, type: 2 },
  error: { version: 1, type: 3 },
  message: { version: 2, type: 0 },
} as const;

export type BinaryKind = keyof typeof KINDS;

/** A frame, or only its header for a payload that follows it and is `payloadBytes` long. */
export function binaryFrame(
  kind: BinaryKind,
  payload: Uint8Array,
  payloadBytes = payload.length,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(BINARY_HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, KINDS[kind].version);
  view.setUint8(1, KINDS[kind].type);
  view.setUint32(2, payloadBytes);
  frame.set(payload, BINARY_HEADER_BYTES);
  return frame;
}

/** What a frame holds; undefined if its header is wrong. */
export function readBinaryFrame(
  frame: Uint8Array,
): { readonly kind: BinaryKind; readonly payload: Uint8Array } | undefined {
  if (frame.length < BINARY_HEADER_BYTES) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const payload = frame.subarray(BINARY_HEADER_BYTES);
  if (view.getUint32(2) !== payload.length) return undefined;
  for (const kind of ["query", "result", "error", "message"] as const) {
    if (KINDS[kind].version === frame[0] && KINDS[kind].type === frame[1]) return { kind, payload };
  }
  return undefined;
}
