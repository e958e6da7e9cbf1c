import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import { Budget, DEFAULT_BUDGET } from "./budget.ts";
import { searchPaths } from "./path-search.ts";
import type { PathSearch } from "./path-way.ts";
import type { Principal } from "../requests.ts";

const principal: Principal = { id: "test", roles: [], claims: new Map() };
const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function graphOf(nodes: number, edges: readonly (readonly [number, number])[]) {
  const database = await Database.open();
  opened.push(database);
  const run = async (text: string): Promise<readonly (readonly unknown[])[]> =>
    (await database.query({ text, principal })).rows;
  await run(`FOR n IN range(1, ${nodes}) INSERT (:N {n: n})`);
  for (const [from, to] of edges)
    await run(`MATCH (a:N {n: ${from}}), (b:N {n: ${to}}) INSERT (a)-[:R]->(b)`);
  return run;
}

/** What a selection keeps of all paths, as "from to length" for each. */
function selected(
  all: readonly (readonly unknown[])[],
  unit: "paths" | "groups",
  count: number,
): string[] {
  const byEnds = new Map<string, number[]>();
  for (const [from, to, length] of all) {
    const ends = `${String(from)} ${String(to)}`;
    byEnds.set(ends, [...(byEnds.get(ends) ?? []), Number(length)]);
  }
  return [...byEnds].flatMap(([ends, lengths]) => {
    const sorted = lengths.sort((left, right) => left - right);
    const groups = [...new Set(sorted)].slice(0, count);
    const kept =
      unit === "paths"
        ? sorted.slice(0, count)
        : sorted.filter((length) => groups.includes(length));
    return kept.map((length) => `${ends} ${length}`);
  });
}

const node = fc.integer({ min: 1, max: 4 });
const graph = fc.array(fc.tuple(node, node), { maxLength: 6 });
const selector = fc.constantFrom(
  ["ANY SHORTEST %", "paths", 1],
  ["ALL SHORTEST %", "groups", 1],
  ["SHORTEST 2 %", "paths", 2],
  ["SHORTEST 2 % GROUPS", "groups", 2],
) as fc.Arbitrary<[string, "paths" | "groups", number]>;
const mode = fc.constantFrom("TRAIL", "ACYCLIC", "SIMPLE", "WALK");
const pattern = fc.constantFrom(
  "(a)-[:R]->{0,4}(b)",
  "(a)-[:R]->{1,4}(b)",
  "(a)-[:R]->{2,4}(b)",
  "(a)-[:R]-{1,4}(b)",
  "(a)-[:R]-{0,4}(b)",
  "(a)<-[:R]-{1,4}(b)",
  "(a)-[:R]-(b)",
  "(a)-[:R]->(m)-[:R]->{0,3}(b)",
  "(a)-[:R]->{1,2}(m:N)-[:R]-{1,2}(b)",
  "(a) (()-[:R]->()-[:R]-()){1,2} (b)",
  "(a) (-[:R]->() | -[:R]->()-[:R]->()){1,2} (b)",
  "(a) (-[:R]->() | <-[:R]-()) (m) -[:R]-{0,2} (b)",
  "(a) (-[:R]->() |+| -[:R]-()){1,2} (b)",
  "(a) ((()-[:R]->()){1,2} (()-[:R]-())?){1,2} (b)",
  "(a) (TRAIL ()-[:R]-()-[:R]-()) -[:R]->{0,1} (b)",
);
/** From which end the search begins, or that both are known. */
const known = fc.constantFrom(
  "",
  "MATCH (a {n: 1}) ",
  "MATCH (b {n: 1}) ",
  "MATCH (a {n: 1}), (b) ",
);

