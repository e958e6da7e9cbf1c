import { Edge, Node, Path, typeName, type Value } from "@geode/values";

/** As Cypher orders the members of a union. */
const ORDER: readonly string[] = [
  "BOOLEAN",
  "STRING",
  "INTEGER",
  "FLOAT",
  "DATE",
  "LOCAL TIME",
  "ZONED TIME",
  "LOCAL DATETIME",
  "ZONED DATETIME",
  "DURATION",
  "NODE",
  "RELATIONSHIP",
  "MAP",
];

/** What Cypher's `valueType()` says: the narrowest type that the value has, as it is written there. */
export function valueTypeName(value: Value): string {
  return value === null ? "NULL" : `${nameOf(value)} NOT NULL`;
}

function nameOf(value: Value): string {
  if (Array.isArray(value)) return `LIST<${elementTypes(value)}>`;
  if (value instanceof Node) return "NODE";
  if (value instanceof Edge) return "RELATIONSHIP";
  if (value instanceof Path) return "PATH";
  return value instanceof Map ? "MAP" : typeName(value);
}

function elementTypes(list: readonly Value[]): string {
  const present = list.filter((item) => item !== null);
  if (list.length === 0) return "NOTHING";
  if (present.length === 0) return "NULL";
  const names = [...new Set(present.map(nameOf))].sort(
    (left, right) => placeOf(left) - placeOf(right) || (left < right ? -1 : 1),
  );
  const suffix = present.length === list.length ? " NOT NULL" : "";
  return names.map((name) => name + suffix).join(" | ");
}

/** Lists and paths come last. */
function placeOf(name: string): number {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}
