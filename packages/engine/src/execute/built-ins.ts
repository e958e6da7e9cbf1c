import {
  compareStrings,
  divide,
  Duration,
  Edge,
  equals,
  Float,
  float,
  GeodeError,
  integer,
  isInteger,
  isNumeric,
  LIST_LENGTH_MAX,
  modulo,
  negate,
  Node,
  Path,
  power,
  toNumber,
  type Value,
} from "@geode/values";
import { hasLabels } from "./label-names.ts";
import { located } from "./located.ts";
import {
  inRange,
  ofEachItem,
  orNull,
  toBoolean,
  toFloat,
  toInteger,
  toText,
} from "./conversions.ts";
import { roundingOf } from "./rounding.ts";
import { temporalFunctions } from "./temporal-functions.ts";
import { valueTypeName } from "./value-type-name.ts";
import { wrong } from "./wrong-argument.ts";

/*
 * The functions of ISO/IEC 39075:2024 §20 and Cypher's, by the one name that the binder gives them. Each takes its arguments and, last,
 * the offset of the call. NULL in, NULL out, unless said otherwise.
 */

function ofString<Result extends Value>(
  name: string,
  compute: (text: string) => Result,
): (value: Value, offset: number) => Result | null {
  return (value, offset) => {
    if (value === null) return null;
    if (typeof value !== "string") throw wrong(name, "a STRING", value, offset);
    return compute(value);
  };
}

/** A function of real numbers: a FLOAT comes out. */
function ofReal(
  name: string,
  compute: (x: number) => number,
): (value: Value, offset: number) => Value {
  return (value, offset) => {
    if (value === null) return null;
    if (!isNumeric(value)) throw wrong(name, "a number", value, offset);
    return float(compute(toNumber(value)));
  };
}

/** Leaves INTEGERs as they are. */
function ofNumber(
  name: string,
  compute: (x: number) => number,
): (value: Value, offset: number) => Value {
  return (value, offset) =>
    value !== null && isInteger(value) ? value : ofReal(name, compute)(value, offset);
}

/** Beyond 2^53, where a count of characters or digits is all of them, to the nearest number. */
function wholeNumber(name: string, value: Value, offset: number): number {
  if (value === null || !isInteger(value)) throw wrong(name, "an INTEGER", value, offset);
  return Number(value);
}

function sized(name: string, value: Value, offset: number): number {
  if (typeof value === "string") return charLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Uint8Array)
    return value instanceof Map ? value.size : value.length;
  throw wrong(name, "a LIST, a STRING or a RECORD", value, offset);
}

/** Length in characters (code points), not in UTF-16 units. */
function charLength(text: string): number {
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdbff && index + 1 < text.length) index += 1;
    length += 1;
  }
  return length;
}

function characters(text: string): string[] {
  return Array.from(text);
}

/** The first or last `count` characters. */
function portion(
  name: string,
  text: Value,
  count: Value,
  offset: number,
  take: (all: string[], count: number) => string[],
): Value {
  if (text === null || count === null) return null;
  if (typeof text !== "string") throw wrong(name, "a STRING", text, offset);
  const length = wholeNumber(name, count, offset);
  if (length < 0)
    throw located(
      new GeodeError("22011", `${name} takes a length of at least 0, not ${length}.`),
      offset,
    );
  return take(characters(text), length).join("");
}

