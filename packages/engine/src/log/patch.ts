import {
  compareStrings,
  GeodeError,
  Float,
  float,
  isTemporal,
  unreachable,
  type Properties,
  type Temporal,
  type TemporalType,
  type Value,
} from "@geode/values";
import type {
  CompactDocument,
  CreateConstraint,
  CreateIndex,
  DocumentFormat,
  Effect,
  ElementKind,
  Patch,
  Requirement,
} from "../graph/effect.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import { readTemporal, writeTemporal } from "./temporal.ts";

/*
 * Effects as bytes. Effects that follow each other and are of one shape (kind, graph, labels, property names) stand together as columns:
 * all ids, then all values of the first property, and so on. So their order is kept exactly, and a bulk load is compact. Shapes and
 * names are written where they are first used and later referred to by number: 0 announces a new one, n is the n-th.
 */

/** How deep a stored value may nest. Far above what can be sent, so that it is never met but by mistake. */
const STORED_NESTING_MAX = 1_000;

const KIND = {
  insertNode: 1,
  insertEdge: 2,
  updateNode: 3,
  updateEdge: 4,
  deleteEdge: 5,
  deleteNode: 6,
  beginEpoch: 7,
  lease: 8,
  dropIndex: 10,
  createGraph: 11,
  dropGraph: 12,
  createIndex: 13,
  createConstraint: 14,
  dropConstraint: 15,
  setPolicy: 20,
  appendEdit: 21,
  compactDocument: 22,
  spliceText: 23,
} as const satisfies Record<Effect["kind"], number>;

/** How an index over one property of nodes was written before there were others. It is still read. */
const NODE_INDEX_KIND = 9;

type Kind = (typeof KIND)[Effect["kind"]] | typeof NODE_INDEX_KIND;

const ELEMENT_KINDS = ["node", "edge"] as const satisfies readonly ElementKind[];
const DOCUMENT_FORMATS = ["json", "yjs"] as const satisfies readonly DocumentFormat[];
const REQUIREMENTS = ["unique", "exists", "key"] as const satisfies readonly Requirement[];

/** INTEGER and FLOAT have tags of their own: 2 and 2.0 stay different. */
const TAG = {
  null: 0,
  false: 1,
  true: 2,
  integer: 3,
  bigInteger: 4,
  float: 5,
  text: 6,
  bytes: 7,
  list: 8,
  record: 9,
  date: 10,
  localTime: 11,
  zonedTime: 12,
  localDatetime: 13,
  zonedDatetime: 14,
  mixed: 15,
  duration: 16,
} as const;

const TEMPORAL_TAGS: Readonly<Record<TemporalType, number>> = {
  DATE: TAG.date,
  "LOCAL TIME": TAG.localTime,
  "ZONED TIME": TAG.zonedTime,
  "LOCAL DATETIME": TAG.localDatetime,
  "ZONED DATETIME": TAG.zonedDatetime,
  DURATION: TAG.duration,
};

const TEMPORAL_TYPES: ReadonlyMap<number, TemporalType> = new Map(
  Object.entries(TEMPORAL_TAGS).map(([type, tag]) => [tag, type as TemporalType]),
);

/** Writes patches one after the other; what one has named, the next may refer to. */
export class PatchWriter {
  readonly #out: ByteWriter;
  readonly #names = new Map<string, number>();
  readonly #shapes = new Map<string, number>();

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  write(patch: Patch): void {
    const out = this.#out;
    out.varint(patch.length);
    let start = 0;
    while (start < patch.length) {
      const first = patch[start] as Effect;
      let end = start + 1;
      while (end < patch.length && sameShape(first, patch[end] as Effect)) {
        end++;
      }
      this.#writeShape(first);
      out.varint(end - start);
      this.#writeRun(first, patch, start, end);
      start = end;
    }
  }

