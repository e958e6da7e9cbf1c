import { GeodeError, unreachable } from "@geode/values";
import { nearestWord } from "../gql/suggestion.ts";
import type { Graph } from "../graph/graph.ts";
import type { HashIndex, IndexPlace } from "../graph/indexes.ts";
import { NO_GRAPHS, READS_NOTHING } from "../plan/footprint.ts";
import type { CatalogChange, NewConstraint, NewIndex } from "../plan/catalog-change.ts";
import { withPosition } from "./located.ts";
import type { Column, Result, RunContext, Statement } from "./statement.ts";
import type { Writer } from "./writer.ts";

/** Indexes and constraints of one graph, together. Each costs every write to its label. */
export const INDEXES_MAX = 1_000;

/** CREATE and DROP of an index or of a constraint. */
export class CatalogStatement implements Statement {
  readonly text: string;
  readonly access = "write";
  readonly liveForm = null;
  readonly volatile = false;
  readonly shape = "columns";
  readonly columns: readonly Column[] = [];
  readonly changesCatalog = true;
  readonly footprint = READS_NOTHING;
  readonly otherGraphs = NO_GRAPHS;
  readonly ordered = false;
  readonly #change: CatalogChange;

  constructor(text: string, change: CatalogChange) {
    this.text = text;
    this.#change = change;
  }

  run({ graph, writer }: RunContext): Result {
    if (!writer) throw new Error("a statement that writes is run as a read");
    try {
      carryOut(this.#change, graph, writer);
    } catch (error) {
      writer.rollback();
      throw withPosition(error, this.text);
    }
    return { columns: [], rows: [], keys: [], notices: [] };
  }
}

function carryOut(change: CatalogChange, graph: Graph, writer: Writer): void {
  switch (change.kind) {
    case "createIndex":
      return createIndex(change, graph, writer);
    case "createConstraint":
      return createConstraint(change, graph, writer);
    case "dropIndex": {
      const index = graph.indexes.get(change.name);
      if (index?.isUnique === true)
        throw new GeodeError("42000", `The index \`${change.name}\` belongs to a constraint.`, {
          hint: `DROP CONSTRAINT \`${change.name}\` takes both away.`,
        });
      if (index !== undefined) return writer.dropIndex(change.name);
      if (change.ifExists) return;
      throw unknownName("index", change.name, graph);
    }
    case "dropConstraint":
      if (graph.constraints.get(change.name) !== undefined)
        return writer.dropConstraint(change.name);
      if (change.ifExists) return;
      throw unknownName("constraint", change.name, graph);
    default:
      return unreachable(change);
  }
}

function createIndex(created: NewIndex, graph: Graph, writer: Writer): void {
  const name = created.name ?? [created.label, ...created.properties].join("_");
  const same = indexOn(graph, created);
  if (same !== undefined || isTaken(graph, name)) {
    if (created.ifNotExists && same !== undefined) return;
    if (same?.isUnique === true)
      throw new GeodeError(
        "42000",
        `The constraint \`${same.name}\` has an index on ${propertiesText(created)} already.`,
        { hint: "Queries use it as they would use another one." },
      );
    if (same === undefined) throw nameTaken(graph, name);
    throw new GeodeError(
      "42000",
      `The index \`${same.name}\` is on ${propertiesText(created)} already.`,
      { hint: "CREATE INDEX … IF NOT EXISTS does nothing then." },
    );
  }
  requireRoom(graph);
  writer.createIndex(name, created);
}

function createConstraint(created: NewConstraint, graph: Graph, writer: Writer): void {
  const { ifNotExists, label, properties, requirement } = created;
  const name = created.name ?? [label, ...properties, requirement].join("_");
  const same = [...graph.constraints.all()].find(
    (constraint) =>
      constraint.requirement === requirement && isPlace(constraint, placeOf(graph, created)),
  );
  if (same !== undefined || isTaken(graph, name)) {
    if (same === undefined) throw nameTaken(graph, name);
    if (ifNotExists) return;
    throw new GeodeError("42000", `The constraint \`${same.name}\` says the same already.`, {
      hint: "CREATE CONSTRAINT … IF NOT EXISTS does nothing then.",
    });
  }
  const index = requirement === "exists" ? undefined : indexOn(graph, created);
  if (index !== undefined)
    throw new GeodeError(
      "42000",
      `The ${index.isUnique ? "constraint" : "index"} \`${index.name}\` is on ${propertiesText(created)} already, and a constraint brings an index of its own.`,
      {
        hint: `DROP ${index.isUnique ? "CONSTRAINT" : "INDEX"} \`${index.name}\` first.`,
      },
    );
  requireRoom(graph);
  writer.createConstraint(name, created);
}

/** With -1 for names that nothing ever had. */
function placeOf(graph: Graph, { element, label, properties }: NewIndex): IndexPlace {
  return {
    element,
    label: graph.labelId(element, label),
    keys: properties.map((property) => graph.keys.id(property)),
  };
}

function indexOn(graph: Graph, created: NewIndex): HashIndex | undefined {
  return graph.indexes.on(placeOf(graph, created));
}

function isPlace(a: IndexPlace, b: IndexPlace): boolean {
  return (
    a.element === b.element &&
    a.label === b.label &&
    a.keys.length === b.keys.length &&
    a.keys.every((key, at) => key === b.keys[at])
  );
}

/** Indexes and constraints share their names. */
function isTaken(graph: Graph, name: string): boolean {
  return graph.indexes.get(name) !== undefined || graph.constraints.get(name) !== undefined;
}

function whatIs(graph: Graph, name: string): string {
  return graph.constraints.get(name) === undefined ? "an index" : "a constraint";
}

function propertiesText({ properties }: NewIndex): string {
  return properties.length === 1 ? "this property" : "these properties";
}

function requireRoom({ constraints, indexes }: Graph): void {
  const owned = [...indexes.all()].filter(({ isUnique }) => isUnique).length;
  if (indexes.size - owned + constraints.size >= INDEXES_MAX)
    throw new GeodeError(
      "LIMIT",
      `A graph has at most ${INDEXES_MAX} indexes and constraints together.`,
      { hint: "SHOW INDEXES and SHOW CONSTRAINTS tell which there are." },
    );
}

/** Also with IF NOT EXISTS: what is there is not what was asked for. */
function nameTaken(graph: Graph, name: string): GeodeError {
  return new GeodeError("42000", `There is ${whatIs(graph, name)} \`${name}\` already.`, {
    hint: "It is another one. Choose another name, or drop it first.",
  });
}

function unknownName(what: "index" | "constraint", name: string, graph: Graph): GeodeError {
  const other = what === "index" ? graph.constraints : graph.indexes;
  const own = what === "index" ? graph.indexes : graph.constraints;
  const nearest = nearestWord(
    name,
    [...own.all()].map((each) => each.name),
  );
  const hint =
    other.get(name) !== undefined
      ? `There is ${whatIs(graph, name)} of this name: DROP ${what === "index" ? "CONSTRAINT" : "INDEX"} \`${name}\`.`
      : nearest === undefined
        ? `SHOW ${what === "index" ? "INDEXES" : "CONSTRAINTS"} tells which there are.`
        : `Did you mean \`${nearest}\`?`;
  return new GeodeError("42002", `There is no ${what} \`${name}\`.`, { hint });
}
