import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floats, integers, values } from "../test/arbitrary.ts";
import {
  add,
  concatenate,
  divide,
  Float,
  float,
  GeodeError,
  INTEGER_MAX,
  INTEGER_MIN,
  modulo,
  multiply,
  negate,
  Node,
  numberText,
  power,
  subtract,
  TEXT_LENGTH_MAX,
  typeName,
  type Value,
} from "./index.ts";

type Operation = (a: Value, b: Value) => Value;
const OPERATIONS: readonly [string, Operation][] = [
  ["+", add],
  ["-", subtract],
  ["*", multiply],
  ["/", divide],
  ["%", modulo],
  ["^", power],
];
const byName = new Map(OPERATIONS);

/** The value or the code of the error. */
function outcome(run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    return error instanceof GeodeError ? error.code : `not a GeodeError: ${String(error)}`;
  }
}

test.each<[Value, string, Value, Value]>([
  [1, "+", 2, 3],
  [1, "+", float(2), float(3)],
  [0.5, "+", 0.5, float(1)],
  [0.5, "-", 0.25, 0.25],
  [7, "/", 2, 3],
  [-7, "/", 2, -3],
  [7, "/", float(2), 3.5],
  [-7, "%", 2, -1],
  [-4, "%", 2, 0],
  [0, "*", -5, 0],
  [0, "/", -5, 0],
  [float(0), "*", -5, float(-0)],
  [1, "/", 0, "22012"],
  [1, "%", 0, "22012"],
  [2n ** 60n, "/", 0, "22012"],
  [1, "/", float(0), float(Infinity)],
  [-1.5, "/", 0, float(-Infinity)],
  [float(0), "/", float(0), float(Number.NaN)],
  [2, "^", 3, float(8)],
  [2, "^", 0.5, Math.SQRT2],
  [Number.MAX_SAFE_INTEGER, "+", 1, 2n ** 53n],
  [2n ** 53n, "-", 1, Number.MAX_SAFE_INTEGER],
  [2n ** 62n, "*", 2, "22003"],
  [INTEGER_MAX, "+", 1, "22003"],
  [INTEGER_MIN, "-", 1, "22003"],
  [INTEGER_MIN, "/", -1, "22003"],
  [3_037_000_500, "*", 3_037_000_500, "22003"],
  [2n ** 60n, "+", 0.5, float(2 ** 60)],
  ["a", "+", "b", "ab"],
  ["a", "+", 1, "a1"],
  [float(2), "+", "a", "2.0a"],
  [[1], "+", [2], [1, 2]],
  [[1], "+", 2, [1, 2]],
  [1, "+", [2], [1, 2]],
  ["a", "+", true, "22G03"],
  ["a", "-", "b", "22G03"],
  [true, "*", 1, "22G03"],
  [new Map(), "+", 1, "22G03"],
  [null, "+", [1], null],
  [null, "/", 0, null],
])("%o %s %o is %o", (a, operator, b, expected) => {
  const operation = byName.get(operator) as Operation;
  expect(outcome(() => operation(a, b))).toEqual(expected);
});

test("|| joins two strings, two lists or two byte strings and nothing else", () => {
  expect(concatenate("a", "b")).toBe("ab");
  expect(concatenate([1], [[2]])).toEqual([1, [2]]);
  expect(concatenate(new Uint8Array([1]), new Uint8Array([2]))).toEqual(new Uint8Array([1, 2]));
  expect(concatenate("a", null)).toBeNull();
  expect(outcome(() => concatenate("a", 1))).toBe("22G03");
  expect(outcome(() => concatenate([1], 2))).toBe("22G03");
});

test("a text that would grow beyond the limit is refused, not built", () => {
  const half = "x".repeat(TEXT_LENGTH_MAX / 2);
  expect((add(half, half) as string).length).toBe(TEXT_LENGTH_MAX);
  expect(outcome(() => add(`${half}x`, half))).toBe("LIMIT");
});