  /** What is known now, to be taken back by {@link forget} if the bytes written since are thrown away. */
  mark(): { readonly names: number; readonly shapes: number } {
    return { names: this.#names.size, shapes: this.#shapes.size };
  }

  forget(mark: { readonly names: number; readonly shapes: number }): void {
    dropFrom(this.#names, mark.names);
    dropFrom(this.#shapes, mark.shapes);
  }

  #writeName(name: string): void {
    const number = this.#names.get(name);
    if (number !== undefined) {
      this.#out.varint(number);
      return;
    }
    this.#names.set(name, this.#names.size + 1);
    this.#out.byte(0);
    this.#out.text(name);
  }

  #writeNames(names: readonly string[]): void {
    this.#out.varint(names.length);
    for (const name of names) {
      this.#writeName(name);
    }
  }

  #writeShape(effect: Effect): void {
    const key = shapeKey(effect);
    const number = this.#shapes.get(key);
    if (number !== undefined) {
      this.#out.varint(number);
      return;
    }
    this.#shapes.set(key, this.#shapes.size + 1);
    this.#out.byte(0);
    this.#out.byte(KIND[effect.kind]);
    switch (effect.kind) {
      case "insertNode":
        this.#writeName(effect.graph);
        this.#writeNames(effect.labels);
        this.#writeNames([...effect.properties.keys()]);
        return;
      case "insertEdge":
        this.#writeName(effect.graph);
        this.#writeName(effect.label);
        this.#writeNames([...effect.properties.keys()]);
        return;
      case "updateNode":
        this.#writeName(effect.graph);
        this.#out.byte(effect.labels === undefined ? 0 : 1);
        if (effect.labels !== undefined) {
          this.#writeNames(effect.labels);
        }
        this.#writeNames([...effect.set.keys()]);
        return;
      case "updateEdge":
        this.#writeName(effect.graph);
        this.#writeNames([...effect.set.keys()]);
        return;
      case "deleteEdge":
      case "deleteNode":
        this.#writeName(effect.graph);
        return;
      case "beginEpoch":
      case "lease":
      case "setPolicy":
      case "createIndex":
      case "dropIndex":
      case "createConstraint":
      case "dropConstraint":
      case "createGraph":
      case "dropGraph":
      case "appendEdit":
      case "compactDocument":
      case "spliceText":
        return;
      default:
        unreachable(effect);
    }
  }

