import type { ListType, Name, RecordType, ScalarType, ScalarTypeName, ValueType } from "./ast.ts";
import { PLAIN } from "./context.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import type { Token } from "./token.ts";

interface Scalar {
  readonly name: ScalarTypeName;
  readonly precision?: number;
  readonly unsigned?: boolean;
  /** How many numbers may follow in parentheses. */
  readonly numbers?: 1 | 2;
}

/** Types of one word. */
const SCALARS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ["BOOL", { name: "boolean" }],
  ["BOOLEAN", { name: "boolean" }],
  ["STRING", { name: "string", numbers: 2 }],
  ["CHAR", { name: "string", numbers: 1 }],
  ["VARCHAR", { name: "string", numbers: 1 }],
  ["BYTES", { name: "bytes", numbers: 2 }],
  ["BINARY", { name: "bytes", numbers: 1 }],
  ["VARBINARY", { name: "bytes", numbers: 1 }],
  ["INT8", { name: "integer", precision: 8 }],
  ["INT16", { name: "integer", precision: 16 }],
  ["INT32", { name: "integer", precision: 32 }],
  ["INT64", { name: "integer", precision: 64 }],
  ["INT128", { name: "integer", precision: 128 }],
  ["INT256", { name: "integer", precision: 256 }],
  ["INTEGER8", { name: "integer", precision: 8 }],
  ["INTEGER16", { name: "integer", precision: 16 }],
  ["INTEGER32", { name: "integer", precision: 32 }],
  ["INTEGER64", { name: "integer", precision: 64 }],
  ["INTEGER128", { name: "integer", precision: 128 }],
  ["INTEGER256", { name: "integer", precision: 256 }],
  ["SMALLINT", { name: "integer", precision: 16 }],
  ["INT", { name: "integer", numbers: 1 }],
  ["INTEGER", { name: "integer", numbers: 1 }],
  ["BIGINT", { name: "integer", precision: 64 }],
  ["UINT8", { name: "integer", precision: 8, unsigned: true }],
  ["UINT16", { name: "integer", precision: 16, unsigned: true }],
  ["UINT32", { name: "integer", precision: 32, unsigned: true }],
  ["UINT64", { name: "integer", precision: 64, unsigned: true }],
  ["UINT128", { name: "integer", precision: 128, unsigned: true }],
  ["UINT256", { name: "integer", precision: 256, unsigned: true }],
  ["USMALLINT", { name: "integer", precision: 16, unsigned: true }],
  ["UINT", { name: "integer", unsigned: true, numbers: 1 }],
  ["UBIGINT", { name: "integer", precision: 64, unsigned: true }],
  ["DECIMAL", { name: "decimal", numbers: 2 }],
  ["DEC", { name: "decimal", numbers: 2 }],
  ["FLOAT16", { name: "float", precision: 16 }],
  ["FLOAT32", { name: "float", precision: 32 }],
  ["FLOAT64", { name: "float", precision: 64 }],
  ["FLOAT128", { name: "float", precision: 128 }],
  ["FLOAT256", { name: "float", precision: 256 }],
  ["FLOAT", { name: "float", numbers: 2 }],
  ["REAL", { name: "float" }],
  ["DATE", { name: "date" }],
  ["DATETIME", { name: "zonedDatetime" }],
  ["LOCALTIME", { name: "localTime" }],
  ["LOCALDATETIME", { name: "localDatetime" }],
  ["NULL", { name: "null" }],
  ["NOTHING", { name: "nothing" }],
  ["NODE", { name: "node" }],
  ["VERTEX", { name: "node" }],
  ["EDGE", { name: "edge" }],
  ["RELATIONSHIP", { name: "edge" }],
  ["PATH", { name: "path" }],
]);

/** <value type> (§18.9), with a union of types as the outermost level. */
export function parseValueType(cursor: Cursor): ValueType {
  const start = cursor.token.start;
  const first = parseListSuffixes(cursor, parseSimpleType(cursor));
  if (cursor.context.barEnds || !cursor.isSymbol("|")) return first;
  const types = [first];
  while (cursor.acceptSymbol("|")) types.push(parseListSuffixes(cursor, parseSimpleType(cursor)));
  return { kind: "unionType", types, span: cursor.spanFrom(start) };
}

/** `INT LIST`, `INT NOT NULL ARRAY[10]` */
function parseListSuffixes(cursor: Cursor, first: ValueType): ValueType {
  let type = first;
  let levels = 0;
  while (isListWord(cursor.token) || (cursor.isWord("GROUP") && isListWord(cursor.peek()))) {
    if (cursor.advance().keyword === "GROUP") cursor.advance();
    levels++;
    cursor.enter();
    type = finishListType(cursor, type.span.start, type);
  }
  while (levels-- > 0) cursor.leave();
  return type;
}

