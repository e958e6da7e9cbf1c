import {
  Edge,
  Float,
  isTemporal,
  Node,
  Path,
  type TemporalType,
  unreachable,
  type Value,
} from "@geode/values";
import { ByteReader, ByteWriter } from "../log/bytes.ts";
import { readTemporal, writeTemporal } from "../log/temporal.ts";

/**
 * A value as it crosses to another thread: structured cloning keeps arrays, Maps, bytes and big integers, but not classes, so those go
 * as plain objects with a `kind`. A record is a Map, so no plain object is anything else.
 */
export type Portable =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Portable[]
  | ReadonlyMap<string, Portable>
  | PortableObject;

type PortableObject =
  | { readonly kind: "float"; readonly value: number }
  | {
      readonly kind: "node";
      readonly id: number;
      readonly labels: readonly string[];
      readonly properties: ReadonlyMap<string, Portable>;
    }
  | {
      readonly kind: "edge";
      readonly id: number;
      readonly label: string;
      readonly from: number;
      readonly to: number;
      readonly properties: ReadonlyMap<string, Portable>;
    }
  | { readonly kind: "path"; readonly elements: readonly Portable[] }
  | { readonly kind: "temporal"; readonly type: TemporalType; readonly bytes: Uint8Array };

const scratch = new ByteWriter();

export function toPortable(value: Value): Portable {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Float) return { kind: "float", value: value.value };
  if (Array.isArray(value)) return (value as readonly Value[]).map(toPortable);
  if (value instanceof Map) return portableMap(value as ReadonlyMap<string, Value>);
  if (value instanceof Node) {
    const { id, labels, properties } = value;
    return { kind: "node", id, labels, properties: portableMap(properties) };
  }
  if (value instanceof Edge) {
    const { id, label, from, to, properties } = value;
    return { kind: "edge", id, label, from, to, properties: portableMap(properties) };
  }
  if (value instanceof Path) return { kind: "path", elements: value.elements.map(toPortable) };
  if (isTemporal(value)) {
    scratch.reset();
    writeTemporal(scratch, value);
    return { kind: "temporal", type: value.type, bytes: scratch.copy() };
  }
  throw new Error("a value of a kind that does not cross to another thread");
}

export function fromPortable(portable: Portable): Value {
  if (typeof portable !== "object" || portable === null || portable instanceof Uint8Array)
    return portable;
  if (Array.isArray(portable)) return (portable as readonly Portable[]).map(fromPortable);
  if (portable instanceof Map) return valueMap(portable as ReadonlyMap<string, Portable>);
  const object = portable as PortableObject;
  switch (object.kind) {
    case "float":
      return new Float(object.value);
    case "node":
      return new Node(object.id, object.labels, valueMap(object.properties));
    case "edge":
      return new Edge(object.id, object.label, object.from, object.to, valueMap(object.properties));
    case "path":
      return new Path(object.elements.map(fromPortable) as (Node | Edge)[]);
    case "temporal":
      return readTemporal(new ByteReader(object.bytes, "a temporal value"), object.type);
    default:
      return unreachable(object);
  }
}

export function portableMap(map: ReadonlyMap<string, Value>): Map<string, Portable> {
  return new Map([...map].map(([key, value]) => [key, toPortable(value)]));
}

export function valueMap(map: ReadonlyMap<string, Portable>): Map<string, Value> {
  return new Map([...map].map(([key, value]) => [key, fromPortable(value)]));
}
