import type { Expression, InsertEdge, InsertNode, InsertPath } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseLabelSet, parseWrittenLabels, type WrittenLabels } from "./labels.ts";
import {
  acceptElementVariable,
  acceptPathVariable,
  type Arrow,
  closeArrow,
  openArrow,
} from "./patterns.ts";
import { parseRecord } from "./records.ts";

/** What may be written is settled by who writes: MERGE looks for the path first, so it may leave the direction open. */
export type InsertPurpose = "insert" | "merge";

/** <insert path pattern> (§16.5) */
export function parseInsertPath(cursor: Cursor, purpose: InsertPurpose): InsertPath {
  const { start } = cursor.token;
  const variable = acceptPathVariable(cursor);
  const elements: (InsertNode | InsertEdge)[] = [parseInsertNode(cursor, purpose)];
  while (cursor.isSymbol("-") || cursor.isSymbol("<") || cursor.isSymbol("~")) {
    elements.push(parseInsertEdge(cursor, purpose), parseInsertNode(cursor, purpose));
  }
  return { kind: "insertPath", variable, elements, span: cursor.spanFrom(start) };
}

const NO_LABELS: WrittenLabels = { labels: [], computed: [] };

/** <insert node pattern> (§16.5) */
function parseInsertNode(cursor: Cursor, purpose: InsertPurpose): InsertNode {
  const opening = cursor.expectSymbol("(", "to open a node such as `(n:Label {key: value})`");
  const variable = acceptElementVariable(cursor);
  const { labels, computed } =
    cursor.acceptSymbol(":") || cursor.acceptWord("IS") ? parseWrittenLabels(cursor) : NO_LABELS;
  if (purpose === "merge" && computed.length > 0)
    throw cursor.errorAt(opening.start, "MERGE names the labels that it looks for");
  const properties = acceptProperties(cursor, purpose);
  cursor.expectClosing(")", "the node", opening);
  const span = cursor.spanFrom(opening.start);
  return { kind: "insertNode", variable, labels, computed, properties, span };
}

/** <insert edge pattern> (§16.5): directed, and with exactly one label. */
function parseInsertEdge(cursor: Cursor, purpose: InsertPurpose): InsertEdge {
  const { start } = cursor.token;
  const arrow = openArrow(cursor);
  if (arrow.opening === null) throw labelMissing(cursor, start);
  const variable = acceptElementVariable(cursor);
  if (!cursor.acceptSymbol(":") && !cursor.acceptWord("IS")) throw labelMissing(cursor, start);
  const labels = parseLabelSet(cursor);
  const second = labels[1];
  if (second !== undefined)
    throw cursor.errorAt(second.span.start, "an edge has exactly one label");
  if (cursor.isSymbol("*")) {
    throw cursor.errorAt(
      cursor.token.start,
      "an edge that is written has no quantifier",
      "write every edge of the path",
    );
  }
  const properties = acceptProperties(cursor, purpose);
  const direction = parseDirection(cursor, arrow, purpose, start);
  return {
    kind: "insertEdge",
    variable,
    label: labels[0]!,
    direction,
    properties,
    span: cursor.spanFrom(start),
  };
}

function parseDirection(
  cursor: Cursor,
  arrow: Arrow,
  purpose: InsertPurpose,
  start: number,
): InsertEdge["direction"] {
  const orientation = closeArrow(cursor, arrow);
  if (orientation === "left" || orientation === "right") return orientation;
  if (orientation === "any" && purpose === "merge") return "any";
  throw cursor.errorAt(
    start,
    "an edge that is written has one direction",
    "write -[:LABEL]-> or <-[:LABEL]-",
  );
}

function labelMissing(cursor: Cursor, start: number): Error {
  return cursor.errorAt(
    start,
    "an edge that is written needs exactly one label",
    "write -[:LABEL]->",
  );
}

function acceptProperties(cursor: Cursor, purpose: InsertPurpose): Expression | null {
  const { kind, text, start, end } = cursor.token;
  if (cursor.isSymbol("{")) return parseRecord(cursor, start);
  if (kind !== "parameter") return null;
  if (purpose === "merge") {
    const hint = "name the properties one by one: {name: $name}";
    throw cursor.errorAt(
      start,
      "a parameter cannot stand for all properties of a pattern in MERGE",
      hint,
    );
  }
  cursor.advance();
  return { kind: "parameter", name: text, span: { start, end } };
}
