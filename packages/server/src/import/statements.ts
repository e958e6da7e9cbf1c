import type { Value } from "@geode/values";
import { anchorOf, type Anchor, type EdgeItem, type NodeItem } from "./item.ts";
import type { Manifest } from "./manifest.ts";
import { quoted } from "./names.ts";

/** One row of the parameter `rows`. */
export type Row = ReadonlyMap<string, Value>;

/** Elements that one statement can create: those with equal keys. `text` reads `$rows` and answers how many it created. */
export interface Group {
  readonly key: string;
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
export function nodeGroup(node: NodeItem): Group {
  const labels = node.labels.map(quoted).join("&");
  const anchor = anchorOf(node);
  if (anchor === undefined) {
    return {
      key: `n${labels}`,
      text: `FOR row IN $rows INSERT (n:${labels}) SET n += row.p ${COUNTED}`,
      leavesPresent: false,
    };
  }
  return {
    key: `n${labels} ${anchor.property}`,
    text:
      `FOR row IN $rows OPTIONAL MATCH ${anchored("old", anchor, "row.id")} FILTER WHERE old IS NULL ` +
      `INSERT (n:${labels}) SET n += row.p ${COUNTED}`,
    leavesPresent: true,
  };
}

export function nodeRow(node: NodeItem): Row {
  const row = new Map<string, Value>([["p", node.properties]]);
  return node.id === undefined ? row : row.set("id", node.id.value);
}

export function edgeGroup(edge: EdgeItem, manifest: Manifest): Group {
  const from = manifest.find(edge.from).anchor;
  const to = manifest.find(edge.to).anchor;
  const label = quoted(edge.label);
  return {
    key: `e${JSON.stringify([edge.label, from, to])}`,
    text:
      `FOR row IN $rows MATCH ${anchored("a", from, "row.f")}, ${anchored("b", to, "row.t")} ` +
      `INSERT (a)-[e:${label}]->(b) SET e += row.p ${COUNTED}`,
    leavesPresent: false,
  };
}

export function edgeRow(edge: EdgeItem, manifest: Manifest): Row {
  return new Map<string, Value>([
    ["f", manifest.find(edge.from).value],
    ["t", manifest.find(edge.to).value],
    ["p", edge.properties],
  ]);
}

/** The index through which edges find their nodes; without it each edge would look at every node. */
export function indexStatement(anchor: Anchor): string {
  return `CREATE INDEX IF NOT EXISTS FOR (n:${quoted(anchor.label)}) ON (n.${quoted(anchor.property)})`;
}

function anchored(variable: string, anchor: Anchor, value: string): string {
  return `(${variable}:${quoted(anchor.label)} {${quoted(anchor.property)}: ${value}})`;
}