export const builtIns = {
  ...temporalFunctions,
  tostring: toText,
  tointeger: toInteger,
  tofloat: toFloat,
  toboolean: toBoolean,
  tostringornull: orNull(toText),
  tointegerornull: orNull(toInteger),
  tofloatornull: orNull(toFloat),
  tobooleanornull: orNull(toBoolean),
  tostringlist: ofEachItem("TOSTRINGLIST", toText),
  tointegerlist: ofEachItem("TOINTEGERLIST", toInteger),
  tofloatlist: ofEachItem("TOFLOATLIST", toFloat),
  tobooleanlist: ofEachItem("TOBOOLEANLIST", toBoolean),
  /** Cypher's name of an element as a number. */
  id(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Node || value instanceof Edge) return value.id;
    throw wrong("ID", "a NODE or an EDGE", value, offset);
  },
  element_id(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Node || value instanceof Edge) return String(value.id);
    throw wrong("ELEMENT_ID", "a NODE or an EDGE", value, offset);
  },
  labels(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Node) return value.labels;
    if (value instanceof Edge) return [value.label];
    throw wrong("LABELS", "a NODE or an EDGE", value, offset);
  },
  type(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Edge) return value.label;
    throw wrong("TYPE", "an EDGE", value, offset);
  },
  properties(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Node || value instanceof Edge) return value.properties;
    if (value instanceof Map) return value;
    throw wrong("PROPERTIES", "a NODE, an EDGE or a RECORD", value, offset);
  },
  keys(value: Value, offset: number): Value {
    const properties = builtIns.properties(value, offset);
    return properties instanceof Map ? [...properties.keys()].sort(compareStrings) : null;
  },
  nodes(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!(value instanceof Path)) throw wrong("NODES", "a PATH", value, offset);
    return value.elements.filter((element) => element instanceof Node);
  },
  edges(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!(value instanceof Path)) throw wrong("EDGES", "a PATH", value, offset);
    return value.elements.filter((element) => element instanceof Edge);
  },
  path_length(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!(value instanceof Path)) throw wrong("PATH_LENGTH", "a PATH", value, offset);
    return (value.elements.length - 1) / 2;
  },
  /** Node, edge, node, …, node. */
  elements(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!(value instanceof Path)) throw wrong("ELEMENTS", "a PATH", value, offset);
    return value.elements;
  },
  nullif(left: Value, right: Value): Value {
    return equals(left, right) === true ? null : left;
  },
  size(value: Value, offset: number): Value {
    return value === null ? null : sized("SIZE", value, offset);
  },
  /** <cardinality expression> (ISO/IEC 39075:2024 §20.22): of a path, all of its elements. */
  cardinality(value: Value, offset: number): Value {
    if (value instanceof Path) return value.elements.length;
    return value === null ? null : sized("CARDINALITY", value, offset);
  },
  isempty(value: Value, offset: number): Value {
    return value === null ? null : sized("ISEMPTY", value, offset) === 0;
  },
  char_length: ofString("CHAR_LENGTH", charLength),
  upper: ofString("UPPER", (text) => text.toUpperCase()),
  lower: ofString("LOWER", (text) => text.toLowerCase()),
  /** Of white space; a list of its last items. */
  trim(value: Value, ...rest: [count: Value, offset: number] | [offset: number]): Value {
    if (rest.length === 1) {
      if (value instanceof Uint8Array) return withoutByte(value, 0, BOTH);
      return ofString("TRIM", (text) => text.trim())(value, rest[0]);
    }
    const [count, offset] = rest;
    if (value === null || count === null) return null;
    if (!Array.isArray(value)) throw wrong("TRIM with a number", "a LIST", value, offset);
    const less = wholeNumber("TRIM", count, offset);
    if (less < 0 || less > value.length)
      throw located(
        new GeodeError(
          "22G0C",
          `TRIM takes off 0 to ${value.length} items of this list, not ${less}.`,
        ),
        offset,
      );
    return (value as readonly Value[]).slice(0, value.length - less);
  },
  btrim: trimOf("BTRIM", { leading: true, trailing: true }, (text) => text.trim()),
  ltrim: trimOf("LTRIM", { leading: true, trailing: false }, (text) => text.trimStart()),
  rtrim: trimOf("RTRIM", { leading: false, trailing: true }, (text) => text.trimEnd()),
  left: (text: Value, count: Value, offset: number): Value =>
    portion("LEFT", text, count, offset, (all, length) => all.slice(0, length)),
  right: (text: Value, count: Value, offset: number): Value =>
    portion("RIGHT", text, count, offset, (all, length) =>
      length === 0 ? [] : all.slice(-length),
    ),
  substring(
    text: Value,
    start: Value,
    ...rest: [length: Value, offset: number] | [offset: number]
  ): Value {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    const length = rest.length === 2 ? rest[0] : undefined;
    if (text === null || start === null || length === null) return null;
    if (typeof text !== "string") throw wrong("SUBSTRING", "a STRING", text, offset);
    const from = wholeNumber("SUBSTRING", start, offset);
    const count = length === undefined ? Infinity : wholeNumber("SUBSTRING", length, offset);
    if (from < 0 || count < 0)
      throw located(
        new GeodeError("22011", "SUBSTRING takes a start and a length of at least 0."),
        offset,
      );
    return characters(text)
      .slice(from, from + count)
      .join("");
  },
  replace(text: Value, search: Value, replacement: Value, offset: number): Value {
    if (text === null || search === null || replacement === null) return null;
    for (const value of [text, search, replacement])
      if (typeof value !== "string") throw wrong("REPLACE", "STRINGs", value, offset);
    return search === ""
      ? text
      : (text as string).replaceAll(search as string, () => replacement as string);
  },
  split(text: Value, separator: Value, offset: number): Value {
    if (text === null || separator === null) return null;
    const separators: readonly Value[] = Array.isArray(separator) ? separator : [separator];
    for (const value of [text, ...separators])
      if (typeof value !== "string") throw wrong("SPLIT", "STRINGs", value, offset);
    return (separators as readonly string[]).reduce<readonly string[]>(
      (parts, by) => parts.flatMap((part) => part.split(by)),
      [text as string],
    );
  },
  reverse(value: Value, offset: number): Value {
    if (value === null) return null;
    if (typeof value === "string") return characters(value).reverse().join("");
    if (Array.isArray(value)) return value.toReversed() as Value[];
    throw wrong("REVERSE", "a STRING or a LIST", value, offset);
  },
  head(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!Array.isArray(value)) throw wrong("HEAD", "a LIST", value, offset);
    return (value[0] as Value | undefined) ?? null;
  },
  last(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!Array.isArray(value)) throw wrong("LAST", "a LIST", value, offset);
    return (value.at(-1) as Value | undefined) ?? null;
  },
  range(
    first: Value,
    last: Value,
    ...rest: [step: Value, offset: number] | [offset: number]
  ): Value {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    const [from, to, step] = [first, last, rest.length === 2 ? rest[0] : 1].map((value) => {
      if (value === null || !isInteger(value)) throw wrong("RANGE", "INTEGERs", value, offset);
      return BigInt(value);
    }) as [bigint, bigint, bigint];
    if (step === 0n) throw located(new GeodeError("22G03", "The step of RANGE is not 0."), offset);
    const isEmpty = step > 0n ? from > to : from < to;
    const count = isEmpty ? 0n : (to - from) / step + 1n;
    if (count > LIST_LENGTH_MAX)
      throw located(
        new GeodeError("LIMIT", `RANGE gives at most ${LIST_LENGTH_MAX} numbers, not ${count}.`),
        offset,
      );
    return Array.from({ length: Number(count) }, (_, index) =>
      integer(from + BigInt(index) * step),
    );
  },
  abs(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Duration) return isNegative(value) ? negate(value) : value;
    if (typeof value === "bigint") return inRange(value < 0n ? -value : value, offset);
    if (typeof value === "number") return Math.abs(value);
    if (value instanceof Float) return float(Math.abs(value.value));
    throw wrong("ABS", "a number or a DURATION", value, offset);
  },
  sign(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!isNumeric(value)) throw wrong("SIGN", "a number", value, offset);
    const sign = Math.sign(toNumber(value));
    return Number.isNaN(sign) ? 0 : sign + 0;
  },
  ceil: ofNumber("CEIL", Math.ceil),
  floor: ofNumber("FLOOR", Math.floor),
  round(
    value: Value,
    ...rest:
      | [digits: Value, mode: Value, offset: number]
      | [digits: Value, offset: number]
      | [offset: number]
  ): Value {
    const offset = rest.at(-1) as number;
    const digits = rest.length > 1 ? (rest[0] as Value) : 0;
    const mode = rest.length > 2 ? (rest[1] as Value) : undefined;
    if (value === null || digits === null || mode === null) return null;
    const rounding = mode === undefined ? Math.round : roundingOf(mode, offset);
    const places = wholeNumber("ROUND", digits, offset);
    if (isInteger(value) && places >= 0) return value;
    const scale = 10 ** Math.min(Math.max(places, -308), 15);
    return ofReal("ROUND", (x) => (Number.isFinite(x * scale) ? rounding(x * scale) / scale : x))(
      value,
      offset,
    );
  },
  sqrt: ofReal("SQRT", Math.sqrt),
  exp: ofReal("EXP", Math.exp),
  ln: ofReal("LN", Math.log),
  /** To a base, which comes first; natural without one. */
  log(value: Value, ...rest: [of: Value, offset: number] | [offset: number]): Value {
    if (rest.length === 1) return logarithm(value, rest[0]);
    const [of, offset] = rest;
    const [base, number] = [logarithm(value, offset), logarithm(of, offset)];
    return base === null || number === null ? null : divide(number, base);
  },
  log10: ofReal("LOG10", Math.log10),
  power(base: Value, exponent: Value, offset: number): Value {
    try {
      return power(base, exponent);
    } catch (error) {
      throw located(error, offset);
    }
  },
  mod(left: Value, right: Value, offset: number): Value {
    try {
      return modulo(left, right);
    } catch (error) {
      throw located(error, offset);
    }
  },
  is_directed(value: Value, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Edge) return true;
    throw wrong("IS DIRECTED", "an EDGE", value, offset);
  },
  is_source_of(node: Value, edge: Value, offset: number): Value {
    return endpoint(node, edge, offset, (of) => of.from);
  },
  is_destination_of(node: Value, edge: Value, offset: number): Value {
    return endpoint(node, edge, offset, (of) => of.to);
  },
  is_normalized(text: Value, form: Value, offset: number): Value {
    if (text === null) return null;
    if (typeof text !== "string") throw wrong("IS NORMALIZED", "a STRING", text, offset);
    return text.normalize(form as string) === text;
  },
  trim_leading: (text: Value, character: Value, offset: number): Value =>
    trimmed(text, character, offset, true, false),
  trim_trailing: (text: Value, character: Value, offset: number): Value =>
    trimmed(text, character, offset, false, true),
  trim_both: (text: Value, character: Value, offset: number): Value =>
    trimmed(text, character, offset, true, true),
  /** Node, edge, node, …, each edge between its neighbours. */
  path(...args: [...elements: Value[], offset: number]): Value {
    const offset = args.at(-1) as number;
    const elements = args.slice(0, -1) as Value[];
    if (elements.includes(null)) return null;
    for (const [index, element] of elements.entries()) {
      const wanted = index % 2 === 0 ? Node : Edge;
      if (!(element instanceof wanted))
        throw wrong("PATH", "nodes and edges in turn", element, offset);
      if (!(element instanceof Edge)) continue;
      const ends = [elements[index - 1], elements[index + 1]].map(
        (node) => node instanceof Node && node.id,
      );
      const joined =
        (ends[0] === element.from && ends[1] === element.to) ||
        (ends[0] === element.to && ends[1] === element.from);
      if (!joined)
        throw located(
          new GeodeError("22G0Z", "The edges of a PATH join the nodes beside them."),
          offset,
        );
    }
    return new Path(elements as (Node | Edge)[]);
  },
  /** No node twice. */
  is_acyclic(path: Value): Value {
    return path instanceof Path && !repeatsNode(path.elements);
  },
  /** No edge twice. */
  is_trail(path: Value): Value {
    if (!(path instanceof Path)) return false;
    const edges = path.elements.filter((element) => element instanceof Edge).map(({ id }) => id);
    return new Set(edges).size === edges.length;
  },
  /** No node twice, but the first may be the last. */
  is_simple(path: Value): Value {
    if (!(path instanceof Path)) return false;
    const [first, last] = [path.elements[0], path.elements.at(-1)];
    const closed = path.elements.length > 1 && first?.id === last?.id;
    return !repeatsNode(closed ? path.elements.slice(0, -1) : path.elements);
  },
  has_labels: hasLabels,
  /** A record of one field. */
  record_of(key: Value, value: Value, offset: number): Value {
    if (typeof key !== "string") throw wrong("The name of a property", "a STRING", key, offset);
    return new Map([[key, value]]);
  },
  /** Later fields win. */
  merge_records(...args: [...records: Value[], offset: number]): Value {
    const merged = new Map<string, Value>();
    for (const record of args.slice(0, -1))
      if (record instanceof Map) for (const [key, value] of record) merged.set(key, value);
    return merged;
  },
  tail(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!Array.isArray(value)) throw wrong("TAIL", "a LIST", value, offset);
    return (value as readonly Value[]).slice(1);
  },
  byte_length(value: Value, offset: number): Value {
    if (value === null) return null;
    if (typeof value === "string") return new TextEncoder().encode(value).length;
    if (value instanceof Uint8Array) return value.length;
    throw wrong("BYTE_LENGTH", "a STRING or BYTES", value, offset);
  },
  normalize(text: Value, ...rest: [form: Value, offset: number] | [offset: number]): Value {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    const form = rest.length === 2 ? rest[0] : "NFC";
    if (text === null || form === null) return null;
    if (typeof text !== "string") throw wrong("NORMALIZE", "a STRING", text, offset);
    if (form !== "NFC" && form !== "NFD" && form !== "NFKC" && form !== "NFKD")
      throw wrong("NORMALIZE", "one of NFC, NFD, NFKC and NFKD", form, offset);
    return text.normalize(form);
  },
  sin: ofReal("SIN", Math.sin),
  cos: ofReal("COS", Math.cos),
  tan: ofReal("TAN", Math.tan),
  cot: ofReal("COT", (x) => 1 / Math.tan(x)),
  sinh: ofReal("SINH", Math.sinh),
  cosh: ofReal("COSH", Math.cosh),
  tanh: ofReal("TANH", Math.tanh),
  asin: ofReal("ASIN", Math.asin),
  acos: ofReal("ACOS", Math.acos),
  atan: ofReal("ATAN", Math.atan),
  degrees: ofReal("DEGREES", (x) => (x * 180) / Math.PI),
  haversin: ofReal("HAVERSIN", (x) => (1 - Math.cos(x)) / 2),
  isnan(value: Value, offset: number): Value {
    if (value === null) return null;
    if (!isNumeric(value)) throw wrong("ISNAN", "a number", value, offset);
    return Number.isNaN(toNumber(value));
  },
  valuetype: (value: Value): Value => valueTypeName(value),
  radians: ofReal("RADIANS", (x) => (x * Math.PI) / 180),
  atan2(y: Value, x: Value, offset: number): Value {
    if (y === null || x === null) return null;
    for (const value of [y, x])
      if (!isNumeric(value)) throw wrong("ATAN2", "numbers", value, offset);
    return float(Math.atan2(toNumber(y as number), toNumber(x as number)));
  },
  e(): Value {
    return Math.E;
  },
  pi(): Value {
    return Math.PI;
  },
};

