import {
  compare,
  Edge,
  type ElementId,
  equivalent,
  float,
  GeodeError,
  isInteger,
  isNumeric,
  Node,
  Path,
  toZone,
  typeName,
  type Value,
} from "@geode/values";
import type { Adjacency } from "../graph/adjacency.ts";
import { type Column, DictionaryColumn } from "../graph/column.ts";
import type { Graph } from "../graph/graph.ts";
import type { LabelSet } from "../graph/label-sets.ts";
import type { HashIndex } from "../graph/indexes.ts";
import type { Branch } from "../plan/branches.ts";
import type { LabelExpression } from "../plan/expression.ts";
import { indexOf, type IndexUse } from "../plan/index-use.ts";
import type { GraphName } from "../graph/effect.ts";
import { graphIn } from "./graphs.ts";
import { admits, edgeLabelsOf } from "../plan/labels.ts";
import { Assignments } from "./assignments.ts";
import type { Budget } from "./budget.ts";
import type { Hop } from "./repetition.ts";
import { Deletions } from "./deletions.ts";
import { type Comparator, FirstRows } from "./first-rows.ts";
import { isOfType } from "../plan/procedure.ts";
import { located } from "./located.ts";
import type { Now } from "./temporal-functions.ts";
import { bytesOf } from "./bytes-of.ts";
import { BranchCounter } from "./branch-counter.ts";
import { NeighbourFilter } from "./neighbour-filter.ts";
import type { Procedure } from "./procedures.ts";
import type { Profile } from "./profile.ts";
import type { Sight } from "./sight.ts";
import type { Row, RunContext } from "./statement.ts";
import type { Writer } from "./writer.ts";

/** The adjacency lists to go through; from `incoming` on they are those of incoming edges. */
interface Adjacencies extends Array<Adjacency> {
  incoming: number;
}

/** A property that no element has. */
const NO_COLUMN: Pick<Column, "get"> = { get: () => null };

/** A property of which nobody knows codes. */
const NO_CODES: Pick<DictionaryColumn, "code"> = { code: () => 0 };

function codesOf(column: Pick<Column, "get">): Pick<DictionaryColumn, "code"> {
  return column instanceof DictionaryColumn ? column : NO_CODES;
}

/** One run of a compiled query: what generated code calls, as `rt`. Slots come in and values go out. */
export class Run {
  readonly graph: Graph;
  readonly budget: Budget;
  readonly rows: Row[];
  readonly keys: string[];
  /** Null but for PROFILE. */
  readonly profile: Profile | null;
  /** Null when the user sees everything. */
  readonly sight: Sight | null;
  readonly #context: RunContext;
  #now: Now | null = null;
  /** In the graph that it began in. */
  readonly #whole: Run;
  /** Of the whole: in the other graphs that it works on; undefined while there are none, as nearly always. */
  #others: Map<GraphName, Run> | undefined;

