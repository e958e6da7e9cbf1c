import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { checkDirectory } from "@geode/engine";
import { counted } from "./counted.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Reads a data directory, which a server may use meanwhile, and says what is wrong with it. */
export async function runCheck(data: string, terminal: Terminal): Promise<void> {
  const directory = resolve(data);
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new CommandError(EXIT.usage, `${directory} is not a directory`, {
      hint: "Name the data directory that `geode serve --data` uses.",
    });
  }
  const { checkpoints, findings, log, state } = await checkDirectory(directory);
  for (const { severity, subject, problem, hint } of findings) {
    terminal.out(`${severity}: ${subject}: ${problem}\n`);
    if (hint !== undefined) terminal.out(`  ${hint}\n`);
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  if (log === null || state === null || errors.length > 0) {
    throw new CommandError(EXIT.failed, `${counted(errors.length, "errors")} in ${directory}`, {
      hint: "Restore from a backup, or keep a copy of the directory before anything else is tried.",
    });
  }
  const parts = [counted(state.nodes, "nodes"), counted(state.edges, "edges")];
  if (state.documents > 0) parts.push(counted(state.documents, "documents"));
  parts.push(counted(state.seq, "commits"), counted(checkpoints.length, "checkpoints"));
  terminal.out(`${directory} is sound: ${parts.join(", ")}, ${kept(log)} in the log.\n`);
}

function kept({ oldest, newest }: { readonly oldest: number; readonly newest: number }): string {
  return counted(newest - oldest + 1, "entries");
}
