import {
  CborError,
  decodeCbor,
  decodeClientJson,
  ID_BYTES_MAX,
  isMessageType,
  readBinaryFrame,
  type Decoded,
  type JsonBounds,
  type RequestId,
} from "@geode/protocol";
import { readCall, RPC_CODES, type RpcCode, type RpcId } from "../rpc/call.ts";
import { RpcBatch } from "../rpc/rpc-batch.ts";
import { rpcVoice } from "../rpc/rpc-voice.ts";
import { InOrder, Reply, type Exit, type HeldAnswers } from "./reply.ts";
import { binaryVoice, channelVoice, plainVoice, type Manner, type Voice } from "./voice.ts";

/** What arrived in one frame, or a part of it: a message or why it is none, and how it is answered. */
export interface Arrived {
  readonly decoded: Decoded | { readonly kind: "binary" };
  readonly reply: Reply;
}

export interface FrameReaderOptions {
  readonly bounds: JsonBounds;
  /** So many calls may be in one batch of JSON-RPC. */
  readonly batchMessagesMax: number;
  /** One had more. */
  onBatchTooLong(): void;
  /** How long the answer to such a batch may be. */
  readonly answerBytesMax: number;
  readonly exit: Exit;
  /** Where it is counted what waits for the answer to an earlier binary query. */
  readonly held: HeldAnswers;
}

const MANNER: Manner = { encoding: "json", numbers: "exact" };

/** The forms in which a connection may be spoken to. */
type Form = "plain" | "rpc" | "binary" | "cbor";

