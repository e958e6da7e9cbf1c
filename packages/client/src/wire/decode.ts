import { float } from "@geode/values";
import { BrokenFrame } from "./broken-frame.ts";
import { GraphEdge, GraphNode, GraphPath } from "./value.ts";
import type { PlainProperties, PlainValue } from "./value.ts";

/** How a FLOAT that looks like an integer (2.0, NaN, the infinities) arrives: as a plain number, or as a `Float` that keeps its type. */
export type Floats = "number" | "exact";

/** What the server itself refuses to nest deeper; a frame beyond it is not one of ours. */
const DEPTH_MAX = 128;

type JsonObject = Readonly<Record<string, unknown>>;

/** A row of the wire (PROTOCOL.md, "Values") as an application sees it. Throws BrokenFrame when it is none. */
export function decodeRow(raw: unknown, floats: Floats): Record<string, PlainValue> {
  // Only the values inside can be tagged: a row is always an object of columns.
  if (!isObject(raw)) throw new BrokenFrame("a row is not an object");
  return fields(raw, floats, 0);
}

/** One value of the wire. Throws BrokenFrame when it is malformed. */
export function decodeValue(raw: unknown, floats: Floats, depth = 0): PlainValue {
  if (
    raw === null ||
    typeof raw === "string" ||
    typeof raw === "boolean" ||
    typeof raw === "number"
  )
    return raw;
  if (depth >= DEPTH_MAX) throw new BrokenFrame(`a value is nested deeper than ${DEPTH_MAX}`);
  if (Array.isArray(raw)) return raw.map((item) => decodeValue(item, floats, depth + 1));
  if (!isObject(raw)) throw new BrokenFrame("a value is no JSON");
  if (Object.hasOwn(raw, "$int")) return decodeInteger(text(raw, "$int"));
  if (Object.hasOwn(raw, "$float")) return decodeFloat(text(raw, "$float"), floats);
  if (Object.hasOwn(raw, "$bytes")) return decodeBytes(text(raw, "$bytes"));
  if (Object.hasOwn(raw, "$path")) return decodePath(raw["$path"], floats, depth);
  if (Object.hasOwn(raw, "$id")) return decodeElement(raw, floats, depth);
  return fields(raw, floats, depth);
}

function decodeElement(raw: JsonObject, floats: Floats, depth: number): GraphNode | GraphEdge {
  const labels = raw["$labels"];
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string"))
    throw new BrokenFrame("an element has no labels");
  const id = text(raw, "$id");
  const properties: PlainProperties = fields(raw, floats, depth);
  if (!Object.hasOwn(raw, "$from")) return new GraphNode(id, labels, properties);
  return new GraphEdge(
    { id, from: text(raw, "$from"), to: text(raw, "$to") },
    labels[0] ?? "",
    properties,
  );
}

function decodePath(raw: unknown, floats: Floats, depth: number): GraphPath {
  if (!Array.isArray(raw)) throw new BrokenFrame("a path is not a list");
  return new GraphPath(
    raw.map((element: unknown) => {
      if (!isObject(element) || !Object.hasOwn(element, "$id"))
        throw new BrokenFrame("a path holds something that is no element");
      return decodeElement(element, floats, depth + 1);
    }),
  );
}

/** The user's fields: those with one leading `$` are the protocol's, a doubled one is the user's. */
function fields(raw: JsonObject, floats: Floats, depth: number): Record<string, PlainValue> {
  const result: Record<string, PlainValue> = Object.create(null);
  for (const name of Object.keys(raw)) {
    if (name.startsWith("$")) {
      if (name.startsWith("$$")) result[name.slice(1)] = decodeValue(raw[name], floats, depth + 1);
    } else {
      result[name] = decodeValue(raw[name], floats, depth + 1);
    }
  }
  return result;
}

function decodeInteger(digits: string): bigint {
  if (!/^-?\d{1,32}$/.test(digits)) throw new BrokenFrame("an integer is no number");
  return BigInt(digits);
}

function decodeFloat(digits: string, floats: Floats): PlainValue {
  const value = Number(digits);
  if (Number.isNaN(value) && digits !== "NaN") throw new BrokenFrame("a float is no number");
  return floats === "exact" ? float(value) : value;
}

function decodeBytes(base64: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(base64);
  } catch (cause) {
    throw new BrokenFrame("bytes are not base64", cause);
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function text(raw: JsonObject, name: string): string {
  const value = raw[name];
  if (typeof value !== "string") throw new BrokenFrame(`${name} is not a string`);
  return value;
}

function isObject(raw: unknown): raw is JsonObject {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}
