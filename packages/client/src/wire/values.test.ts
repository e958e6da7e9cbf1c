import { decode, encode, encodeRow, Float, float, GeodeError, Node } from "@geode/values";
import type { Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./canonical.ts";
import { decodeRow, decodeValue } from "./decode.ts";
import { encodeParameters } from "./encode.ts";
import { GraphEdge, GraphNode, GraphPath } from "./value.ts";

/** The wire form of a value as the server makes it, parsed. */
const wire = (value: Value): unknown => JSON.parse(encode(value));

describe("values as an application sees them", () => {
  test.each([
    [null, null],
    [true, true],
    [42, 42],
    [1.5, 1.5],
    [2n ** 60n, 2n ** 60n],
    [float(2), 2],
    [float(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY],
    [float(Number.NaN), Number.NaN],
    ["text", "text"],
    [new Uint8Array([0, 255]), new Uint8Array([0, 255])],
    [
      [1, [2]],
      [1, [2]],
    ],
    [new Map<string, Value>([["a", 1]]), { a: 1 }],
  ] as readonly (readonly [Value, unknown])[])("%o", (value, expected) => {
    expect(decodeValue(wire(value), "number")).toEqual(expected);
  });

  test("a FLOAT keeps its type on request", () => {
    expect(decodeValue(wire(float(2)), "exact")).toEqual(new Float(2));
    expect(decodeValue(wire(1.5), "exact")).toBe(1.5);
  });

  test("nodes, edges and paths are objects of their own", () => {
    const ada = { $id: "1", $labels: ["Person"], name: "Ada" };
    const knows = { $id: "3", $labels: ["KNOWS"], $from: "1", $to: "2", since: 1842 };
    const node = decodeValue(ada, "number");
    expect(node).toEqual(new GraphNode("1", ["Person"], { name: "Ada" }));
    expect(node).toBeInstanceOf(GraphNode);
    expect(decodeValue(knows, "number")).toEqual(
      new GraphEdge({ id: "3", from: "1", to: "2" }, "KNOWS", { since: 1842 }),
    );
    const path = decodeValue({ $path: [ada, knows, { $id: "2", $labels: [] }] }, "number");
    expect(path).toBeInstanceOf(GraphPath);
    expect((path as GraphPath).elements.map((element) => element.id)).toEqual(["1", "3", "2"]);
  });

  test("names of the user's may start with a dollar or be those of Object.prototype", () => {
    const row = JSON.parse(encodeRow(["$limit", "__proto__", "constructor"], [1, 2, 3])) as unknown;
    const decoded = decodeRow(row, "number");
    expect(Object.entries(decoded)).toEqual([
      ["$limit", 1],
      ["__proto__", 2],
      ["constructor", 3],
    ]);
    expect(Object.keys(decodeRow({}, "number"))).toEqual([]);
    expect(decodeRow({}, "number")["constructor"]).toBeUndefined();
    expect(decodeValue(wire(new Node(7, [], new Map([["$id", "mine"]]))), "number")).toEqual(
      new GraphNode("7", [], { $id: "mine" }),
    );
  });

  test.each([
    [{ $int: 5 }],
    [{ $int: "1.5" }],
    [{ $bytes: "§" }],
    [{ $float: "two" }],
    [{ $path: 3 }],
    [{ $id: "1" }],
  ])("%o is refused", (raw) => {
    expect(() => decodeValue(raw, "number")).toThrow(GeodeError);
  });

  test("endless nesting is refused", () => {
    let raw: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) raw = [raw];
    expect(() => decodeValue(raw, "number")).toThrow(/nested deeper/);
  });
});

describe("parameters", () => {
  const understood = (value: unknown): Value =>
    decode(JSON.parse(JSON.stringify(encodeParameters({ value }))), "parameters");

  test("arrive as the values they are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.maxSafeInteger(),
          fc.string(),
          fc.double({ noNaN: true }).filter((x) => !Number.isInteger(x) && Number.isFinite(x)),
          fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        ),
        (value) => {
          const record = understood(value) as Map<string, Value>;
          expect(record.get("value")).toEqual(Object.is(value, -0) ? float(-0) : value);
        },
      ),
    );
  });

  test.each([
    ["a float that looks like an integer", float(2), { $float: "2.0" }],
    ["minus zero", -0, { $float: "-0.0" }],
    ["not a number", Number.NaN, { $float: "NaN" }],
    ["an infinity", Number.NEGATIVE_INFINITY, { $float: "-Infinity" }],
    ["a number that lost its integer digits", 2 ** 60, { $float: "1152921504606847000.0" }],
    ["a large exponent", 1e300, { $float: "1e+300" }],
    ["a bigint in the safe range", 5n, 5],
    ["bytes", new Uint8Array([1, 2]), { $bytes: "AQI=" }],
    ["a map", new Map([["$x", 1]]), { $$x: 1 }],
    ["an object", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ])("%s", (_title, value, expected) => {
    expect(JSON.parse(JSON.stringify(encodeParameters({ value })))).toEqual({ value: expected });
  });

  test("every float form is one that the server reads", () => {
    for (const value of [2, -2, 1e21, 1e300, 5e-324, -0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const record = understood(float(value)) as Map<string, Value>;
      expect(Number(record.get("value"))).toBe(value);
    }
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  test.each([
    ["undefined", undefined, "The parameter $value is undefined, which has no GQL value"],
    ["a function", () => 1, "The parameter $value is a function, which has no GQL value"],
    [
      "a node",
      new GraphNode("1", [], {}),
      "The parameter $value is a GraphNode, which has no GQL value",
    ],
    [
      "a Date",
      new Date(0),
      "The parameter $value is a Date; send its ISO string and convert it in the query",
    ],
    [
      "something deep inside",
      { a: [1, undefined] },
      "The parameter $value.a[1] is undefined, which has no GQL value",
    ],
    [
      "an integer of 65 bits",
      2n ** 63n,
      "The parameter $value is beyond the 64 bits of an INTEGER",
    ],
  ])("%s is refused with its place", (_title, value, message) => {
    expect(() => encodeParameters({ value })).toThrow(message);
  });

  test("what would cost the connection is refused", () => {
    const wide = Object.fromEntries(Array.from({ length: 1_001 }, (_unused, i) => [`f${i}`, i]));
    expect(() => encodeParameters({ wide })).toThrow(
      "The parameter $wide has more than 1000 fields",
    );
    expect(() => encodeParameters(wide)).toThrow("There are more than 1000 parameters");
  });

  test("a cycle is refused", () => {
    expect(() => encodeParameters({ cycle })).toThrow(/is it part of itself/);
  });
});

test("the canonical text of what was received is the canonical text of what was sent", () => {
  const value = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double().map((x) => float(x)),
      fc.string({ unit: "binary" }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc
        .array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 })
        .map((entries) => new Map(entries)),
    ),
  })).value;
  fc.assert(
    fc.property(value, (sent) => {
      const text = encode(sent);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});
