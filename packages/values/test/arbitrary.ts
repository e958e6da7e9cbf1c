import fc from "fast-check";
import {
  Duration,
  Edge,
  Float,
  float,
  integer,
  LocalDate,
  LocalDatetime,
  LocalTime,
  Node,
  Path,
  type TemporalInstant,
  type Value,
  type Zone,
  ZonedDatetime,
  ZonedTime,
} from "../src/index.ts";

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

/** Where clocks have been moved, by an hour and by less, in both halves of the year, and never. */
const zones = fc.constantFrom<Zone>(
  0,
  3_600,
  -12_600,
  18 * 3_600,
  "Europe/Stockholm",
  "America/New_York",
  "Australia/Lord_Howe",
  "Africa/Monrovia",
  "UTC",
);
const days = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.constantFrom(-365_000_000_000, 365_000_000_000),
);
const timesOfDay = fc.oneof(
  fc.constantFrom(0, 1, 9_000_000_000_000, 86_399_999_999_999),
  fc.integer({ min: 0, max: 86_399_999_999_999 }),
);
const parts = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger());

export const localDates: fc.Arbitrary<LocalDate> = days.map((day) => new LocalDate(day));
export const localTimes: fc.Arbitrary<LocalTime> = timesOfDay.map((time) => new LocalTime(time));
export const zonedTimes: fc.Arbitrary<ZonedTime> = fc
  .record({ nanoseconds: timesOfDay, offsetSeconds: fc.constantFrom(0, 3_600, -64_800, 3_208) })
  .map((time) => new ZonedTime(time));
export const localDatetimes: fc.Arbitrary<LocalDatetime> = fc
  .record({ day: days, nanoseconds: timesOfDay })
  .map((local) => new LocalDatetime(local));
export const zonedDatetimes: fc.Arbitrary<ZonedDatetime> = fc
  .tuple(fc.record({ day: days, nanoseconds: timesOfDay }), zones)
  .map(([instant, zone]) => ZonedDatetime.at(instant, zone));
export const durations: fc.Arbitrary<Duration> = fc
  .record({
    months: parts,
    days: parts,
    nanoseconds: fc.oneof(
      fc.constantFrom(0n, 1n, -1n, 86_400_000_000_000n),
      fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    ),
  })
  .map((all) => new Duration(all));

/** What stands in time. */
export const instants: fc.Arbitrary<TemporalInstant> = fc.oneof(
  localDates,
  localTimes,
  zonedTimes,
  localDatetimes,
  zonedDatetimes,
);

/** Values of which the scalars are these. */
function family(scalar: fc.Arbitrary<Value>) {
  const propertyValues = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: "property" },
      { weight: 4, arbitrary: scalar },
      {
        weight: 1,
        arbitrary: fc.array(tie("value"), { maxLength: 3, depthIdentifier: "property" }),
      },
      { weight: 1, arbitrary: mapOf(tie("value"), "property") },
    ),
  })).value;
  const properties = mapOf(propertyValues, "properties");
  const nodes = fc.tuple(ids, labels, properties).map(([id, set, map]) => new Node(id, set, map));
  const edges = fc
    .tuple(ids, names, ids, ids, properties)
    .map(([id, label, from, to, map]) => new Edge(id, label, from, to, map));
  const elements = fc.oneof(nodes, edges, pathsOf(nodes, edges));
  const values = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: "value" },
      { weight: 5, arbitrary: fc.oneof(fc.constant(null), propertyValues) },
      { weight: 1, arbitrary: elements },
      { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3, depthIdentifier: "value" }) },
      { weight: 1, arbitrary: mapOf(tie("value"), "value") },
    ),
  })).value;
  return { propertyValues, properties, values };
}

/** A path in which every edge joins its neighbours, in either direction. */
function pathsOf(nodes: fc.Arbitrary<Node>, edges: fc.Arbitrary<Edge>): fc.Arbitrary<Path> {
  return fc
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
}

const jsonScalars = fc.oneof(integers, floats, names, fc.boolean(), bytes);
const all = family(fc.oneof({ weight: 2, arbitrary: jsonScalars }, instants, durations));

/** What a property may hold: no NULL and no element, at any depth. */
export const propertyValues: fc.Arbitrary<Value> = all.propertyValues;

export const properties: fc.Arbitrary<Map<string, Value>> = all.properties;

/** Any value, NULLs and elements at any depth included. */
export const values: fc.Arbitrary<Value> = all.values;

/** The same without temporal values, which JSON has strings for: everything that comes back from JSON as it was. */
export const jsonValues: fc.Arbitrary<Value> = family(jsonScalars).values;

function mapOf(
  value: fc.Arbitrary<Value>,
  depthIdentifier: string,
): fc.Arbitrary<Map<string, Value>> {
  return fc
    .array(fc.tuple(names, value), { maxLength: 3, depthIdentifier })
    .map((entries) => new Map(entries));
}
