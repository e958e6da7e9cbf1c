import {
  binaryFrame,
  BINARY_HEADER_BYTES,
  cborListHead,
  cborMapHead,
  encodeCborFields,
  type RequestId,
} from "@geode/protocol";
import { isText, payloadOf, type OutFrame } from "../transport/out-frame.ts";

/**
 * Frames as the messages of one BATCH, or of one per coding if they differ. `seq` is that of the commit that they all tell of, `behind`
 * names the subscriptions that tell of a later one in its place.
 */
export function batched(
  frames: readonly OutFrame[],
  seq?: number,
  behind: readonly RequestId[] = [],
): readonly OutFrame[] {
  const own = {
    ...(seq === undefined ? {} : { seq }),
    ...(behind.length === 0 ? {} : { behind }),
  };
  const batches: OutFrame[] = [];
  for (let start = 0; start < frames.length;) {
    const text = isText(frames[start]!);
    let end = start + 1;
    while (end < frames.length && isText(frames[end]!) === text) end++;
    const messages = frames.slice(start, end).map(payloadOf);
    batches.push(text ? textBatch(messages, own) : cborBatch(messages, own));
    start = end;
  }
  return batches;
}

/** What a BATCH says of itself. */
interface Own {
  readonly seq?: number;
  readonly behind?: readonly RequestId[];
}

function textBatch(messages: readonly Buffer[], own: Own): OutFrame {
  const head = JSON.stringify({ type: "BATCH", ...own }).slice(0, -1);
  return `${head},"messages":[${messages.join(",")}]}`;
}

function cborBatch(messages: readonly Buffer[], { behind, seq }: Own): OutFrame {
  const own = encodeCborFields({ type: "BATCH", seq, behind });
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
