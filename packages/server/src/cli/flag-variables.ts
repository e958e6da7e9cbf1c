import type { Command } from "commander";
import { CommandError, EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["yes", true],
  ["0", false],
  ["false", false],
  ["no", false],
  ["", false],
]);

/**
 * Flags from their GEODE_ variables. Commander would take any value for a yes, `0` and `false` too.
 * Throws CommandError for anything that is neither yes nor no.
 */
export function applyFlagVariables(command: Command, env: Terminal["env"]): void {
  for (const option of command.options) {
    if (!option.isBoolean() || command.getOptionValueSource(option.attributeName()) !== "default")
      continue;
    const name = `GEODE_${option.name().replaceAll("-", "_").toUpperCase()}`;
    const text = env[name];
    if (text === undefined) continue;
    const value = TRUTH.get(text.toLowerCase());
    if (value === undefined)
      throw new CommandError(
        EXIT.usage,
        `${name} must be true or false, not ${JSON.stringify(text)}`,
      );
    command.setOptionValueWithSource(option.attributeName(), value, "env");
  }
}
