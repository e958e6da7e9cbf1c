/** What the shell is told. */
export const EXIT = {
  ok: 0,
  /** What was asked for failed: the statement, the import, the check. */
  failed: 1,
  /** The command was not understood, or its input is wrong. */
  usage: 2,
  /** No server answered, or it let us not in. */
  unreachable: 3,
  interrupted: 130,
} as const;

/** A failure that the person at the terminal can act on: what was wrong, where, and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  readonly hint: string | undefined;
  constructor(
    exitCode: number,
    message: string,
    more: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.exitCode = exitCode;
    this.hint = more.hint;
  }
}
