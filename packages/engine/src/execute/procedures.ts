import type { Value } from "@geode/values";
import type { Column } from "../graph/column.ts";
import type { GraphName, Requirement } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { IndexPlace } from "../graph/indexes.ts";
import { FUNCTIONS } from "../plan/functions.ts";
import {
  type ProcedureField,
  type ProcedureSignature,
  type ProcedureType,
  signatureText,
} from "../plan/procedure.ts";

/** A table that statements call by name: `CALL name(arguments) YIELD columns`. */
export interface ProcedureDefinition {
  /** With dots between its parts, e.g. `geo.distance`. Calls write it as it is written here. */
  readonly name: string;
  readonly parameters: readonly ProcedureField[];
  /** Without columns, a call changes nothing about the rows around it. */
  readonly columns: readonly ProcedureField[];
  /**
   * The rows for these arguments, one value per column. It is called in the middle of a statement, for each row that reaches the CALL:
   * it answers at once, with the same rows for the same arguments, and changes nothing. What it throws ends the statement: a GeodeError
   * as it is, anything else as INTERNAL.
   */
  readonly rows: (args: readonly Value[]) => Iterable<readonly Value[]>;
}

export interface Procedure extends ProcedureSignature {
  /** `graphs`: those that the user may know of. */
  readonly rows: (
    args: readonly Value[],
    graph: Graph,
    graphs: ReadonlyMap<GraphName, Graph>,
  ) => Iterable<readonly Value[]>;
}

export type ProcedureTable = ReadonlyMap<string, Procedure>;

/** What comes with the database, what it has besides, and what is defined beside it. Throws when two have one name. */
export function procedureTable(
  defined: readonly ProcedureDefinition[],
  besides: readonly Procedure[] = [],
): ProcedureTable {
  const table = new Map<string, Procedure>();
  const add = (procedure: Procedure): void => {
    if (table.has(procedure.name))
      throw new RangeError(`There are two procedures ${procedure.name}.`);
    table.set(procedure.name, procedure);
  };
  for (const { name, columns, rows } of ABOUT_THE_GRAPH)
    add({
      name,
      parameters: [],
      columns: columns.map(field),
      reads: "graph",
      definedHere: false,
      rows,
    });
  add({
    name: "geode.graphs",
    parameters: [],
    columns: [field("name STRING"), field("nodes INTEGER"), field("edges INTEGER")],
    reads: "graphs",
    definedHere: false,
    rows: (_, __, graphs) =>
      [...graphs.values()]
        .map(({ name, nodeCount, edgeCount }): NamedRow => [name, nodeCount, edgeCount])
        .sort(byFirst),
  });
  add({
    name: "geode.functions",
    parameters: [],
    columns: [field("name STRING"), field("argumentsMin INTEGER"), field("argumentsMax INTEGER")],
    reads: "nothing",
    definedHere: false,
    rows: functionRows,
  });
  add({
    name: "geode.procedures",
    parameters: [],
    columns: [field("name STRING"), field("signature STRING")],
    reads: "nothing",
    definedHere: false,
    rows: () => [...table.values()].map((procedure) => [procedure.name, signatureText(procedure)]),
  });
  for (const procedure of besides) add(procedure);
  for (const definition of defined) add({ ...definition, reads: "nothing", definedHere: true });
  return table;
}

interface AboutTheGraph {
  readonly name: string;
  readonly columns: readonly FieldText[];
  readonly rows: (args: readonly Value[], graph: Graph) => Iterable<readonly Value[]>;
}

