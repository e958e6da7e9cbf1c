import type {
  CreateConstraint,
  CreateGraph,
  CreateIndex,
  DropConstraint,
  DropGraph,
  DropIndex,
  GraphReference,
  Name,
  Show,
  Statement,
} from "./ast.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseGraphReference } from "./graph-reference.ts";

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

function acceptCreate(cursor: Cursor): Statement | null {
  // `CREATE index = (a)-[:T]->(b)` inserts a path.
  if (isSymbolToken(cursor.peek(2), "=")) return null;
  switch (cursor.peek().keyword) {
    case "INDEX":
      return parseCreateIndex(cursor);
    case "CONSTRAINT":
      return parseCreateConstraint(cursor);
    case "GRAPH":
    case "PROPERTY":
    case "OR":
      return parseCreateGraph(cursor);
    default:
      return null;
  }
}

function parseDrop(cursor: Cursor): DropGraph | DropIndex | DropConstraint {
  const { start } = cursor.advance();
  if (cursor.acceptWord("INDEX")) return finishDrop(cursor, start, "dropIndex", "an index");
  if (cursor.acceptWord("CONSTRAINT")) {
    return finishDrop(cursor, start, "dropConstraint", "a constraint");
  }
  if (cursor.acceptWord("PROPERTY") || cursor.isWord("GRAPH")) {
    cursor.expectWord("GRAPH", "after PROPERTY");
    return finishDrop(cursor, start, "dropGraph", "a graph");
  }
  throw cursor.expected("INDEX, CONSTRAINT or GRAPH after DROP", ["INDEX", "CONSTRAINT", "GRAPH"]);
}

/** IF EXISTS stands before the name in ISO, after it in Cypher. */
function finishDrop<K extends "dropIndex" | "dropConstraint" | "dropGraph">(
  cursor: Cursor,
  start: number,
  kind: K,
  what: string,
): { kind: K; name: Name; ifExists: boolean; span: { start: number; end: number } } {
  const isBefore = acceptIfExists(cursor);
  const name = cursor.expectName(`the name of ${what}`);
  const ifExists = isBefore || acceptIfExists(cursor);
  return { kind, name, ifExists, span: cursor.spanFrom(start) };
}

function acceptIfExists(cursor: Cursor): boolean {
  if (!cursor.areWords("IF", "EXISTS")) return false;
  cursor.advance();
  cursor.advance();
  return true;
}

function acceptIfNotExists(cursor: Cursor): boolean {
  if (!cursor.areWords("IF", "NOT", "EXISTS")) return false;
  for (let i = 0; i < 3; i++) cursor.advance();
  return true;
}

