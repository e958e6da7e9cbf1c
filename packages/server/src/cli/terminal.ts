/** The world of a command: its streams and its environment. Tests bring their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For results: what a pipe gets. */
  out(text: string): void;
  /** For people: progress, hints, errors. */
  err(text: string): void;
  /** Whether somebody watches the standard error. */
  readonly interactive: boolean;
  /** Resolves when the person or the system asks the process to end; the name of the signal. */
  interrupted(): Promise<string>;
}

export function processTerminal(): Terminal {
  // A reader that goes away, e.g. `| head`, is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
    interrupted: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) {
          process.once(signal, () => resolve(signal));
        }
        // Started on behalf of a process that is gone: nobody else could stop us.
        process.once("disconnect", () => resolve("disconnect"));
        process.channel?.unref();
      }),
  };
}

/** Text from elsewhere as it may be shown: control characters could rewrite the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n"
      ? "\\n"
      : character === "\t"
        ? "\\t"
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
