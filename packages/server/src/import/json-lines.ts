import type { Requirement } from "@geode/engine";
import { GeodeError, type Value } from "@geode/values";
import { catalogFault, type CatalogItem, CONSTRAINT_TYPES } from "./catalog.ts";
import { fromFile } from "./file-value.ts";
import type { ExternalId, Item, Located } from "./item.ts";
import { labelFault, propertyFault } from "./names.ts";
import { ImportProblem, type Problems } from "./problem.ts";
import { ITEM_LENGTH_MAX } from "./source.ts";
import { linesOf } from "./text.ts";

/** Where a node's `id` is kept. */
const ID_PROPERTY = "id";

/**
 * The items of a JSON Lines file: `{"labels": […], "id": …, "properties": {…}}` for a node, with `ref` for an id that is not kept,
 * `{"label": "…", "from": …, "to": …, "properties": {…}}` for an edge, `{"index": "name", "node": "label", "properties": […]}` for an
 * index, or with `edge` for one over edges, and `{"constraint": "name", "type": "unique", …}` for a constraint.
 */
export async function* readJsonLines(
  file: string,
  pieces: AsyncIterable<string>,
  problems: Problems,
): AsyncGenerator<readonly Located[]> {
  try {
    for await (const lines of linesOf(file, pieces, ITEM_LENGTH_MAX)) {
      const found: Located[] = [];
      for (const { line, text } of lines) {
        if (text.trim() === "") continue;
        try {
          found.push({ line, item: itemOf(text) });
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          problems.add(new ImportProblem(file, line, error.message));
          if (problems.enough) break;
        }
      }
      yield found;
      if (problems.enough) return;
    }
  } catch (error) {
    if (!(error instanceof ImportProblem)) throw error;
    problems.add(error);
  }
}

/** What is wrong with one line. */
class Fault extends Error {}

const NODE_FIELDS: ReadonlySet<string> = new Set(["labels", "id", "ref", "properties"]);
const EDGE_FIELDS: ReadonlySet<string> = new Set(["label", "from", "to", "properties"]);

function itemOf(text: string): Item {
  const fields = fieldsOf(text);
  if (fields.has("index") || fields.has("constraint")) return catalogItemOf(fields);
  const isEdge = fields.has("from") || fields.has("to") || fields.has("label");
  const known = isEdge ? EDGE_FIELDS : NODE_FIELDS;
  for (const name of fields.keys()) {
    if (!known.has(name)) {
      throw new Fault(
        `${isEdge ? "an edge" : "a node"} has no field ${JSON.stringify(name)}; put properties inside "properties"`,
      );
    }
  }
  return isEdge ? edgeOf(fields) : nodeOf(fields);
}

function nodeOf(fields: ReadonlyMap<string, unknown>): Item {
  const labels = fields.get("labels");
  if (!Array.isArray(labels)) throw new Fault('"labels" must be a list of labels');
  const properties = propertiesOf(fields.get("properties"));
  const id = fields.has("id") ? externalId(fields.get("id"), "id") : undefined;
  if (id !== undefined) {
    const own = properties.get(ID_PROPERTY);
    if (own !== undefined && own !== id.value)
      throw new Fault('the property "id" is not the "id" of the node');
    properties.set(ID_PROPERTY, id.value);
  }
  if (fields.has("ref") && id !== undefined)
    throw new Fault('a node has an "id", which is kept, or a "ref", which is not');
  const reference = fields.has("ref")
    ? { ...externalId(fields.get("ref"), "ref"), property: null }
    : undefined;
  return {
    kind: "node",
    labels: [...new Set(labels.map((label) => labelOf(label, "labels")))].sort(),
    id: id ?? reference,
    properties,
  };
}

function edgeOf(fields: ReadonlyMap<string, unknown>): Item {
  return {
    kind: "edge",
    label: labelOf(fields.get("label"), "label"),
    from: externalId(fields.get("from"), "from"),
    to: externalId(fields.get("to"), "to"),
    properties: propertiesOf(fields.get("properties")),
  };
}

const CATALOG_FIELDS: ReadonlySet<string> = new Set(["node", "edge", "properties"]);

function catalogItemOf(fields: ReadonlyMap<string, unknown>): Item {
  const what = fields.has("index") ? "index" : "constraint";
  for (const field of fields.keys()) {
    const isKnown =
      CATALOG_FIELDS.has(field) || field === what || (what === "constraint" && field === "type");
    if (!isKnown) throw new Fault(`${what} has no field ${JSON.stringify(field)}`);
  }
  if (fields.has("node") === fields.has("edge"))
    throw new Fault(`the ${what} needs the label of either a "node" or an "edge"`);
  const element = fields.has("node") ? "node" : "edge";
  const properties = fields.get("properties");
  if (!isTexts(properties)) throw new Fault('"properties" must be a list of property names');
  const name = fields.get(what);
  if (typeof name !== "string") throw new Fault(`"${what}" must hold its name`);
  const item: CatalogItem = {
    kind: "catalog",
    name,
    element,
    label: labelOf(fields.get(element), element),
    properties,
    requirement: what === "index" ? null : requirementOf(fields.get("type")),
  };
  const fault = catalogFault(item);
  if (fault !== undefined) throw new Fault(fault);
  return item;
}

function requirementOf(json: unknown): Requirement {
  for (const requirement of ["unique", "exists", "key"] as const)
    if (json === CONSTRAINT_TYPES[requirement]) return requirement;
  const types = Object.values(CONSTRAINT_TYPES).map((type) => JSON.stringify(type));
  throw new Fault(`"type" must be one of ${types.join(", ")}`);
}

function isTexts(json: unknown): json is readonly string[] {
  return Array.isArray(json) && json.every((item) => typeof item === "string");
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Fault(`not JSON: ${(error as Error).message}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Fault("a line is one JSON object");
  return new Map(Object.entries(json));
}

function labelOf(json: unknown, field: string): string {
  if (typeof json !== "string") throw new Fault(`"${field}" must hold text`);
  const fault = labelFault(json, "json");
  if (fault !== undefined) throw new Fault(fault);
  return json;
}

function externalId(json: unknown, field: string): ExternalId {
  if ((typeof json === "string" && json !== "") || Number.isSafeInteger(json)) {
    return { space: "", value: json as string | number, property: ID_PROPERTY };
  }
  throw new Fault(`"${field}" must be a text or a whole number: the id of a node`);
}

function propertiesOf(json: unknown): Map<string, Value> {
  if (json === undefined) return new Map();
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Fault('"properties" must be an object');
  const properties = new Map<string, Value>();
  for (const [name, field] of Object.entries(json)) {
    const fault = propertyFault(name, "json");
    if (fault !== undefined) throw new Fault(fault);
    const value = valueOf(field, name);
    if (value !== null) properties.set(name, value);
  }
  return properties;
}

function valueOf(json: unknown, name: string): Value {
  try {
    return fromFile(json, `properties.${name}`);
  } catch (error) {
    throw error instanceof GeodeError ? new Fault(error.message) : error;
  }
}
