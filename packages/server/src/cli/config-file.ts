import { readFile } from "node:fs/promises";
import type { Command, Option } from "commander";
import { CommandError, EXIT } from "./exit.ts";

/**
 * Fills options from a JSON file: the names are those of the flags without dashes, e.g. `{"port": 9000, "allowed-origins": "https://a"}`.
 * A flag wins over a GEODE_ variable, that over the file, that over the default. Options of other commands may stand in the file.
 */
export async function applyConfigFile(command: Command, path: string): Promise<void> {
  const entries = await readEntries(path);
  const known = new Set(familyOf(command).flatMap((member) => member.options.map(flagName)));
  for (const name of entries.keys()) {
    if (!known.has(name)) {
      throw new CommandError(EXIT.usage, `${path}: there is no option "${name}"`, {
        hint: "The names are those of the flags in `geode serve --help`, without the dashes.",
      });
    }
  }
  for (const option of command.options) {
    const value = entries.get(flagName(option));
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (value === undefined || (source !== undefined && source !== "default")) continue;
    command.setOptionValueWithSource(key, parsed(path, option, value), "config");
  }
}

async function readEntries(path: string): Promise<ReadonlyMap<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new CommandError(EXIT.usage, `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(EXIT.usage, `${path} is not JSON: ${reasonOf(cause)}`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new CommandError(EXIT.usage, `${path}: expected a JSON object of options`);
  }
  return new Map(Object.entries(json));
}

function parsed(path: string, option: Option, value: unknown): unknown {
  if (option.isBoolean()) {
    if (typeof value === "boolean") return value;
    throw new CommandError(EXIT.usage, `${path}: "${flagName(option)}" must be true or false`);
  }
  const text = Array.isArray(value) ? value.join(",") : String(value);
  try {
    const result: unknown = option.parseArg === undefined ? text : option.parseArg(text, undefined);
    if (option.argChoices !== undefined && !option.argChoices.includes(text)) {
      throw new Error(`It must be one of ${option.argChoices.join(", ")}.`);
    }
    return result;
  } catch (cause) {
    throw new CommandError(
      EXIT.usage,
      `${path}: "${flagName(option)}" is not valid. ${reasonOf(cause)}`,
      { cause },
    );
  }
}

function flagName(option: Option): string {
  return option.long?.replace(/^--(no-)?/, "") ?? "";
}

/** The command with all that can be called beside it. */
function familyOf(command: Command): readonly Command[] {
  return command.parent === null ? [command] : [command.parent, ...command.parent.commands];
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