function parseCreateIndex(cursor: Cursor): CreateIndex {
  const { start } = cursor.advance();
  cursor.advance();
  const { name, ifNotExists, element, variable, label } = parseNamedTarget(cursor);
  cursor.expectWord("ON", "and the properties of the index");
  const opening = cursor.expectSymbol("(", "after ON");
  const properties = cursor.list(() => parseTargetProperty(cursor, variable));
  cursor.expectClosing(")", "the properties", opening);
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

function parseCreateConstraint(cursor: Cursor): CreateConstraint {
  const { start } = cursor.advance();
  cursor.advance();
  const { name, ifNotExists, element, variable, label } = parseNamedTarget(cursor);
  cursor.expectWord("REQUIRE", "and what the constraint requires");
  const opening = cursor.token;
  let properties: Name[];
  if (cursor.acceptSymbol("(")) {
    properties = cursor.list(() => parseTargetProperty(cursor, variable));
    cursor.expectClosing(")", "the properties", opening);
  } else {
    properties = [parseTargetProperty(cursor, variable)];
  }
  const requirement = parseRequirement(cursor, element);
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

/** `IS NOT NULL`, or `IS [NODE | EDGE | RELATIONSHIP] UNIQUE | KEY`. */
function parseRequirement(
  cursor: Cursor,
  element: Target["element"],
): CreateConstraint["requirement"] {
  cursor.expectWord("IS", "UNIQUE, IS NOT NULL or IS KEY");
  if (cursor.acceptWord("NOT")) {
    cursor.expectWord("NULL", "after IS NOT");
    return "exists";
  }
  const kinds = element === "node" ? ["NODE"] : ["EDGE", "RELATIONSHIP"];
  const hasKind = kinds.some((word) => cursor.acceptWord(word));
  if (cursor.acceptWord("UNIQUE")) return "unique";
  if (cursor.acceptWord("KEY")) return "key";
  throw cursor.expected(
    hasKind ? "UNIQUE or KEY after the kind of element" : "UNIQUE, KEY or NOT NULL after IS",
    hasKind ? ["UNIQUE", "KEY"] : ["UNIQUE", "KEY", "NOT", ...kinds],
  );
}

interface Target {
  readonly name: Name | null;
  readonly ifNotExists: boolean;
  readonly element: "node" | "edge";
  readonly variable: Name;
  readonly label: Name;
}

/** `[name] [IF NOT EXISTS] FOR (n:Label)`, or `FOR ()-[e:LABEL]-()` with or without an arrow. */
function parseNamedTarget(cursor: Cursor): Target {
  const isUnnamed =
    (cursor.isWord("FOR") && isSymbolToken(cursor.peek(), "(")) ||
    cursor.areWords("IF", "NOT", "EXISTS");
  const name = isUnnamed ? null : cursor.expectName("a name, or FOR and what it is about,");
  const ifNotExists = acceptIfNotExists(cursor);
  cursor.expectWord("FOR", "and a pattern such as `(n:Label)`");
  const opening = cursor.expectSymbol("(", "after FOR");
  if (!cursor.acceptSymbol(")")) {
    const { variable, label } = parseTargetElement(cursor);
    cursor.expectClosing(")", "the node pattern", opening);
    return { name, ifNotExists, element: "node", variable, label };
  }
  cursor.acceptSymbol("<");
  cursor.expectSymbol("-", "of an edge pattern such as `()-[e:LABEL]-()`");
  const bracket = cursor.expectSymbol("[", "of an edge pattern such as `()-[e:LABEL]-()`");
  const { variable, label } = parseTargetElement(cursor);
  cursor.expectClosing("]", "the edge pattern", bracket);
  cursor.expectSymbol("-", "after the edge pattern");
  cursor.acceptSymbol(">");
  cursor.expectSymbol("(", "of the node at the other end");
  cursor.expectSymbol(")", "of the node at the other end");
  return { name, ifNotExists, element: "edge", variable, label };
}

function parseTargetElement(cursor: Cursor): { variable: Name; label: Name } {
  const variable = cursor.expectName("a variable");
  if (!cursor.acceptWord("IS")) cursor.expectSymbol(":", "and a label");
  return { variable, label: cursor.expectName("a label") };
}

function parseTargetProperty(cursor: Cursor, variable: Name): Name {
  const what = `a property of \`${variable.name}\``;
  if (!cursor.isName() || cursor.token.text !== variable.name) throw cursor.expected(what);
  cursor.advance();
  cursor.expectSymbol(".", `and ${what}`);
  return cursor.expectName(what);
}

/** <create graph statement> (§12.4). A graph is open: it takes elements with any labels. */
function parseCreateGraph(cursor: Cursor): CreateGraph {
  const { start } = cursor.advance();
  const orReplace = cursor.acceptWord("OR");
  if (orReplace) cursor.expectWord("REPLACE", "after CREATE OR");
  cursor.acceptWord("PROPERTY");
  cursor.expectWord("GRAPH", "after CREATE");
  const isBefore = acceptIfNotExists(cursor);
  const name = cursor.expectName("the name of a graph");
  const ifNotExists = isBefore || acceptIfNotExists(cursor);
  if (orReplace && ifNotExists) {
    throw cursor.errorAt(start, "OR REPLACE and IF NOT EXISTS exclude each other");
  }
  acceptOpenGraphType(cursor);
  const copyOf = acceptGraphSource(cursor);
  const span = cursor.spanFrom(start);
  return { kind: "createGraph", name, ifNotExists, orReplace, copyOf, span };
}

/** <graph source> (§12.4) */
function acceptGraphSource(cursor: Cursor): GraphReference | null {
  if (!cursor.acceptWord("AS")) return null;
  cursor.expectWord("COPY", "after AS");
  cursor.expectWord("OF", "after COPY");
  return parseGraphReference(cursor);
}

/** <open graph type> (§12.4): `[TYPED | ::] ANY [[PROPERTY] GRAPH]` */
function acceptOpenGraphType(cursor: Cursor): void {
  const isTyped = cursor.acceptSymbol("::") || cursor.acceptWord("TYPED");
  if (!isTyped && !cursor.isWord("ANY")) return;
  if (!cursor.isWord("ANY"))
    throw cursor.expected("ANY: closed graph types are not supported", ["ANY"]);
  cursor.advance();
  if (cursor.acceptWord("PROPERTY")) cursor.expectWord("GRAPH", "after PROPERTY");
  else cursor.acceptWord("GRAPH");
}

const SHOWABLE: ReadonlyMap<string, Show["what"]> = new Map<string, Show["what"]>([
  ["GRAPHS", "graphs"],
  ["INDEXES", "indexes"],
  ["INDEX", "indexes"],
  ["CONSTRAINTS", "constraints"],
  ["CONSTRAINT", "constraints"],
  ["LABELS", "labels"],
  ["POLICIES", "policies"],
  ["PROCEDURES", "procedures"],
  ["FUNCTIONS", "functions"],
  ["SUBSCRIPTIONS", "subscriptions"],
  ["TRANSACTIONS", "transactions"],
]);

function parseShow(cursor: Cursor): Show {
  const { start } = cursor.advance();
  const what = SHOWABLE.get(cursor.token.keyword);
  if (what === undefined) {
    throw cursor.expected(
      "GRAPHS, INDEXES, CONSTRAINTS, LABELS, POLICIES, PROCEDURES, FUNCTIONS, SUBSCRIPTIONS or TRANSACTIONS after SHOW",
      SHOWABLE.keys(),
    );
  }
  cursor.advance();
  return { kind: "show", what, span: cursor.spanFrom(start) };
}
