import { GeodeError, unreachable } from "@geode/values";
import { Documents } from "./documents.ts";
import { DEFAULT_GRAPH } from "./effect.ts";
import type {
  BeginEpoch,
  CreateGraph,
  CreateIndex,
  DropGraph,
  Effect,
  GraphName,
  InsertEdge,
  InsertNode,
  Lease,
  SetPolicy,
} from "./effect.ts";
import { Graph } from "./graph.ts";
import type { IndexPlace } from "./indexes.ts";
import type { Undo } from "./undo.ts";

/** What a database knows besides its graphs. Replaced, never changed. */
export interface Catalog {
  /** Empty before the first effect. */
  readonly epoch: string;
  /** Keys the hash of row keys; base64url. */
  readonly hashKey: string;
  /** No block of element ids from here on was ever leased. */
  readonly nextBlock: number;
  /** The canonical text of the policy; empty when there is none. */
  readonly policy: string;
}

/** Element ids are block × this + n. */
export const BLOCK_IDS = 65_536;
/** Blocks whose ids are safe integers are below it. */
const BLOCKS_END = 2 ** 53 / BLOCK_IDS;
const CHUNK_EFFECTS = 1_000;
/** Documents may be large: with so many bytes of them a chunk is full. */
const CHUNK_EDIT_BYTES = 1024 * 1024;

/** Bytes by part; typed arrays exactly, the rest estimated. Strings and other values on the heap of JavaScript are not in it. */
export interface StoreMemory {
  readonly nodeBytes: number;
  readonly edgeBytes: number;
  readonly adjacencyBytes: number;
  readonly propertyBytes: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  readonly documentBytes: number;
}

/** The state of a database: what applying its log, effect by effect, leads to. */
export class Store {
  readonly graphs = new Map<GraphName, Graph>([[DEFAULT_GRAPH, new Graph(DEFAULT_GRAPH)]]);
  readonly documents = new Documents();
  #catalog: Catalog = { epoch: "", hashKey: "", nextBlock: 0, policy: "" };

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** The graph of that name. Throws 42002 when there is none; `graphs` tells whether there is. */
  graph(name: GraphName): Graph {
    const graph = this.graphs.get(name);
    if (graph === undefined) throw new GeodeError("42002", `There is no graph \`${name}\`.`);
    return graph;
  }

  /** Whether the default graph has, or once had, an element with a reserved label. */
  get hasReserved(): boolean {
    return this.graph(DEFAULT_GRAPH).nodes.labelSets.hasReserved;
  }

  /**
   * Applies one effect; `undo` learns how to take it back. Throws CORRUPT, with the state unchanged, when the effect does not fit the
   * state: it names what is missing, inserts what exists, or deletes a node that has edges.
   */
  apply(effect: Effect, undo?: Undo): void {
    switch (effect.kind) {
      case "insertNode":
        return this.#graphOf(effect).insertNode(effect, undo);
      case "insertEdge":
        return this.#graphOf(effect).insertEdge(effect, undo);
      case "updateNode":
        return this.#graphOf(effect).updateNode(effect, undo);
      case "spliceText":
        return this.#graphOf(effect).spliceText(effect, undo);
      case "updateEdge":
        return this.#graphOf(effect).updateEdge(effect, undo);
      case "deleteEdge":
        return this.#graphOf(effect).deleteEdge(effect, undo);
      case "deleteNode":
        return this.#graphOf(effect).deleteNode(effect, undo);
      case "beginEpoch":
        return this.#beginEpoch(effect, undo);
      case "lease":
        return this.#lease(effect, undo);
      case "setPolicy":
        return this.#setPolicy(effect, undo);
      case "createIndex":
        return this.#graphOf(effect).createIndex(effect, undo);
      case "dropIndex":
        return this.#graphOf(effect).dropIndex(effect, undo);
      case "createConstraint":
        return this.#graphOf(effect).createConstraint(effect, undo);
      case "dropConstraint":
        return this.#graphOf(effect).dropConstraint(effect, undo);
      case "createGraph":
        return this.#createGraph(effect, undo);
      case "dropGraph":
        return this.#dropGraph(effect, undo);
      case "appendEdit":
        return this.documents.append(effect, undo);
      case "compactDocument":
        return this.documents.compact(effect, undo);
      default:
        return unreachable(effect);
    }
  }

