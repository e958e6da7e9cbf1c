import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Database } from "../index.ts";

const principal = { id: "test", roles: [], claims: new Map() };

/** Up to three nodes and some edges between them, to themselves, and beside each other. */
const graphs = fc.record({
  nodes: fc.array(fc.constantFrom(":A", ":B", ":A&B", ""), { minLength: 1, maxLength: 3 }),
  edges: fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.constantFrom("R", "S")), {
    maxLength: 10,
  }),
});

const node = fc.constantFrom("()", "(:A)", "(:!B)", "(a)", "(b:B)");
const edge = fc.constantFrom("-[:R]->", "<-[:R]-", "-[:R]-", "-[:S]->", "-[:R|S]->", "-[]->");
const patterns = fc
  .array(fc.tuple(edge, node), { minLength: 1, maxLength: 3 })
  .chain((hops) => node.map((first) => first + hops.flat().join("")));
const modes = fc.constantFrom("", "REPEATABLE ELEMENTS");

describe("the number of bindings of a pattern", () => {
  test("is the same whether edges are gone over or counted", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, modes, patterns, async ({ nodes, edges }, mode, pattern) => {
        const database = await Database.open();
        const atoms = nodes.map((labels, at) => `(n${at}${labels.replace("&", ":")})`);
        const at = (index: number): string => `(n${index % nodes.length})`;
        const links = edges.map(([from, to, label]) => `${at(from)}-[:${label}]->${at(to)}`);
        await database.query({ text: `CREATE ${[...atoms, ...links].join(", ")}`, principal });
        const rows = async (text: string): Promise<readonly unknown[]> =>
          (await database.query({ text: `MATCH ${mode} ${text}`, principal })).rows;
        const bindings = await rows(`p = ${pattern} RETURN p`);
        expect(await rows(`${pattern} RETURN count(*) AS n`)).toEqual([[bindings.length]]);
        const [[subquery] = []] = (
          await database.query({
            text: `RETURN COUNT { MATCH ${mode} ${pattern} } AS n`,
            principal,
          })
        ).rows;
        expect(subquery).toBe(bindings.length);
        await database.close();
      }),
      { numRuns: 300 },
    );
  });
});
