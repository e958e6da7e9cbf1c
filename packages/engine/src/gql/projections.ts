import type {
  Expression,
  GraphReference,
  LabelSource,
  OrderAndPage,
  Project,
  ProjectionItem,
  Return,
  Select,
  SelectSource,
  SortItem,
} from "./ast.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { startsMatch } from "./graph-pattern.ts";
import { parseGraphReference } from "./graph-reference.ts";
import { parseMatch } from "./match.ts";
import { nearestWord } from "./suggestion.ts";
import { FOREIGN_WORDS } from "./words.ts";

interface Items {
  readonly distinct: boolean;
  readonly star: boolean;
  readonly items: readonly ProjectionItem[];
}

/** <return statement> (§14.11) with its <order by and page statement>. */
export function parseReturn(cursor: Cursor): Return {
  const { start } = cursor.advance();
  const { distinct, star, items } = parseItems(cursor, "RETURN");
  const groupBy = acceptGroupBy(cursor);
  const tail = acceptTail(cursor);
  return { kind: "return", distinct, star, items, groupBy, tail, span: cursor.spanFrom(start) };
}

/** Cypher's WITH. */
export function parseProject(cursor: Cursor): Project {
  const { start } = cursor.advance();
  const { distinct, star, items } = parseItems(cursor, "WITH");
  for (const { expression, alias, span } of items) {
    if (alias !== null || expression.kind === "variable") continue;
    throw cursor.errorAt(
      span.start,
      "an expression in WITH needs a name",
      "write AS and a name after it",
    );
  }
  const groupBy = acceptGroupBy(cursor);
  const tail = acceptTail(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  return {
    kind: "project",
    distinct,
    star,
    items,
    groupBy,
    tail,
    where,
    span: cursor.spanFrom(start),
  };
}

/** <select statement> (§14.12); `FROM label` is our own. */
export function parseSelect(cursor: Cursor): Select {
  const { start } = cursor.advance();
  const items = parseItems(cursor, "SELECT");
  const source = cursor.acceptWord("FROM") ? parseSelectSource(cursor) : null;
  return finishSelect(cursor, start, items, source);
}

/** `label [AS variable] [WHERE …]` is `SELECT * FROM` the same: what `SUBSCRIBE TO` watches. */
export function parseWatchedLabel(cursor: Cursor): Select {
  const { start } = cursor.token;
  const source = parseLabelSource(cursor, start);
  return finishSelect(cursor, start, { distinct: false, star: true, items: [] }, source);
}

function finishSelect(
  cursor: Cursor,
  start: number,
  { distinct, star, items }: Items,
  source: SelectSource | null,
): Select {
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  const groupBy = acceptGroupBy(cursor);
  const having = cursor.acceptWord("HAVING") ? cursor.rules.condition(cursor) : null;
  const tail = acceptTail(cursor);
  return {
    kind: "select",
    distinct,
    star,
    items,
    source,
    where,
    groupBy,
    having,
    tail,
    span: cursor.spanFrom(start),
  };
}

/** What follows FROM. MATCH, OPTIONAL or `{` next, perhaps after a name, means a graph; otherwise the name is a label. */
function parseSelectSource(cursor: Cursor): SelectSource {
  const { start } = cursor.token;
  if (startsMatch(cursor)) return parseMatchSource(cursor, start);
  if (cursor.isSymbol("{")) return parseQuerySource(cursor, start, null);
  if (!cursor.isName()) throw cursor.expected("a label, a graph or MATCH after FROM", ["MATCH"]);
  if (startsMatch(cursor, 1)) return parseMatchSource(cursor, start);
  if (isSymbolToken(cursor.peek(), "{")) {
    return parseQuerySource(cursor, start, parseGraphReference(cursor));
  }
  return parseLabelSource(cursor, start);
}

function parseLabelSource(cursor: Cursor, start: number): LabelSource {
  const label = cursor.expectName("a label");
  const variable = cursor.acceptWord("AS") ? cursor.expectName("a variable after AS") : null;
  if (variable === null && cursor.isName() && !WORDS_AFTER_LABEL.has(cursor.token.keyword)) {
    throw nameWithoutAs(cursor);
  }
  return { kind: "labelSource", label, variable, span: cursor.spanFrom(start) };
}

/** After a label stands a word that goes on with nothing: a misspelt keyword, or SQL's name without AS. */
function nameWithoutAs(cursor: Cursor): Error {
  const what = "AS, WHERE, GROUP BY, ORDER BY or the end of the query after the label";
  const { text, keyword } = cursor.token;
  const isKnown = FOREIGN_WORDS.has(keyword) || nearestWord(text, WORDS_AFTER_LABEL) !== undefined;
  return cursor.expected(
    what,
    WORDS_AFTER_LABEL,
    isKnown ? undefined : `to name the rows write AS ${text}`,
  );
}

/** <select graph match list> (§14.12) */
function parseMatchSource(cursor: Cursor, start: number): SelectSource {
  const items = cursor.list(() => {
    const graph = startsMatch(cursor) ? null : parseGraphReference(cursor);
    return { graph, match: parseMatch(cursor) };
  });
  return { kind: "matchSource", items, span: cursor.spanFrom(start) };
}

/** <select query specification> (§14.12) */
function parseQuerySource(
  cursor: Cursor,
  start: number,
  graph: GraphReference | null,
): SelectSource {
  const opening = cursor.advance();
  cursor.enter();
  const query = cursor.rules.query(cursor, "statement");
  cursor.leave();
  cursor.expectClosing("}", "the query", opening);
  return { kind: "querySource", graph, query, span: cursor.spanFrom(start) };
}

const WORDS_AFTER_LABEL: ReadonlySet<string> = new Set([
  "WHERE",
  "GROUP",
  "HAVING",
  "ORDER",
  "OFFSET",
  "SKIP",
  "LIMIT",
  "UNION",
  "EXCEPT",
  "INTERSECT",
  "OTHERWISE",
  "NEXT",
  "EMIT",
]);

/** `[DISTINCT | ALL] *`, or items with or without `*` before them. */
function parseItems(cursor: Cursor, clause: string): Items {
  const distinct = acceptDistinct(cursor);
  const star = cursor.acceptSymbol("*");
  const items = !star || cursor.acceptSymbol(",") ? cursor.list(parseItem) : [];
  if (star && items.length > 0 && clause === "SELECT") {
    throw cursor.errorAt(items[0]!.span.start, "SELECT has either `*` or items");
  }
  return { distinct, star, items };
}

/** A variable may be called `distinct` or `all`. */
function acceptDistinct(cursor: Cursor): boolean {
  if (!cursor.isWord("DISTINCT") && !cursor.isWord("ALL")) return false;
  const next = cursor.peek();
  if (next.kind === "end" || next.keyword === "AS") return false;
  if (next.kind === "symbol" && !["(", "[", "{", "-", "+", "*"].includes(next.text)) return false;
  // `all(x IN list …)` is a predicate; DISTINCT is no function.
  if (cursor.isWord("ALL") && next.text === "(" && cursor.peek(3).keyword === "IN") return false;
  return cursor.advance().keyword === "DISTINCT";
}

/** <return item> (§14.11): an expression, perhaps with an alias. */
function parseItem(cursor: Cursor): ProjectionItem {
  const { start } = cursor.token;
  const expression = cursor.rules.expression(cursor);
  const text = cursor.text.slice(start, cursor.previousEnd);
  const alias = cursor.acceptWord("AS") ? cursor.expectName("a name after AS") : null;
  return { kind: "projectionItem", expression, alias, text, span: cursor.spanFrom(start) };
}

/** <group by clause> (§16.15) */
function acceptGroupBy(cursor: Cursor): Expression[] | null {
  if (!cursor.areWords("GROUP", "BY")) return null;
  cursor.advance();
  cursor.advance();
  if (cursor.isSymbol("(") && isSymbolToken(cursor.peek(), ")")) {
    cursor.advance();
    cursor.advance();
    return [];
  }
  return cursor.list(cursor.rules.expression);
}

/** ORDER BY, OFFSET and LIMIT of a projection. */
function acceptTail(cursor: Cursor): OrderAndPage | null {
  if (!startsOrderAndPage(cursor)) return null;
  const tail = parseOrderAndPage(cursor);
  if (startsOrderAndPage(cursor)) {
    const hint = "their order is ORDER BY, OFFSET (or SKIP), LIMIT";
    throw cursor.errorAt(cursor.token.start, `${cursor.found()} stands too late`, hint);
  }
  return tail;
}

function startsOrderAndPage(cursor: Cursor): boolean {
  switch (cursor.token.keyword) {
    case "ORDER":
    case "OFFSET":
    case "SKIP":
    case "LIMIT":
      return true;
    default:
      return false;
  }
}

/** <order by and page statement> (§14.9): at least one of ORDER BY, OFFSET (or SKIP) and LIMIT, in this order. */
export function parseOrderAndPage(cursor: Cursor): OrderAndPage {
  const { start } = cursor.token;
  let orderBy: SortItem[] = [];
  if (cursor.acceptWord("ORDER")) {
    cursor.expectWord("BY", "after ORDER");
    orderBy = cursor.list(parseSortItem);
  }
  const hasOffset = cursor.acceptWord("OFFSET") || cursor.acceptWord("SKIP");
  const offset = hasOffset ? cursor.rules.expression(cursor) : null;
  const limit = cursor.acceptWord("LIMIT") ? cursor.rules.expression(cursor) : null;
  return { kind: "orderAndPage", orderBy, offset, limit, span: cursor.spanFrom(start) };
}

/** <sort specification> (§16.17) */
function parseSortItem(cursor: Cursor): SortItem {
  const { start } = cursor.token;
  const expression = cursor.rules.expression(cursor);
  let descending = false;
  if (cursor.acceptWord("DESC") || cursor.acceptWord("DESCENDING")) descending = true;
  else if (!cursor.acceptWord("ASC")) cursor.acceptWord("ASCENDING");
  let nulls: SortItem["nulls"] = null;
  if (cursor.acceptWord("NULLS")) {
    if (cursor.acceptWord("FIRST")) nulls = "first";
    else {
      cursor.expectWord("LAST", "or FIRST after NULLS");
      nulls = "last";
    }
  }
  return { kind: "sortItem", expression, descending, nulls, span: cursor.spanFrom(start) };
}