  /** Takes back everything that `undo` recorded since the mark, the latest first. Nothing was applied meanwhile without recording it. */
  rollback(undo: Undo, mark: number): void {
    for (let record = undo.pop(mark); record !== undefined; record = undo.pop(mark)) {
      switch (record.kind) {
        case "nodeInserted":
          record.graph.undoNodeInserted(record.slot, record.reused);
          break;
        case "edgesInserted":
          for (let at = record.count - 1; at >= 0; at -= 1)
            record.graph.undoEdgeInserted(record.slot + at, record.reused);
          break;
        case "nodeDeleted":
          record.graph.undoNodeDeleted(record);
          break;
        case "edgeDeleted":
          record.graph.undoEdgeDeleted(record);
          break;
        case "labelsSet":
          record.graph.nodes.unsetLabels(record.slot, record.set, record.position);
          break;
        case "propertySet":
          record.columns.set(record.slot, record.key, record.value);
          break;
        case "indexEntryAdded":
          record.index.remove(record.slot, record.value);
          break;
        case "indexEntryRemoved":
          record.index.restore(record.slot, record.value, record.position);
          break;
        case "indexCreated":
          record.graph.indexes.remove(record.index);
          break;
        case "indexDropped":
          record.graph.indexes.add(record.index);
          break;
        case "constraintCreated":
          record.graph.undoConstraintCreated(record.constraint);
          break;
        case "constraintDropped":
          record.graph.undoConstraintDropped(record.constraint);
          break;
        case "graphCreated":
          this.graphs.delete(record.graph.name);
          break;
        case "graphDropped":
          this.graphs.set(record.graph.name, record.graph);
          break;
        case "catalogChanged":
          this.#catalog = record.catalog;
          break;
        case "editAppended":
          record.documents.undoAppended(record.document);
          break;
        case "documentReplaced":
          record.documents.undoReplaced(record.document, record.before);
          break;
        default:
          unreachable(record);
      }
    }
  }

  /**
   * The whole state as effects, in chunks of at most 1,000: applied to an empty store they give the same state. It depends on the state
   * alone, not on the way that led there: graphs, indexes, constraints and documents by name, elements by id. The store must not change
   * meanwhile.
   */
  *effects(): Generator<Effect[]> {
    let chunk: Effect[] = [];
    let editBytes = 0;
    for (const effect of this.#effects()) {
      chunk.push(effect);
      if ("bytes" in effect) editBytes += effect.bytes.length;
      if (chunk.length < CHUNK_EFFECTS && editBytes < CHUNK_EDIT_BYTES) continue;
      yield chunk;
      chunk = [];
      editBytes = 0;
    }
    if (chunk.length > 0) yield chunk;
  }

  memory(): StoreMemory {
    const sum = {
      nodeBytes: 0,
      edgeBytes: 0,
      adjacencyBytes: 0,
      propertyBytes: 0,
      tableBytes: 0,
      indexBytes: 0,
      documentBytes: this.documents.bytes,
    };
    for (const { nodes, edges, table, indexes } of this.graphs.values()) {
      sum.nodeBytes += nodes.bytes;
      sum.edgeBytes += edges.bytes;
      sum.adjacencyBytes += edges.adjacencyBytes;
      sum.propertyBytes += nodes.columns.bytes + edges.columns.bytes;
      sum.tableBytes += table.bytes;
      sum.indexBytes += indexes.bytes;
    }
    return sum;
  }