test("the sign changes of integers stay integers, of floats floats", () => {
  expect(negate(5)).toBe(-5);
  expect(negate(0)).toBe(0);
  expect(negate(float(0))).toEqual(float(-0));
  expect(negate(2.5)).toBe(-2.5);
  expect(negate(2n ** 62n)).toBe(-(2n ** 62n));
  expect(negate(null)).toBeNull();
  expect(outcome(() => negate(INTEGER_MIN))).toBe("22003");
  expect(outcome(() => negate("a"))).toBe("22G03");
});

test("types have the names that messages show", () => {
  const named: [Value, string][] = [
    [null, "NULL"],
    [true, "BOOLEAN"],
    [1, "INTEGER"],
    [2n ** 60n, "INTEGER"],
    [1.5, "FLOAT"],
    [float(1), "FLOAT"],
    ["", "STRING"],
    [new Uint8Array(), "BYTES"],
    [[], "LIST"],
    [new Map(), "RECORD"],
    [new Node(1, [], new Map()), "NODE"],
  ];
  for (const [value, name] of named) {
    expect(typeName(value)).toBe(name);
  }
  expect(() => multiply(1, "a")).toThrow("* cannot be applied to an INTEGER and a STRING");
});

test("a float as text always shows that it is one", () => {
  expect(
    [float(2), float(-0), 2.5, float(1e21), float(Number.NaN), float(-Infinity), 2, 2n ** 60n].map(
      numberText,
    ),
  ).toEqual(["2.0", "-0.0", "2.5", "1e+21", "NaN", "-Infinity", "2", "1152921504606846976"]);
});

describe("laws", () => {
  const numbers = fc.oneof(integers, floats);

  test("integer arithmetic is that of the integers, or out of range", () => {
    const exact: [Operation, (a: bigint, b: bigint) => bigint | null][] = [
      [add, (a, b) => a + b],
      [subtract, (a, b) => a - b],
      [multiply, (a, b) => a * b],
      [divide, (a, b) => (b === 0n ? null : a / b)],
      [modulo, (a, b) => (b === 0n ? null : a % b)],
    ];
    fc.assert(
      fc.property(integers, integers, fc.constantFrom(...exact), (a, b, [operation, reference]) => {
        const expected = reference(BigInt(a), BigInt(b));
        const actual = outcome(() => operation(a, b));
        if (expected === null) {
          expect(actual).toBe("22012");
        } else if (expected < INTEGER_MIN || expected > INTEGER_MAX) {
          expect(actual).toBe("22003");
        } else {
          expect(typeName(actual)).toBe("INTEGER");
          expect(Object.is(actual, -0)).toBe(false);
          expect(BigInt(actual as number | bigint)).toBe(expected);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("every result is in the one form that its type has", () => {
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(...OPERATIONS), (a, b, [, operation]) => {
        const result = outcome(() => operation(a, b));
        if (typeof result === "number") {
          expect(
            Number.isFinite(result) && (!Number.isInteger(result) || Number.isSafeInteger(result)),
          ).toBe(true);
        }
        if (typeof result === "bigint") {
          expect(Number.isSafeInteger(Number(result))).toBe(false);
        }
        if (result instanceof Float) {
          expect(float(result.value)).toBeInstanceOf(Float);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a float in, a float out", () => {
    fc.assert(
      fc.property(numbers, floats, fc.constantFrom(...OPERATIONS), (a, b, [, operation]) => {
        expect(typeName(operation(a, b))).toBe("FLOAT");
        expect(typeName(operation(b, a))).toBe("FLOAT");
      }),
    );
  });

  test("whatever the operands, the answer is a value or a GeodeError", () => {
    fc.assert(
      fc.property(
        values,
        values,
        fc.constantFrom(...OPERATIONS, ["||", concatenate] as [string, Operation]),
        (a, b, [, operation]) => {
          const result = outcome(() => operation(a, b));
          expect(typeof result === "string" && result.startsWith("not a GeodeError")).toBe(false);
          if (a === null || b === null) {
            expect(result).toBeNull();
          }
        },
      ),
    );
  });
});
