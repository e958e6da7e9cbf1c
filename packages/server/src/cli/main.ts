import { GeodeError } from "@geode/values";
import { CommanderError } from "commander";
import { CommandError, EXIT } from "./exit.ts";
import { geodeProgram } from "./program.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

process.exitCode = await main(process.argv.slice(2), processTerminal());

/** Runs the command line. Answers the exit code. */
async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await geodeProgram(terminal).parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return report(error, terminal);
  }
}

/** Says what was wrong and what to do. Anything unexpected is ours: it is shown with its stack. */
function report(error: unknown, terminal: Terminal): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError || error instanceof GeodeError) {
    terminal.err(`geode: ${error.message}\n`);
    if (error.hint !== undefined) terminal.err(`${error.hint}\n`);
    return error instanceof CommandError ? error.exitCode : EXIT.failed;
  }
  terminal.err(
    `geode: unexpected failure, please report it\n${String((error as Error)?.stack ?? error)}\n`,
  );
  return EXIT.failed;
}