const ABOUT_THE_GRAPH: readonly AboutTheGraph[] = [
  {
    name: "geode.labels",
    columns: ["label STRING", "nodes INTEGER"],
    rows: (_, graph) => labelCounts(graph),
  },
  {
    name: "geode.edge_labels",
    columns: ["label STRING", "edges INTEGER"],
    rows: (_, graph) => edgeLabelCounts(graph),
  },
  {
    name: "geode.property_keys",
    columns: ["key STRING"],
    rows: (_, graph) => propertyKeys(graph),
  },
  {
    name: "geode.statistics",
    columns: [
      "nodes INTEGER",
      "edges INTEGER",
      "labels INTEGER",
      "edgeLabels INTEGER",
      "propertyKeys INTEGER",
      "indexes INTEGER",
    ],
    rows: (_, graph) => [
      [
        graph.nodeCount,
        graph.edgeCount,
        labelCounts(graph).length,
        edgeLabelCounts(graph).length,
        propertyKeys(graph).length,
        graph.indexes.size,
      ],
    ],
  },
  {
    name: "geode.indexes",
    columns: [
      "name STRING",
      "element STRING",
      "label STRING",
      "properties LIST",
      "constraint STRING",
      "entries INTEGER",
      "distinctValues INTEGER",
    ],
    rows: (_, graph) =>
      [...graph.indexes.all()]
        .map((index): NamedRow => [
          index.name,
          ...placeOf(graph, index),
          index.isUnique ? index.name : null,
          index.count,
          index.distinct,
        ])
        .sort(byFirst),
  },
  {
    name: "geode.constraints",
    columns: [
      "name STRING",
      "type STRING",
      "element STRING",
      "label STRING",
      "properties LIST",
      "index STRING",
    ],
    rows: (_, graph) =>
      [...graph.constraints.all()]
        .map((constraint): NamedRow => [
          constraint.name,
          CONSTRAINT_TYPES[constraint.requirement],
          ...placeOf(graph, constraint),
          constraint.index?.name ?? null,
        ])
        .sort(byFirst),
  },
  // As Cypher's tools ask for them.
  {
    name: "db.labels",
    columns: ["label STRING"],
    rows: (_, graph) => labelCounts(graph).map(([label]) => [label]),
  },
  {
    name: "db.relationshipTypes",
    columns: ["relationshipType STRING"],
    rows: (_, graph) => edgeLabelCounts(graph).map(([label]) => [label]),
  },
  {
    name: "db.propertyKeys",
    columns: ["propertyKey STRING"],
    rows: (_, graph) => propertyKeys(graph),
  },
];

/** As they stand behind IS in CREATE CONSTRAINT. */
const CONSTRAINT_TYPES: Readonly<Record<Requirement, string>> = {
  unique: "UNIQUE",
  exists: "NOT NULL",
  key: "KEY",
};

/** What an index or a constraint is on: the kind of element, the label, the properties. */
function placeOf(graph: Graph, { element, keys, label }: IndexPlace): [string, string, Value] {
  return [
    element.toUpperCase(),
    graph.labelName(element, label),
    keys.map((key) => graph.keys.name(key)),
  ];
}

type FieldText = `${string} ${ProcedureType}`;

function field(text: FieldText): ProcedureField {
  const [name = "", type = "ANY"] = text.split(" ");
  return { name, type: type as ProcedureType };
}

/** Labels that some node has, by name. */
function labelCounts(graph: Graph): [string, number][] {
  return counted(graph.labels.all(), (label) => graph.nodeCountOf(label));
}

function edgeLabelCounts(graph: Graph): [string, number][] {
  return counted(graph.edgeLabels.all(), (label) => graph.edgeCountOf(label));
}

function counted(names: readonly string[], countOf: (id: number) => number): [string, number][] {
  return names
    .map((name, id): [string, number] => [name, countOf(id)])
    .filter(([, count]) => count > 0)
    .sort(byFirst);
}

/** Keys that some element has, by name. A name that was used once is known for good, so each is looked for. */
function propertyKeys(graph: Graph): [string][] {
  return graph.keys
    .all()
    .filter((_, key) =>
      [graph.nodes, graph.edges].some(({ columns }) => hasValue(columns.get(key))),
    )
    .map((name): [string] => [name])
    .sort(byFirst);
}

function hasValue(column: Column | undefined): boolean {
  if (!column) return false;
  if (column.kind === "sparse") return column.values.size > 0;
  for (let slot = 0; slot < column.slotsEnd; slot++) if (column.get(slot) !== null) return true;
  return false;
}

/** A row whose first column is a name that no other row has. */
type NamedRow = readonly [string, ...Value[]];

function functionRows(): NamedRow[] {
  const rows = new Map<string, NamedRow>();
  for (const { name, arity } of FUNCTIONS.values())
    rows.set(name, [name, arity[0], arity[1] === Infinity ? null : arity[1]]);
  return [...rows.values()].sort(byFirst);
}

function byFirst([left]: NamedRow, [right]: NamedRow): number {
  return left < right ? -1 : 1;
}

export const BUILT_IN_PROCEDURES: ProcedureTable = procedureTable([]);
