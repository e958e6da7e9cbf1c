import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cborListHead, cborMapHead, decodeCbor, encodeCbor, encodeCborFields } from "./cbor.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const read = (text: string) => decodeCbor(Buffer.from(text, "hex"), 64);

describe("RFC 8949, appendix A: what can be said in JSON is written as it stands there", () => {
  test.each([
    [0, "00"],
    [10, "0a"],
    [23, "17"],
    [24, "1818"],
    [100, "1864"],
    [1000, "1903e8"],
    [1_000_000, "1a000f4240"],
    [1_000_000_000_000, "1b000000e8d4a51000"],
    [-1, "20"],
    [-100, "3863"],
    [-1000, "3903e7"],
    [{ $int: "-9223372036854775808" }, "3b7fffffffffffffff"],
    [{ $int: "9223372036854775807" }, "1b7fffffffffffffff"],
    [1.1, "fb3ff199999999999a"],
    [-4.1, "fbc010666666666666"],
    [{ $float: "1.0" }, "fb3ff0000000000000"],
    [{ $float: "-0.0" }, "fb8000000000000000"],
    [{ $float: "Infinity" }, "fb7ff0000000000000"],
    [{ $float: "NaN" }, "fb7ff8000000000000"],
    [{ $float: "1e+300" }, "fb7e37e43c8800759c"],
    [false, "f4"],
    [true, "f5"],
    [null, "f6"],
    [{ $bytes: "AQIDBA==" }, "4401020304"],
    ["", "60"],
    ["IETF", "6449455446"],
    ['"\\', "62225c"],
    ["ü", "62c3bc"],
    ["水", "63e6b0b4"],
    ["𐅑", "64f0908591"],
    [[], "80"],
    [[1, [2, 3], [4, 5]], "8301820203820405"],
    [{}, "a0"],
    [{ a: 1, b: [2, 3] }, "a26161016162820203"],
    [["a", { b: "c" }], "826161a161626163"],
  ])("%j", (json, text) => {
    expect(hex(encodeCbor(json))).toBe(text);
    expect(read(text)).toEqual(json);
  });

  test.each([
    ["f90000", { $float: "0.0" }],
    ["f93c00", { $float: "1.0" }],
    ["f93e00", 1.5],
    ["f97bff", { $float: "65504.0" }],
    ["f90001", 5.960464477539063e-8],
    ["f90400", 0.00006103515625],
    ["f9c400", { $float: "-4.0" }],
    ["f97c00", { $float: "Infinity" }],
    ["f97e00", { $float: "NaN" }],
    ["fa47c35000", { $float: "100000.0" }],
    ["fa7f7fffff", { $float: "3.4028234663852886e+38" }],
    ["f7", null],
    ["5f42010243030405ff", { $bytes: "AQIDBAU=" }],
    ["7f657374726561646d696e67ff", "streaming"],
    ["9fff", []],
    ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
    ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
    ["826161bf61626163ff", ["a", { b: "c" }]],
  ])("%s is understood too", (text, json) => {
    expect(read(text)).toEqual(json);
  });
});

describe("bytes that are none of it are refused, with why", () => {
  test.each([
    ["nothing at all", "", "the end is missing"],
    ["half an integer", "1900", "the end is missing"],
    ["a text that is longer than the rest", "7b00000000ffffffff", "the end is missing"],
    ["a list of more than there is", "9b000000010000000001", "the end is missing"],
    ["a map of more than there is", "bb0000000100000000", "the end is missing"],
    ["a list that never ends", "9f01", "the end is missing"],
    ["something behind the end", "0101", "bytes behind the end"],
    ["an integer beyond 64 bits", "1bffffffffffffffff", "beyond 64 bits"],
    ["a key that is no text", "a10102", "keys of a map are text"],
    ["text that is not UTF-8", "62c328", "not UTF-8"],
    ["a string of strings of another kind", "7f4161ff", "of its kind"],
    ["a string in a string in pieces", "5f5f4101ffff", "a length is not understood"],
    ["a tag", "c074323031332d30332d3231", "tags"],
    ["a break without a beginning", "ff", "simple value"],
    ["a reserved length", "1c", "a length is not understood"],
    ["a simple value", "f0", "simple value"],
    ["a tower of lists", "81".repeat(65) + "00", "deeper than 64"],
    ["a tower of lists without ends", "9f".repeat(100_000), "deeper than 64"],
  ])("%s", (_, text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  test("whatever bytes they are, nothing else happens", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes, 64);
        } catch (error) {
          expect((error as Error).name).toBe("CborError");
        }
      }),
      { numRuns: 5000 },
    );
  });
});

test("names that JavaScript knows are ordinary keys", () => {
  const json = JSON.parse('{"__proto__":{"x":1},"constructor":2}') as object;
  const back = decodeCbor(encodeCbor(json), 64) as object;
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  expect(JSON.stringify(back)).toBe('{"__proto__":{"x":1},"constructor":2}');
});

test("what looks like a value spelled out, and is none, stays a map", () => {
  for (const json of [
    { $int: "x" },
    { $int: "9223372036854775808" },
    { $int: 5 },
    { $float: "x" },
    { $bytes: "***" },
    { $int: "5", more: 1 },
    { $$int: "5" },
  ])
    expect(decodeCbor(encodeCbor(json), 64)).toEqual(json);
});

test("any JSON comes back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      // A number beyond the safe integers is a float, and says so.
      const spelled = JSON.parse(
        JSON.stringify(json, (_, value: unknown) =>
          typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
            ? { $float: String(value).includes("e") ? String(value) : `${value}.0` }
            : value,
        ),
      ) as unknown;
      expect(decodeCbor(encodeCbor(spelled), 1000)).toEqual(spelled);
    }),
  );
});

test("a map and a list can be put together from pieces", () => {
  const own = encodeCborFields({ type: "UPDATE", gone: undefined });
  const rest = encodeCborFields({ seq: 1 });
  const map = Buffer.concat([cborMapHead(own.count + rest.count), own.bytes, rest.bytes]);
  expect(decodeCbor(map, 64)).toEqual({ type: "UPDATE", seq: 1 });
  expect(decodeCbor(Buffer.concat([cborListHead(2), map, map]), 64)).toHaveLength(2);
});
