import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

/*
 * The frames of y-websocket: a message kind, then what it holds. Sync messages are those of y-protocols/sync. Source: PROTOCOL.md of
 * y-protocols.
 */

const KIND = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 } as const;
const SYNC = { step1: 0, step2: 1, update: 2 } as const;
const PERMISSION_DENIED = 0;

export type YMessage =
  | { readonly kind: "stateVector"; readonly bytes: Uint8Array }
  | { readonly kind: "update"; readonly bytes: Uint8Array }
  | { readonly kind: "awareness"; readonly bytes: Uint8Array }
  /** Nothing is to be done about it. */
  | { readonly kind: "nothing" };

/** Undefined for what is no such frame. */
export function readYFrame(frame: Uint8Array): YMessage | undefined {
  try {
    return readMessage(decoding.createDecoder(frame));
  } catch {
    return undefined;
  }
}

/** Asks the peer for what the state vector lacks. */
export function stateVectorFrame(stateVector: Uint8Array): Uint8Array {
  return frame(KIND.sync, SYNC.step1, stateVector);
}

/** Answers a state vector. */
export function stateFrame(update: Uint8Array): Uint8Array {
  return frame(KIND.sync, SYNC.step2, update);
}

export function updateFrame(update: Uint8Array): Uint8Array {
  return frame(KIND.sync, SYNC.update, update);
}

export function awarenessFrame(update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, KIND.awareness);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

export function deniedFrame(reason: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, KIND.auth);
  encoding.writeVarUint(encoder, PERMISSION_DENIED);
  encoding.writeVarString(encoder, reason);
  return encoding.toUint8Array(encoder);
}

function readMessage(decoder: decoding.Decoder): YMessage | undefined {
  switch (decoding.readVarUint(decoder)) {
    case KIND.sync: {
      const step = decoding.readVarUint(decoder);
      const bytes = decoding.readVarUint8Array(decoder);
      if (step === SYNC.step1) return { kind: "stateVector", bytes };
      if (step === SYNC.step2 || step === SYNC.update) return { kind: "update", bytes };
      return undefined;
    }
    case KIND.awareness:
      return { kind: "awareness", bytes: decoding.readVarUint8Array(decoder) };
    // Between tabs of one browser, and from servers.
    case KIND.queryAwareness:
    case KIND.auth:
      return { kind: "nothing" };
    default:
      return undefined;
  }
}

function frame(kind: number, step: number, bytes: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, kind);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, bytes);
  return encoding.toUint8Array(encoder);
}
