import type {
  CreateConstraint,
  CreateIndex,
  DropConstraint,
  DropGraph,
  DropIndex,
  Name,
  Statement,
} from "./ast.ts";
import { acceptIfExists } from "./conditions.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseCreateGraph, refuseGraphType } from "./graph-statements.ts";
import {
  parseLabelAndKeys,
  parseNamedTarget,
  parseTargetProperties,
  type Target,
} from "./index-targets.ts";
import { parseRecord } from "./records.ts";
import { acceptSchemaOfGraph, refuseSchemaStatement } from "./schema-reference.ts";
import { parseShow } from "./show-statement.ts";

/** A statement about graphs, indexes or constraints; null if another one, e.g. Cypher's `CREATE (n)`, begins here. */
export function acceptCatalogStatement(cursor: Cursor): Statement | null {
  switch (cursor.token.keyword) {
    case "CREATE":
      return acceptCreate(cursor);
    case "DROP":
      return parseDrop(cursor);
    case "SHOW":
      return parseShow(cursor);
    default:
      return null;
  }
}

/** Kinds of indexes that find by value, as ours do. */
const SAME_INDEXES: ReadonlySet<string> = new Set(["RANGE", "TEXT", "BTREE"]);

/** What is not created by a statement, with what to do instead. */
const FOREIGN: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ["FULLTEXT", ["full-text indexes", "CONTAINS and =~ look at every value"]],
  ["POINT", ["point indexes", "index the coordinates as properties of their own"]],
  ["VECTOR", ["vector indexes", "there is none for nearest neighbours"]],
  ["LOOKUP", ["look-up indexes", "labels are always found without a search"]],
  ["DATABASE", ["databases inside of a database", "graphs are made with CREATE GRAPH name"]],
  ["ALIAS", ["aliases", "a graph has one name"]],
  ["USER", ["users", "they are known to whoever issues the tokens"]],
  ["ROLE", ["roles", "they come with the token of a user"]],
  ["UNIQUE", ["CREATE UNIQUE", "write MERGE"]],
]);

function acceptCreate(cursor: Cursor): Statement | null {
  // `CREATE index = (a)-[:T]->(b)` inserts a path.
  if (isSymbolToken(cursor.peek(2), "=")) return null;
  const { keyword } = cursor.peek();
  switch (keyword) {
    case "INDEX":
      return parseCreateIndex(cursor);
    case "CONSTRAINT":
      return parseCreateConstraint(cursor);
    case "GRAPH":
    case "PROPERTY":
    case "OR":
      return parseCreateGraph(cursor);
    case "SCHEMA":
      throw refuseSchemaStatement(cursor, cursor.peek().start);
  }
  if (SAME_INDEXES.has(keyword) && cursor.peek(2).keyword === "INDEX")
    return parseCreateIndex(cursor);
  const foreign = FOREIGN.get(keyword);
  if (foreign === undefined) return null;
  const [what, hint] = foreign;
  throw cursor.errorAt(cursor.peek().start, `${what} are not supported`, hint);
}

function parseDrop(cursor: Cursor): DropGraph | DropIndex | DropConstraint {
  const { start } = cursor.advance();
  if (cursor.acceptWord("INDEX")) return finishDrop(cursor, start, "dropIndex", "an index");
  if (cursor.acceptWord("CONSTRAINT")) {
    return finishDrop(cursor, start, "dropConstraint", "a constraint");
  }
  if (cursor.acceptWord("PROPERTY") || cursor.isWord("GRAPH")) {
    cursor.expectWord("GRAPH", "after PROPERTY");
    refuseGraphType(cursor);
    return finishDrop(cursor, start, "dropGraph", "a graph");
  }
  if (cursor.isWord("SCHEMA")) throw refuseSchemaStatement(cursor, cursor.token.start);
  throw cursor.expected(
    "INDEX, CONSTRAINT or GRAPH after DROP",
    ["INDEX", "CONSTRAINT", "GRAPH"],
    cursor.isWord("DATABASE") ? "graphs are dropped with DROP GRAPH name" : undefined,
  );
}

