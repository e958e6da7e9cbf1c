import { decode, encode, encodeRow, GeodeError, type Value } from "@geode/values";
import type { ClientMessage, RequestId, ServerMessage, WireColumn } from "./messages.ts";
import { ID_BYTES_MAX } from "./messages.ts";
import { clientValidators, explain, knownType } from "./validate.ts";

/** What a text frame turned out to be. */
export type Decoded =
  | { readonly kind: "message"; readonly message: ClientMessage }
  | { readonly kind: "notJson" }
  /** JSON, but none of the messages; `type` and `id` are those it carried, if they were any. */
  | {
      readonly kind: "invalid";
      readonly error: string;
      readonly type: string | undefined;
      readonly id: RequestId | undefined;
      /** The bound that it does not keep, if that is what is wrong. */
      readonly limit?: keyof JsonBounds;
    };

/** Bounds on the shape of a message; its length is bounded by whoever received it. */
export interface JsonBounds {
  readonly jsonDepthMax: number;
  readonly jsonKeysMax: number;
}

/** Reads one text frame from a client: JSON, bounds, type, fields. It never throws. */
export function decodeClientMessage(text: string, bounds: JsonBounds): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "notJson" };
  }
  return decodeClientJson(json, bounds);
}

/** Reads one message from a client: bounds, type, fields. It never throws. */
export function decodeClientJson(json: unknown, bounds: JsonBounds): Decoded {
  if (!isObject(json)) return invalid({}, "a message is a JSON object");
  const excess = outOfBounds(json, bounds);
  if (excess !== undefined) return { ...invalid(json, excess.error), limit: excess.limit };
  const type = knownType(json["type"]);
  if (type === undefined) {
    return invalid(
      json,
      typeof json["type"] === "string"
        ? `unknown message type ${quote(json["type"])}`
        : "the field `type` is missing",
    );
  }
  const message = WITH_DATA.has(type) ? liftData(json) : json;
  const validate = clientValidators().get(type)!;
  return validate(message)
    ? { kind: "message", message }
    : invalid(message, explain(type, validate.errors));
}

/** Whether a message of this type exists. */
export function isMessageType(type: unknown): boolean {
  return knownType(type) !== undefined;
}

/** Whether it could be the `id` of a message. */
export function isRequestId(json: unknown): json is RequestId {
  return asId(json) !== undefined;
}

/** The text frame of a message whose fields are all plain JSON. */
export function encodeServerMessage(message: ServerMessage): string {
  return JSON.stringify(message);
}

/** The parameters of a request as values. Throws 22G03 that names the parameter. */
export function decodeParameters(
  json: Readonly<Record<string, unknown>> | undefined,
): ReadonlyMap<string, Value> {
  const parameters = new Map<string, Value>();
  if (json === undefined) return parameters;
  for (const name of Object.keys(json)) parameters.set(name, decode(json[name], `$${name}`));
  return parameters;
}

/**
 * Rows as the text of a JSON array of row objects. In a result of shape "record" the only value of a row is the row object.
 * Throws TOO_LARGE as soon as the text must exceed `bytesMax`.
 */
