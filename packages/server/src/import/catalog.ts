import type { ElementKind, Requirement } from "@geode/engine";
import { labelFault, propertyFault, quoted } from "./names.ts";

/** An index; with a requirement, a constraint. */
export interface CatalogItem {
  readonly kind: "catalog";
  readonly name: string;
  readonly element: ElementKind;
  readonly label: string;
  readonly properties: readonly string[];
  readonly requirement: Requirement | null;
}

/** As many as a graph has. */
export const CATALOG_ITEMS_MAX = 1_000;

/** How a file calls what a constraint requires: as it stands behind IS in CREATE CONSTRAINT. */
export const CONSTRAINT_TYPES: Readonly<Record<Requirement, string>> = {
  unique: "unique",
  exists: "not null",
  key: "key",
};

/** Why it cannot be created, or undefined. */
export function catalogFault({ label, name, properties }: CatalogItem): string | undefined {
  if (name === "") return "the name of an index or a constraint is empty";
  if (properties.length === 0) return '"properties" names no property';
  if (new Set(properties).size < properties.length) return '"properties" names one twice';
  const faults = properties.map((property) => propertyFault(property, "json"));
  return labelFault(label, "json") ?? faults.find((fault) => fault !== undefined);
}

/** `name` null: whatever the server calls it. */
export function catalogStatement(
  {
    element,
    label,
    name,
    properties,
    requirement,
  }: Omit<CatalogItem, "kind" | "name"> & {
    readonly name: string | null;
  },
  { ifNotExists }: { readonly ifNotExists: boolean },
): string {
  const target = `n:${quoted(label)}`;
  const on = `(${properties.map((property) => `n.${quoted(property)}`).join(", ")})`;
  const words = [
    requirement === null ? "CREATE INDEX" : "CREATE CONSTRAINT",
    ...(name === null ? [] : [quoted(name)]),
    ...(ifNotExists ? ["IF NOT EXISTS"] : []),
    element === "node" ? `FOR (${target})` : `FOR ()-[${target}]-()`,
    requirement === null
      ? `ON ${on}`
      : `REQUIRE ${on} IS ${CONSTRAINT_TYPES[requirement].toUpperCase()}`,
  ];
  return words.join(" ");
}
