import { Float } from "@geode/client";

/** What somebody typed for one parameter, understood. */
export interface ParameterValue {
  readonly value: unknown;
  /** Its GQL type, so that one sees the difference between 42 and "42". */
  readonly type: string;
}

const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?$/i;

/**
 * The value of an input: JSON where it is JSON, otherwise the text itself, so that a name needs no quotes. Numbers keep their type
 * (2 is an INTEGER, 2.0 a FLOAT) and all their digits.
 */
export function parseParameter(input: string): ParameterValue {
  const text = input.trim();
  if (INTEGER.test(text)) return { value: integer(text), type: "INTEGER" };
  if (FLOAT.test(text)) return { value: new Float(Number(text)), type: "FLOAT" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { value: input, type: "STRING" };
  }
  return { value: json, type: typeOf(json) };
}

function integer(text: string): number | bigint {
  const small = Number(text);
  return Number.isSafeInteger(small) ? small : BigInt(text);
}

function typeOf(json: unknown): string {
  if (json === null) return "NULL";
  if (Array.isArray(json)) return "LIST";
  if (typeof json === "object") return "RECORD";
  return typeof json === "boolean" ? "BOOLEAN" : "STRING";
}

/** The parameters of a query from what was typed; a name without input is null. */
export function parameterValues(
  names: readonly string[],
  inputs: ReadonlyMap<string, string>,
): ReadonlyMap<string, unknown> {
  return new Map(names.map((name) => [name, valueOf(inputs.get(name) ?? "")]));
}

function valueOf(input: string): unknown {
  return input.trim() === "" ? null : parseParameter(input).value;
}
