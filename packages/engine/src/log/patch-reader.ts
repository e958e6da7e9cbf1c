import { compareStrings, float, unreachable, type Properties, type Value } from "@geode/values";
import type { CompactDocument, CreateIndex, Effect } from "../graph/effect.ts";
import type { ByteReader } from "./bytes.ts";
import {
  DOCUMENT_FORMATS,
  ELEMENT_KINDS,
  isSingleKind,
  KIND,
  type Kind,
  REQUIREMENTS,
  type SingleKind,
  STORED_NESTING_MAX,
  TAG,
  TEMPORAL_TYPES,
} from "./patch-format.ts";
import { readTemporal } from "./temporal.ts";

/** Reads patches in the order in which a `PatchWriter` wrote them. */
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
    if (isSingleKind(kind)) return { kind, graph: "", labels: null, names: [] };
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
      default:
        throw this.#in.damaged(`unknown kind of effect ${String(kind)}`);
    }
  }

  #readRun(shape: Shape, length: number, effects: Effect[]): void {
    const { kind, graph, labels } = shape;
    if (isSingleKind(kind)) {
      for (let i = 0; i < length; i++) effects.push(this.#readSingle(kind));
      return;
    }
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

  #readSingle(kind: SingleKind): Effect {
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
        throw reader.damaged(`unknown kind of effect ${String(kind)}`);
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

interface Shape {
  readonly kind: Kind;
  readonly graph: string;
  /** Of an edge: its one label. Null: not part of the effect. */
  readonly labels: readonly string[] | null;
  readonly names: readonly string[];
}
