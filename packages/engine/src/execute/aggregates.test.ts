import { encode, float, toInstant, type Value } from "@geode/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accumulator } from "./aggregates.ts";
import { Budget, DEFAULT_BUDGET } from "./budget.ts";

const budget = new Budget({ ...DEFAULT_BUDGET, bytes: Infinity }, () => 0);

const instant = (text: string): Value => toInstant("ZONED DATETIME", text);

/** Values of which several are the same to a comparison. */
const sameToOthers: readonly Value[] = [
  0,
  float(0),
  float(-0),
  1,
  float(1),
  2n ** 60n,
  float(2 ** 60),
  float(Number.NaN),
  [1],
  [float(1)],
  [2n ** 60n],
  [float(2 ** 60)],
  instant("2024-05-01T12:00:00+02:00"),
  instant("2024-05-01T10:00:00Z"),
  "a",
];

test.each(["min", "max", "sum", "count"] as const)(
  "%s gives the same value, of the same type, in whatever order rows come",
  (name) => {
    const values = name === "sum" ? sameToOthers.slice(0, 7) : sameToOthers;
    for (const distinct of [false, true])
      fc.assert(
        fc.property(
          fc
            .subarray([...values], { minLength: 1 })
            .chain((some) =>
              fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
            ),
          ([some, shuffled]) => {
            const of = (list: readonly Value[]): string => {
              const state = accumulator(name, distinct, 0, budget);
              for (const value of list) state.add(value);
              return encode(state.result());
            };
            expect(of(shuffled)).toBe(of(some));
          },
        ),
      );
  },
);

test.each([
  [[float(1), 1], 1],
  [[float(2 ** 60), 2n ** 60n], 2n ** 60n],
  [[float(0), float(-0)], float(-0)],
] as const)("of %s an INTEGER stands for both, and -0.0 for zeros", (values, expected) => {
  for (const name of ["min", "max"] as const) {
    const state = accumulator(name, false, 0, budget);
    for (const value of values) state.add(value);
    expect(state.result()).toEqual(expected);
  }
});
