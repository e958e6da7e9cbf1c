import type { OutFrame } from "../transport/out-frame.ts";
import type { Voice } from "./voice.ts";

/** An answer whose turn to leave may come later. */
export interface Answer {
  /** How long it is, about. */
  readonly bytes: number;
  /** Asked for when its turn has come; undefined if nothing is to be said after all. */
  frame(): OutFrame | undefined;
  /** Another message, in its place and in its form. */
  instead(message: string): OutFrame | undefined;
  /** What follows it may leave from now on. */
  said(): void;
}

/** Takes the one answer to a request: to let it leave at once, or in its turn. */
export type Deliver = (answer: Answer) => void;

/** Where frames leave. */
export interface Exit {
  answer(frame: OutFrame): void;
}

export interface ReplyOptions {
  /** Takes the one answer; by default it leaves at once. */
  readonly deliver?: Deliver;
  /** The channel in whose envelope the request came. */
  readonly channel?: string;
  /** Whether a message that is none is answered and counted, and does not close the connection. */
  readonly tolerant?: boolean;
}

/** How one request is answered: in which form, and in which place. */
export class Reply {
  readonly voice: Voice;
  readonly channel: string | undefined;
  readonly tolerant: boolean;
  /** Undefined: at once. */
  readonly #deliver: Deliver | undefined;
  readonly #exit: Exit;

  constructor(voice: Voice, exit: Exit, options: ReplyOptions = AT_ONCE) {
    this.voice = voice;
    this.channel = options.channel;
    this.tolerant = options.tolerant ?? false;
    this.#exit = exit;
    this.#deliver = options.deliver;
  }

  /** Says the one answer. If it has to wait, `isWanted` is asked when its turn has come, and `said` is called then. */
  answer(message: string, { isWanted, said }: AnswerOptions = NO_OPTIONS): void {
    if (this.#deliver === undefined) {
      leave(this.#exit, isWanted?.() === false ? undefined : this.voice.frame(message), said);
    } else {
      this.#deliver(this.#later(message, isWanted, said));
    }
  }

  /** There is no answer to this request: a JSON-RPC call is told that it was heard, and the next in order may speak. */
  nothing(): void {
    const frame = (): OutFrame | undefined => this.voice.heard?.();
    if (this.#deliver === undefined) leave(this.#exit, frame());
    else this.#deliver(this.#answerOf(0, frame));
  }

  /** Apart from where it leaves at once: closures there would be made for every answer. */
  #later(
    message: string,
    isWanted: AnswerOptions["isWanted"],
    said: AnswerOptions["said"],
  ): Answer {
    const frame = (): OutFrame | undefined =>
      isWanted?.() === false ? undefined : this.voice.frame(message);
    return this.#answerOf(message.length, frame, said);
  }

  #answerOf(bytes: number, frame: Answer["frame"], said: () => void = () => {}): Answer {
    return { bytes, frame, instead: (message) => this.voice.frame(message), said };
  }

  /** Says something that is no answer, but concerns the request. */
  push(message: string): void {
    const frame = this.voice.push(message);
    if (frame !== undefined) this.#exit.answer(frame);
  }

  /** For a message inside of this one, answered in the same form and in a place of its own. */
  inside(deliver: Deliver): Reply {
    const { channel, tolerant } = this;
    return new Reply(this.voice, this.#exit, {
      deliver,
      tolerant,
      ...(channel === undefined ? {} : { channel }),
    });
  }
}

export interface AnswerOptions {
  readonly isWanted?: (() => boolean) | undefined;
  readonly said?: (() => void) | undefined;
}

const AT_ONCE: ReplyOptions = {};
const NO_OPTIONS: AnswerOptions = {};

function leave(exit: Exit, frame: OutFrame | undefined, said?: () => void): void {
  if (frame !== undefined) exit.answer(frame);
  said?.();
}

/** What is answered and waits for an answer before it, over all orders of a connection. */
export interface HeldAnswers {
  bytes: number;
}

/** Answers that leave in the order of their requests, however long each takes. */
export class InOrder {
  readonly #exit: Exit;
  /** The oldest request first; without an answer while it waits for one. */
  readonly #places: { answer?: Answer }[] = [];
  readonly #held: HeldAnswers;

  constructor(exit: Exit, held: HeldAnswers) {
    this.#exit = exit;
    this.#held = held;
  }

  /** The place of the next request. */
  place(): Deliver {
    const place: { answer?: Answer } = {};
    this.#places.push(place);
    return (answer) => {
      place.answer = answer;
      this.#held.bytes += answer.bytes;
      for (let first = this.#places[0]; first?.answer !== undefined; first = this.#places[0]) {
        this.#places.shift();
        this.#held.bytes -= first.answer.bytes;
        leave(this.#exit, first.answer.frame(), () => first.answer?.said());
      }
    };
  }
}
