import { binaryFrame, encodeCbor } from "@geode/protocol";
import { SharedBody, SharedFrame } from "../transport/out-frame.ts";

/** What is said in a channel, in the forms in which its members want it; each is made once. */
export class ChannelMessage {
  /** `{"channel": …, "data": …}`. */
  readonly text: string;
  #json: SharedFrame | undefined;
  #cbor: SharedFrame | undefined;

  constructor(channel: string, data: unknown) {
    this.text = JSON.stringify({ channel, data });
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
