import {
  binaryFrame,
  BINARY_HEADER_BYTES,
  cborListHead,
  cborMapHead,
  encodeCborFields,
} from "@geode/protocol";
import { isText, payloadOf, type OutFrame } from "../transport/out-frame.ts";

/** Frames as the messages of one BATCH, or of one per coding if they differ. `seq` is that of the commit that they all tell of. */
export function batched(frames: readonly OutFrame[], seq?: number): readonly OutFrame[] {
  const batches: OutFrame[] = [];
  for (let start = 0; start < frames.length;) {
    const text = isText(frames[start]!);
    let end = start + 1;
    while (end < frames.length && isText(frames[end]!) === text) end++;
    const messages = frames.slice(start, end).map(payloadOf);
    batches.push(text ? textBatch(messages, seq) : cborBatch(messages, seq));
    start = end;
  }
  return batches;
}

function textBatch(messages: readonly Buffer[], seq: number | undefined): OutFrame {
  const own = seq === undefined ? "" : `"seq":${seq},`;
  return `{"type":"BATCH",${own}"messages":[${messages.join(",")}]}`;
}

function cborBatch(messages: readonly Buffer[], seq: number | undefined): OutFrame {
  const own = encodeCborFields({ type: "BATCH", seq });
  const payload = Buffer.concat([
    cborMapHead(own.count + 1),
    own.bytes,
    // A key, and as its value what follows.
    encodeCborFields({ messages: null }).bytes.subarray(0, -1),
    cborListHead(messages.length),
    ...messages.map((message) => message.subarray(BINARY_HEADER_BYTES)),
  ]);
  return binaryFrame("message", payload);
}
