import type { Value } from "@geode/values";
import { type CatalogItem, CONSTRAINT_TYPES } from "../import/catalog.ts";
import { toFile } from "../import/file-value.ts";
import type { Contents } from "./contents.ts";

/** An object per line, as `geode import` reads it: indexes and constraints, nodes, edges. Nodes have a `ref` each, by which edges name them and which is not kept. */
export function* jsonLines(contents: Contents): Generator<string> {
  for (const item of contents.catalog) yield `${catalogLine(item)}\n`;
  for (const element of contents.elements()) {
    const properties =
      element.properties.size === 0 ? "" : `,"properties":${jsonObject(element.properties)}`;
    yield element.kind === "insertNode"
      ? `{"labels":${JSON.stringify(element.labels)},"ref":${element.id}${properties}}\n`
      : `{"label":${JSON.stringify(element.label)},"from":${element.from},"to":${element.to}${properties}}\n`;
  }
}

function catalogLine({ element, label, name, properties, requirement }: CatalogItem): string {
  const what =
    requirement === null
      ? { index: name }
      : { constraint: name, type: CONSTRAINT_TYPES[requirement] };
  return JSON.stringify({ ...what, [element]: label, properties });
}

/** Properties stand under their own names, also those that begin with `$`. */
export function jsonObject(properties: ReadonlyMap<string, Value>): string {
  const members = [...properties].map(
    ([name, value]) => `${JSON.stringify(name)}:${toFile(value)}`,
  );
  return `{${members.join(",")}}`;
}
