import {
  Float,
  GeodeError,
  isTemporal,
  unreachable,
  type Properties,
  type Temporal,
  type Value,
} from "@geode/values";
import type { CreateConstraint, CreateIndex, Effect, Patch } from "../graph/effect.ts";
import type { ByteWriter } from "./bytes.ts";
import {
  isSingle,
  type SingleEffect,
  DOCUMENT_FORMATS,
  ELEMENT_KINDS,
  KIND,
  REQUIREMENTS,
  STORED_NESTING_MAX,
  TAG,
  TEMPORAL_TAGS,
} from "./patch-format.ts";
import { writeTemporal } from "./temporal.ts";

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
    if (isSingle(effect)) return;
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
      default:
        unreachable(effect);
    }
  }

  #writeRun(first: Effect, patch: Patch, start: number, end: number): void {
    if (isSingle(first)) {
      for (let i = start; i < end; i++) this.#writeSingle(patch[i] as SingleEffect);
      return;
    }
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

  #writeSingle(effect: SingleEffect): void {
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

type ElementEffect = Exclude<Effect, SingleEffect>;
type ValuedEffect = Exclude<ElementEffect, { kind: "deleteEdge" | "deleteNode" }>;

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
  if (isSingle(a)) return b.kind === a.kind;
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
  if (isSingle(effect)) return effect.kind;
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
