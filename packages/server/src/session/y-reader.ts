import type { ClientMessage } from "@geode/protocol";
import { base64Of, bytesOf } from "../documents/frames.ts";
import { awarenessFrame, deniedFrame, readYFrame, stateFrame } from "../documents/y-websocket.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Arrived } from "./frame-reader.ts";
import { type Exit, Reply } from "./reply.ts";
import { type Manner, plainVoice, type Voice } from "./voice.ts";

/**
 * Reads the frames of a connection that is about one document and speaks y-websocket: they become the same messages as all others, and
 * what they cause is said in the same form.
 */
export class YReader {
  readonly #document: string;
  readonly #exit: Exit;
  /** Nobody can choose another one. */
  manner: Manner = { encoding: "json", numbers: "exact" };

  constructor(document: string, exit: Exit) {
    this.#document = document;
    this.#exit = exit;
  }

  get voice(): Voice {
    return Y_VOICE;
  }

  text(): readonly Arrived[] {
    return [
      {
        decoded: {
          kind: "invalid",
          error: "a connection to a document takes the frames of y-websocket",
          type: undefined,
          id: undefined,
        },
        reply: this.#reply(),
      },
    ];
  }

  binary(frame: Uint8Array): readonly Arrived[] {
    const read = readYFrame(frame);
    if (read === undefined) return [{ decoded: { kind: "binary" }, reply: this.#reply() }];
    const document_id = this.#document;
    switch (read.kind) {
      case "stateVector":
        return this.#message({
          type: "JOIN_SESSION",
          document_id,
          state_vector: base64Of(read.bytes),
        });
      case "update": {
        // Two zeros: there is nothing in it, as most providers say when they connect.
        if (read.bytes.length === 2 && read.bytes[0] === 0 && read.bytes[1] === 0) return [];
        const edit = { yjs: base64Of(read.bytes) };
        return this.#message({ type: "EDIT", document_id, edit });
      }
      case "awareness":
        return this.#message({
          type: "AWARENESS",
          document_id,
          state: { yjs: base64Of(read.bytes) },
        });
      case "nothing":
        return [];
    }
  }

  #message(message: ClientMessage): readonly Arrived[] {
    return [{ decoded: { kind: "message", message }, reply: this.#reply() }];
  }

  #reply(): Reply {
    return new Reply(Y_VOICE, this.#exit);
  }
}

/** An awareness of nobody: providers give up a connection on which they hear nothing for half a minute. */
const HEARD = awarenessFrame(Uint8Array.of(0));

const nothing = (): undefined => undefined;

/** What y-websocket has words for; the rest is not said. */
const Y_VOICE: Voice = {
  ...plainVoice({ encoding: "json", numbers: "exact" }),
  frame,
  push: frame,
  heard: () => HEARD,
  channel: nothing,
  shared: ({ yjs }: SharedMessage) => yjs,
};

function frame(message: string): OutFrame | undefined {
  const fields = JSON.parse(message) as Readonly<Record<string, unknown>>;
  if (fields["type"] === "SESSION_JOINED" && typeof fields["state"] === "string")
    return stateFrame(bytesOf(fields["state"], "state"));
  if (fields["type"] === "SESSION_LEFT")
    return deniedFrame("Reading it is not permitted any more.");
  if (fields["type"] === "ERROR") return deniedFrame(String(fields["error"]));
  return undefined;
}
