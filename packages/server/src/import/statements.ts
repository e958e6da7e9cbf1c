import type { Value } from "@geode/values";
import { assignment, texts } from "./assignment.ts";
import { catalogStatement } from "./catalog.ts";
import { type Anchor, type EdgeItem, type NodeItem } from "./item.ts";
import type { Manifest } from "./manifest.ts";
import { quoted } from "./names.ts";

/** One row of the parameter `rows`. */
export type Row = ReadonlyMap<string, Value>;

/** Elements that one statement can create: those that differ in what is in their rows. */
export interface Group {
  readonly text: string;
  /** Whether it may create fewer than it has rows, because some are there already. */
  readonly leavesPresent: boolean;
}

/** An element, as what makes a row of a statement. */
export interface Insertion {
  readonly group: Group;
  readonly row: Row;
}

/** Every statement answers one row with the number of its elements. A statement that is not carried out again answers none. */
const COUNTED = "RETURN count(*) AS created";

/** The statements of one import. Each is written once, however many elements it is for. */
export class Insertions {
  readonly #manifest: Manifest;
  readonly #nodeGroups = new Map<string, Map<Anchor | undefined, Group>>();
  readonly #edgeGroups = new Map<string, Map<Anchor, Map<Anchor, Group>>>();

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  node(node: NodeItem): Insertion {
    const row = new Map<string, Value>([["p", texts(node.properties)]]);
    if (node.id === undefined) return { group: this.#nodeGroup(node, undefined), row };
    row.set("id", node.id.value);
    return { group: this.#nodeGroup(node, this.#manifest.find(node.id).anchor), row };
  }

  edge(edge: EdgeItem): Insertion {
    const from = this.#manifest.find(edge.from);
    const to = this.#manifest.find(edge.to);
    const row = new Map<string, Value>([
      ["f", from.value],
      ["t", to.value],
      ["p", texts(edge.properties)],
    ]);
    return { group: this.#edgeGroup(edge, from.anchor, to.anchor), row };
  }

  #nodeGroup(node: NodeItem, anchor: Anchor | undefined): Group {
    const assigned = assignment("n", node.properties);
    const key = `${node.labels.map(quoted).join()} ${assigned}`;
    const groups = known(this.#nodeGroups, key, () => new Map<Anchor | undefined, Group>());
    return known(groups, anchor, () => this.#newNodeGroup(node, anchor, assigned));
  }

  #edgeGroup(edge: EdgeItem, from: Anchor, to: Anchor): Group {
    const assigned = assignment("e", edge.properties);
    // The first is the same for nearly all edges, and quoting takes longer than all the rest.
    const key = assigned === "" ? `=${edge.label}` : `${quoted(edge.label)} ${assigned}`;
    const ends = known(this.#edgeGroups, key, () => new Map<Anchor, Map<Anchor, Group>>());
    const groups = known(ends, from, () => new Map<Anchor, Group>());
    return known(groups, to, () => newEdgeGroup(edge.label, from, to, assigned));
  }

  /**
   * Nodes whose id is there already are left as they are, in the same transaction that writes the others: so the same node is never
   * imported twice, whoever does it.
   */
  #newNodeGroup(node: NodeItem, anchor: Anchor | undefined, assigned: string): Group {
    if (anchor === undefined) {
      return {
        text: `FOR row IN $rows INSERT ${labelled(node.labels)} ${assigned} ${COUNTED}`,
        leavesPresent: false,
      };
    }
    const isReference = anchor === this.#manifest.references;
    const labels = isReference ? [...node.labels, anchor.label] : node.labels;
    const reference = isReference ? `SET n.${quoted(anchor.property)} = row.id ` : "";
    return {
      text:
        `FOR row IN $rows OPTIONAL MATCH ${anchored("old", anchor, "row.id")} FILTER WHERE old IS NULL ` +
        `INSERT ${labelled(labels)} ${assigned} ${reference}${COUNTED}`,
      leavesPresent: true,
    };
  }
}

function newEdgeGroup(label: string, from: Anchor, to: Anchor, assigned: string): Group {
  return {
    text:
      `FOR row IN $rows MATCH ${anchored("a", from, "row.f")}, ${anchored("b", to, "row.t")} ` +
      `INSERT (a)-[e:${quoted(label)}]->(b) ${assigned} ${COUNTED}`,
    leavesPresent: false,
  };
}

/** What is kept under the key; made, when it is not there yet. */
function known<Key, Made>(map: Map<Key, Made>, key: Key, make: () => Made): Made {
  let made = map.get(key);
  if (made === undefined) map.set(key, (made = make()));
  return made;
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
  const { label, property } = anchor;
  return catalogStatement(
    { name: name ?? null, element: "node", label, properties: [property], requirement: null },
    { ifNotExists: true },
  );
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