function isListWord({ keyword }: Token): boolean {
  return keyword === "LIST" || keyword === "ARRAY";
}

function parseSimpleType(cursor: Cursor): ValueType {
  const { token } = cursor;
  const { start } = token;
  switch (token.keyword) {
    case "GROUP":
      if (!isListWord(cursor.peek())) break;
      cursor.advance();
      cursor.advance();
      return finishListType(cursor, start, parseElementType(cursor));
    case "LIST":
    case "ARRAY":
      cursor.advance();
      return finishListType(cursor, start, parseElementType(cursor));
    case "RECORD":
      cursor.advance();
      return parseRecordType(cursor, start);
    case "ANY":
      return parseAnyType(cursor);
    case "PROPERTY":
      cursor.advance();
      cursor.expectWord("VALUE", "after PROPERTY");
      return scalar(cursor, start, { name: "propertyValue" });
    case "LOCAL":
    case "ZONED":
      return parseZoneType(cursor);
    case "TIMESTAMP":
    case "TIME":
      return parseTimeType(cursor);
    case "DURATION":
      cursor.advance();
      return scalar(cursor, start, { name: acceptDurationQualifier(cursor) });
    case "SIGNED":
    case "UNSIGNED":
    case "SMALL":
    case "BIG":
      return parseVerboseInteger(cursor);
    case "DOUBLE":
      cursor.advance();
      cursor.acceptWord("PRECISION");
      return scalar(cursor, start, { name: "float" });
  }
  if (isSymbolToken(token, "{")) return parseRecordType(cursor, start);
  const known = SCALARS.get(token.keyword);
  if (known === undefined) {
    throw cursor.expected("a type such as STRING, INTEGER or LIST<FLOAT>", [
      ...SCALARS.keys(),
      "DOUBLE",
      "LIST",
      "RECORD",
      "DURATION",
      "TIMESTAMP",
    ]);
  }
  cursor.advance();
  return scalar(cursor, start, known);
}

function scalar(cursor: Cursor, start: number, type: Scalar): ScalarType {
  let precision = type.precision ?? null;
  let scale: number | null = null;
  const opening = cursor.token;
  if (type.numbers !== undefined && cursor.acceptSymbol("(")) {
    precision = parseTypeNumber(cursor);
    if (type.numbers === 2 && cursor.acceptSymbol(",")) scale = parseTypeNumber(cursor);
    cursor.expectClosing(")", "the type", opening);
  }
  const notNull = acceptNotNull(cursor);
  return {
    kind: "scalarType",
    name: type.name,
    precision,
    scale,
    unsigned: type.unsigned ?? false,
    notNull,
    span: cursor.spanFrom(start),
  };
}

function parseTypeNumber(cursor: Cursor): number {
  const { value, kind } = cursor.token;
  if (kind !== "number" || typeof value !== "number" || !Number.isInteger(value)) {
    throw cursor.expected("a whole number");
  }
  cursor.advance();
  return value;
}

/** `<T>`, if it is there. */
function parseElementType(cursor: Cursor): ValueType | null {
  const opening = cursor.token;
  if (!cursor.acceptSymbol("<")) return null;
  cursor.enter();
  const outer = cursor.enterContext(PLAIN);
  const element = parseValueType(cursor);
  cursor.context = outer;
  cursor.leave();
  cursor.expectClosing(">", "the type", opening);
  return element;
}

function finishListType(cursor: Cursor, start: number, element: ValueType | null): ListType {
  let lengthMax: number | null = null;
  const opening = cursor.token;
  if (cursor.acceptSymbol("[")) {
    lengthMax = parseTypeNumber(cursor);
    cursor.expectClosing("]", "the length of the list", opening);
  }
  const notNull = acceptNotNull(cursor);
  return { kind: "listType", element, lengthMax, notNull, span: cursor.spanFrom(start) };
}

function parseRecordType(cursor: Cursor, start: number): RecordType {
  const opening = cursor.token;
  let fields: { key: Name; type: ValueType }[] | null = null;
  if (cursor.acceptSymbol("{")) {
    cursor.enter();
    fields = cursor.isSymbol("}") ? [] : cursor.list(parseFieldType);
    cursor.leave();
    cursor.expectClosing("}", "the record type", opening);
  }
  const notNull = acceptNotNull(cursor);
  return { kind: "recordType", fields, notNull, span: cursor.spanFrom(start) };
}

