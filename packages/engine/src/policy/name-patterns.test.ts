import fc from "fast-check";
import { expect, test } from "vitest";
import { Database } from "../database.ts";
import { conditionOf } from "./name-patterns.ts";

const SOME = fc.array(fc.constantFrom("a", "b", "'", "\\", '"', "/"), { maxLength: 4 });

/** As plainly as possible: `*` stands for any characters. */
function fits(name: string, claim: string | null, text: string): boolean {
  if (claim === null && name.includes("$auth.team")) return false;
  const parts = name.replaceAll("$auth.team", () => claim ?? "").split("*");
  const escaped = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^]*")}$`).test(text);
}

test("a condition holds for exactly the names that a pattern means", async () => {
  const database = await Database.open();
  const pattern = fc
    .array(
      fc.oneof(
        SOME.map((list) => list.join("")),
        fc.constantFrom("*", "$auth.team"),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((parts) => parts.join(""))
    .filter((name) => name !== "" && name.split("*").length <= 3);
  await fc.assert(
    fc.asyncProperty(
      fc.array(pattern, { maxLength: 3 }),
      fc.option(fc.constantFrom("a", "ab", "'", "b/")),
      fc.array(fc.constantFrom("a", "b", "ab", "'", "\\", '"', "/", "b/"), { maxLength: 6 }),
      async (names, claim, letters) => {
        const text = letters.join("");
        const condition = conditionOf(names, "$text") ?? "TRUE";
        const { rows } = await database.query({
          text: `RETURN COALESCE(${condition}, FALSE)`,
          parameters: new Map([["text", text]]),
          principal: {
            id: "ann",
            roles: [],
            claims: new Map(claim === null ? [] : [["team", claim]]),
          },
        });
        expect(rows).toEqual([[names.some((name) => fits(name, claim, text))]]);
      },
    ),
    { numRuns: 500 },
  );
  await database.close();
});
