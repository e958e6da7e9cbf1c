import { INTEGER_MAX, INTEGER_MIN, article, integer, numberText, typeName } from "./arithmetic.ts";
import { compareStrings } from "./compare.ts";
import { GeodeError } from "./error.ts";
import { TemporalValue } from "./temporal/temporal-value.ts";
import {
  Edge,
  Float,
  float,
  Node,
  Path,
  type Properties,
  type Value,
  type ValueRecord,
} from "./value.ts";

/*
 * The JSON form of values, as it goes over the wire. What JSON has no type for is an object whose keys start with `$`; a key of a
 * user's that starts with `$` is sent with that `$` doubled. Temporal values are strings, their ISO 8601 texts: what type they have stands
 * with the columns, and in a parameter they come as what they look like, strings.
 *
 * Every text made here but that of `encodeRow` is canonical (RFC 8785): no white space, object members sorted by the UTF-16 code units
 * of their names, numbers and strings as ECMAScript writes them. Equal values have equal texts, which is what digests rest on.
 */

/** How deep lists, records and paths may nest in each other, in a value that comes in or goes out. */
export const NESTING_MAX = 64;

/** The canonical JSON text of a value. Fails with 22G03 beyond {@link NESTING_MAX}. */
export function encode(value: Value): string {
  return encodeAt(value, 0);
}

/** The JSON text of a row as an object keyed by column, in the order of the columns. Names must not repeat. */
export function encodeRow(names: readonly string[], row: readonly Value[]): string {
  return encodeFields(row, layoutOf(names).inOrder);
}

/** The canonical JSON text of a row as an object keyed by column. Names must not repeat. */
export function encodeCanonicalRow(names: readonly string[], row: readonly Value[]): string {
  return encodeFields(row, layoutOf(names).sorted);
}

/**
 * The value of what `JSON.parse` returned. Throws 22G03 with the place of what is wrong (`parameters.users[3].age`, where `place` names
 * the whole), 22003 for an integer beyond 64 bits.
 */
export function decode(json: unknown, place = "value"): Value {
  return decodeAt(json, { name: place, parent: undefined }, 0);
}

function encodeAt(value: Value, depth: number): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return String(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return `{"$int":"${value}"}`;
    default:
      break;
  }
  if (value === null) {
    return "null";
  }
  if (value instanceof Float) {
    return `{"$float":"${numberText(value)}"}`;
  }
  if (value instanceof TemporalValue) {
    return quote(value.toString());
  }
  if (value instanceof Uint8Array) {
    return `{"$bytes":"${toBase64(value)}"}`;
  }
  if (depth >= NESTING_MAX) {
    throw new GeodeError("22G03", `the value is nested deeper than ${NESTING_MAX} levels`);
  }
  if (Array.isArray(value)) {
    return encodeList(value, depth + 1);
  }
  if (value instanceof Node) {
    return encodeMembers(
      [
        ["$id", `"${value.id}"`],
        ["$labels", encodeNames(value.labels)],
      ],
      value.properties,
      depth + 1,
    );
  }
  if (value instanceof Edge) {
    return encodeMembers(
      [
        ["$from", `"${value.from}"`],
        ["$id", `"${value.id}"`],
        ["$labels", `[${quote(value.label)}]`],
        ["$to", `"${value.to}"`],
      ],
      value.properties,
      depth + 1,
    );
  }
  if (value instanceof Path) {
    return `{"$path":${encodeList(value.elements, depth + 1)}}`;
  }
  return encodeMembers([], value as ValueRecord, depth + 1);
}

function encodeList(list: readonly Value[], depth: number): string {
  let text = "[";
  for (let i = 0; i < list.length; i++) {
    text += (i === 0 ? "" : ",") + encodeAt(list[i] as Value, depth);
  }
  return `${text}]`;
}

function encodeNames(names: readonly string[]): string {
  return `[${names.map(quote).join(",")}]`;
}

/** An object with the given members, sorted and ready, and the user's fields, all of it in canonical order. */
function encodeMembers(
  own: readonly (readonly [key: string, text: string])[],
  fields: Properties,
  depth: number,
): string {
  const names = [...fields.keys()];
  if (names.length > 1) {
    names.sort(compareStrings);
  }
  let text = "{";
  let separator = "";
  let next = 0;
  for (const name of names) {
    const key = escapeKey(name);
    while (
      next < own.length &&
      compareStrings((own[next] as readonly [string, string])[0], key) < 0
    ) {
      const [ownKey, ownText] = own[next++] as readonly [string, string];
      text += `${separator}"${ownKey}":${ownText}`;
      separator = ",";
    }
    text += `${separator}${quote(key)}:${encodeAt(fields.get(name) as Value, depth)}`;
    separator = ",";
  }
  while (next < own.length) {
    const [ownKey, ownText] = own[next++] as readonly [string, string];
    text += `${separator}"${ownKey}":${ownText}`;
    separator = ",";
  }
  return `${text}}`;
}

function escapeKey(name: string): string {
  return name.charCodeAt(0) === DOLLAR ? `$${name}` : name;
}

