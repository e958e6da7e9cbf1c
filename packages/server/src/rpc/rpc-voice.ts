import { updateHead, plainNumbers, type RequestId } from "@geode/protocol";
import { SharedFrame, type OutFrame } from "../transport/out-frame.ts";
import type { Manner, Voice } from "../session/voice.ts";
import { RPC_CODES, type RpcCode, type RpcId } from "./call.ts";

export interface RpcVoiceOptions {
  /** Undefined: a notification, or no call at all; nothing answers it. */
  readonly id: RpcId | undefined;
  /** That of the message that the call became. */
  readonly messageId: RequestId | undefined;
  /** What INVALID_MESSAGE is called. */
  readonly invalid: RpcCode;
  readonly numbers: Manner["numbers"];
}

type Message = Readonly<Record<string, unknown>>;

/** Messages as JSON-RPC 2.0: answers as responses to one call, everything else as notifications. */
export function rpcVoice({ id, invalid, messageId, numbers }: RpcVoiceOptions): Voice {
  const resultHead = `{"type":"RESULT","id":${JSON.stringify(messageId)},`;
  const spoken = (message: string): string =>
    numbers === "exact" ? message : plainNumbers(message);
  return {
    frame(message) {
      if (id === undefined) return undefined;
      const response = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
      // A result can be long: it is not read again.
      if (message.startsWith(resultHead))
        return `${response}"result":{${spoken(message.slice(resultHead.length))}}`;
      const { id: _id, type, ...fields } = JSON.parse(message) as Message;
      return type === "ERROR"
        ? `${response}"error":${JSON.stringify(rpcError(fields, invalid))}}`
        : `${response}"result":${spoken(JSON.stringify(fields))}}`;
    },
    heard: () =>
      id === undefined ? undefined : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":null}`,
    push(message) {
      const { type, ...params } = JSON.parse(message) as Message;
      return notification(String(type).toLowerCase(), spoken(JSON.stringify(params)));
    },
    updates(subscription) {
      const own = updateHead(subscription).replace('{"type":"UPDATE",', "{");
      const head = `{"jsonrpc":"2.0","method":"update","params":${own}`;
      return {
        coding: "json",
        numbers,
        key: head,
        frame: ({ shared }) => new SharedFrame(head, shared, "}"),
        ownBytes: head.length + 1,
      };
    },
    channel: (message) => notification("channel", message.text),
    shared({ text }) {
      const { type, ...params } = JSON.parse(text) as Message;
      return notification(String(type).toLowerCase(), JSON.stringify(params));
    },
  };
}

function notification(method: string, params: string): OutFrame {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;
}

/** The error object of the specification, §5.1; what else an ERROR says is its `data`. */
function rpcError(fields: Message, invalid: RpcCode): object {
  const { error, ...data } = fields;
  const code = fields["code"] === "INVALID_MESSAGE" ? invalid : RPC_CODES.failed;
  return { code, message: error, data };
}
