import {
  binaryFrame,
  cborMapHead,
  encodeCbor,
  encodeCborFields,
  plainNumbers,
  updateHead,
  type RequestId,
} from "@geode/protocol";
import type { SharedMessage } from "../transport/shared-message.ts";
import { SharedFrame, type OutFrame } from "../transport/out-frame.ts";
import type { UpdateForm } from "./update-frames.ts";

/** In which form a peer is spoken to: that in which it asked. Messages come as JSON text. */
export interface Voice {
  /** The frame that answers with the message; undefined if it cannot be said in this form. */
  frame(message: string): OutFrame | undefined;
  /** The answer to a request that has none, in a form that wants one. */
  heard?(): OutFrame | undefined;
  /** The frame of a message that answers nothing. */
  push(message: string): OutFrame | undefined;
  /** How the UPDATEs of a subscription are said. */
  updates(subscription: RequestId): UpdateForm;
  /** How what is said in a channel is passed on. */
  channel(message: SharedMessage): OutFrame | undefined;
  /** How a message that goes to many is said. */
  shared(message: SharedMessage): OutFrame | undefined;
}

/** What a connection chose by CONFIGURE. */
export interface Manner {
  readonly encoding: "json" | "cbor";
  /** "plain": a FLOAT without a fraction is a number like any other. */
  readonly numbers: "exact" | "plain";
}

/** Messages as PROTOCOL.md has them, as JSON or as CBOR. */
export function plainVoice({ encoding, numbers }: Manner): Voice {
  return PLAIN[encoding][numbers];
}

/** In the envelope of a channel (PROTOCOL.md §13). */
export function channelVoice(channel: string, { numbers }: Manner): Voice {
  return jsonVoice(numbers, `{"channel":${JSON.stringify(channel)},"data":`, "}");
}

/** Binary version 1 (PROTOCOL.md §14): there is a frame for results and one for errors, both without an id. */
export function binaryVoice(messageId: RequestId | undefined, numbers: Manner["numbers"]): Voice {
  const resultHead = `{"type":"RESULT","id":${JSON.stringify(messageId)},`;
  const frame = (message: string): OutFrame | undefined => {
    const spoken = numbersOf(message, numbers);
    if (spoken.startsWith(resultHead))
      return binaryFrame("result", Buffer.from(`{${spoken.slice(resultHead.length)}`));
    const { id: _id, type, ...fields } = JSON.parse(spoken) as Record<string, unknown>;
    if (type !== "ERROR") return undefined;
    return binaryFrame("error", Buffer.from(JSON.stringify(fields)));
  };
  const nothing = (): undefined => undefined;
  return { ...jsonVoice(numbers), frame, push: frame, channel: nothing, shared: nothing };
}

function jsonVoice(numbers: Manner["numbers"], before = "", after = ""): Voice {
  const frame = (message: string): OutFrame => `${before}${numbersOf(message, numbers)}${after}`;
  // Many who subscribe call the result by the same name: one form is enough for them.
  let last: { readonly subscription: RequestId; readonly form: UpdateForm } | undefined;
  return {
    frame,
    push: frame,
    updates(subscription) {
      if (last?.subscription !== subscription) {
        const head = `${before}${updateHead(subscription)}`;
        const form: UpdateForm = {
          coding: "json",
          numbers,
          key: `${head}${after}`,
          frame: ({ shared }) => new SharedFrame(head, shared, after),
          ownBytes: head.length + after.length,
        };
        last = { subscription, form };
      }
      return last.form;
    },
    channel: ({ json }) => json,
    shared: ({ json }) => (before === "" ? json : new SharedFrame(before, json.body, after)),
  };
}

function cborVoice(numbers: Manner["numbers"]): Voice {
  const frame = (message: string): OutFrame =>
    binaryFrame("message", encodeCbor(JSON.parse(numbersOf(message, numbers))));
  return {
    frame,
    push: frame,
    updates(subscription) {
      const own = encodeCborFields({ type: "UPDATE", subscription });
      return {
        coding: "cbor",
        numbers,
        frame({ fields, shared }) {
          const map = cborMapHead(own.count + fields);
          const payloadBytes = map.length + own.bytes.length + shared.bytes.length;
          const header = binaryFrame("message", new Uint8Array(), payloadBytes);
          return new SharedFrame(Buffer.concat([header, map, own.bytes]), shared, "");
        },
        key: `cbor ${JSON.stringify(subscription)}`,
        ownBytes: own.bytes.length,
      };
    },
    channel: ({ cbor }) => cbor,
    shared: ({ cbor }) => cbor,
  };
}

function numbersOf(message: string, numbers: Manner["numbers"]): string {
  return numbers === "exact" ? message : plainNumbers(message);
}

/** The same for all connections. */
const PLAIN = {
  json: { exact: jsonVoice("exact"), plain: jsonVoice("plain") },
  cbor: { exact: cborVoice("exact"), plain: cborVoice("plain") },
} as const satisfies Record<Manner["encoding"], Record<Manner["numbers"], Voice>>;