  *#effects(): Generator<Effect> {
    const { epoch, hashKey, policy } = this.#catalog;
    if (epoch !== "") yield { kind: "beginEpoch", epoch, hashKey };
    const blocks = this.#blocksEnd();
    if (blocks > 0) yield { kind: "lease", firstBlock: 0, count: blocks };
    if (policy !== "") yield { kind: "setPolicy", policy };
    const names = [...this.graphs.keys()].sort();
    for (const name of names) yield* graphEffects(this.graphs.get(name)!);
    yield* this.documents.effects();
  }

  /** The blocks that were leased, or that have elements. */
  #blocksEnd(): number {
    let end = this.#catalog.nextBlock;
    for (const { table } of this.graphs.values())
      end = Math.max(end, Math.ceil(table.idsEnd / BLOCK_IDS));
    return end;
  }

  #graphOf(effect: Effect & { readonly graph: GraphName }): Graph {
    const graph = this.graphs.get(effect.graph);
    if (graph === undefined)
      throw new GeodeError(
        "CORRUPT",
        `graph ${effect.graph} does not exist, but an effect changes it (${effect.kind})`,
      );
    return graph;
  }

  #createGraph({ graph: name }: CreateGraph, undo: Undo | undefined): void {
    if (this.graphs.has(name)) throw new GeodeError("CORRUPT", `graph ${name} is created twice`);
    const graph = new Graph(name);
    this.graphs.set(name, graph);
    undo?.push({ kind: "graphCreated", graph });
  }

  #dropGraph(effect: DropGraph, undo: Undo | undefined): void {
    const graph = this.#graphOf(effect);
    if (graph.name === DEFAULT_GRAPH)
      throw new GeodeError("CORRUPT", `graph ${DEFAULT_GRAPH} is dropped`);
    this.graphs.delete(graph.name);
    undo?.push({ kind: "graphDropped", graph });
  }

  #beginEpoch(effect: BeginEpoch, undo: Undo | undefined): void {
    undo?.push({ kind: "catalogChanged", catalog: this.#catalog });
    this.#catalog = { ...this.#catalog, epoch: effect.epoch, hashKey: effect.hashKey };
  }

  #setPolicy({ policy }: SetPolicy, undo: Undo | undefined): void {
    undo?.push({ kind: "catalogChanged", catalog: this.#catalog });
    this.#catalog = { ...this.#catalog, policy };
  }

  #lease(effect: Lease, undo: Undo | undefined): void {
    const { firstBlock, count } = effect;
    const end = firstBlock + count;
    if (
      !Number.isSafeInteger(firstBlock) ||
      !Number.isSafeInteger(count) ||
      firstBlock < 0 ||
      count < 1 ||
      end > BLOCKS_END
    ) {
      throw new GeodeError(
        "CORRUPT",
        `a lease of ${count} blocks from ${firstBlock} on makes no sense`,
      );
    }
    if (firstBlock < this.#catalog.nextBlock)
      throw new GeodeError("CORRUPT", `block ${firstBlock} is leased twice`);
    undo?.push({ kind: "catalogChanged", catalog: this.#catalog });
    this.#catalog = { ...this.#catalog, nextBlock: end };
  }
}

function* graphEffects(graph: Graph): Generator<Effect> {
  if (graph.name !== DEFAULT_GRAPH) yield { kind: "createGraph", graph: graph.name };
  for (const index of [...graph.indexes.all()].sort(byName)) {
    // A constraint brings its index with it.
    if (!index.isUnique)
      yield { kind: "createIndex", graph: graph.name, name: index.name, ...namesOf(graph, index) };
  }
  for (const constraint of [...graph.constraints.all()].sort(byName)) {
    const { name, requirement } = constraint;
    const names = namesOf(graph, constraint);
    yield { kind: "createConstraint", graph: graph.name, name, ...names, requirement };
  }
  for (const id of graph.table.ids("node")) {
    const { labels, properties } = graph.node(graph.nodes.slot(id));
    yield { kind: "insertNode", graph: graph.name, id, labels, properties } satisfies InsertNode;
  }
  for (const id of graph.table.ids("edge")) {
    const { label, from, to, properties } = graph.edge(graph.edges.slot(id));
    yield {
      kind: "insertEdge",
      graph: graph.name,
      id,
      label,
      from,
      to,
      properties,
    } satisfies InsertEdge;
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

export function namesOf(
  graph: Graph,
  { element, keys, label }: IndexPlace,
): Pick<CreateIndex, "element" | "label" | "properties"> {
  const properties = keys.map((key) => graph.keys.name(key));
  return { element, label: graph.labelName(element, label), properties };
}