/**
 * Reads the frames of one connection, whatever form they have: messages as JSON or CBOR, queries in binary, JSON-RPC, and envelopes of
 * channels. All of them become the same messages; who asked in a form is answered in it.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #binaryAnswers: InOrder | undefined;
  #manner: Manner = MANNER;
  #last: Form | undefined;
  /** Every frame so far was a binary query. */
  #onlyBinary = true;
  #ownIds = 0;

  /** `first`: the form for which the connection asked when it began. */
  constructor(options: FrameReaderOptions, first: "rpc" | undefined) {
    this.#options = options;
    this.#last = first;
  }

  /** What the connection chose by CONFIGURE. */
  get manner(): Manner {
    return this.#manner;
  }

  set manner(manner: Manner) {
    this.#manner = manner;
  }

  /** How the connection is told what answers no request. */
  get voice(): Voice {
    switch (this.#last) {
      case "rpc":
        return this.#rpcVoice({ id: undefined, messageId: undefined });
      case "binary":
        return this.#onlyBinary
          ? binaryVoice(undefined, this.#manner.numbers)
          : plainVoice(this.#manner);
      case "cbor":
        return plainVoice({ ...this.#manner, encoding: "cbor" });
      case "plain":
      case undefined:
        return plainVoice(this.#manner);
    }
  }

  text(text: string): readonly Arrived[] {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      if (this.#last === "rpc") return [this.#refusedCall(null, RPC_CODES.parse, "Parse error")];
      this.#heard("plain");
      return [this.#plain({ kind: "notJson" })];
    }
    if (Array.isArray(json)) return this.#rpcBatch(json);
    if (!isObject(json)) return this.#noMessage(json);
    if (json["jsonrpc"] === "2.0") {
      this.#heard("rpc");
      return [this.#call(json)];
    }
    if (json["type"] === undefined && typeof json["channel"] === "string") {
      this.#heard("plain");
      return [this.#inChannel(json["channel"], json)];
    }
    if (this.#last === "rpc" && !isMessageType(json["type"])) return this.#noMessage(json);
    this.#heard("plain");
    return [this.#plain(decodeClientJson(json, this.#options.bounds))];
  }

  binary(frame: Uint8Array): readonly Arrived[] {
    const read = readBinaryFrame(frame);
    switch (read?.kind) {
      case "query":
        this.#heard("binary");
        return [this.#binaryQuery(read.payload)];
      case "message":
        this.#heard("cbor");
        return [this.#cborMessage(read.payload)];
      case "result":
      case "error":
      case undefined:
        return [{ decoded: { kind: "binary" }, reply: new Reply(this.voice, this.#options.exit) }];
    }
  }

  #heard(form: Form): void {
    this.#last = form;
    if (form !== "binary") this.#onlyBinary = false;
  }

  #plain(decoded: Decoded): Arrived {
    return { decoded, reply: new Reply(plainVoice(this.#manner), this.#options.exit) };
  }

  /** JSON, but nothing that could be a message. */
  #noMessage(json: unknown): readonly Arrived[] {
    if (this.#last === "rpc")
      return [this.#refusedCall(null, RPC_CODES.invalidRequest, "Invalid Request")];
    this.#heard("plain");
    return [this.#plain(decodeClientJson(json, this.#options.bounds))];
  }

  /** A message is handled, and everything it causes comes back in the envelope; anything else is published. */
  #inChannel(channel: string, json: Record<string, unknown>): Arrived {
    const { bounds, exit } = this.#options;
    const reply = new Reply(channelVoice(channel, this.#manner), exit, { channel });
    const { data } = json;
    const decoded =
      isObject(data) && isMessageType(data["type"]) && isName(channel)
        ? decodeClientJson(data, bounds)
        : decodeClientJson({ type: "PUBLISH", channel, data }, bounds);
    return { decoded, reply };
  }

  /** Queries without ids, so their answers come in order. */
  #binaryQuery(payload: Uint8Array): Arrived {
    const id = this.#ownId();
    const { exit, held } = this.#options;
    this.#binaryAnswers ??= new InOrder(exit, held);
    const reply = new Reply(binaryVoice(id, this.#manner.numbers), exit, {
      deliver: this.#binaryAnswers.place(),
    });
    const query = textOf(payload);
    const decoded: Decoded =
      query === undefined
        ? { kind: "invalid", error: "a query is text in UTF-8", type: "QUERY", id: undefined }
        : decodeClientJson({ type: "QUERY", id, query }, this.#options.bounds);
    return { decoded, reply };
  }

  #cborMessage(payload: Uint8Array): Arrived {
    const { bounds, exit } = this.#options;
    const reply = new Reply(plainVoice({ ...this.#manner, encoding: "cbor" }), exit);
    try {
      return { decoded: decodeClientJson(decodeCbor(payload, bounds.jsonDepthMax), bounds), reply };
    } catch (error) {
      if (!(error instanceof CborError)) throw error;
      const why = `the frame is no CBOR message: ${error.message}`;
      return { decoded: { kind: "invalid", error: why, type: undefined, id: undefined }, reply };
    }
  }

  #call(json: unknown, batch?: RpcBatch): Arrived {
    const call = readCall(json, () => this.#ownId());
    if (call.kind === "refused") return this.#refusedCall(call.id, call.code, call.error, batch);
    const { id, message, messageId } = call;
    const decoded = decodeClientJson(message, this.#options.bounds);
    const invalid = RPC_CODES.invalidParams;
    return { decoded, reply: this.#rpcReply(this.#rpcVoice({ id, messageId, invalid }), batch) };
  }

  #refusedCall(id: RpcId | undefined, code: RpcCode, error: string, batch?: RpcBatch): Arrived {
    const voice = this.#rpcVoice({ id, messageId: undefined, invalid: code });
    return {
      decoded: { kind: "invalid", error, type: undefined, id: undefined },
      reply: this.#rpcReply(voice, batch),
    };
  }

  #rpcBatch(calls: readonly unknown[]): readonly Arrived[] {
    this.#heard("rpc");
    const { answerBytesMax, batchMessagesMax, exit } = this.#options;
    if (calls.length === 0)
      return [this.#refusedCall(null, RPC_CODES.invalidRequest, "Invalid Request")];
    if (calls.length > batchMessagesMax) {
      this.#options.onBatchTooLong();
      const error = `a batch has at most ${batchMessagesMax} calls`;
      return [this.#refusedCall(null, RPC_CODES.invalidRequest, error)];
    }
    const batch = new RpcBatch({ calls: calls.length, bytesMax: answerBytesMax, exit });
    return calls.map((call) => this.#call(call, batch));
  }

  #rpcReply(voice: Voice, batch: RpcBatch | undefined): Reply {
    const tolerant = true;
    return new Reply(
      voice,
      this.#options.exit,
      batch === undefined ? { tolerant } : { tolerant, deliver: (answer) => batch.take(answer) },
    );
  }

  #rpcVoice(call: {
    readonly id: RpcId | undefined;
    readonly messageId: RequestId | undefined;
    readonly invalid?: RpcCode;
  }): Voice {
    return rpcVoice({
      invalid: RPC_CODES.invalidRequest,
      ...call,
      numbers: this.#manner.numbers,
    });
  }

  /** For a message whose sender gave it none. */
  #ownId(): RequestId {
    return `own-${++this.#ownIds}`;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isName(channel: string): boolean {
  return channel !== "" && Buffer.byteLength(channel) <= ID_BYTES_MAX;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
