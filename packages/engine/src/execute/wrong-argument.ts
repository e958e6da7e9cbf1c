import { GeodeError, typeName, type Value } from "@geode/values";
import { located } from "./located.ts";

/** A 22G03 for an argument of another type than a function takes. */
export function wrong(what: string, wanted: string, value: Value, offset: number): unknown {
  return located(
    new GeodeError("22G03", `${what} takes ${wanted}, not ${typeName(value)}.`),
    offset,
  );
}
