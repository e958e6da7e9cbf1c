import { CommandError, EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Runs work that Ctrl+C may end; `outcome` is what is true then, e.g. "nothing was restored". */
export async function withInterruption<T>(
  terminal: Terminal,
  outcome: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  void terminal.interrupted().then(() => interruption.abort());
  const { signal } = interruption;
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandError(EXIT.interrupted, `interrupted; ${outcome}`, { cause: error });
  }
}