const DOLLAR = 0x24;

/** The members of a row's object: the text up to the value (`,"name":`) and where the value stands in the row. */
interface Layout {
  readonly inOrder: readonly Field[];
  readonly sorted: readonly Field[];
}

interface Field {
  readonly prefix: string;
  readonly position: number;
}

/** A result has one array of column names and many rows, so what depends on the names alone is kept with them. */
const layouts = new WeakMap<readonly string[], Layout>();

function layoutOf(names: readonly string[]): Layout {
  let layout = layouts.get(names);
  if (layout === undefined) {
    const members = names.map((name, position) => ({ key: escapeKey(name), position }));
    const fields = (list: typeof members): Field[] =>
      list.map(({ key, position }, i) => ({
        prefix: `${i === 0 ? "" : ","}${quote(key)}:`,
        position,
      }));
    layout = {
      inOrder: fields(members),
      sorted: fields(members.toSorted((a, b) => compareStrings(a.key, b.key))),
    };
    layouts.set(names, layout);
  }
  return layout;
}

function encodeFields(row: readonly Value[], fields: readonly Field[]): string {
  let text = "{";
  for (const { prefix, position } of fields) {
    text += prefix + encodeAt(row[position] as Value, 0);
  }
  return `${text}}`;
}

/** As JSON.stringify, without the call when the text is short and there is nothing to escape. */
function quote(text: string): string {
  if (text.length > 64) {
    return JSON.stringify(text);
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit < 0xe000)) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8_192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  }
  return btoa(text);
}

/** Where in the input we are; put into words only for an error. */
interface Place {
  readonly name: string | number;
  readonly parent: Place | undefined;
}

function describe(place: Place): string {
  const { name, parent } = place;
  if (parent === undefined) {
    return String(name);
  }
  if (typeof name === "number") {
    return `${describe(parent)}[${name}]`;
  }
  return /^[$\p{L}_][$\p{L}\p{N}_]*$/u.test(name)
    ? `${describe(parent)}.${name}`
    : `${describe(parent)}[${JSON.stringify(name)}]`;
}

function invalid(place: Place, problem: string, hint?: string): GeodeError {
  return new GeodeError("22G03", `${describe(place)} ${problem}`, { hint });
}

function decodeAt(json: unknown, place: Place, depth: number): Value {
  switch (typeof json) {
    case "string":
    case "boolean":
      return json;
    case "number":
      return decodeNumber(json, place);
    case "object":
      break;
    default:
      throw invalid(
        place,
        `is ${json === undefined ? "undefined" : `a JavaScript ${typeof json}`}, which JSON has no form for`,
      );
  }
  if (json === null) {
    return null;
  }
  if (depth >= NESTING_MAX) {
    throw invalid(place, `is nested deeper than ${NESTING_MAX} levels`);
  }
  if (Array.isArray(json)) {
    return json.map((element, i) => decodeAt(element, { name: i, parent: place }, depth + 1));
  }
  const names = Object.keys(json);
  if (names.some((name) => isFormKey(name))) {
    return decodeForm(json as Readonly<Record<string, unknown>>, names, place, depth);
  }
  return decodeFields(json as Readonly<Record<string, unknown>>, names, place, depth);
}

/** A `$` that is not doubled: ours, not the user's. */
function isFormKey(name: string): boolean {
  return name.charCodeAt(0) === DOLLAR && name.charCodeAt(1) !== DOLLAR;
}

function decodeNumber(json: number, place: Place): Value {
  if (Number.isInteger(json) && !Number.isSafeInteger(json)) {
    throw invalid(
      place,
      "is an integer that a JSON number cannot carry exactly",
      'Send {"$int": "…"} for a big integer or {"$float": "…"} for a float.',
    );
  }
  if (!Number.isFinite(json)) {
    throw invalid(
      place,
      "is not a finite number",
      'Send {"$float": "NaN"}, {"$float": "Infinity"} or {"$float": "-Infinity"}.',
    );
  }
  return json + 0;
}

function decodeFields(
  json: Readonly<Record<string, unknown>>,
  names: readonly string[],
  place: Place,
  depth: number,
): Map<string, Value> {
  const fields = new Map<string, Value>();
  for (const key of names) {
    const name = key.charCodeAt(0) === DOLLAR ? key.slice(1) : key;
    fields.set(name, decodeAt(json[key], { name, parent: place }, depth + 1));
  }
  return fields;
}

/** An object with a `$` key: an integer, a float, bytes, a path, a node or an edge. */
function decodeForm(
  json: Readonly<Record<string, unknown>>,
  names: readonly string[],
  place: Place,
  depth: number,
): Value {
  if (names.includes("$id")) {
    return decodeElement(json, names, place, depth);
  }
  const key = names.find(isFormKey) as string;
  const content = json[key];
  const at = { name: key, parent: place };
  const decodeContent = FORMS.get(key);
  if (decodeContent === undefined) {
    throw invalid(
      place,
      `has the unknown key ${JSON.stringify(key)}`,
      "A key of your own that starts with $ is sent with the $ doubled.",
    );
  }
  if (names.length > 1) {
    throw invalid(
      place,
      `has keys beside ${JSON.stringify(key)}`,
      "A key of your own that starts with $ is sent with the $ doubled.",
    );
  }
  return decodeContent(content, at, depth);
}