function parseFieldType(cursor: Cursor): { key: Name; type: ValueType } {
  const key = cursor.expectName("the name of a field");
  if (!cursor.acceptSymbol("::")) cursor.acceptWord("TYPED");
  return { key, type: parseValueType(cursor) };
}

/** `ANY`, `ANY VALUE`, `ANY PROPERTY VALUE`, `ANY NODE`, `ANY RECORD`, `ANY <A | B>` */
function parseAnyType(cursor: Cursor): ValueType {
  const { start } = cursor.advance();
  if (cursor.areWords("PROPERTY", "VALUE")) {
    cursor.advance();
    cursor.advance();
    return scalar(cursor, start, { name: "propertyValue" });
  }
  if (cursor.acceptWord("RECORD")) return parseRecordType(cursor, start);
  for (const [word, name] of ANY_ELEMENTS) {
    if (cursor.acceptWord(word)) return scalar(cursor, start, { name });
  }
  cursor.acceptWord("VALUE");
  if (cursor.isSymbol("<")) return parseElementType(cursor)!;
  return scalar(cursor, start, { name: "any" });
}

const ANY_ELEMENTS: readonly (readonly [string, ScalarTypeName])[] = [
  ["NODE", "node"],
  ["VERTEX", "node"],
  ["EDGE", "edge"],
  ["RELATIONSHIP", "edge"],
];

/** `LOCAL DATETIME`, `ZONED TIME` and their kin. */
function parseZoneType(cursor: Cursor): ScalarType {
  const { start, keyword } = cursor.advance();
  const isLocal = keyword === "LOCAL";
  if (cursor.acceptWord("TIME"))
    return scalar(cursor, start, { name: isLocal ? "localTime" : "zonedTime" });
  if (cursor.acceptWord("DATETIME") || cursor.acceptWord("TIMESTAMP")) {
    return scalar(cursor, start, { name: isLocal ? "localDatetime" : "zonedDatetime" });
  }
  throw cursor.expected(`TIME or DATETIME after ${keyword}`, ["TIME", "DATETIME"]);
}

/** `TIMESTAMP [WITH TIME ZONE | WITHOUT TIME ZONE]`, `TIME …`; without is the default. */
function parseTimeType(cursor: Cursor): ScalarType {
  const { start, keyword } = cursor.advance();
  const isZoned = cursor.isWord("WITH") && cursor.peek().keyword === "TIME";
  if (isZoned || cursor.isWord("WITHOUT")) {
    cursor.advance();
    cursor.expectWord("TIME", "before ZONE");
    cursor.expectWord("ZONE", "after TIME");
  }
  if (keyword === "TIME")
    return scalar(cursor, start, { name: isZoned ? "zonedTime" : "localTime" });
  return scalar(cursor, start, { name: isZoned ? "zonedDatetime" : "localDatetime" });
}

/** `[SIGNED | UNSIGNED] [SMALL | BIG] INTEGER` */
function parseVerboseInteger(cursor: Cursor): ScalarType {
  const { start } = cursor.token;
  const unsigned = cursor.acceptWord("UNSIGNED");
  if (!unsigned) cursor.acceptWord("SIGNED");
  const size = cursor.acceptWord("SMALL") ? 16 : cursor.acceptWord("BIG") ? 64 : undefined;
  const known = SCALARS.get(cursor.token.keyword);
  if (known?.name !== "integer" || known.unsigned === true)
    throw cursor.expected("INTEGER", ["INTEGER"]);
  cursor.advance();
  const precision = known.precision ?? size;
  return scalar(cursor, start, {
    name: "integer",
    unsigned,
    ...(precision === undefined ? { numbers: 1 } : { precision }),
  });
}

/** `(YEAR TO MONTH)`, `(DAY TO SECOND)`; a DURATION without them holds both. */
function acceptDurationQualifier(cursor: Cursor): ScalarTypeName {
  const opening = cursor.token;
  if (!cursor.acceptSymbol("(")) return "duration";
  const first = cursor.isWord("DAY") ? "DAY" : "YEAR";
  cursor.expectWord(first, "to begin the range of the duration");
  cursor.expectWord("TO", "between the ends of the range");
  cursor.expectWord(first === "DAY" ? "SECOND" : "MONTH", "to end the range of the duration");
  cursor.expectClosing(")", "the range of the duration", opening);
  return first === "DAY" ? "timeDuration" : "monthDuration";
}

function acceptNotNull(cursor: Cursor): boolean {
  if (!cursor.areWords("NOT", "NULL")) return false;
  cursor.advance();
  cursor.advance();
  return true;
}