/** IF EXISTS stands before the name in ISO, after it in Cypher. */
function finishDrop<K extends "dropIndex" | "dropConstraint" | "dropGraph">(
  cursor: Cursor,
  start: number,
  kind: K,
  what: string,
): { kind: K; name: Name; ifExists: boolean; span: { start: number; end: number } } {
  const isBefore = acceptIfExists(cursor);
  if (kind === "dropGraph") acceptSchemaOfGraph(cursor);
  const name = cursor.expectName(`the name of ${what}`);
  const ifExists = isBefore || acceptIfExists(cursor);
  return { kind, name, ifExists, span: cursor.spanFrom(start) };
}

/** At CREATE; a kind of index may stand before INDEX. */
function parseCreateIndex(cursor: Cursor): CreateIndex {
  const { start } = cursor.advance();
  if (cursor.advance().keyword !== "INDEX") cursor.advance();
  if (cursor.isWord("ON") && isSymbolToken(cursor.peek(), ":")) {
    cursor.advance();
    const { label, properties } = parseLabelAndKeys(cursor);
    return {
      kind: "createIndex",
      name: null,
      ifNotExists: false,
      element: "node",
      label,
      properties,
      span: cursor.spanFrom(start),
    };
  }
  const { name, ifNotExists, element, variable, label } = parseNamedTarget(cursor);
  cursor.expectWord("ON", "and the properties of the index");
  if (!cursor.isSymbol("(")) cursor.expectSymbol("(", "after ON");
  const properties = parseTargetProperties(cursor, variable);
  acceptOptions(cursor);
  return {
    kind: "createIndex",
    name,
    ifNotExists,
    element,
    label,
    properties,
    span: cursor.spanFrom(start),
  };
}

/** Which provider Cypher's index has: there is one kind here. */
function acceptOptions(cursor: Cursor): void {
  if (!cursor.isWord("OPTIONS") || !isSymbolToken(cursor.peek(), "{")) return;
  const { start } = cursor.advance();
  parseRecord(cursor, start);
}

function parseCreateConstraint(cursor: Cursor): CreateConstraint {
  const { start } = cursor.advance();
  cursor.advance();
  const target = parseNamedTarget(cursor, ["FOR", "ON"]);
  const { name, ifNotExists, element, label } = target;
  if (!cursor.acceptWord("ASSERT"))
    cursor.expectWord("REQUIRE", "and what the constraint requires");
  const { properties, requirement } = parseRequirement(cursor, target);
  acceptOptions(cursor);
  return {
    kind: "createConstraint",
    name,
    ifNotExists,
    element,
    label,
    properties,
    requirement,
    span: cursor.spanFrom(start),
  };
}

/** `n.a IS NOT NULL`, or `n.a IS [NODE | EDGE | RELATIONSHIP] UNIQUE | KEY`; Cypher's older `EXISTS (n.a)`. */
function parseRequirement(
  cursor: Cursor,
  { element, variable }: Target,
): Pick<CreateConstraint, "properties" | "requirement"> {
  if (cursor.isWord("EXISTS") && isSymbolToken(cursor.peek(), "(")) {
    cursor.advance();
    return { properties: parseTargetProperties(cursor, variable), requirement: "exists" };
  }
  const properties = parseTargetProperties(cursor, variable);
  cursor.expectWord("IS", "UNIQUE, IS NOT NULL or IS KEY");
  if (cursor.acceptWord("NOT")) {
    cursor.expectWord("NULL", "after IS NOT");
    return { properties, requirement: "exists" };
  }
  const kinds = element === "node" ? ["NODE"] : ["EDGE", "RELATIONSHIP", "REL"];
  const hasKind = kinds.some((word) => cursor.acceptWord(word));
  if (cursor.acceptWord("UNIQUE")) return { properties, requirement: "unique" };
  if (cursor.acceptWord("KEY")) return { properties, requirement: "key" };
  const isType = cursor.isSymbol("::") || cursor.isWord("TYPED");
  throw cursor.expected(
    hasKind ? "UNIQUE or KEY after the kind of element" : "UNIQUE, KEY or NOT NULL after IS",
    hasKind ? ["UNIQUE", "KEY"] : ["UNIQUE", "KEY", "NOT", ...kinds],
    isType ? "constraints on the type of a property are not supported" : undefined,
  );
}
