import type {
  Expression,
  Name,
  SessionReset,
  SessionResetTarget,
  SessionSet,
  SessionSetTarget,
  StartTransaction,
  Statement,
} from "./ast.ts";
import { acceptIfNotExists } from "./conditions.ts";
import type { Cursor } from "./cursor.ts";
import { parseGraphReference } from "./graph-reference.ts";
import { parseSchemaReference } from "./schema-reference.ts";
import { parseTableQuery } from "./subqueries.ts";
import { parseValueType } from "./types.ts";

/** A command for the session or its transaction (§7, §8); null if another statement begins here. */
export function acceptSessionStatement(cursor: Cursor): Statement | null {
  const { keyword, start } = cursor.token;
  switch (keyword) {
    case "START":
      return parseStartTransaction(cursor);
    case "COMMIT":
      cursor.advance();
      return { kind: "commit", span: cursor.spanFrom(start) };
    case "ROLLBACK":
      cursor.advance();
      return { kind: "rollback", span: cursor.spanFrom(start) };
    case "BEGIN":
      throw cursor.expected("a statement", [], "a transaction begins with START TRANSACTION");
    case "SESSION":
      return parseSession(cursor);
    default:
      return null;
  }
}

/** <start transaction command> (§8.1) */
function parseStartTransaction(cursor: Cursor): StartTransaction {
  const { start } = cursor.advance();
  cursor.expectWord("TRANSACTION", "after START");
  let access: StartTransaction["access"] = "readWrite";
  if (cursor.acceptWord("READ")) {
    if (cursor.acceptWord("ONLY")) access = "readOnly";
    else cursor.expectWord("WRITE", "or ONLY after READ");
  }
  return { kind: "startTransaction", access, span: cursor.spanFrom(start) };
}

function parseSession(cursor: Cursor): Statement {
  const { start } = cursor.advance();
  if (cursor.acceptWord("CLOSE")) return { kind: "sessionClose", span: cursor.spanFrom(start) };
  if (cursor.acceptWord("SET")) return parseSessionSet(cursor, start);
  if (cursor.acceptWord("RESET")) return parseSessionReset(cursor, start);
  throw cursor.expected("SET, RESET or CLOSE after SESSION", ["SET", "RESET", "CLOSE"]);
}

/** <session set command> (§7.1) */
function parseSessionSet(cursor: Cursor, start: number): SessionSet {
  return { kind: "sessionSet", target: parseSetTarget(cursor), span: cursor.spanFrom(start) };
}

function parseSetTarget(cursor: Cursor): SessionSetTarget {
  if (acceptGraphWord(cursor)) {
    refuseGraphParameter(cursor);
    return { kind: "graph", graph: parseGraphReference(cursor) };
  }
  if (cursor.acceptWord("SCHEMA")) {
    parseSchemaReference(cursor);
    return { kind: "schema" };
  }
  if (cursor.isWord("TABLE") || cursor.areWords("BINDING", "TABLE")) return parseTable(cursor);
  if (acceptTimeZone(cursor))
    return { kind: "timeZone", timeZone: cursor.rules.expression(cursor) };
  if (cursor.acceptWord("VALUE")) {
    const ifNotExists = acceptIfNotExists(cursor);
    const name = parseParameterName(cursor);
    return { kind: "parameter", name, ifNotExists, value: parseParameterValue(cursor) };
  }
  throw cursor.expected("GRAPH, TIME ZONE or VALUE after SESSION SET", [
    "GRAPH",
    "TIME",
    "VALUE",
    "SCHEMA",
    "TABLE",
  ]);
}

/** <session set graph parameter clause> (§7.1): parameters hold values. */
function refuseGraphParameter(cursor: Cursor): void {
  if (cursor.token.kind !== "parameter" && !cursor.areWords("IF", "NOT", "EXISTS")) return;
  throw cursor.errorAt(
    cursor.token.start,
    "parameters that stand for graphs are not supported",
    "SESSION SET GRAPH name goes to a graph, USE name works on one",
  );
}

/** <session set binding table parameter clause> (§7.1): the parameter is a list of records. */
function parseTable(cursor: Cursor): SessionSetTarget {
  cursor.acceptWord("BINDING");
  cursor.advance();
  const ifNotExists = acceptIfNotExists(cursor);
  const name = parseParameterName(cursor);
  cursor.expectSymbol("=", "and the rows of the parameter");
  return { kind: "parameter", name, ifNotExists, value: parseTableQuery(cursor) };
}

/** <value initializer> (§7.1): `[[:: | TYPED] type] = expression` */
function parseParameterValue(cursor: Cursor): Expression {
  const isTyped = cursor.acceptSymbol("::") || cursor.acceptWord("TYPED");
  const type = isTyped || cursor.token.kind === "word" ? parseValueType(cursor) : null;
  cursor.expectSymbol("=", "and the value of the parameter");
  const operand = cursor.rules.expression(cursor);
  const { span } = operand;
  return type === null ? operand : { kind: "cast", operand, type, assigned: true, span };
}

/** <session reset command> (§7.2) */
function parseSessionReset(cursor: Cursor, start: number): SessionReset {
  return { kind: "sessionReset", target: parseResetTarget(cursor), span: cursor.spanFrom(start) };
}

function parseResetTarget(cursor: Cursor): SessionResetTarget {
  if (acceptGraphWord(cursor)) return { kind: "graph" };
  if (acceptTimeZone(cursor)) return { kind: "timeZone" };
  if (cursor.acceptWord("SCHEMA")) return { kind: "schema" };
  if (cursor.token.kind === "parameter" || cursor.acceptWord("PARAMETER")) {
    return { kind: "parameter", name: parseParameterName(cursor) };
  }
  const isAll = cursor.acceptWord("ALL");
  if (cursor.acceptWord("PARAMETERS")) return { kind: "parameters" };
  if (
    cursor.acceptWord("CHARACTERISTICS") ||
    isAll ||
    cursor.token.kind === "end" ||
    cursor.isSymbol(";")
  ) {
    return { kind: "all" };
  }
  throw cursor.expected("GRAPH, TIME ZONE, PARAMETERS, PARAMETER or ALL after SESSION RESET", [
    "GRAPH",
    "TIME",
    "PARAMETERS",
    "PARAMETER",
    "CHARACTERISTICS",
  ]);
}

function acceptGraphWord(cursor: Cursor): boolean {
  if (cursor.areWords("PROPERTY", "GRAPH")) cursor.advance();
  return cursor.acceptWord("GRAPH");
}

function acceptTimeZone(cursor: Cursor): boolean {
  if (!cursor.acceptWord("TIME")) return false;
  cursor.expectWord("ZONE", "after TIME");
  return true;
}

function parseParameterName(cursor: Cursor): Name {
  const { kind, text, start, end } = cursor.token;
  if (kind !== "parameter") throw cursor.expected("a parameter such as `$name`");
  cursor.advance();
  return { kind: "name", name: text, span: { start, end } };
}
