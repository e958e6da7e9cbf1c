import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Digest, hash64, murmur3 } from "./index.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("MurmurHash3_x86_32", () => {
  test.each<[string | number[], number, number]>([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    [[0xff, 0xff, 0xff, 0xff], 0, 0x76293b50],
    [[0x21, 0x43, 0x65, 0x87], 0, 0xf55b516b],
    [[0x21, 0x43, 0x65, 0x87], 0x5082edee, 0x2362f9de],
    [[0x21, 0x43, 0x65], 0, 0x7e4a8634],
    [[0x21, 0x43], 0, 0xa0f7b07a],
    [[0x21], 0, 0x72661cf4],
    [[0, 0, 0, 0], 0, 0x2362f9de],
    [[0, 0, 0], 0, 0x85f0b427],
    [[0, 0], 0, 0x30f4c306],
    [[0], 0, 0x514e28b7],
    ["aaaa", 0x9747b28c, 0x5a97808a],
    ["aaa", 0x9747b28c, 0x283e0130],
    ["aa", 0x9747b28c, 0x5d211726],
    ["a", 0x9747b28c, 0x7fa09ea6],
    ["abc", 0, 0xb3dd93fa],
    ["abc", 0x9747b28c, 0xc84a62dd],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["ππππππππ", 0x9747b28c, 0xd58063c1],
    ["a".repeat(256), 0x9747b28c, 0x37405bdc],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 0, 0xee925b90],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ])("of %o with seed %d, as published", (input, seed, expected) => {
    const bytes = typeof input === "string" ? utf8(input) : new Uint8Array(input);
    expect(murmur3(bytes, bytes.length, seed)).toBe(expected);
  });
});

test("the 64-bit hash is the two seeds' hashes side by side", () => {
  expect(hash64("")).toBe("00000000ebb6c228");
  expect(hash64("abc")).toBe("b3dd93fac84a62dd");
  expect(hash64("é\u{1f600}")).toBe(hash64("é\u{1f600}"));
});

test("a long text and a short one after it are hashed alike, whatever was hashed between", () => {
  const before = hash64("x".repeat(2_000_000));
  const short = hash64("abc");
  expect(short).toBe("b3dd93fac84a62dd");
  expect(hash64("x".repeat(2_000_000))).toBe(before);
});

describe("the digest of a result", () => {
  const rows = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 20 });

  /** The definition, with the arithmetic of the textbook. */
  const defined = (list: readonly (readonly [string, string])[]) => {
    const sum = list.reduce(
      (total, [key, row]) => total + BigInt(`0x${hash64(`[${JSON.stringify(key)},${row}]`)}`),
      0n,
    );
    return (sum % 2n ** 64n).toString(16).padStart(16, "0");
  };

  test("is the sum modulo 2^64 of the hashes of [key, row]", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const digest = new Digest();
        list.forEach(([key, row]) => digest.add(key, row));
        expect(String(digest)).toBe(defined(list));
      }),
    );
  });

  test("takes back what was added, in any order", () => {
    fc.assert(
      fc.property(rows, rows, (stay, go) => {
        const digest = new Digest();
        go.forEach(([key, row]) => digest.remove(key, row));
        stay.forEach(([key, row]) => digest.add(key, row));
        go.toReversed().forEach(([key, row]) => digest.add(key, row));
        expect(String(digest)).toBe(defined(stay));
      }),
    );
  });

  test("of no rows is zero, of one row a fixed vector", () => {
    const digest = new Digest();
    expect(String(digest)).toBe("0000000000000000");
    digest.add("17", '{"age":30,"name":"Alice"}');
    expect(String(digest)).toBe("4aea74b711a22fb5");
    digest.clear();
    expect(String(digest)).toBe("0000000000000000");
  });
});