  #writeRun(first: Effect, patch: Patch, start: number, end: number): void {
    switch (first.kind) {
      case "insertNode":
        this.#writeIds(patch, start, end);
        this.#writeColumns(first.properties, patch, start, end);
        return;
      case "insertEdge":
        this.#writeIds(patch, start, end);
        this.#writeEnds(patch, start, end);
        this.#writeColumns(first.properties, patch, start, end);
        return;
      case "updateNode":
      case "updateEdge":
        this.#writeIds(patch, start, end);
        this.#writeColumns(first.set, patch, start, end);
        return;
      case "deleteEdge":
      case "deleteNode":
        this.#writeIds(patch, start, end);
        return;
      case "beginEpoch":
      case "lease":
      case "setPolicy":
      case "createIndex":
      case "dropIndex":
      case "createConstraint":
      case "dropConstraint":
      case "createGraph":
      case "dropGraph":
      case "appendEdit":
      case "compactDocument":
      case "spliceText":
        for (let i = start; i < end; i++) {
          this.#writeCatalog(patch[i] as CatalogEffect);
        }
        return;
      default:
        unreachable(first);
    }
  }

  /** Ids come in leased blocks, so each is near the one before. */
  #writeIds(patch: Patch, start: number, end: number): void {
    let previous = 0;
    for (let i = start; i < end; i++) {
      const { id } = patch[i] as ElementEffect;
      this.#out.signed(id - previous);
      previous = id;
    }
  }

  #writeEnds(patch: Patch, start: number, end: number): void {
    let from = 0;
    let to = 0;
    for (let i = start; i < end; i++) {
      const edge = patch[i] as Extract<Effect, { kind: "insertEdge" }>;
      this.#out.signed(edge.from - from);
      this.#out.signed(edge.to - to);
      from = edge.from;
      to = edge.to;
    }
  }

  #writeColumns(names: Properties, patch: Patch, start: number, end: number): void {
    for (const name of names.keys()) {
      const tag = this.#columnTag(name, patch, start, end);
      this.#out.byte(tag);
      for (let i = start; i < end; i++) {
        const value = valueOf(patch[i] as ValuedEffect, name);
        if (tag === TAG.mixed) {
          this.#writeValue(value, 0);
        } else {
          this.#writeContent(tag, value, 0);
        }
      }
    }
  }

  #columnTag(name: string, patch: Patch, start: number, end: number): number {
    const tag = tagOf(valueOf(patch[start] as ValuedEffect, name));
    for (let i = start + 1; i < end; i++) {
      if (tagOf(valueOf(patch[i] as ValuedEffect, name)) !== tag) {
        return TAG.mixed;
      }
    }
    return tag;
  }

  #writeValue(value: Value, depth: number): void {
    const tag = tagOf(value);
    this.#out.byte(tag);
    this.#writeContent(tag, value, depth);
  }

  #writeContent(tag: number, value: Value, depth: number): void {
    const out = this.#out;
    switch (tag) {
      case TAG.integer:
        return out.signed(value as number);
      case TAG.bigInteger:
        return out.i64(value as bigint);
      case TAG.float:
        return out.f64(value instanceof Float ? value.value : (value as number));
      case TAG.text:
        return out.text(value as string);
      case TAG.bytes:
        return out.blob(value as Uint8Array);
      case TAG.list: {
        const list = value as readonly Value[];
        requireDepth(depth);
        out.varint(list.length);
        for (const element of list) {
          this.#writeValue(element, depth + 1);
        }
        return;
      }
      case TAG.record: {
        const record = value as Properties;
        requireDepth(depth);
        out.varint(record.size);
        for (const [name, field] of record) {
          this.#writeName(name);
          this.#writeValue(field, depth + 1);
        }
        return;
      }
      case TAG.date:
      case TAG.localTime:
      case TAG.zonedTime:
      case TAG.localDatetime:
      case TAG.zonedDatetime:
      case TAG.duration:
        return writeTemporal(out, value as Temporal);
      default:
        return;
    }
  }

  #writeCatalog(effect: CatalogEffect): void {
    const out = this.#out;
    switch (effect.kind) {
      case "beginEpoch":
        out.text(effect.epoch);
        out.text(effect.hashKey);
        return;
      case "lease":
        out.varint(effect.firstBlock);
        out.varint(effect.count);
        return;
      case "setPolicy":
        out.text(effect.policy);
        return;
      case "createIndex":
        this.#writePlace(effect);
        return;
      case "createConstraint":
        this.#writePlace(effect);
        out.byte(REQUIREMENTS.indexOf(effect.requirement));
        return;
      case "dropIndex":
      case "dropConstraint":
        this.#writeName(effect.graph);
        this.#writeName(effect.name);
        return;
      case "createGraph":
      case "dropGraph":
        this.#writeName(effect.graph);
        return;
      case "appendEdit":
      case "compactDocument":
        this.#writeName(effect.document);
        out.byte(DOCUMENT_FORMATS.indexOf(effect.format));
        out.varint(effect.version);
        if (effect.kind === "appendEdit") out.byte(effect.whole ? 1 : 0);
        out.blob(effect.bytes);
        return;
      case "spliceText":
        this.#writeName(effect.graph);
        out.varint(effect.id);
        this.#writeName(effect.property);
        out.varint(effect.length);
        out.varint(effect.at);
        out.varint(effect.remove);
        out.text(effect.insert);
        this.#writeContent(TAG.record, effect.set, 0);
        return;
      default:
        unreachable(effect);
    }
  }

  #writePlace(effect: CreateIndex | CreateConstraint): void {
    this.#writeName(effect.graph);
    this.#writeName(effect.name);
    this.#out.byte(ELEMENT_KINDS.indexOf(effect.element));
    this.#writeName(effect.label);
    this.#writeNames(effect.properties);
  }
}

/** Reads patches in the order in which a {@link PatchWriter} wrote them. */
export class PatchReader {
  readonly #in: ByteReader;
  readonly #names: string[] = [];
  readonly #shapes: Shape[] = [];

  constructor(reader: ByteReader) {
    this.#in = reader;
  }

