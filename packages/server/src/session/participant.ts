import type { RequestId } from "@geode/protocol";
import type { Member } from "../audience/member.ts";
import type { Identity } from "../auth/token.ts";
import type { Principal } from "../port.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Reply } from "./reply.ts";
import type { Request, Requests } from "./requests.ts";
import type { Voice } from "./voice.ts";

export interface ParticipantOptions {
  /** Names the connection. */
  readonly session: string;
  readonly requests: Requests;
  identity(): Identity;
  client(): string | undefined;
  /** How the connection is spoken to by default. */
  voice(): Voice;
  /** Of what waits under one topic, the latest is enough. */
  push(frame: OutFrame, topic?: string): void;
  /** Resolves when the connection has taken what waits for it, or is gone. */
  relieved(): Promise<void>;
  readonly failure: (about: { readonly id?: RequestId | undefined }, error: unknown) => string;
}

/** One connection among those in rooms, or in documents: it hears of each place in the form in which it went there. */
export abstract class Participant<
  Options extends ParticipantOptions = ParticipantOptions,
> implements Member {
  protected readonly options: Options;
  /** By place; undefined while it is nowhere, as most connections are. */
  #voices: Map<string, Voice> | undefined;

  constructor(options: Options) {
    this.options = options;
  }

  get session(): string {
    return this.options.session;
  }

  get user(): Member["user"] {
    const { name, principal } = this.options.identity();
    return { id: principal.id, ...(name === undefined ? {} : { name }) };
  }

  get principal(): Principal {
    return this.options.identity().principal;
  }

  get client(): string | undefined {
    return this.options.client();
  }

  /** Whether it hears of anything. */
  get isBusy(): boolean {
    return this.#voices !== undefined && this.#voices.size > 0;
  }

  hear(message: SharedMessage, place: string | null, topic?: string): void {
    const frame = this.#voiceIn(place).shared(message);
    if (frame !== undefined) this.options.push(frame, topic);
  }

  dismissed(place: string): void {
    const frame = this.#voiceIn(place).push(this.left(place, undefined));
    this.#voices?.delete(place);
    if (frame !== undefined) this.options.push(frame);
  }

  relieved(): Promise<void> {
    return this.options.relieved();
  }

  /** The message that it is not there any more. */
  protected abstract left(place: string, id: RequestId | undefined): string;

  /** `go` brings it there, and calls `answered` with the answer; what it throws before that, it was never there. */
  protected async enter(
    place: string,
    { id, reply }: { readonly id: RequestId | undefined; readonly reply: Reply },
    go: (answered: (answer: string) => void) => Promise<void>,
  ): Promise<void> {
    const voices = (this.#voices ??= new Map());
    const before = voices.get(place);
    let answered = false;
    voices.set(place, reply.voice);
    try {
      await go((answer) => {
        answered = true;
        reply.answer(answer);
      });
    } catch (error) {
      // It is there, but what it has missed could not be read: it has to come anew.
      if (answered) return reply.push(this.options.failure({ id }, error));
      if (before === undefined) voices.delete(place);
      else voices.set(place, before);
      throw error;
    }
  }

  /** It has gone: from one place, or from all. */
  protected forget(place?: string): void {
    if (place === undefined) this.#voices = undefined;
    else this.#voices?.delete(place);
  }

  /** In its turn. What it throws is answered, if `id` names the request: undefined if there is no name, null if nobody is to be told. */
  protected later(
    request: Pick<Request, "access">,
    reply: Reply,
    id: RequestId | undefined | null,
    work: () => Promise<void>,
  ): void {
    const { failure, requests } = this.options;
    requests.submit({
      get access() {
        return request.access;
      },
      run: async () => {
        try {
          await work();
        } catch (error) {
          if (id !== null) reply.answer(failure({ id }, error));
        }
      },
    });
  }

  #voiceIn(place: string | null): Voice {
    return (place === null ? undefined : this.#voices?.get(place)) ?? this.options.voice();
  }
}
