import type { CreateGraph, GraphReference } from "./ast.ts";
import { acceptIfNotExists } from "./conditions.ts";
import { type Cursor, isNameToken } from "./cursor.ts";
import { parseGraphReference } from "./graph-reference.ts";
import { acceptSchemaOfGraph } from "./schema-reference.ts";

/** <create graph statement> (§12.4), at CREATE. A graph is open: it takes elements with any labels. */
export function parseCreateGraph(cursor: Cursor): CreateGraph {
  const { start } = cursor.advance();
  const orReplace = cursor.acceptWord("OR");
  if (orReplace) cursor.expectWord("REPLACE", "after CREATE OR");
  cursor.acceptWord("PROPERTY");
  cursor.expectWord("GRAPH", "after CREATE");
  refuseGraphType(cursor);
  const isBefore = acceptIfNotExists(cursor);
  acceptSchemaOfGraph(cursor);
  const name = cursor.expectName("the name of a graph");
  const ifNotExists = isBefore || acceptIfNotExists(cursor);
  if (orReplace && ifNotExists) {
    throw cursor.errorAt(start, "OR REPLACE and IF NOT EXISTS exclude each other");
  }
  const like = cursor.acceptWord("LIKE") ? parseGraphReference(cursor) : null;
  if (like === null) acceptOpenGraphType(cursor);
  const copyOf = acceptGraphSource(cursor);
  const span = cursor.spanFrom(start);
  return { kind: "createGraph", name, ifNotExists, orReplace, like, copyOf, span };
}

/** CREATE GRAPH TYPE and DROP GRAPH TYPE (§12.6, §12.7), which there are not. A graph may be called `type`. */
export function refuseGraphType(cursor: Cursor): void {
  if (!cursor.isWord("TYPE")) return;
  const conditions = [
    ["IF", "NOT", "EXISTS"],
    ["IF", "EXISTS"],
  ];
  const words = conditions.find((condition) =>
    condition.every((word, at) => cursor.peek(at + 1).keyword === word),
  );
  const next = cursor.peek(1 + (words?.length ?? 0));
  if (!isNameToken(next) || AFTER_NAME.has(next.keyword)) return;
  throw cursor.errorAt(
    cursor.token.start,
    "graph types are not supported: every graph takes elements with any labels and properties",
    OPEN_HINT,
  );
}

/** What may stand behind the name of a graph. */
const AFTER_NAME: ReadonlySet<string> = new Set(["ANY", "TYPED", "LIKE", "AS", "IF", "OF"]);

/** <graph source> (§12.4) */
function acceptGraphSource(cursor: Cursor): GraphReference | null {
  if (!cursor.acceptWord("AS")) return null;
  cursor.expectWord("COPY", "after AS");
  cursor.expectWord("OF", "after COPY");
  return parseGraphReference(cursor);
}

/** <open graph type> (§12.4): `[TYPED | ::] ANY [[PROPERTY] GRAPH]` */
function acceptOpenGraphType(cursor: Cursor): void {
  const isTyped =
    cursor.acceptSymbol("::") || cursor.acceptWord("TYPED") || cursor.acceptWord("OF");
  if (isTyped ? !cursor.isWord("ANY") : cursor.isSymbol("{")) throw noGraphTypes(cursor);
  if (!cursor.acceptWord("ANY")) return;
  if (cursor.acceptWord("PROPERTY")) cursor.expectWord("GRAPH", "after PROPERTY");
  else cursor.acceptWord("GRAPH");
}

const OPEN_HINT =
  "write CREATE GRAPH name ANY; CREATE CONSTRAINT says what elements with a label have";

function noGraphTypes(cursor: Cursor): Error {
  return cursor.expected("ANY: closed graph types are not supported", ["ANY"], OPEN_HINT);
}
