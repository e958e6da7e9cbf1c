import type { Value } from "@geode/values";
import { assignment, texts } from "./assignment.ts";
import { type Anchor, type EdgeItem, type NodeItem } from "./item.ts";
import type { Manifest } from "./manifest.ts";
import { quoted } from "./names.ts";

/** One row of the parameter `rows`. */
export type Row = ReadonlyMap<string, Value>;

/** Elements that one statement can create: those with the same text. It reads `$rows` and answers how many it created. */
export interface Group {
  readonly text: string;
  /** Whether it may create fewer than it has rows, because some are there already. */
  readonly leavesPresent: boolean;
}

/** Every statement answers one row with the number of its elements. A statement that is not carried out again answers none. */
const COUNTED = "RETURN count(*) AS created";

/**
 * Nodes whose id is there already are left as they are, in the same transaction that writes the others: so the same node is never
 * imported twice, whoever does it.
 */
export function nodeGroup(node: NodeItem, manifest: Manifest): Group {
  const properties = assignment("n", node.properties);
  if (node.id === undefined) {
    return {
      text: `FOR row IN $rows INSERT ${labelled(node.labels)} ${properties} ${COUNTED}`,
      leavesPresent: false,
    };
  }
  const { anchor } = manifest.find(node.id);
  const isReference = anchor === manifest.references;
  const labels = isReference ? [...node.labels, anchor.label] : node.labels;
  const reference = isReference ? `SET n.${quoted(anchor.property)} = row.id ` : "";
  return {
    text:
      `FOR row IN $rows OPTIONAL MATCH ${anchored("old", anchor, "row.id")} FILTER WHERE old IS NULL ` +
      `INSERT ${labelled(labels)} ${properties} ${reference}${COUNTED}`,
    leavesPresent: true,
  };
}

export function nodeRow(node: NodeItem): Row {
  const row = new Map<string, Value>([["p", texts(node.properties)]]);
  return node.id === undefined ? row : row.set("id", node.id.value);
}

export function edgeGroup(edge: EdgeItem, manifest: Manifest): Group {
  const from = manifest.find(edge.from).anchor;
  const to = manifest.find(edge.to).anchor;
  return {
    text:
      `FOR row IN $rows MATCH ${anchored("a", from, "row.f")}, ${anchored("b", to, "row.t")} ` +
      `INSERT (a)-[e:${quoted(edge.label)}]->(b) ${assignment("e", edge.properties)} ${COUNTED}`,
    leavesPresent: false,
  };
}

export function edgeRow(edge: EdgeItem, manifest: Manifest): Row {
  return new Map<string, Value>([
    ["f", manifest.find(edge.from).value],
    ["t", manifest.find(edge.to).value],
    ["p", texts(edge.properties)],
  ]);
}

/** Takes from nodes what they had only to be found by edges. */
export function forgetStatement(references: Anchor): string {
  return (
    `FOR row IN $rows MATCH ${anchored("n", references, "row.id")} ` +
    `REMOVE n:${quoted(references.label)}, n.${quoted(references.property)} ${COUNTED}`
  );
}

/** The index through which edges find their nodes; without it each edge would look at every node. */
export function indexStatement(anchor: Anchor, name?: string): string {
  const named = name === undefined ? "" : `${quoted(name)} `;
  return `CREATE INDEX ${named}IF NOT EXISTS FOR (n:${quoted(anchor.label)}) ON (n.${quoted(anchor.property)})`;
}

function anchored(variable: string, anchor: Anchor, value: string): string {
  return `(${variable}:${quoted(anchor.label)} {${quoted(anchor.property)}: ${value}})`;
}

export function dropIndexStatement(name: string): string {
  return `DROP INDEX ${quoted(name)} IF EXISTS`;
}

function labelled(labels: readonly string[]): string {
  return labels.length === 0 ? "(n)" : `(n:${labels.map(quoted).join("&")})`;
}
