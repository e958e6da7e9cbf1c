import { describe, expect, test } from "vitest";
import { KeySet } from "./key-set.ts";
import { LabelSets } from "./label-sets.ts";
import { Names } from "./names.ts";

describe("names", () => {
  test("get dense ids in the order of their coming, and keep them", () => {
    const names = new Names();
    expect([names.intern("b"), names.intern("a"), names.intern("b")]).toEqual([0, 1, 0]);
    expect([names.id("a"), names.id("c"), names.size]).toEqual([1, -1, 2]);
    expect(names.name(1)).toBe("a");
    expect(names.all()).toEqual(["b", "a"]);
    expect(() => names.name(2)).toThrow(RangeError);
    expect(() => names.name(-1)).toThrow(RangeError);
  });

  test("may be what objects have anyway", () => {
    const names = new Names();
    for (const name of ["__proto__", "constructor", "toString", ""]) {
      expect(names.id(name)).toBe(-1);
      expect(names.name(names.intern(name))).toBe(name);
    }
  });
});

test("a key set gives its keys by name, whatever the order of their coming", () => {
  const names = new Names();
  const [z, a, m] = [names.intern("z"), names.intern("a"), names.intern("m")];
  const keys = new KeySet(names);
  for (const key of [z, m, a, m]) keys.add(key);
  expect(keys.sorted()).toEqual([a, m, z]);
  expect([keys.has(z), keys.has(99)]).toEqual([true, false]);
});

describe("label sets", () => {
  test("are one object per combination", () => {
    const sets = new LabelSets(new Names(), new Names());
    expect(sets.intern(["A", "B"])).toBe(sets.intern(["A", "B"]));
    expect(sets.intern(["A"])).not.toBe(sets.intern(["A", "B"]));
    expect(sets.intern([])).toBe(sets.intern([]));
    // Joined by any separator these two could be alike.
    expect(sets.intern(["A,B"])).not.toBe(sets.intern(["A", "B"]));
    expect(sets.all().length).toBe(4);
  });

  test("are found by each of their labels", () => {
    const labels = new Names();
    const sets = new LabelSets(labels, new Names());
    const both = sets.intern(["A", "B"]);
    const one = sets.intern(["B"]);
    expect(sets.with(labels.id("A"))).toEqual([both]);
    expect(sets.with(labels.id("B"))).toEqual([both, one]);
    expect(sets.with(labels.id("C"))).toEqual([]);
    expect([both.has(labels.id("A")), one.has(labels.id("A")), one.has(-1)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("give memory back when most of their nodes go", () => {
    const set = new LabelSets(new Names(), new Names()).intern([]);
    for (let slot = 0; slot < 10_000; slot++) set.push(slot);
    while (set.count > 10) set.pop();
    expect(set.slots.length).toBeLessThanOrEqual(64);
    expect([...set.slots.subarray(0, set.count)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
