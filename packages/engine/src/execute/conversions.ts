import { GeodeError, typeName, type Value } from "@geode/values";
import { located } from "./located.ts";

type Conversion = (value: Value, offset: number) => Value;

/** Cypher's `to…OrNull`: NULL for whatever cannot be converted. */
export function orNull(convert: Conversion): Conversion {
  return (value, offset) => {
    try {
      return convert(value, offset);
    } catch (error) {
      if (error instanceof GeodeError) return null;
      throw error;
    }
  };
}

/** Cypher's `to…List`: each item converted, or NULL. */
export function ofEachItem(name: string, convert: Conversion): Conversion {
  const each = orNull(convert);
  return (value, offset) => {
    if (value === null) return null;
    if (!Array.isArray(value))
      throw located(
        new GeodeError("22G03", `${name} takes a LIST, not ${typeName(value)}.`),
        offset,
      );
    return (value as readonly Value[]).map((item) => each(item, offset));
  };
}
