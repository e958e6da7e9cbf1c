import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float, type Value } from "@geode/values";
import { Budget, type BudgetLimits, DEFAULT_BUDGET } from "./budget.ts";
import { FirstRows } from "./first-rows.ts";
import { Database } from "../index.ts";

const principal = { id: "test", roles: [], claims: new Map() };

/** Also what no comparison of numbers puts in its place. */
const mixed = fc.constantFrom<Value>(
  null,
  float(Number.NaN),
  float(Number.POSITIVE_INFINITY),
  float(2),
  0.5,
  -0.5,
  2n ** 62n,
  -(2n ** 62n),
  "a",
  true,
);

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

  test("are those of the whole order, whatever the values are", async () => {
    const database = await Database.open({});
    const ask = async (text: string, list: readonly Value[]): Promise<readonly Value[]> => {
      const parameters = new Map<string, Value>([["list", [...list]]]);
      const { rows } = await database.query({ text, parameters, principal });
      return rows.map(([place]) => place ?? null);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), mixed), { maxLength: 30 }),
        fc.constantFrom("", " DESC", " NULLS FIRST", " DESC NULLS LAST"),
        fc.nat(6),
        fc.nat(3),
        async (list, direction, limit, offset) => {
          const text = `FOR x IN $list WITH OFFSET i ORDER BY x${direction}, i RETURN i`;
          const all = await ask(text, list);
          expect(await ask(`${text} OFFSET ${offset} LIMIT ${limit}`, list)).toEqual(
            all.slice(offset, offset + limit),
          );
        },
      ),
    );
    await database.close();
  });
});
