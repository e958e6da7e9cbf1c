import { GeodeError, type Value } from "@geode/values";
import { located } from "./located.ts";
import { wrong } from "./wrong-argument.ts";

/** The labels that a text or a list of texts names. */
export function labelNames(value: Value, offset: number): readonly string[] {
  const names: readonly Value[] = Array.isArray(value) ? value : [value];
  return names.map((name) => {
    if (typeof name !== "string")
      throw wrong("A computed label", "a STRING or a LIST of STRINGs", name, offset);
    if (name !== "") return name;
    throw located(new GeodeError("22G03", "A label cannot be empty."), offset);
  });
}

/** Whether the labels of an element have all of those names, or any of them. */
export function hasLabels(labels: Value, value: Value, any: Value, offset: number): Value {
  if (labels === null) return null;
  const names = labelNames(value, offset);
  const has = (name: string): boolean => (labels as readonly Value[]).includes(name);
  return any === true ? names.some(has) : names.every(has);
}
