import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instants, durations, jsonValues, names, values } from "../test/arbitrary.ts";
import {
  decode,
  Edge,
  encode,
  encodeCanonicalRow,
  encodeRow,
  float,
  GeodeError,
  NESTING_MAX,
  Node,
  Path,
  type Value,
} from "./index.ts";

const alice = new Node(
  17,
  ["Person", "User"],
  new Map<string, Value>([
    ["name", "Alice"],
    ["$id", 1],
    [" first", true],
  ]),
);
const knows = new Edge(18, "KNOWS", 17, 19, new Map([["since", 2020]]));
const bob = new Node(19, [], new Map());

describe("the canonical text", () => {
  test.each<[string, Value, string]>([
    ["NULL", null, "null"],
    ["a boolean", true, "true"],
    ["an integer", -12, "-12"],
    ["a big integer", 2n ** 53n, '{"$int":"9007199254740992"}'],
    ["a float", 0.1, "0.1"],
    ["a very small float", 1e-7, "1e-7"],
    ["an integral float", float(2), '{"$float":"2.0"}'],
    ["minus zero", float(-0), '{"$float":"-0.0"}'],
    ["a huge float", float(1e21), '{"$float":"1e+21"}'],
    ["NaN", float(Number.NaN), '{"$float":"NaN"}'],
    ["infinity", float(-Infinity), '{"$float":"-Infinity"}'],
    ["a string", 'é "\\\n\u2028\u{1f600}', '"é \\"\\\\\\n\u2028\u{1f600}"'],
    ["half a surrogate pair", "\ud800", '"\\ud800"'],
    ["bytes", new Uint8Array([0, 255, 62]), '{"$bytes":"AP8+"}'],
    ["a list", [1, [], null], "[1,[],null]"],
    [
      "a record, sorted by code unit",
      new Map([
        ["b", 1],
        ["é", 2],
        ["B", 3],
        ["", 4],
      ]),
      '{"":4,"B":3,"b":1,"é":2}',
    ],
    [
      "keys that start with $",
      new Map<string, Value>([
        ["$int", "1"],
        ["$", 2],
      ]),
      '{"$$":2,"$$int":"1"}',
    ],
    [
      "keys that are traps elsewhere",
      new Map([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
      '{"__proto__":1,"constructor":2}',
    ],
    [
      "a node: our keys stand among the user's",
      alice,
      '{" first":true,"$$id":1,"$id":"17","$labels":["Person","User"],"name":"Alice"}',
    ],
    ["an edge", knows, '{"$from":"17","$id":"18","$labels":["KNOWS"],"$to":"19","since":2020}'],
    ["a path", new Path([bob]), '{"$path":[{"$id":"19","$labels":[]}]}'],
  ])("of %s", (_, value, text) => {
    expect(encode(value)).toBe(text);
    expect(decode(JSON.parse(text))).toEqual(value);
  });

  test("a row is an object keyed by column, in the order of the columns or canonical", () => {
    const columns = ["name", "$x", "age"];
    expect(encodeRow(columns, ["Alice", 1, null])).toBe('{"name":"Alice","$$x":1,"age":null}');
    expect(encodeCanonicalRow(columns, ["Alice", 1, null])).toBe(
      '{"$$x":1,"age":null,"name":"Alice"}',
    );
    expect(encodeRow([], [])).toBe("{}");
  });
});

describe("laws", () => {
  test("decode gives back what was encoded", () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        const decoded = decode(JSON.parse(encode(value)));
        expect(decoded).toEqual(value);
        expect(encode(decoded)).toBe(encode(value));
      }),
      { numRuns: 2_000 },
    );
  });

  test("temporal values are sent as their texts, also inside of others", () => {
    fc.assert(
      fc.property(fc.oneof(instants, durations), (value) => {
        expect(encode([value, new Map([["at", value]])])).toBe(`["${value}",{"at":"${value}"}]`);
      }),
    );
  });

  test("members are sorted by code unit, at every level, and nothing is repeated or lost", () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = encode(value);
        expect(text).toBe(canonical(JSON.parse(text)));
      }),
    );
  });

  test("the canonical row is the encoding of the row as a record", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, jsonValues), { selector: ([name]) => name, maxLength: 4 }),
        (fields) => {
          const columns = fields.map(([name]) => name);
          const row = fields.map(([, value]) => value);
          expect(encodeCanonicalRow(columns, row)).toBe(encode(new Map(fields)));
          expect(decode(JSON.parse(encodeRow(columns, row)))).toEqual(new Map(fields));
        },
      ),
    );
  });

  test("whatever JSON comes in, the answer is a value or a GeodeError", () => {
    const keys = fc.constantFrom(
      "$int",
      "$float",
      "$bytes",
      "$path",
      "$id",
      "$labels",
      "$from",
      "$to",
      "$$a",
      "$b",
      "a",
      "__proto__",
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom("1", "x", "NaN", "AA==", 1, 1e300, null, true),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(keys, tie("json"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, (input) => {
        try {
          const value = decode(input);
          expect(decode(JSON.parse(encode(value)))).toEqual(value);
        } catch (error) {
          expect(error).toBeInstanceOf(GeodeError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("decoding", () => {
  test("accepts the long form of what has a short one", () => {
    expect(decode({ $int: "5" })).toBe(5);
    expect(decode({ $int: "-0" })).toBe(0);
    expect(decode({ $float: "2.5" })).toBe(2.5);
    expect(decode({ $float: "1e3" })).toEqual(float(1_000));
    expect(decode(JSON.parse("-0"))).toBe(0);
    expect(decode({ $id: "1", $labels: ["b", "a", "b"] })).toEqual(
      new Node(1, ["a", "b"], new Map()),
    );
  });

  test("__proto__ is an ordinary key", () => {
    const value = decode(JSON.parse('{"__proto__":{"admin":true}}')) as ReadonlyMap<string, Value>;
    expect(value.get("__proto__")).toEqual(new Map([["admin", true]]));
    expect((value as { admin?: unknown }).admin).toBeUndefined();
  });

  test.each<[string, unknown, string, string]>([
    [
      "22G03",
      2 ** 53,
      "value is an integer that a JSON number cannot carry exactly",
      "exact or a float, never guessed",
    ],
    [
      "22G03",
      [1e300],
      "value[0] is an integer that a JSON number cannot carry exactly",
      "a float without a fraction",
    ],
    ["22G03", Infinity, "value is not a finite number", "what JSON.parse never returns"],
    ["22G03", undefined, "value is undefined, which JSON has no form for", "undefined"],
    ["22G03", { a: 5n }, "value.a is a JavaScript bigint, which JSON has no form for", "bigint"],
    [
      "22G03",
      { a: [{ $int: 5 }] },
      "value.a[0].$int must be a string of decimal digits",
      "$int of a number",
    ],
    [
      "22G03",
      { $int: "1e5" },
      "value.$int must be a string of decimal digits",
      "$int with an exponent",
    ],
    [
      "22003",
      { $int: "9223372036854775808" },
      "value.$int does not fit a 64-bit integer",
      "$int beyond 64 bits",
    ],
    [
      "22G03",
      { $float: "0x10" },
      'value.$float must be a decimal number in a string, or "NaN", "Infinity" or "-Infinity"',
      "$float in hex",
    ],
    [
      "22G03",
      { $float: "" },
      'value.$float must be a decimal number in a string, or "NaN", "Infinity" or "-Infinity"',
      "empty $float",
    ],
    ["22003", { $float: "1e999" }, "value.$float does not fit a 64-bit float", "$float too large"],
    [
      "22G03",
      { $bytes: "A" },
      "value.$bytes must be base64 (RFC 4648 §4) in a string",
      "$bytes cut off",
    ],
    [
      "22G03",
      { $bytes: "A A=" },
      "value.$bytes must be base64 (RFC 4648 §4) in a string",
      "$bytes with a space",
    ],
    ["22G03", { $int: "1", a: 2 }, 'value has keys beside "$int"', "a form with company"],
    ["22G03", { $date: "x" }, 'value has the unknown key "$date"', "an unknown form"],
    ["22G03", { $: 1 }, 'value has the unknown key "$"', "a lone $"],
    [
      "22G03",
      { "a b": { $x: 1 } },
      'value["a b"] has the unknown key "$x"',
      "a key that is no name",
    ],
    [
      "22G03",
      { $id: 5, $labels: [] },
      "value.$id must be an element id in a string",
      "an id that is a number",
    ],
    [
      "22G03",
      { $id: "99999999999999999" },
      "value.$id must be an element id in a string",
      "an id out of range",
    ],
    [
      "22G03",
      { $id: "5", $labels: [1] },
      "value.$labels must be a list of strings",
      "a label that is a number",
    ],
    [
      "22G03",
      { $id: "5", $labels: [], $to: "1" },
      'value has the key "$to", which a node does not have',
      "a node with an end",
    ],
    [
      "22G03",
      { $id: "5", $labels: [], $from: "1", $to: "1" },
      "value.$labels must hold the one label of the edge",
      "an edge without label",
    ],
    [
      "22G03",
      { $path: [] },
      "value.$path must be a list of node, edge, node, …, node",
      "an empty path",
    ],
    ["22G03", { $path: [1] }, "value.$path[0] must be a node, not an INTEGER", "a path of numbers"],
  ])("refuses with %s: %o (%s)", (code, json, message) => {
    expect(() => decode(json)).toThrow(expect.objectContaining({ code, message }));
  });

  test("refuses a path whose edge does not join its neighbours", () => {
    const text = (to: string) =>
      `{"$path":[{"$id":"1","$labels":[]},{"$id":"2","$labels":["L"],"$from":"${to}","$to":"1"},{"$id":"3","$labels":[]}]}`;
    expect(decode(JSON.parse(text("3")))).toBeInstanceOf(Path);
    expect(() => decode(JSON.parse(text("4")))).toThrow(
      "value.$path[1] does not join the nodes beside it",
    );
  });

  test("names the whole as the caller calls it", () => {
    expect(() => decode({ user: { age: { $int: "x" } } }, "parameters")).toThrow(
      "parameters.user.age.$int must be",
    );
  });
});

test("what is nested to the limit passes both ways, one level more is refused both ways", () => {
  const nested = (levels: number): Value => (levels === 0 ? 1 : [nested(levels - 1)]);
  expect(decode(JSON.parse(encode(nested(NESTING_MAX))))).toEqual(nested(NESTING_MAX));
  expect(() => encode(nested(NESTING_MAX + 1))).toThrow(expect.objectContaining({ code: "22G03" }));
  expect(() => decode(nested(NESTING_MAX + 1))).toThrow(expect.objectContaining({ code: "22G03" }));
});

/** The canonical form by the book: sort with JavaScript's own order, write with JSON.stringify. */
function canonical(json: unknown): string {
  if (Array.isArray(json)) {
    return `[${json.map(canonical).join(",")}]`;
  }
  if (typeof json !== "object" || json === null) {
    return JSON.stringify(json);
  }
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