  read(): Effect[] {
    const count = this.#in.count(1);
    const effects: Effect[] = [];
    while (effects.length < count) {
      const shape = this.#readShape();
      const length = this.#in.count(1);
      if (length === 0 || length > count - effects.length) {
        throw this.#in.damaged(
          `${length} effects of one shape where at most ${count - effects.length} can be`,
        );
      }
      this.#readRun(shape, length, effects);
    }
    return effects;
  }

  #readName(): string {
    const number = this.#in.varint();
    if (number === 0) {
      const name = this.#in.text();
      this.#names.push(name);
      return name;
    }
    const name = this.#names[number - 1];
    if (name === undefined) {
      throw this.#in.damaged(`name ${number} of ${this.#names.length}`);
    }
    return name;
  }

  #readNames(): string[] {
    const count = this.#in.count(1);
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      names.push(this.#readName());
    }
    return names;
  }

  /** Label sets are sorted and have no repetition; the graph store relies on it. */
  #readLabels(): string[] {
    const labels = this.#readNames();
    for (let i = 1; i < labels.length; i++) {
      if (compareStrings(labels[i - 1] as string, labels[i] as string) >= 0) {
        throw this.#in.damaged("labels are not in order");
      }
    }
    return labels;
  }

  #readShape(): Shape {
    const number = this.#in.varint();
    if (number !== 0) {
      const known = this.#shapes[number - 1];
      if (known === undefined) {
        throw this.#in.damaged(`shape ${number} of ${this.#shapes.length}`);
      }
      return known;
    }
    const shape = this.#readNewShape();
    this.#shapes.push(shape);
    return shape;
  }

  #readNewShape(): Shape {
    const kind = this.#in.byte() as Kind;
    switch (kind) {
      case KIND.insertNode: {
        const graph = this.#readName();
        return { kind, graph, labels: this.#readLabels(), names: this.#readNames() };
      }
      case KIND.insertEdge: {
        const graph = this.#readName();
        return { kind, graph, labels: [this.#readName()], names: this.#readNames() };
      }
      case KIND.updateNode: {
        const graph = this.#readName();
        const labels = this.#in.byte() === 0 ? null : this.#readLabels();
        return { kind, graph, labels, names: this.#readNames() };
      }
      case KIND.updateEdge: {
        const graph = this.#readName();
        return { kind, graph, labels: null, names: this.#readNames() };
      }
      case KIND.deleteEdge:
      case KIND.deleteNode:
        return { kind, graph: this.#readName(), labels: null, names: [] };
      case KIND.beginEpoch:
      case KIND.lease:
      case KIND.setPolicy:
      case KIND.createIndex:
      case NODE_INDEX_KIND:
      case KIND.dropIndex:
      case KIND.createConstraint:
      case KIND.dropConstraint:
      case KIND.createGraph:
      case KIND.dropGraph:
      case KIND.appendEdit:
      case KIND.compactDocument:
      case KIND.spliceText:
        return { kind, graph: "", labels: null, names: [] };
      default:
        throw this.#in.damaged(`unknown kind of effect ${String(kind)}`);
    }
  }

  #readRun(shape: Shape, length: number, effects: Effect[]): void {
    const { kind, graph, labels } = shape;
    switch (kind) {
      case KIND.insertNode: {
        const ids = this.#readIds(length);
        const maps = this.#readColumns(shape, length);
        for (let i = 0; i < length; i++) {
          const id = ids[i] as number;
          effects.push({
            kind: "insertNode",
            graph,
            id,
            labels: labels as readonly string[],
            properties: maps[i] as Properties,
          });
        }
        return;
      }
      case KIND.insertEdge: {
        const ids = this.#readIds(length);
        const [froms, tos] = this.#readEnds(length);
        const maps = this.#readColumns(shape, length);
        const label = (labels as readonly string[])[0] as string;
        for (let i = 0; i < length; i++) {
          effects.push({
            kind: "insertEdge",
            graph,
            id: ids[i] as number,
            label,
            from: froms[i] as number,
            to: tos[i] as number,
            properties: maps[i] as Properties,
          });
        }
        return;
      }
      case KIND.updateNode: {
        const ids = this.#readIds(length);
        const maps = this.#readColumns(shape, length);
        for (let i = 0; i < length; i++) {
          const id = ids[i] as number;
          const set = maps[i] as Properties;
          effects.push(
            labels === null
              ? { kind: "updateNode", graph, id, set }
              : { kind: "updateNode", graph, id, labels, set },
          );
        }
        return;
      }
      case KIND.updateEdge: {
        const ids = this.#readIds(length);
        const maps = this.#readColumns(shape, length);
        for (let i = 0; i < length; i++) {
          effects.push({
            kind: "updateEdge",
            graph,
            id: ids[i] as number,
            set: maps[i] as Properties,
          });
        }
        return;
      }
      case KIND.deleteEdge:
        for (const id of this.#readIds(length)) {
          effects.push({ kind: "deleteEdge", graph, id });
        }
        return;
      case KIND.deleteNode:
        for (const id of this.#readIds(length)) {
          effects.push({ kind: "deleteNode", graph, id });
        }
        return;
      case KIND.beginEpoch:
      case KIND.lease:
      case KIND.setPolicy:
      case KIND.createIndex:
      case NODE_INDEX_KIND:
      case KIND.dropIndex:
      case KIND.createConstraint:
      case KIND.dropConstraint:
      case KIND.createGraph:
      case KIND.dropGraph:
      case KIND.appendEdit:
      case KIND.compactDocument:
      case KIND.spliceText:
        for (let i = 0; i < length; i++) {
          effects.push(this.#readCatalog(kind));
        }
        return;
      default:
        unreachable(kind);
    }
  }

  #readIds(length: number): number[] {
    const ids: number[] = [];
    let id = 0;
    for (let i = 0; i < length; i++) {
      id = this.#readId(id);
      ids.push(id);
    }
    return ids;
  }

  #readId(previous: number): number {
    const id = previous + this.#in.signed();
    if (!Number.isSafeInteger(id) || id < 0) {
      throw this.#in.damaged(`${id} is not an element id`);
    }
    return id;
  }

  #readEnds(length: number): readonly [from: readonly number[], to: readonly number[]] {
    const froms: number[] = [];
    const tos: number[] = [];
    let from = 0;
    let to = 0;
    for (let i = 0; i < length; i++) {
      from = this.#readId(from);
      to = this.#readId(to);
      froms.push(from);
      tos.push(to);
    }
    return [froms, tos];
  }

  /** The properties of each. Where there are none, they share one Map, which nobody changes. */
  #readColumns(shape: Shape, length: number): readonly Properties[] {
    if (shape.names.length === 0) return Array.from({ length }, () => NO_PROPERTIES);
    const maps: Map<string, Value>[] = [];
    for (let i = 0; i < length; i++) {
      maps.push(new Map());
    }
    for (const name of shape.names) {
      const tag = this.#in.byte();
      for (const map of maps) {
        map.set(name, tag === TAG.mixed ? this.#readValue(0) : this.#readContent(tag, 0));
      }
    }
    return maps;
  }

  #readValue(depth: number): Value {
    return this.#readContent(this.#in.byte(), depth);
  }

  #readContent(tag: number, depth: number): Value {
    const reader = this.#in;
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.integer:
        return reader.signed();
      case TAG.bigInteger: {
        const value = reader.i64();
        if (Number.isSafeInteger(Number(value))) {
          throw reader.damaged("a big integer is small");
        }
        return value;
      }
      case TAG.float:
        return float(reader.f64());
      case TAG.text:
        return reader.text();
      case TAG.bytes:
        return reader.blob();
      case TAG.list: {
        this.#requireDepth(depth);
        const count = reader.count(1);
        const list: Value[] = [];
        for (let i = 0; i < count; i++) {
          list.push(this.#readValue(depth + 1));
        }
        return list;
      }
      case TAG.record: {
        this.#requireDepth(depth);
        const count = reader.count(2);
        const record = new Map<string, Value>();
        for (let i = 0; i < count; i++) {
          record.set(this.#readName(), this.#readValue(depth + 1));
        }
        return record;
      }
      default: {
        const type = TEMPORAL_TYPES.get(tag);
        if (type === undefined) {
          throw reader.damaged(`unknown type of value ${tag}`);
        }
        return readTemporal(reader, type);
      }
    }
  }

  #readCatalog(kind: Kind): Effect {
    const reader = this.#in;
    switch (kind) {
      case KIND.beginEpoch:
        return { kind: "beginEpoch", epoch: reader.text(), hashKey: reader.text() };
      case KIND.lease:
        return { kind: "lease", firstBlock: reader.varint(), count: reader.varint() };
      case KIND.setPolicy:
        return { kind: "setPolicy", policy: reader.text() };
      case KIND.createIndex:
        return { kind: "createIndex", ...this.#readPlace() };
      case NODE_INDEX_KIND: {
        const [graph, name, label] = [this.#readName(), this.#readName(), this.#readName()];
        const properties = [this.#readName()];
        return { kind: "createIndex", graph, name, element: "node", label, properties };
      }
      case KIND.createConstraint:
        return {
          kind: "createConstraint",
          ...this.#readPlace(),
          requirement: this.#readChoice(REQUIREMENTS),
        };
      case KIND.dropConstraint:
        return { kind: "dropConstraint", graph: this.#readName(), name: this.#readName() };
      case KIND.dropIndex:
        return { kind: "dropIndex", graph: this.#readName(), name: this.#readName() };
      case KIND.createGraph:
        return { kind: "createGraph", graph: this.#readName() };
      case KIND.dropGraph:
        return { kind: "dropGraph", graph: this.#readName() };
      case KIND.appendEdit: {
        const { document, format, version } = this.#readDocument();
        const whole = reader.byte() === 1;
        return { kind: "appendEdit", document, format, version, whole, bytes: reader.blob() };
      }
      case KIND.spliceText:
        return {
          kind: "spliceText",
          graph: this.#readName(),
          id: reader.varint(),
          property: this.#readName(),
          length: reader.varint(),
          at: reader.varint(),
          remove: reader.varint(),
          insert: reader.text(),
          set: this.#readContent(TAG.record, 0) as Properties,
        };
      case KIND.compactDocument:
        return { kind: "compactDocument", ...this.#readDocument(), bytes: reader.blob() };
      default:
        throw reader.damaged(`unknown kind of effect ${kind}`);
    }
  }

  #readDocument(): Pick<CompactDocument, "document" | "format" | "version"> {
    return {
      document: this.#readName(),
      format: this.#readChoice(DOCUMENT_FORMATS),
      version: this.#in.varint(),
    };
  }

  #readPlace(): Omit<CreateIndex, "kind"> {
    return {
      graph: this.#readName(),
      name: this.#readName(),
      element: this.#readChoice(ELEMENT_KINDS),
      label: this.#readName(),
      properties: this.#readNames(),
    };
  }

  #readChoice<T>(choices: readonly T[]): T {
    const number = this.#in.byte();
    const choice = choices[number];
    if (choice === undefined) {
      throw this.#in.damaged(`choice ${number} of ${choices.length}`);
    }
    return choice;
  }

  #requireDepth(depth: number): void {
    if (depth >= STORED_NESTING_MAX) {
      throw this.#in.damaged("a value is nested too deep");
    }
  }
}

const NO_PROPERTIES: Properties = new Map();

type CatalogEffect = Extract<
  Effect,
  {
    kind:
      | "beginEpoch"
      | "lease"
      | "setPolicy"
      | "createIndex"
      | "dropIndex"
      | "createConstraint"
      | "dropConstraint"
      | "createGraph"
      | "dropGraph"
      | "appendEdit"
      | "compactDocument"
      | "spliceText";
  }
>;
type ElementEffect = Exclude<Effect, CatalogEffect>;
type ValuedEffect = Exclude<ElementEffect, { kind: "deleteEdge" | "deleteNode" }>;

interface Shape {
  readonly kind: Kind;
  readonly graph: string;
  /** Of an edge: its one label. Null: not part of the effect. */
  readonly labels: readonly string[] | null;
  readonly names: readonly string[];
}

function requireDepth(depth: number): void {
  if (depth >= STORED_NESTING_MAX) {
    throw new GeodeError(
      "22G03",
      `a property value is nested deeper than ${STORED_NESTING_MAX} levels`,
    );
  }
}

function valueOf(effect: ValuedEffect, name: string): Value {
  return (
    effect.kind === "insertNode" || effect.kind === "insertEdge" ? effect.properties : effect.set
  ).get(name) as Value;
}

function tagOf(value: Value): number {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? TAG.integer : TAG.float;
    case "string":
      return TAG.text;
    case "boolean":
      return value ? TAG.true : TAG.false;
    case "bigint":
      return TAG.bigInteger;
    default:
      break;
  }
  if (value === null) {
    return TAG.null;
  }
  if (value instanceof Float) {
    return TAG.float;
  }
  if (Array.isArray(value)) {
    return TAG.list;
  }
  if (value instanceof Uint8Array) {
    return TAG.bytes;
  }
  if (value instanceof Map) {
    return TAG.record;
  }
  if (isTemporal(value)) {
    return TEMPORAL_TAGS[value.type];
  }
  throw new GeodeError("22G03", "a property cannot hold a graph element or a path");
}

function sameShape(a: Effect, b: Effect): boolean {
  switch (a.kind) {
    case "insertNode":
      return (
        b.kind === a.kind &&
        b.graph === a.graph &&
        sameNames(a.labels, b.labels) &&
        sameKeys(a.properties, b.properties)
      );
    case "insertEdge":
      return (
        b.kind === a.kind &&
        b.graph === a.graph &&
        a.label === b.label &&
        sameKeys(a.properties, b.properties)
      );
    case "updateNode":
      return (
        b.kind === a.kind &&
        b.graph === a.graph &&
        sameNames(a.labels, b.labels) &&
        sameKeys(a.set, b.set)
      );
    case "updateEdge":
      return b.kind === a.kind && b.graph === a.graph && sameKeys(a.set, b.set);
    case "deleteEdge":
    case "deleteNode":
      return b.kind === a.kind && b.graph === a.graph;
    case "beginEpoch":
    case "lease":
    case "setPolicy":
    case "createIndex":
    case "dropIndex":
    case "createConstraint":
    case "dropConstraint":
    case "createGraph":
    case "dropGraph":
    case "appendEdit":
    case "compactDocument":
    case "spliceText":
      return b.kind === a.kind;
    default:
      return unreachable(a);
  }
}

function sameNames(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      a.length === b.length &&
      a.every((name, i) => name === b[i]))
  );
}