function repeatsNode(elements: readonly (Node | Edge)[]): boolean {
  const nodes = elements.filter((element) => element instanceof Node);
  return new Set(nodes.map((node) => node.id)).size < nodes.length;
}

function endpoint(node: Value, edge: Value, offset: number, end: (edge: Edge) => number): Value {
  if (node === null || edge === null) return null;
  if (!(node instanceof Node))
    throw wrong("IS SOURCE OF and IS DESTINATION OF", "a NODE", node, offset);
  if (!(edge instanceof Edge))
    throw wrong("IS SOURCE OF and IS DESTINATION OF", "an EDGE", edge, offset);
  return node.id === end(edge);
}

/** `character` is a space where none is written; of bytes that stands for the byte 0. */
function trimmed(
  text: Value,
  character: Value,
  offset: number,
  leading: boolean,
  trailing: boolean,
): Value {
  if (text === null || character === null) return null;
  if (text instanceof Uint8Array && (character === " " || character instanceof Uint8Array)) {
    const [byte = 0, ...others] = character === " " ? [] : character;
    if (others.length > 0 || character.length !== 1)
      throw located(new GeodeError("22027", "TRIM … FROM takes one byte."), offset);
    return withoutByte(text, byte, { leading, trailing });
  }
  for (const value of [text, character])
    if (typeof value !== "string") throw wrong("TRIM", "STRINGs", value, offset);
  if (charLength(character as string) !== 1)
    throw located(
      new GeodeError("22027", "TRIM … FROM takes one character.", {
        hint: "BTRIM, LTRIM and RTRIM take several.",
      }),
      offset,
    );
  return without(text as string, new Set([character]), { leading, trailing });
}

