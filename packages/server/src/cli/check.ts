import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Database } from "@geode/engine";
import { counted } from "./counted.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Opens a data directory, which verifies what is stored, and checks that the graph agrees with itself. */
export async function runCheck(data: string, terminal: Terminal): Promise<void> {
  const directory = resolve(data);
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new CommandError(EXIT.usage, `${directory} is not a directory`, {
      hint: "Name the data directory that `geode serve --data` uses.",
    });
  }
  const database = await Database.open({ directory });
  try {
    const findings = database.check();
    for (const { part, message } of findings) terminal.out(`${part}: ${message}\n`);
    if (findings.length > 0) {
      throw new CommandError(
        EXIT.failed,
        `${counted(findings.length, "findings")} in ${directory}`,
        {
          hint: "Restore from a backup, or keep a copy of the directory before anything else is tried.",
        },
      );
    }
    const { documents, edges, nodes, seq } = database.status();
    const found = [counted(nodes, "nodes"), counted(edges, "edges")];
    if (documents > 0) found.push(counted(documents, "documents"));
    found.push(counted(seq, "commits"));
    terminal.out(`${directory} is sound: ${found.join(", ")}.\n`);
  } finally {
    await database.close();
  }
}