  /** In one graph; `whole`: of a run that begins in another one. */
  constructor(context: RunContext, whole?: Run, profile: Profile | null = null) {
    this.#context = context;
    this.rows = whole?.rows ?? [];
    this.keys = whole?.keys ?? [];
    this.profile = whole?.profile ?? profile;
    this.#whole = whole ?? this;
    if (whole !== undefined) (whole.#others ??= new Map()).set(context.graphName, this);
    this.sight = context.grant?.sight(context) ?? null;
    if (this.sight !== null) context.writer?.checkedBy(this.sight);
    this.graph = context.graph;
    this.budget = context.budget;
  }

  /** The same run in the graph of that name. */
  inGraph(name: GraphName, offset: number): Run {
    const whole = this.#whole;
    const known = whole.#context.graphName === name ? whole : whole.#others?.get(name);
    if (known !== undefined) return known;
    const { writer, ...context } = this.#context;
    const graph = graphIn(context, name, offset);
    const other = writer === undefined ? {} : { writer: writer.inGraph(name) };
    return new Run({ ...context, ...other, graph, graphName: name }, whole);
  }

  get writer(): Writer {
    const { writer } = this.#context;
    if (!writer) throw new Error("a statement that writes is run as a read");
    return writer;
  }

  /** The moment of the statement: the same for all of it. */
  get now(): Now {
    const { timeMs, timeZone } = this.#context;
    this.#now ??= { timeMs, zone: toZone(timeZone ?? "Z") ?? 0 };
    return this.#now;
  }

  /** A FLOAT in [0, 1). */
  /** A name that is never drawn twice (RFC 9562, version 4). */
  uuid(): Value {
    const digits = Array.from({ length: 8 }, () =>
      Math.floor(this.#context.random() * 0x10000)
        .toString(16)
        .padStart(4, "0"),
    );
    const [a, b, c, d, e, ...rest] = digits as [string, string, string, string, string];
    const variant = "89ab"[Number.parseInt(e, 16) >> 14];
    return `${a}${b}-${c}-4${d.slice(1)}-${variant}${e.slice(1)}-${rest.join("")}`;
  }

  random(): Value {
    return float(this.#context.random());
  }

  // Results

  row(values: Row, key?: string): void {
    this.rows.push(values);
    this.budget.hold(bytesOf(values));
    if (key !== undefined) this.keys.push(key);
    this.budget.row(this.rows.length);
  }

  /** The permutation that sorts `count` rows; ties stay as they came. */
  order(count: number, comparator: Comparator): Uint32Array {
    return Uint32Array.from({ length: count }, (_, index) => index).sort((left, right) => {
      if (--this.budget.steps < 0) this.budget.look();
      return comparator(left, right) || left - right;
    });
  }

  firstRows(wanted: number, comparator: Comparator): FirstRows {
    return new FirstRows(wanted, comparator, this.budget);
  }

  /** The rows that OFFSET or LIMIT names. */
  rowCount(what: "OFFSET" | "LIMIT", value: Value, offset: number): number {
    if (typeof value === "bigint" && value > 0n) return Number.MAX_SAFE_INTEGER;
    if (!isInteger(value)) {
      throw located(
        new GeodeError("22G03", `${what} takes an INTEGER, not ${typeName(value)}.`),
        offset,
      );
    }
    if (value < 0)
      throw located(
        new GeodeError("22G02", `${what} takes a number of at least 0, not ${value}.`),
        offset,
      );
    return Number(value);
  }

  /** How many paths or lengths of paths a search takes. */
  pathCount(value: Value, offset: number): number {
    if (isInteger(value) && value >= 1) return Number(value);
    if (!isInteger(value))
      throw located(
        new GeodeError("22G03", `A number of paths is an INTEGER, not ${typeName(value)}.`),
        offset,
      );
    throw located(
      new GeodeError("22G0F", `A number of paths is at least 1, not ${value}.`),
      offset,
    );
  }

  /** Ways through a part of a path, by the ids of the edges that they go over. */
  inOrder(hops: Iterable<Hop>): readonly Hop[] {
    const id = (hop: Hop, at: number): number => this.graph.edges.id(hop.steps[at] ?? 0);
    return [...hops].sort((left, right) => {
      const shared = Math.min(left.steps.length, right.steps.length);
      for (let at = 0; at < shared; at += 2) {
        const difference = id(left, at) - id(right, at);
        if (difference !== 0) return difference;
      }
      return left.steps.length - right.steps.length;
    });
  }

  /** All rows of a procedure. */
  procedure(procedure: Procedure, args: readonly Value[], offset: number): Row[] {
    if (this.sight !== null && procedure.reads !== "nothing") {
      throw located(
        new GeodeError(
          "FORBIDDEN",
          `\`${procedure.name}\` tells of the whole graph; that is not permitted.`,
        ),
        offset,
      );
    }
    const given = args.map((value, index) => {
      const { name, type } = procedure.parameters[index] ?? { name: "", type: "ANY" };
      if (!isOfType(value, type)) {
        const is = `is ${type}, not ${typeName(value)}.`;
        const message = `The argument ${name} of \`${procedure.name}\` ${is}`;
        throw located(new GeodeError("22G03", message), offset);
      }
      return type === "FLOAT" && (typeof value === "number" || typeof value === "bigint")
        ? float(Number(value))
        : value;
    });
    const rows: Row[] = [];
    for (const row of procedure.rows(given, this.graph, this.#context.graphs)) {
      if (row.length !== procedure.columns.length)
        throw new Error(`a row of ${procedure.name} has ${row.length} values`);
      if (--this.budget.steps < 0) this.budget.look();
      this.budget.keep(bytesOf(row));
      rows.push(row);
    }
    return rows;
  }

  parameter(name: string, offset: number): Value {
    const { parameters } = this.#context;
    const value = parameters.get(name);
    if (value === undefined) {
      const given = [...parameters.keys()].filter((key) => key !== "auth").map((key) => `$${key}`);
      throw located(
        new GeodeError("42002", `The parameter $${name} has no value.`, {
          hint: given.length > 0 ? `Given: ${given.join(", ")}.` : "Send it in `parameters`.",
        }),
        offset,
      );
    }
    return value;
  }

  // Row keys

  nodeKeyPart(slot: number): string {
    return slot === -1 ? "-" : String(this.graph.nodes.id(slot));
  }

  edgeKeyPart(slot: number): string {
    return slot === -1 ? "-" : String(this.graph.edges.id(slot));
  }

  /** Ordinals, and keys of rows that were merged. */
  valueKeyPart(value: number | string): string {
    return String(value);
  }

  nodesKeyPart(slots: readonly number[] | null): string {
    return slots === null ? "-" : `(${slots.map((slot) => this.nodeKeyPart(slot)).join(" ")})`;
  }

  edgesKeyPart(slots: readonly number[] | null): string {
    return slots === null ? "-" : `(${slots.map((slot) => this.edgeKeyPart(slot)).join(" ")})`;
  }

  /** The edges tell the nodes. */
  stepsKeyPart(slots: readonly number[] | null): string {
    return this.edgesKeyPart(slots && slots.filter((_, index) => index % 2 === 0));
  }

  /** The row key of a group of rows, which must not show their values. */
  groupRowKey(key: string | number | bigint | boolean | null): string {
    return this.#context.hashKey(`${typeof key}:${String(key)}`);
  }

  // Elements

  node(slot: number): Node {
    return this.sight === null ? this.graph.node(slot) : this.sight.showNode(slot);
  }

  edge(slot: number): Edge {
    return this.sight === null ? this.graph.edge(slot) : this.sight.showEdge(slot);
  }

  nodeOrNull(slot: number): Node | null {
    return slot === -1 ? null : this.node(slot);
  }

  edgeOrNull(slot: number): Edge | null {
    return slot === -1 ? null : this.edge(slot);
  }

  nodeElementId(slot: number): string {
    return String(this.graph.nodes.id(slot));
  }

  edgeElementId(slot: number): string {
    return String(this.graph.edges.id(slot));
  }

  nodeRecord(slot: number): Value {
    return this.node(slot).properties;
  }

  edgeRecord(slot: number): Value {
    return this.edge(slot).properties;
  }

  nodeProperty(slot: number, key: string): Value {
    return (this.sight ?? this.graph).nodeProperty(slot, key);
  }

  edgeProperty(slot: number, key: string): Value {
    return (this.sight ?? this.graph).edgeProperty(slot, key);
  }

  nodes(slots: readonly number[] | null): Value {
    return slots && slots.map((slot) => this.nodeOrNull(slot));
  }

  edges(slots: readonly number[] | null): Value {
    return slots && slots.map((slot) => this.edgeOrNull(slot));
  }

  /**
   * A value whose elements are as they are now: values hold copies, and this statement may have changed what they are copies of. What it
   * deleted is NULL, and so is a path that went over it.
   */
  current(value: Value): Value {
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Node) {
      const part = this.#partWith(value);
      return part?.node(part.graph.nodes.slot(value.id)) ?? null;
    }
    if (value instanceof Edge) {
      const part = this.#partWith(value);
      return part?.edge(part.graph.edges.slot(value.id)) ?? null;
    }
    if (value instanceof Path) {
      const elements = value.elements.map((element) => this.current(element));
      return elements.includes(null) ? null : new Path(elements as (Node | Edge)[]);
    }
    if (Array.isArray(value)) return (value as readonly Value[]).map((item) => this.current(item));
    if (value instanceof Map)
      return new Map([...value].map(([key, item]) => [key, this.current(item)]));
    return value;
  }

  /** In the graph that the element is in, if the run works on that. */
  #partWith(element: Node | Edge): Run | undefined {
    const whole = this.#whole;
    if (whole.#holds(element)) return whole;
    for (const part of whole.#others?.values() ?? []) if (part.#holds(element)) return part;
    return undefined;
  }

  #holds(element: Node | Edge): boolean {
    const { edges, nodes } = this.graph;
    return (element instanceof Node ? nodes.slot(element.id) : edges.slot(element.id)) >= 0;
  }

  /** From slots: node, edge, node, …; NULL if any of them is absent. */
  path(slots: readonly number[]): Path | null {
    if (slots.includes(-1)) return null;
    return new Path(
      slots.map((slot, index) => (index % 2 === 0 ? this.node(slot) : this.edge(slot))),
    );
  }

  nodeColumn(key: string): Pick<Column, "get"> {
    return this.graph.nodes.columns.get(this.graph.keys.id(key)) ?? NO_COLUMN;
  }

  edgeColumn(key: string): Pick<Column, "get"> {
    return this.graph.edges.columns.get(this.graph.keys.id(key)) ?? NO_COLUMN;
  }

  nodeCodes(key: string): Pick<DictionaryColumn, "code"> {
    return codesOf(this.nodeColumn(key));
  }

  edgeCodes(key: string): Pick<DictionaryColumn, "code"> {
    return codesOf(this.edgeColumn(key));
  }

  nodeIds(slots: readonly number[]): ElementId[] {
    return slots.map((slot) => (slot === -1 ? -1 : this.graph.nodes.id(slot)));
  }

  edgeIds(slots: readonly number[]): ElementId[] {
    return slots.map((slot) => (slot === -1 ? -1 : this.graph.edges.id(slot)));
  }

  /** The same for lists of slots; "steps" are edges and nodes in turn. */
  listIds(
    type: "nodes" | "edges" | "steps",
    lists: readonly (readonly number[] | null)[],
  ): (ElementId[] | null)[] {
    return lists.map((list) => list && list.map((slot, at) => this.#idIn(type, slot, at)));
  }

  listSlots(
    type: "nodes" | "edges" | "steps",
    lists: readonly (readonly ElementId[] | null)[],
  ): (number[] | null)[] {
    return lists.map((list) => list && list.map((id, at) => this.#slotIn(type, id, at)));
  }

  #idIn(type: "nodes" | "edges" | "steps", slot: number, at: number): ElementId {
    if (slot === -1) return -1;
    return isNodeAt(type, at) ? this.graph.nodes.id(slot) : this.graph.edges.id(slot);
  }

  #slotIn(type: "nodes" | "edges" | "steps", id: ElementId, at: number): number {
    if (id === -1) return -1;
    return isNodeAt(type, at) ? this.graph.nodes.slot(id) : this.graph.edges.slot(id);
  }

  nodeSlots(ids: readonly ElementId[]): number[] {
    return ids.map((id) => (id === -1 ? -1 : this.graph.nodes.slot(id)));
  }

  edgeSlots(ids: readonly ElementId[]): number[] {
    return ids.map((id) => (id === -1 ? -1 : this.graph.edges.slot(id)));
  }

  // Matching

  labelSets(labels: LabelExpression | null): readonly LabelSet[] {
    const { nodes } = this.graph;
    if (labels?.kind === "label") return nodes.setsWith(this.graph.labels.id(labels.name));
    return nodes.allSets().filter((set) => labels === null || isAdmitted(set, labels));
  }

  labelMask(labels: LabelExpression): Uint8Array {
    const sets = this.graph.nodes.allSets();
    const mask = new Uint8Array(sets.length);
    for (const set of sets) mask[set.id] = isAdmitted(set, labels) ? 1 : 0;
    return mask;
  }

  everyNodeHas(labels: LabelExpression): boolean {
    for (const set of this.graph.nodes.allSets())
      if (set.count > 0 && !isAdmitted(set, labels)) return false;
    return true;
  }

  edgeLabelMask(labels: LabelExpression): Uint8Array {
    const mask = new Uint8Array(this.graph.edgeLabels.size);
    for (const id of edgeLabelsOf(this.graph, labels)) mask[id] = 1;
    return mask;
  }

  adjacencies(labels: LabelExpression | null, way: "out" | "in" | "both"): Adjacencies {
    const { edges } = this.graph;
    // A plain array with a property: going over a subclass of Array takes several times as long.
    const found = Object.assign([] as Adjacency[], { incoming: 0 });
    const add = (direction: readonly (Adjacency | undefined)[]): void => {
      for (const id of edgeLabelsOf(this.graph, labels)) {
        const adjacency = direction[id];
        if (adjacency !== undefined) found.push(adjacency);
      }
    };
    if (way !== "in") add(edges.out);
    found.incoming = found.length;
    if (way !== "out") add(edges.in);
    return found;
  }

  /** Of nodes at the other end of edges that go out of the anchor, or come in to it, or both. */
  neighbourFilter(labels: LabelExpression | null, way: "out" | "in" | "both"): NeighbourFilter {
    const back = way === "both" ? "both" : way === "out" ? "in" : "out";
    return new NeighbourFilter(this.adjacencies(labels, way), this.adjacencies(labels, back));
  }

  /** `isAskedAgain`: more than once for the same node. */
  branchCounter(branch: Branch, isAskedAgain: boolean): BranchCounter {
    const { edge, reverse, labels } = branch;
    const isBothWays = edge.direction === "any";
    const { edges, nodes } = this.graph;
    return new BranchCounter(
      {
        adjacencies: this.adjacencies(edge.labels, isBothWays ? "both" : reverse ? "in" : "out"),
        isBothWays,
        hasLoops: edges.hasLoops,
        mask: labels === null || this.everyNodeHas(labels) ? null : this.labelMask(labels),
      },
      branch.branches.map((each) => this.branchCounter(each, true)),
      nodes,
      this.budget,
      isAskedAgain,
    );
  }

  index(use: IndexUse): HashIndex {
    return indexOf(this.graph, use);
  }

  /** Where the last property of an index is in the range, and the others are `values`. May find more than the range has, never less. */
  seekRange(
    index: HashIndex,
    values: readonly Value[],
    lower: Value | undefined,
    upper: Value | undefined,
    prefix: Value | undefined,
  ): readonly number[] {
    // Nothing is equal to NULL, or known to be more or less, or to begin with what is no string.
    if (lower === null || upper === null || values.includes(null)) return [];
    if (prefix !== undefined && typeof prefix !== "string") return [];
    const from = prefix ?? (isOrdered(lower) ? lower : null);
    const most = isOrdered(upper) ? upper : null;
    const isWithin = (value: Value): boolean => {
      if (prefix !== undefined && !(typeof value === "string" && value.startsWith(prefix)))
        return false;
      // Behind all strings come other types.
      if (typeof from === "string" && typeof value !== "string") return false;
      return most === null || compare(value, most) <= 0;
    };
    const columns = this.graph.columnsOf(index.element);
    return index.seekRange(
      (slot) => index.valueIn(columns, slot),
      values.length === 0 ? from : from === null ? values : [...values, from],
      (value) => {
        if (--this.budget.steps < 0) this.budget.look();
        if (values.length === 0) return isWithin(value);
        const list = value as readonly Value[];
        return (
          values.every((each, at) => equivalent(each, list[at]!)) && isWithin(list.at(-1) ?? null)
        );
      },
    );
  }

  /** The node with the element id, or -1. */
  lookup(id: Value): number {
    if (typeof id !== "string" || !/^\d{1,16}$/.test(id)) return -1;
    const slot = this.graph.nodes.slot(Number(id));
    return slot >= 0 && String(Number(id)) === id ? slot : -1;
  }

  hasLabels(value: Value, labels: LabelExpression, offset: number): boolean | null {
    if (value === null) return null;
    if (value instanceof Node)
      return admits(labels, (label) => value.labels.includes(label), value.labels.length > 0);
    if (value instanceof Edge) return admits(labels, (label) => label === value.label, true);
    throw located(
      new GeodeError("22G03", `A label test takes a NODE or an EDGE, not ${typeName(value)}.`),
      offset,
    );
  }

  /** The slot of a node that is held as a value, to draw an edge to. Throws G1003 for one of another graph. */
  endSlot(value: Value, name: string, offset: number): number {
    const slot = this.slotOf("node", value, offset);
    const part = slot === -1 && value instanceof Node ? this.#partWith(value) : undefined;
    if (part === undefined) return slot;
    const message = `\`${name}\` is in the graph \`${part.graph.name}\`, and no edge leads out of the graph \`${this.graph.name}\`.`;
    throw located(
      new GeodeError("G1003", message, {
        hint: "Keep what joins them as a property of both, e.g. a key.",
      }),
      offset,
    );
  }

  /** The slot of an element that is held as a value; -1 for NULL and for what is gone. */
  slotOf(type: "node" | "edge", value: Value, offset: number): number {
    if (value === null) return -1;
    if (type === "node" && value instanceof Node) return this.graph.nodes.slot(value.id);
    if (type === "edge" && value instanceof Edge) return this.graph.edges.slot(value.id);
    const wanted = type === "node" ? "a NODE" : "an EDGE";
    throw located(
      new GeodeError("22G03", `The pattern needs ${wanted} here, not ${typeName(value)}.`),
      offset,
    );
  }

  /** The node that an edge begins or ends at. */
  endOf(value: Value, end: "start_node" | "end_node", offset: number): Value {
    if (value === null) return null;
    if (!(value instanceof Edge))
      throw located(
        new GeodeError("22G03", `${end} takes an EDGE, not ${typeName(value)}.`),
        offset,
      );
    const part = this.#partWith(value) ?? this;
    return part.nodeOrNull(part.graph.nodes.slot(end === "start_node" ? value.from : value.to));
  }

  refuseManyRows(offset: number): never {
    throw located(
      new GeodeError("22G03", "VALUE takes a query with at most one row; this one has more."),
      offset,
    );
  }

  // Writing

  /** The slot of an element that is held as a value; null for NULL and for what is gone. */
  element(value: Value, offset: number): { kind: "node" | "edge"; slot: number } | null {
    if (value === null) return null;
    if (value instanceof Node || value instanceof Edge) {
      const part = this.#partWith(value);
      if (part !== undefined && part !== this) throw this.#elsewhere(part, offset);
    }
    if (value instanceof Node) return present("node", this.graph.nodes.slot(value.id));
    if (value instanceof Edge) return present("edge", this.graph.edges.slot(value.id));
    throw located(
      new GeodeError("22G03", `Only a NODE or an EDGE can be changed, not ${typeName(value)}.`),
      offset,
    );
  }

  #elsewhere({ graph }: Run, offset: number): unknown {
    const message = `The element is in the graph \`${graph.name}\`; what is changed here is the graph \`${this.graph.name}\`.`;
    return located(
      new GeodeError("42002", message, { hint: `Write USE ${graph.name} before the change.` }),
      offset,
    );
  }

  /** The elements that a value is or consists of; none for NULL and for what is gone. */
  elements(value: Value, offset: number): readonly { kind: "node" | "edge"; slot: number }[] {
    const parts = value instanceof Path ? value.elements : [value];
    return parts.flatMap((part) => this.element(part, offset) ?? []);
  }

  presentNode(slot: number, name: string, offset: number): number {
    if (slot !== -1) return slot;
    throw located(new GeodeError("22004", `An edge cannot be inserted: ${name} is NULL.`), offset);
  }

  insertNode(
    labels: readonly string[],
    properties: ReadonlyMap<string, Value>,
    offset: number,
  ): number {
    try {
      return this.writer.insertNode(labels, properties);
    } catch (error) {
      throw located(error, offset);
    }
  }

  insertEdge(
    label: string,
    from: number,
    to: number,
    properties: ReadonlyMap<string, Value>,
    offset: number,
  ): number {
    try {
      return this.writer.insertEdge(label, from, to, properties);
    } catch (error) {
      throw located(error, offset);
    }
  }

  assignments(): Assignments {
    return new Assignments(this.writer, this.budget);
  }

  deletions(detach: boolean): Deletions {
    return new Deletions(this.writer, this.budget, detach);
  }
}

function isAdmitted({ names }: LabelSet, labels: LabelExpression): boolean {
  if (labels.kind === "label") return names.includes(labels.name);
  return admits(labels, (label) => names.includes(label), names.length > 0);
}

/** Whether what is more than the value also stands behind it in the order of all values. */
function isOrdered(value: Value | undefined): value is Value {
  return (
    typeof value === "string" ||
    typeof value === "boolean" ||
    (value !== undefined && isNumeric(value))
  );
}

function present(
  kind: "node" | "edge",
  slot: number,
): { kind: "node" | "edge"; slot: number } | null {
  return slot < 0 ? null : { kind, slot };
}

function isNodeAt(type: "nodes" | "edges" | "steps", at: number): boolean {
  return type === "nodes" || (type === "steps" && at % 2 === 1);
}
