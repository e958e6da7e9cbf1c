import type { Variable } from "../../plan/expression.ts";
import { isElement } from "./expressions.ts";
import type { Generator } from "./generator.ts";

/** An entry of a set or a map, beside its key. */
export const ENTRY_BYTES = 40;
/** The state of an aggregate of one group. */
export const STATE_BYTES = 96;
/** A slot in an array. */
export const SLOT_BYTES = 16;

/** The bytes of one row of these variables that lies in arrays, as {@link bytesOf} estimates them. */
export function bytesCode(g: Generator, variables: Iterable<Variable>): string {
  let slots = 0;
  const values: string[] = [];
  for (const variable of variables) {
    if (isElement(variable)) slots += SLOT_BYTES;
    else values.push(`F.bytesOf(${g.local(variable)})`);
  }
  return [String(slots), ...values].join("+");
}