const FORMS: ReadonlyMap<string, (content: unknown, place: Place, depth: number) => Value> =
  new Map([
    ["$int", decodeInt],
    ["$float", decodeFloat],
    ["$bytes", decodeBytes],
    ["$path", decodePath],
  ]);

function decodeInt(content: unknown, place: Place): Value {
  if (typeof content !== "string" || !/^[+-]?\d{1,32}$/.test(content)) {
    throw invalid(place, "must be a string of decimal digits");
  }
  const value = BigInt(content);
  if (value < INTEGER_MIN || value > INTEGER_MAX) {
    throw new GeodeError("22003", `${describe(place)} does not fit a 64-bit integer`);
  }
  return integer(value);
}

function decodeFloat(content: unknown, place: Place): Value {
  if (
    typeof content !== "string" ||
    !/^(?:NaN|-?Infinity|[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,6})?)$/.test(
      content,
    )
  ) {
    throw invalid(
      place,
      'must be a decimal number in a string, or "NaN", "Infinity" or "-Infinity"',
    );
  }
  const value = Number(content);
  if (!Number.isFinite(value) && !/^(?:NaN|-?Infinity)$/.test(content)) {
    throw new GeodeError("22003", `${describe(place)} does not fit a 64-bit float`);
  }
  return float(value);
}

function decodeBytes(content: unknown, place: Place): Value {
  if (
    typeof content !== "string" ||
    !/^[A-Za-z0-9+/]*={0,2}$/.test(content) ||
    content.length % 4 !== 0
  ) {
    throw invalid(place, "must be base64 (RFC 4648 §4) in a string");
  }
  const text = atob(content);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[i] = text.charCodeAt(i);
  }
  return bytes;
}

function decodePath(content: unknown, place: Place, depth: number): Value {
  if (!Array.isArray(content) || content.length % 2 === 0) {
    throw invalid(place, "must be a list of node, edge, node, …, node");
  }
  const elements: (Node | Edge)[] = content.map((json, i) => {
    const at = { name: i, parent: place };
    const element = decodeAt(json, at, depth + 1);
    if (i % 2 === 0 ? element instanceof Node : element instanceof Edge) {
      return element as Node | Edge;
    }
    throw invalid(
      at,
      `must be ${i % 2 === 0 ? "a node" : "an edge"}, not ${article(typeName(element))}`,
    );
  });
  for (let i = 1; i < elements.length; i += 2) {
    const ends = [elements[i - 1] as Node, elements[i + 1] as Node].map(({ id }) => id);
    const edge = elements[i] as Edge;
    if (
      !(edge.from === ends[0] && edge.to === ends[1]) &&
      !(edge.from === ends[1] && edge.to === ends[0])
    ) {
      throw invalid({ name: i, parent: place }, "does not join the nodes beside it");
    }
  }
  return new Path(elements);
}

function decodeElement(
  json: Readonly<Record<string, unknown>>,
  names: readonly string[],
  place: Place,
  depth: number,
): Node | Edge {
  const isEdge = names.includes("$from");
  const known = isEdge ? EDGE_KEYS : NODE_KEYS;
  for (const key of names) {
    if (isFormKey(key) && !known.has(key)) {
      throw invalid(
        place,
        `has the key ${JSON.stringify(key)}, which ${isEdge ? "an edge" : "a node"} does not have`,
      );
    }
  }
  const id = decodeId(json["$id"], { name: "$id", parent: place });
  const labels = decodeLabels(json["$labels"], { name: "$labels", parent: place });
  const properties = decodeFields(
    json,
    names.filter((name) => !isFormKey(name)),
    place,
    depth,
  );
  if (!isEdge) {
    return new Node(id, labels, properties);
  }
  if (labels.length !== 1) {
    throw invalid({ name: "$labels", parent: place }, "must hold the one label of the edge");
  }
  const from = decodeId(json["$from"], { name: "$from", parent: place });
  const to = decodeId(json["$to"], { name: "$to", parent: place });
  return new Edge(id, labels[0] as string, from, to, properties);
}

const NODE_KEYS: ReadonlySet<string> = new Set(["$id", "$labels"]);
const EDGE_KEYS: ReadonlySet<string> = new Set(["$id", "$labels", "$from", "$to"]);

function decodeId(content: unknown, place: Place): number {
  const id =
    typeof content === "string" && /^\d{1,16}$/.test(content) ? Number(content) : Number.NaN;
  if (!Number.isSafeInteger(id)) {
    throw invalid(place, "must be an element id in a string");
  }
  return id;
}

function decodeLabels(content: unknown, place: Place): string[] {
  if (!Array.isArray(content) || !content.every((label) => typeof label === "string")) {
    throw invalid(place, "must be a list of strings");
  }
  return [...new Set(content)].sort(compareStrings);
}
