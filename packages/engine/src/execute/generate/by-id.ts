import type { Variable } from "../../plan/expression.ts";
import { isElement } from "./expressions.ts";
import type { Generator } from "./generator.ts";

/*
 * A slot means something only until the element in it goes. Rows that wait while elements may go hold them by id, and know afterwards
 * which are gone.
 */

/** What repetitions bind: lists of slots, or null. */
const LISTS: ReadonlySet<Variable["type"]> = new Set(["nodes", "edges", "steps"] as const);

type Columns = Iterable<readonly [variable: Variable, array: string]>;

/** Kept rows hold ids from here on. */
export function holdIds(g: Generator, columns: Columns): void {
  for (const [variable, array] of columns) hold(g, variable, array, "Ids");
}

/** And slots again; -1 for what is gone. */
export function holdSlots(g: Generator, columns: Columns): void {
  for (const [variable, array] of columns) hold(g, variable, array, "Slots");
}

/** One value by its slot or its slots, of one that is kept by id. */
export function slotCode(variable: Variable, id: string): string {
  const all = convertedCode(variable, `[${id}]`, "Slots");
  return all === null ? id : `${all}[0]`;
}

/** One value by its id, of a slot. */
export function idCode(variable: Variable, slot: string): string {
  const all = convertedCode(variable, `[${slot}]`, "Ids");
  return all === null ? slot : `${all}[0]`;
}

function hold(g: Generator, variable: Variable, array: string, what: "Ids" | "Slots"): void {
  const converted = convertedCode(variable, array, what);
  if (converted !== null) g.code.line(`${array}=${converted};`);
}

/** Null for what is neither an element nor a list of elements. */
function convertedCode(variable: Variable, array: string, to: "Ids" | "Slots"): string | null {
  if (isElement(variable)) return `rt.${variable.type}${to}(${array})`;
  return LISTS.has(variable.type) ? `rt.list${to}("${variable.type}",${array})` : null;
}