test("a search finds what selecting from all paths finds", async () => {
  await fc.assert(
    fc.asyncProperty(
      graph,
      selector,
      mode,
      pattern,
      known,
      async (edges, [text, unit, count], pathMode, path, before) => {
        const run = await graphOf(4, edges);
        const mayRepeat = pathMode === "WALK" ? "REPEATABLE ELEMENTS " : "";
        const rest = `${path} RETURN a.n, b.n, path_length(p)`;
        const all = await run(`${before}MATCH ${mayRepeat}p = ${pathMode} ${rest}`);
        const found = await run(
          `${before}MATCH ${mayRepeat}p = ${text.replace("%", pathMode)} ${rest}`,
        );
        expect(found.map((row) => row.join(" ")).sort()).toEqual(selected(all, unit, count).sort());
      },
    ),
    { numRuns: 400 },
  );
}, 60_000);

test("a long way takes no recursion", async () => {
  const run = await graphOf(1, []);
  await run("FOR n IN range(2, 20000) INSERT (:N {n: n})");
  await run("CREATE INDEX FOR (x:N) ON (x.n)");
  await run("MATCH (a:N) MATCH (b:N {n: a.n + 1}) INSERT (a)-[:R]->(b)");
  const rows = await run(
    "MATCH p = ANY SHORTEST (:N {n: 1})-[:R]->*(:N {n: 20000}) RETURN path_length(p)",
  );
  expect(rows).toEqual([[19999]]);
});

/** The right and the upper neighbours in a square grid, or the left and the lower ones; counts for how many nodes they are asked. */
function gridSearch(
  side: number,
  more: Partial<PathSearch>,
): { search: PathSearch; asked: () => number } {
  let asked = 0;
  const neighbours = (node: number, step: 1 | -1): number[] => {
    asked += 1;
    const [x, y] = [node % side, Math.floor(node / side)];
    const inside = (at: number): boolean => at >= 0 && at < side;
    return [
      ...(inside(x + step) ? [node + step] : []),
      ...(inside(y + step) ? [node + step * side] : []),
    ];
  };
  /** An edge has a number of its own: twice that of the node it starts from, and one more when it goes up. */
  const edge = (from: number, to: number): number => 2 * from + (to - from === 1 ? 0 : 1);
  const search: PathSearch = {
    parts: [
      {
        hop: (from) =>
          neighbours(from, 1).map((to) => ({ to, steps: [edge(from, to), to], held: [] })),
        back: (to) =>
          neighbours(to, -1).map((from) => ({ to: from, steps: [edge(from, to), to], held: [] })),
        min: 1,
        max: null,
        edges: 1,
      },
    ],
    reverse: false,
    mode: "trail",
    unit: "paths",
    count: 1,
    start: 0,
    end: side * side - 1,
    undirected: false,
    ambiguous: false,
    accepts: null,
    ...more,
  };
  return { search, asked: () => asked };
}

const unlimited = (): Budget => new Budget(DEFAULT_BUDGET, () => 0);

test("the k shortest paths of a grid are found without going over all of them", () => {
  // There are more than 10^16 paths from corner to corner.
  const { search, asked } = gridSearch(30, { count: 3 });
  const lengths = [...searchPaths(search, unlimited())].map(({ hops }) => hops[0]?.length);
  expect(lengths).toEqual([58, 58, 58]);
  expect(asked()).toBeLessThan(2 * 30 * 30);
});

test("a way that leads nowhere is not gone", () => {
  const { search, asked } = gridSearch(30, { count: 3, mode: "acyclic", start: 29, end: 0 });
  expect([...searchPaths(search, unlimited())]).toEqual([]);
  expect(asked()).toBeLessThan(2 * 30 * 30);
});

test("a shortest path between two known nodes is searched for from both", () => {
  const corner = 500 * 1000 + 500;
  const { search, asked } = gridSearch(1000, { start: corner, end: corner + 20 * 1001 });
  const [path] = searchPaths(search, unlimited());
  expect(path?.hops[0]?.map(({ to }) => to).length).toBe(40);
  // One side alone looks at all nodes up to 40 edges away, which are 861; each of two sides at those up to 20.
  expect(asked()).toBeLessThan(500);
});
