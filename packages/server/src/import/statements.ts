import type { Value } from "@geode/values";
import type { EdgeItem, NodeItem } from "./item.ts";
import type { Anchor, Manifest } from "./manifest.ts";
import { quoted } from "./names.ts";

/** One row of the parameter `rows`. */
export type Row = ReadonlyMap<string, Value>;

/** Elements that one statement can create: those with equal keys. `text` reads `$rows` and answers how many it created. */
export interface Group {
  readonly key: string;
  readonly text: string;
}

/** Every statement answers one row with the number of its elements. A statement that is not carried out again answers none. */
const COUNTED = "RETURN count(*) AS created";

export function nodeGroup(node: NodeItem): Group {
  const labels = node.labels.map(quoted).join("&");
  return {
    key: `n${labels}`,
    text: `FOR row IN $rows INSERT (n:${labels}) SET n += row.p ${COUNTED}`,
  };
}

export function nodeRow(node: NodeItem): Row {
  return new Map([["p", node.properties]]);
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
