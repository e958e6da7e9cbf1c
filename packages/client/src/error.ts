import { ERROR_CODES, GeodeError } from "@geode/values";
import type { ErrorCode } from "@geode/values";
import type { ErrorMessage } from "./wire/messages.ts";

/** An error that the server reported: everything its ERROR message said. */
export class ServerError extends GeodeError {
  /** The code as sent. A newer server may use one that `code` (then INTERNAL) does not know. */
  readonly sentCode: string;
  /** How long to wait before sending the same again, in milliseconds; set when a rate limit was hit. */
  readonly retryAfterMs: number | undefined;
  readonly #retryable: boolean;

  constructor(message: ErrorMessage) {
    super(knownCode(message.code), message.error, {
      position: message.position ?? undefined,
      hint: message.hint ?? undefined,
    });
    this.sentCode = message.code;
    this.retryAfterMs = message.retryAfterMs ?? undefined;
    this.#retryable = message.retryable;
  }

  /** Whether the same request may succeed when sent again unchanged: the server's own word. */
  override get retryable(): boolean {
    return this.#retryable;
  }
}

/** For what was unanswered when the server closed the connection because it could not read a message. */
export function unreadable(reason: string): GeodeError {
  return new GeodeError(
    "INVALID_MESSAGE",
    `The server closed the connection over a message that it could not take: ${reason}`,
    { hint: "It may have been another one that was sent at the same time" },
  );
}

function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "INTERNAL";
}
