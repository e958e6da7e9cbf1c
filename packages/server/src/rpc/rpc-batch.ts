import { tooLarge } from "@geode/protocol";
import { errorFrame } from "../session/answers.ts";
import type { Answer, Exit } from "../session/reply.ts";

export interface RpcBatchOptions {
  readonly calls: number;
  /** How long the answer may be; what does not fit into it is an error in its place. */
  readonly bytesMax: number;
  readonly exit: Exit;
}

/** The answers to a batch of calls: one list, once each of them is answered; nothing if all were notifications. */
export class RpcBatch {
  readonly #options: RpcBatchOptions;
  readonly #answers: Answer[] = [];
  #bytes = 0;

  constructor(options: RpcBatchOptions) {
    this.#options = options;
  }

  take(answer: Answer): void {
    const { bytesMax, calls, exit } = this.#options;
    const fits = this.#bytes + answer.bytes <= bytesMax;
    if (fits) this.#bytes += answer.bytes;
    const refusal = fits ? undefined : errorFrame({}, tooLarge(bytesMax));
    this.#answers.push(
      refusal === undefined ? answer : { ...answer, frame: () => answer.instead(refusal) },
    );
    if (this.#answers.length < calls) return;
    const responses = this.#answers
      .map((taken) => taken.frame())
      .filter((frame) => typeof frame === "string");
    if (responses.length > 0) exit.answer(`[${responses.join(",")}]`);
    for (const taken of this.#answers) taken.said();
  }
}
