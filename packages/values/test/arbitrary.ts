import fc from "fast-check";
import { Edge, Float, float, integer, Node, Path, type Value } from "../src/index.ts";

/*
 * Random values for laws. They are drawn from small ranges where it matters, so that equal and nearly equal ones meet.
 */

/** An INTEGER of any size, with the edges of both its forms. */
export const integers: fc.Arbitrary<number | bigint> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(integer),
  fc.constantFrom(
    ...[2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n - 1n].map(
      integer,
    ),
  ),
);

/** A FLOAT, with what JavaScript confuses with integers. */
export const floats: fc.Arbitrary<number | Float> = fc.oneof(
  fc.double().map(float),
  fc
    .constantFrom(
      0,
      -0,
      1,
      2,
      0.5,
      1e21,
      2 ** 53,
      2 ** 60,
      2 ** 63,
      Number.NaN,
      Infinity,
      -Infinity,
    )
    .map(float),
);

/** Short strings that collide often, and names that are traps. */
export const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "$",
    "$id",
    "$$",
    "__proto__",
    "constructor",
    "toString",
    "",
    "\0",
    "\0s",
    "é",
    "\u{1f600}",
    "\ud800",
    '"\\\n',
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);

const bytes = fc.uint8Array({ maxLength: 6 });
const ids = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.maxSafeInteger().map(Math.abs));
const labels = fc
  .uniqueArray(names, { maxLength: 3 })
  .map((list) => list.sort((a, b) => (a < b ? -1 : 1)));

/** What a property may hold: no NULL and no element, at any depth. */
export const propertyValues: fc.Arbitrary<Value> = fc.letrec<{ value: Value; scalar: Value }>(
  (tie) => ({
    scalar: fc.oneof(integers, floats, names, fc.boolean(), bytes),
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: "property" },
      { weight: 4, arbitrary: tie("scalar") },
      {
        weight: 1,
        arbitrary: fc.array(tie("value"), { maxLength: 3, depthIdentifier: "property" }),
      },
      { weight: 1, arbitrary: mapOf(tie("value"), "property") },
    ),
  }),
).value;

export const properties: fc.Arbitrary<Map<string, Value>> = mapOf(propertyValues, "properties");

export const nodes: fc.Arbitrary<Node> = fc
  .tuple(ids, labels, properties)
  .map(([id, set, map]) => new Node(id, set, map));
export const edges: fc.Arbitrary<Edge> = fc
  .tuple(ids, names, ids, ids, properties)
  .map(([id, label, from, to, map]) => new Edge(id, label, from, to, map));

/** A path in which every edge joins its neighbours, in either direction. */
export const paths: fc.Arbitrary<Path> = fc
  .tuple(nodes, fc.array(fc.tuple(edges, fc.boolean(), nodes), { maxLength: 2 }))
  .map(([first, steps]) => {
    const elements: (Node | Edge)[] = [first];
    let at = first;
    for (const [{ id, label, properties: map }, forward, next] of steps) {
      elements.push(
        new Edge(id, label, forward ? at.id : next.id, forward ? next.id : at.id, map),
        next,
      );
      at = next;
    }
    return new Path(elements);
  });

/** Any value, NULLs and elements at any depth included. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    { weight: 5, arbitrary: fc.oneof(fc.constant(null), propertyValues) },
    { weight: 1, arbitrary: fc.oneof(nodes, edges, paths) },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3, depthIdentifier: "value" }) },
    { weight: 1, arbitrary: mapOf(tie("value"), "value") },
  ),
})).value;

function mapOf(
  value: fc.Arbitrary<Value>,
  depthIdentifier: string,
): fc.Arbitrary<Map<string, Value>> {
  return fc
    .array(fc.tuple(names, value), { maxLength: 3, depthIdentifier })
    .map((entries) => new Map(entries));
}
