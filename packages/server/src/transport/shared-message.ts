import { binaryFrame, encodeCbor } from "@geode/protocol";
import { SharedBody, SharedFrame } from "./out-frame.ts";

/** A message for many connections, in the forms in which they want it; each is made once. */
export class SharedMessage {
  /** JSON. */
  readonly text: string;
  /** The frame of y-websocket that says it, if there is one. */
  readonly #yFrame: Uint8Array | undefined;
  #json: SharedFrame | undefined;
  #cbor: SharedFrame | undefined;
  #yjs: SharedFrame | undefined;

  constructor(text: string, yFrame?: Uint8Array) {
    this.text = text;
    this.#yFrame = yFrame;
  }

  get json(): SharedFrame {
    return (this.#json ??= new SharedFrame("", new SharedBody(this.text), ""));
  }

  get cbor(): SharedFrame {
    return (this.#cbor ??= new SharedFrame(
      new Uint8Array(),
      new SharedBody(binaryFrame("message", encodeCbor(JSON.parse(this.text)))),
      "",
    ));
  }

  /** For those who speak y-websocket; undefined if it cannot be said there. */
  get yjs(): SharedFrame | undefined {
    if (this.#yFrame === undefined) return undefined;
    return (this.#yjs ??= new SharedFrame(new Uint8Array(), new SharedBody(this.#yFrame), ""));
  }
}