export function encodeRows(
  result: {
    readonly shape: "columns" | "record";
    readonly columns: readonly WireColumn[];
    readonly rows: readonly (readonly Value[])[];
  },
  bytesMax: number,
): string {
  const { rows, shape } = result;
  const names = namesOf(result.columns);
  const texts: string[] = [];
  // Every UTF-16 unit is at least one byte, so the length of a text is a lower bound for its bytes.
  let bytesMin = 0;
  for (const row of rows) {
    const text = shape === "record" ? encode(row[0]!) : encodeRow(names, row);
    bytesMin += text.length + 1;
    if (bytesMin > bytesMax) throw tooLarge(bytesMax);
    // Who asks for one thing gets one row.
    if (rows.length === 1) return `[${text}]`;
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

/** The columns of a result as JSON text. Answers to one statement share them, so they are written once. */
export function encodeColumns(columns: readonly WireColumn[]): string {
  let text = columnTexts.get(columns);
  if (text === undefined) columnTexts.set(columns, (text = JSON.stringify(columns)));
  return text;
}

const columnTexts = new WeakMap<readonly WireColumn[], string>();

/** Likewise: how rows are laid out is kept with their names. */
function namesOf(columns: readonly WireColumn[]): readonly string[] {
  let names = columnNames.get(columns);
  if (names === undefined) columnNames.set(columns, (names = columns.map(({ name }) => name)));
  return names;
}

const columnNames = new WeakMap<readonly WireColumn[], readonly string[]>();

/** One changed row of a live result; `data` and `before` are JSON text. */
export interface RowChange {
  readonly op: "insert" | "update" | "delete";
  readonly key: string;
  readonly data: string;
  readonly before?: string;
  readonly index?: number;
  readonly from?: number;
}

/** The changes of one commit to one live result. */
export interface CommitChanges {
  readonly seq: number;
  readonly prevSeq: number;
  readonly digest: string;
  readonly changes: readonly RowChange[];
}

/** The part of an UPDATE frame that is a subscriber's own. The frame is this and one of the {@link updateTails}. */
export function updateHead(subscription: RequestId): string {
  return `{"type":"UPDATE","subscription":${JSON.stringify(subscription)},`;
}

/** The parts of a commit's UPDATE frames that all who watch the result share, in order. */
export function updateTails(commit: CommitChanges, withBefore: boolean): readonly string[] {
  return commit.changes.map((change, position) => {
    let tail = `"op":"${change.op}","key":${JSON.stringify(change.key)},"data":${change.data}`;
    if (withBefore && change.before !== undefined) tail += `,"before":${change.before}`;
    if (change.index !== undefined) tail += `,"index":${change.index}`;
    if (change.from !== undefined) tail += `,"from":${change.from}`;
    const last = position === commit.changes.length - 1;
    tail += `,"seq":${commit.seq},"prev_seq":${commit.prevSeq},"last":${last}`;
    return last ? `${tail},"digest":"${commit.digest}"}` : `${tail}}`;
  });
}

/**
 * Text of JSON in which every FLOAT without a fraction is a number like any other. What a user wrote is never taken for one: inside a
 * text the quotes are escaped, and a key that begins with `$` is doubled.
 */
export function plainNumbers(text: string): string {
  return text.replaceAll(/\{"\$float":"(-?\d[^"]*)"\}/g, "$1");
}

/** An answer over its limit. */
export function tooLarge(bytesMax: number): GeodeError {
  return new GeodeError("TOO_LARGE", `the answer is larger than ${bytesMax} bytes`, {
    hint: "Ask for less: return fewer columns, filter, or page with ORDER BY, OFFSET and LIMIT.",
    limit: "resultBytes",
  });
}

/** These also accept their fields inside `data`; a field at the top wins. */
const WITH_DATA: ReadonlySet<string> = new Set(["QUERY", "SUBSCRIBE", "UNSUBSCRIBE"]);

function invalid(
  json: Record<string, unknown>,
  error: string,
): Extract<Decoded, { kind: "invalid" }> {
  const { type, id } = json;
  return {
    kind: "invalid",
    error,
    type: typeof type === "string" ? type : undefined,
    id: asId(id),
  };
}

function liftData(message: Record<string, unknown>): Record<string, unknown> {
  if (message["data"] === undefined) return message;
  const { data, ...own } = message;
  return isObject(data) ? { ...data, ...own } : message;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function asId(json: unknown): RequestId | undefined {
  if (typeof json === "string") return isWithinId(json) ? json : undefined;
  return Number.isSafeInteger(json) ? (json as number) : undefined;
}

function isWithinId(text: string): boolean {
  return text.length <= ID_BYTES_MAX && new TextEncoder().encode(text).length <= ID_BYTES_MAX;
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 40)}…`);
}

/** Most messages hold one object, and a list that begins empty has room for many. */
function added(objects: object[] | undefined, object: object): object[] {
  if (objects === undefined) return [object];
  objects.push(object);
  return objects;
}

/** Walks with a stack of its own: the nesting is a stranger's. */
function outOfBounds(
  root: object,
  bounds: JsonBounds,
): { readonly error: string; readonly limit: keyof JsonBounds } | undefined {
  let level: readonly object[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > bounds.jsonDepthMax)
      return {
        error: `the message is nested deeper than ${bounds.jsonDepthMax} levels`,
        limit: "jsonDepthMax",
      };
    let below: object[] | undefined;
    for (const value of level) {
      if (Array.isArray(value)) {
        for (const child of value as readonly unknown[])
          if (typeof child === "object" && child !== null) below = added(below, child);
        continue;
      }
      let keys = 0;
      // What was read from a frame has no keys but its own; a list of its values would be the third copy of them.
      for (const key in value) {
        if (++keys > bounds.jsonKeysMax)
          return {
            error: `an object of the message has more than ${bounds.jsonKeysMax} keys`,
            limit: "jsonKeysMax",
          };
        const child = (value as Record<string, unknown>)[key];
        if (typeof child === "object" && child !== null) below = added(below, child);
      }
    }
    if (below === undefined) return undefined;
    level = below;
  }
  return undefined;
}
