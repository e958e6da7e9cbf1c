import { binaryFrame, encodeCbor } from "@geode/protocol";
import { SharedBody, SharedFrame } from "./out-frame.ts";

/** A message for many connections, in the forms in which they want it; each is made once. */
export class SharedMessage {
  /** JSON. */
  readonly text: string;
  #json: SharedFrame | undefined;
  #cbor: SharedFrame | undefined;

  constructor(text: string) {
    this.text = text;
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
}
