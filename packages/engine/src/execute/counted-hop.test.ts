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

const networks = fc.array(
  fc.tuple(fc.nat({ max: 15 }), fc.nat({ max: 15 }), fc.constantFrom("R", "S", "T")),
  { minLength: 10, maxLength: 40 },
);

/** Small patterns over a few names, so that they meet. */
const chains = fc
  .tuple(
    fc.constantFrom("(a)", "(b)", "(:A)", "()", "(c:C)"),
    fc.array(
      fc.tuple(
        fc.constantFrom(
          "-[:R]->",
          "<-[:R]-",
          "-[:S]->",
          "<-[:S]-",
          "-[:S]-",
          "-[:T]->",
          "-[:R|T]->",
        ),
        fc.constantFrom("(a)", "(b)", "(:B)", "()", "(c)"),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([first, hops]) => first + hops.flat().join(""));
const clauses = fc
  .tuple(
    fc.constantFrom("MATCH ", "MATCH REPEATABLE ELEMENTS ", "OPTIONAL MATCH "),
    fc.array(chains, { minLength: 1, maxLength: 2 }),
    fc.constantFrom("", "", "", " WHERE a <> b", " WHERE a.i < 6"),
  )
  .map(([clause, parts, where]) =>
    where !== "" && !(parts.join().includes("(a)") && parts.join().includes("(b)"))
      ? clause + parts.join(", ")
      : clause + parts.join(", ") + where,
  );

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
      {
        numRuns: 300,
        examples: [
          [
            {
              nodes: [":A"],
              edges: [
                [0, 0, "S"],
                [0, 0, "S"],
                [0, 0, "R"],
              ],
            },
            "",
            "()-[:S]->()-[:S]->()-[:R]->()",
          ],
        ],
      },
    );
  });

  test("is the same, with several patterns and clauses, whether rows are made or counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        networks,
        fc.array(clauses, { minLength: 1, maxLength: 3 }),
        async (links, parts) => {
          const database = await Database.open();
          const rows = async (text: string): Promise<readonly (readonly unknown[])[]> =>
            (await database.query({ text, principal })).rows;
          await rows("FOR i IN range(0, 7) INSERT (:A {i: i}), (:B {i: i}), (:A&C {i: i + 8})");
          for (const [from, to, label] of links)
            await rows(`MATCH (x:A {i: ${from}}), (y {i: ${to}}) INSERT (x)-[:${label}]->(y)`);
          const text = parts.join(" ");
          // What is looked at has to be gone over.
          const made = await rows(`${text} RETURN collect_list(1) AS ones`);
          const ones = made[0]?.[0] as readonly unknown[];
          expect(await rows(`${text} RETURN count(*) AS n`)).toEqual([[ones.length]]);
          const [[subquery] = []] = await rows(`RETURN COUNT { ${text} RETURN 1 AS one } AS n`);
          expect(subquery).toBe(ones.length);
          await database.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test("is exact, or refused", async () => {
    const database = await Database.open();
    const rows = async (text: string): Promise<unknown> =>
      (await database.query({ text, principal })).rows;
    await rows("INSERT (:Hub), (:Hub)");
    await rows("MATCH (h:Hub) FOR i IN range(1, 300) INSERT (h)-[:R]->(:Leaf)");
    const star = (edges: number): string =>
      `MATCH REPEATABLE ELEMENTS ${Array.from({ length: edges }, () => "(h:Hub)-[:R]->()").join(", ")} RETURN count(*) AS n`;
    expect(await rows(star(6))).toEqual([[2 * 300 ** 6]]);
    await expect(rows(star(7))).rejects.toMatchObject({ code: "22003" });
    await database.close();
  });

  test("of paths of two edges takes edges from a node to itself into account, from the first one on", async () => {
    const database = await Database.open();
    const rows = async (text: string): Promise<unknown> =>
      (await database.query({ text, principal })).rows;
    const paths = "MATCH ()-[:R]->()-[:R]->() RETURN count(*) AS n";
    await rows("INSERT (:A)-[:R]->(:B)-[:R]->(:C)");
    expect(await rows(paths)).toEqual([[1]]);
    await rows("MATCH (b:B) INSERT (b)-[:R]->(b)");
    expect(await rows(paths)).toEqual([[3]]);
    await rows("MATCH (b)-[r]->(b) DELETE r");
    expect(await rows(paths)).toEqual([[1]]);
    await database.close();
  });
});
