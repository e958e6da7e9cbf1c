import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Budget, type BudgetLimits, DEFAULT_BUDGET } from "./budget.ts";
import { FirstRows } from "./first-rows.ts";

const LIMITS: BudgetLimits = { ...DEFAULT_BUDGET, timeMs: 1000, rows: 1000, keptRows: 1000 };

/** The places in the input of the first values, in order. */
function firstOf(values: readonly number[], wanted: number, limits = LIMITS): number[] {
  const kept: number[] = [];
  const came: number[] = [];
  const first = new FirstRows(
    wanted,
    (left, right) => kept[left]! - kept[right]!,
    new Budget(limits, () => 0),
  );
  for (const [index, value] of values.entries()) {
    kept[first.place] = value;
    const place = first.admit();
    if (place !== -1) came[place] = index;
  }
  expect(kept.length).toBeLessThanOrEqual(wanted + 1);
  return [...first.order()].map((place) => came[place]!);
}

describe("the first rows of an order", () => {
  test("are those that sorting all of them puts first, ties as they came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 8 })),
        fc.nat({ max: 12 }),
        (values, wanted) => {
          const sorted = values
            .map((_, index) => index)
            .sort((left, right) => values[left]! - values[right]! || left - right);
          expect(firstOf(values, wanted)).toEqual(sorted.slice(0, wanted));
        },
      ),
    );
  });

  test("count as kept rows only as many as are wanted", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(firstOf(values, 3, { ...LIMITS, keptRows: 3 })).toEqual([99, 98, 97]);
    expect(() => firstOf(values, 4, { ...LIMITS, keptRows: 3 })).toThrow(/keeps more than 3 rows/);
  });
});
