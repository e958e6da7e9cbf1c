import { readFile } from "node:fs/promises";
import { GeodeError } from "@geode/values";
import { parseDocument } from "yaml";
import { CommandError, EXIT } from "../cli/exit.ts";

/** Aliases that a file may make of one part: a small file must not become a large policy. */
const ALIASES_MAX = 100;

/** Reads a policy file, YAML or JSON, and does something with it; what is wrong with it is told with the file's name. */
export async function inFile<T>(file: string, use: (document: unknown) => Promise<T>): Promise<T> {
  try {
    return await use(documentOf(await readFile(file, "utf8")));
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    if (cause instanceof GeodeError && cause.code !== "UNAVAILABLE") {
      throw new CommandError(EXIT.usage, `${file}: ${cause.message}`, { hint: cause.hint, cause });
    }
    if (typeof code === "string" && /^E[A-Z]+$/.test(code))
      throw new CommandError(EXIT.usage, `cannot read ${file}: ${(cause as Error).message}`, {
        cause,
      });
    throw cause;
  }
}

function documentOf(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw new GeodeError("INVALID_MESSAGE", problem.message.trim());
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    if (value === null || value === undefined)
      throw new GeodeError("INVALID_MESSAGE", "There is nothing in it.");
    return value;
  } catch (cause) {
    if (cause instanceof GeodeError) throw cause;
    throw new GeodeError("INVALID_MESSAGE", (cause as Error).message, { cause });
  }
}
