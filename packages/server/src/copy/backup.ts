import { resolve } from "node:path";
import { makeCopy } from "@geode/engine";
import { withInterruption } from "../cli/interruption.ts";
import type { Terminal } from "../cli/terminal.ts";
import { copySource, fromDirectory, type CopySourceOptions } from "./source.ts";

/** Makes a directory with everything that a server, or a data directory, has at one commit. */
export async function runBackup(
  directory: string,
  options: CopySourceOptions,
  terminal: Terminal,
): Promise<void> {
  const target = resolve(directory);
  const { seq } = await withInterruption(terminal, "no backup was made", (signal) =>
    makeCopy(target, copySource(options, terminal, signal)),
  );
  terminal.out(`Backed up to ${target}, as of commit ${seq}.\n`);
}

/** Makes a data directory of a backup. */
export async function runRestore(
  backup: string,
  directory: string,
  terminal: Terminal,
): Promise<void> {
  const target = resolve(directory);
  const { seq } = await withInterruption(terminal, "nothing was restored", (signal) =>
    makeCopy(target, fromDirectory(resolve(backup), terminal, signal)),
  );
  terminal.out(
    `Restored to ${target}, as of commit ${seq}. Serve it with: geode serve --data ${directory}\n`,
  );
}
