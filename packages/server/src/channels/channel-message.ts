import { binaryFrame, encodeCbor } from "@geode/protocol";
import { SharedBody } from "../transport/out-frame.ts";

/** What is said in a channel, in the forms in which its members want it; each is made once. */
export class ChannelMessage {
  /** `{"channel": …, "data": …}`. */
  readonly text: string;
  #json: SharedBody | undefined;
  #cbor: SharedBody | undefined;

  constructor(channel: string, data: unknown) {
    this.text = JSON.stringify({ channel, data });
  }

  get json(): SharedBody {
    return (this.#json ??= new SharedBody(this.text));
  }

  get cbor(): SharedBody {
    return (this.#cbor ??= new SharedBody(
      binaryFrame("message", encodeCbor(JSON.parse(this.text))),
    ));
  }
}