interface Ends {
  readonly leading: boolean;
  readonly trailing: boolean;
}

const BOTH: Ends = { leading: true, trailing: true };

function withoutByte(bytes: Uint8Array, byte: number, { leading, trailing }: Ends): Uint8Array {
  let [start, end] = [0, bytes.length];
  if (leading) while (start < end && bytes[start] === byte) start += 1;
  if (trailing) while (end > start && bytes[end - 1] === byte) end -= 1;
  return bytes.slice(start, end);
}

function without(
  text: string,
  characterSet: ReadonlySet<Value>,
  { leading, trailing }: Ends,
): string {
  const all = characters(text);
  let [start, end] = [0, all.length];
  if (leading) while (start < end && characterSet.has(all[start] ?? null)) start += 1;
  if (trailing) while (end > start && characterSet.has(all[end - 1] ?? null)) end -= 1;
  return all.slice(start, end).join("");
}

/** <multi-character trim function> (ISO/IEC 39075:2024 §20.24): of any of the characters; without them, of white space. */
function trimOf(
  name: string,
  ends: Ends,
  ofWhiteSpace: (text: string) => string,
): (text: Value, ...rest: [characterSet: Value, offset: number] | [offset: number]) => Value {
  return (text, ...rest) => {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    const of = rest.length === 2 ? rest[0] : "";
    if (text === null || of === null) return null;
    for (const value of [text, of])
      if (typeof value !== "string") throw wrong(name, "STRINGs", value, offset);
    return rest.length === 2
      ? without(text as string, new Set(characters(of as string)), ends)
      : ofWhiteSpace(text as string);
  };
}

const logarithm = ofReal("LOG", Math.log);

/** By the largest of its units that there are any of. */
function isNegative({ months, days, nanoseconds }: Duration): boolean {
  return (months || days || Number(nanoseconds)) < 0;
}
