import type { Terminal } from "../src/cli/terminal.ts";

/** A terminal that nobody sits at: it keeps what is printed, and is interrupted when told. */
export class ScriptTerminal implements Terminal {
  readonly env: Record<string, string | undefined>;
  readonly interactive = false;
  output = "";
  errors = "";
  readonly #interrupt = Promise.withResolvers<string>();

  constructor(env: Record<string, string | undefined> = {}) {
    this.env = env;
  }

  out(text: string): void {
    this.output += text;
  }

  err(text: string): void {
    this.errors += text;
  }

  interrupted(): Promise<string> {
    return this.#interrupt.promise;
  }

  interrupt(): void {
    this.#interrupt.resolve("SIGINT");
  }
}
