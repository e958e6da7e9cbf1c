import fc from "fast-check";
import { expect, test } from "vitest";
import { Few } from "./few.ts";

test("it is a Map in all that it can do", () => {
  const key = fc.constantFrom<string | number>(0, -0, 1, "1", "constructor", "__proto__");
  const step = fc.record({ do: fc.constantFrom("set", "set", "delete", "clear"), key });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const few = new Few<string | number, object>();
      const map = new Map<string | number, object>();
      for (const { do: what, key: name } of steps) {
        const value = {};
        if (what === "set") {
          few.set(name, value);
          map.set(name, value);
        } else if (what === "delete") {
          few.delete(name);
          map.delete(name);
        } else {
          few.clear();
          map.clear();
        }
        expect(few.size).toBe(map.size);
        expect([...few.values()]).toEqual([...map.values()]);
        expect(few.get(name)).toBe(map.get(name));
        expect(few.has(1)).toBe(map.has(1));
      }
    }),
  );
});

test("who reads all of it may take entries away meanwhile", () => {
  const few = new Few<number, { readonly key: number }>();
  for (const key of [1, 2, 3]) few.set(key, { key });
  const seen: number[] = [];
  for (const { key } of few.values()) {
    seen.push(key);
    few.delete(key);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(few.size).toBe(0);
});