function sameKeys(a: Properties, b: Properties): boolean {
  if (a.size !== b.size) {
    return false;
  }
  const others = b.keys();
  for (const name of a.keys()) {
    if (name !== others.next().value) {
      return false;
    }
  }
  return true;
}

/** One text per shape. Lengths stand before names, so that no name can pretend to be two. */
function shapeKey(effect: Effect): string {
  switch (effect.kind) {
    case "insertNode":
      return `1${nameKey(effect.graph)}${namesKey(effect.labels)}${namesKey(effect.properties.keys())}`;
    case "insertEdge":
      return `2${nameKey(effect.graph)}${nameKey(effect.label)}${namesKey(effect.properties.keys())}`;
    case "updateNode":
      return `3${nameKey(effect.graph)}${effect.labels === undefined ? "" : namesKey(effect.labels)}${namesKey(effect.set.keys())}`;
    case "updateEdge":
      return `4${nameKey(effect.graph)}${namesKey(effect.set.keys())}`;
    case "deleteEdge":
    case "deleteNode":
      return `${KIND[effect.kind]}${nameKey(effect.graph)}`;
    case "beginEpoch":
    case "lease":
    case "setPolicy":
    case "createIndex":
    case "dropIndex":
    case "createConstraint":
    case "dropConstraint":
    case "createGraph":
    case "dropGraph":
    case "appendEdit":
    case "compactDocument":
    case "spliceText":
      return effect.kind;
    default:
      return unreachable(effect);
  }
}

function nameKey(name: string): string {
  return `${name.length}:${name}`;
}

function namesKey(names: Iterable<string>): string {
  let key = "[";
  for (const name of names) {
    key += nameKey(name);
  }
  return `${key}]`;
}

/** Maps keep the order of insertion, so the newest entries stand last. */
function dropFrom(map: Map<string, number>, size: number): void {
  for (const [key, number] of map) {
    if (number > size) {
      map.delete(key);
    }
  }
}
