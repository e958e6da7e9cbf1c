import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Edge, equivalenceKey, float, GeodeError, type Node, type Value } from "@geode/values";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Database } from "./database.ts";
import type { Principal } from "./requests.ts";

const principal: Principal = { id: "ann", roles: [], claims: new Map() };
/** More than it takes for inserts to be left out of the graph until they are durable. */
const MANY = 1_500;

let database: Database;
beforeEach(async () => {
  database = await Database.open();
});
afterEach(() => database.close());

type Runner = Pick<Database, "query">;

const run = async (text: string, on: Runner = database): Promise<readonly (readonly Value[])[]> =>
  (await on.query({ text, principal })).rows;

/** The code of the error, or "done". */
const outcome = (text: string, on: Runner = database): Promise<string> =>
  run(text, on).then(
    () => "done",
    (error: unknown) => (error as GeodeError).code,
  );

const UNIQUE_EMAIL = "CREATE CONSTRAINT email FOR (p:Person) REQUIRE p.email IS UNIQUE";
const COUNT = "MATCH (p:Person) RETURN count(*)";

describe("writers at the same time", () => {
  beforeEach(() => run(UNIQUE_EMAIL));

  test("of 64 who insert one value in one batch, one does", async () => {
    const insert = "INSERT (:Person {email: 'ann@example.org'})";
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => outcome(insert)));
    expect(outcomes.filter((each) => each === "done").length).toBe(1);
    expect(outcomes.filter((each) => each === "40002").length).toBe(63);
    expect(await run(COUNT)).toEqual([[1]]);
  });

  test("64 who MERGE one value make one node", async () => {
    const merge = "MERGE (p:Person {email: 'ann@example.org'}) ON CREATE SET p.n = 1 RETURN p.n";
    const results = await Promise.all(Array.from({ length: 64 }, () => run(merge)));
    expect(results).toEqual(Array.from({ length: 64 }, () => [[1]]));
    expect(await run(COUNT)).toEqual([[1]]);
  });

  test("64 transactions that MERGE one value, and come again when they lose, make one node", async () => {
    const writer = async (): Promise<void> => {
      for (;;) {
        const transaction = database.begin({ principal });
        try {
          await run("MERGE (p:Person {email: 'ann@example.org'})", transaction);
          await run("MATCH (p:Person) SET p.n = coalesce(p.n, 0) + 1", transaction);
          await transaction.commit();
          return;
        } catch (error) {
          transaction.rollback();
          if (!(error instanceof GeodeError && error.retryable)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 64 }, writer));
    expect(await run("MATCH (p:Person) RETURN p.n")).toEqual([[64]]);
    expect(database.check()).toEqual([]);
  });

  test("of two transactions that insert one value, one has lost as soon as the other is durable", async () => {
    const [first, second] = [database.begin({ principal }), database.begin({ principal })];
    await run("INSERT (:Person {email: 'ann'})", first);
    await run("INSERT (:Person {email: 'ann'})", second);
    await first.commit();
    expect(second.status).toBe("lost");
    expect(await outcome("RETURN 1", second)).toBe("40000");
    second.rollback();
    expect(await outcome("INSERT (:Person {email: 'ann'})")).toBe("40002");
    expect(await run(COUNT)).toEqual([[1]]);
  });

  test("of two transactions that are committed at once, one is", async () => {
    const [first, second] = [database.begin({ principal }), database.begin({ principal })];
    await run("INSERT (:Person {email: 1})", first);
    await run("INSERT (:Person {email: 1.0})", second);
    const codes = await Promise.allSettled([first.commit(), second.commit()]);
    expect(codes[0]).toMatchObject({ status: "fulfilled" });
    expect(codes[1]).toMatchObject({ status: "rejected", reason: { code: "40000" } });
    expect(await run(COUNT)).toEqual([[1]]);
  });

  test("a value that comes by a label, or by a property, is lost to whoever had it first", async () => {
    await run("INSERT (:Guest {email: 'a'}), (:Person {name: 'b'})");
    const transactions = [database.begin({ principal }), database.begin({ principal })];
    await run("MATCH (g:Guest) SET g:Person", transactions[0]);
    await run("MATCH (p:Person {name: 'b'}) SET p.email = 'a'", transactions[1]);
    expect(await outcome("INSERT (:Person {email: 'a'})")).toBe("done");
    expect(transactions.map(({ status }) => status)).toEqual(["lost", "lost"]);
  });

  test("transactions with other values do not get into each other's way", async () => {
    const [first, second] = [database.begin({ principal }), database.begin({ principal })];
    await run("INSERT (:Person {email: 'a'})", first);
    await run("INSERT (:Person {email: 'b'})", second);
    await first.commit();
    await second.commit();
    expect(await run(COUNT)).toEqual([[2]]);
  });

  test("edges are told apart in the same way", async () => {
    await run("CREATE CONSTRAINT FOR ()-[e:PAID]-() REQUIRE e.receipt IS KEY");
    await run("INSERT (:A)-[:PAID {receipt: 1}]->(:B)");
    const [first, second] = [database.begin({ principal }), database.begin({ principal })];
    await run("MATCH (a:A), (b:B) INSERT (a)-[:PAID {receipt: 2}]->(b)", first);
    await run("MATCH ()-[e:PAID {receipt: 1}]->() SET e.receipt = 2", second);
    await first.commit();
    expect(second.status).toBe("lost");
  });

  test("what a transaction has written was not held against a constraint that comes later: it has lost", async () => {
    const [writer, reader] = [database.begin({ principal }), database.begin({ principal })];
    await run("INSERT (:Person)", writer);
    await run(COUNT, reader);
    await run("CREATE CONSTRAINT FOR (p:Person) REQUIRE p.name IS NOT NULL");
    expect([writer.status, reader.status]).toEqual(["lost", "open"]);
  });

  test("a transaction that waits for its commit behind a new constraint has lost, too", async () => {
    const writer = database.begin({ principal });
    await run("INSERT (:Person)", writer);
    const [created, committed] = await Promise.allSettled([
      run("CREATE CONSTRAINT FOR (p:Person) REQUIRE p.name IS NOT NULL"),
      writer.commit(),
    ]);
    expect(created.status).toBe("fulfilled");
    expect(committed).toMatchObject({ status: "rejected", reason: { code: "40000" } });
  });
});

describe("a transaction", () => {
  test("is held against constraints by each of its statements, and goes on without the one that fails", async () => {
    await run(UNIQUE_EMAIL);
    const transaction = database.begin({ principal });
    await run("INSERT (:Person {email: 'a'})", transaction);
    expect(
      await outcome("INSERT (:Person {email: 'a'}), (:Person {email: 'b'})", transaction),
    ).toBe("40002");
    await run("MATCH (p:Person) SET p.email = 'c'", transaction);
    await run("INSERT (:Person {email: 'a'})", transaction);
    await transaction.commit();
    expect(await run("MATCH (p:Person) RETURN p.email ORDER BY p.email")).toEqual([["a"], ["c"]]);
  });

  test("changes no constraints", async () => {
    const transaction = database.begin({ principal });
    expect(await outcome(UNIQUE_EMAIL, transaction)).toBe("25000");
    transaction.rollback();
  });
});

describe("a bulk insert", () => {
  test.each([
    ["among its own rows", "i % 1000"],
    ["with what is there", "i + 7"],
  ])("that meets the same value %s fails whole", async (_, value) => {
    await run(UNIQUE_EMAIL);
    await run("INSERT (:Person {email: 8})");
    const text = `FOR i IN range(0, ${MANY}) INSERT (:Person {email: ${value}})`;
    expect(await outcome(text)).toBe("40002");
    expect(await run(COUNT)).toEqual([[1]]);
  });

  test("that keeps the constraints is there", async () => {
    await run(UNIQUE_EMAIL);
    await run(`FOR i IN range(1, ${MANY}) INSERT (:Person {email: i})`);
    expect(await run(COUNT)).toEqual([[MANY]]);
    expect(database.check()).toEqual([]);
  });
});

test("a reader has them, too, and finds by them", async () => {
  const on = await Database.open({ readers: 1, readerLimits: { mainThreadMs: 0 } });
  onTestFinished(() => on.close());
  await run(UNIQUE_EMAIL, on);
  await run("CREATE INDEX FOR ()-[e:KNOWS]-() ON (e.since, e.how)", on);
  await run("FOR i IN range(1, 3000) INSERT (:Person {email: i})", on);
  await run(
    "MATCH (p:Person {email: 7}), (q:Person {email: 9}) INSERT (p)-[:KNOWS {since: 1, how: 'a'}]->(q)",
    on,
  );
  const text =
    "MATCH (p)-[:KNOWS {since: 1, how: 'a'}]->(q), (a:Person), (b:Person {email: 3}) RETURN p.email, q.email, count(a)";
  expect(await run(text, on)).toEqual([[7, 9, 3_000]]);
  const names = "CALL geode.indexes() YIELD name, constraint RETURN name, constraint ORDER BY name";
  expect(await run(names, on)).toEqual([
    ["KNOWS_since_how", null],
    ["email", "email"],
  ]);
});

test("a graph has at most 1,000 indexes and constraints", async () => {
  const create = (n: number): string =>
    n % 2 === 0
      ? `CREATE CONSTRAINT c${n} FOR (a:A) REQUIRE a.p${n} IS UNIQUE`
      : `CREATE INDEX c${n} FOR (a:A) ON (a.p${n})`;
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => run(create(n))));
  expect(await outcome(create(1_000))).toBe("LIMIT");
  expect(await outcome(create(1_001))).toBe("LIMIT");
  await run("DROP CONSTRAINT c0");
  expect(await outcome(create(1_000))).toBe("done");
});

test("an index or a constraint is on at most 16 properties", async () => {
  const create = (count: number): string =>
    `CREATE INDEX FOR (a:A) ON (${Array.from({ length: count }, (_, n) => `a.p${n}`).join(", ")})`;
  expect(await outcome(create(17))).toBe("LIMIT");
  expect(await outcome(create(16))).toBe("done");
});

test.each([
  ["DROP CONSTRAINT emial", "42002", "Did you mean `email`?"],
  ["DROP CONSTRAINT something", "42002", "SHOW CONSTRAINTS tells which there are."],
  ["DROP CONSTRAINT by_name", "42002", "There is an index of this name: DROP INDEX `by_name`."],
  ["DROP INDEX by_nmae", "42002", "Did you mean `by_name`?"],
  ["DROP INDEX email", "42000", "DROP CONSTRAINT `email` takes both away."],
  [
    "CREATE CONSTRAINT FOR (p:Person) REQUIRE p.name IS KEY",
    "42000",
    "DROP INDEX `by_name` first.",
  ],
  [
    "INSERT (:Person {email: 'a'})",
    "40002",
    "MERGE finds the one that is there; or give another value.",
  ],
])("%s fails with %s and a hint", async (text, code, hint) => {
  await run(UNIQUE_EMAIL);
  await run("CREATE INDEX by_name FOR (p:Person) ON (p.name)");
  await run("INSERT (:Person {email: 'a'})");
  const request = database.query({ text, principal });
  await expect(request).rejects.toMatchObject({ code, hint });
});

test("a long value is cut in what is said of it", async () => {
  await run(UNIQUE_EMAIL);
  const insert = `INSERT (:Person {email: '${"x".repeat(100_000)}'})`;
  await run(insert);
  const error = (await run(insert).catch((reason: unknown) => reason)) as GeodeError;
  expect(error.message.length).toBeLessThan(500);
});

// --- the oracle: constraints by looking at everything ---

interface Rule {
  readonly element: "node" | "edge";
  readonly label: string;
  readonly properties: readonly string[];
  readonly requirement: "UNIQUE" | "NOT NULL" | "KEY";
}

interface Element {
  readonly labels: Set<string>;
  readonly properties: Map<string, Value>;
  /** Of an edge: the names of its nodes. */
  readonly ends: readonly number[];
}

/** What there is and what may be, as plainly as possible. Elements have names of their own, in the property `id`. */
class Model {
  readonly nodes: Map<number, Element>;
  readonly edges: Map<number, Element>;
  readonly rules: Map<string, Rule>;

  constructor(other?: Model) {
    const copy = (elements: ReadonlyMap<number, Element> = new Map()): Map<number, Element> =>
      new Map(
        [...elements].map(([id, { ends, labels, properties }]) => [
          id,
          { ends, labels: new Set(labels), properties: new Map(properties) },
        ]),
      );
    this.nodes = copy(other?.nodes);
    this.edges = copy(other?.edges);
    this.rules = new Map(other?.rules);
  }

  get isSound(): boolean {
    return [...this.rules.values()].every((rule) => this.#keeps(rule));
  }

  #keeps({ element, label, properties: names, requirement }: Rule): boolean {
    const seen = new Set<unknown>();
    for (const { labels, properties } of (element === "node" ? this.nodes : this.edges).values()) {
      if (!labels.has(label)) continue;
      const values = names.map((name) => properties.get(name) ?? null);
      const isComplete = !values.includes(null);
      if (!isComplete && requirement !== "UNIQUE") return false;
      if (!isComplete || requirement === "NOT NULL") continue;
      const key = equivalenceKey(values);
      if (seen.has(key)) return false;
      seen.add(key);
    }
    return true;
  }

  contents(): unknown {
    const texts = ({ labels, properties }: Element): unknown => [
      [...labels].sort(),
      new Map([...properties].sort(([a], [b]) => (a < b ? -1 : 1))),
    ];
    const byName = (elements: ReadonlyMap<number, Element>): unknown =>
      [...elements].sort(([a], [b]) => a - b).map(([, element]) => texts(element));
    return {
      nodes: byName(this.nodes),
      edges: byName(this.edges),
      rules: [...this.rules.keys()].sort(),
    };
  }
}

async function contentsOf(on: Database): Promise<unknown> {
  const nodes = await run("MATCH (n) RETURN n ORDER BY n.id", on);
  const edges = await run("MATCH ()-[e]->() RETURN e ORDER BY e.id", on);
  const rules = await run("CALL geode.constraints() YIELD name RETURN name ORDER BY name", on);
  return {
    nodes: nodes.map(([node]) => [(node as Node).labels, (node as Node).properties]),
    edges: edges.map(([edge]) => [[(edge as Edge).label], (edge as Edge).properties]),
    rules: rules.map(([name]) => name),
  };
}

/** A statement, and what it does to a model; if it fails for another reason than a constraint, its code. */
interface Op {
  readonly text: string;
  readonly apply: (model: Model) => string | void;
}

/** `number` gives each new element its name. */
type NewOp = (number: () => number) => Op;

const literal = fc.constantFrom<readonly [text: string, value: Value]>(
  ["1", 1],
  ["1.0", float(1)],
  ["2", 2],
  ["'a'", "a"],
  ["[1, 'a']", [1, "a"]],
  ["NULL", null],
);
const label = fc.constantFrom("A", "B");
const property = fc.constantFrom("x", "y");
const id = fc.nat(9);

function assign({ properties }: Element, name: string, value: Value): void {
  if (value === null) properties.delete(name);
  else properties.set(name, value);
}

function inserted(
  n: number,
  labels: readonly string[],
  ends: readonly number[],
  x: Value,
  y: Value,
): Element {
  const element: Element = { labels: new Set(labels), ends, properties: new Map([["id", n]]) };
  assign(element, "x", x);
  assign(element, "y", y);
  return element;
}

const insertNode = fc
  .tuple(fc.subarray(["A", "B"], { minLength: 1 }), literal, literal)
  .map(([labels, [x, valueX], [y, valueY]]): NewOp => (number) => {
    const n = number();
    return {
      text: `INSERT (:${labels.join("&")} {id: ${n}, x: ${x}, y: ${y}})`,
      apply: ({ nodes }) => void nodes.set(n, inserted(n, labels, [], valueX, valueY)),
    };
  });

const insertEdge = fc
  .tuple(id, id, label, literal, literal)
  .map(([from, to, name, [x, valueX], [y, valueY]]): NewOp => (number) => {
    const n = number();
    return {
      text: `MATCH (a {id: ${from}}), (b {id: ${to}}) INSERT (a)-[:${name} {id: ${n}, x: ${x}, y: ${y}}]->(b)`,
      apply: ({ edges, nodes }) => {
        if (nodes.has(from) && nodes.has(to))
          edges.set(n, inserted(n, [name], [from, to], valueX, valueY));
      },
    };
  });

const set = fc
  .tuple(fc.constantFrom("nodes" as const, "edges" as const), id, property, literal)
  .map(([kind, n, key, [text, value]]): NewOp => () => ({
    text: `MATCH ${kind === "nodes" ? `(n {id: ${n}})` : `()-[n {id: ${n}}]->()`} SET n.${key} = ${text}`,
    apply: (model) => {
      const element = model[kind].get(n);
      if (element !== undefined) assign(element, key, value);
    },
  }));

const relabel = fc.tuple(id, label, fc.boolean()).map(([n, name, isAdded]): NewOp => () => ({
  text: `MATCH (n {id: ${n}}) ${isAdded ? "SET" : "REMOVE"} n:${name}`,
  apply: ({ nodes }) => {
    if (isAdded) nodes.get(n)?.labels.add(name);
    else nodes.get(n)?.labels.delete(name);
  },
}));

const swap = fc.tuple(id, id, property).map(([n, m, key]): NewOp => () => ({
  text: `MATCH (a {id: ${n}}), (b {id: ${m}}) SET a.${key} = b.${key}, b.${key} = a.${key}`,
  apply: ({ nodes }) => {
    const [a, b] = [nodes.get(n), nodes.get(m)];
    if (a === undefined || b === undefined) return;
    const [ofA, ofB] = [a, b].map(({ properties }) => properties.get(key) ?? null);
    assign(a, key, ofB!);
    assign(b, key, ofA!);
  },
}));

const deleteNode = id.map((n): NewOp => () => ({
  text: `MATCH (n {id: ${n}}) DETACH DELETE n`,
  apply: ({ edges, nodes }) => {
    if (!nodes.delete(n)) return;
    for (const [edge, { ends }] of edges) if (ends.includes(n)) edges.delete(edge);
  },
}));

/** In one statement another node comes to stand where one has been. */
const replaceNode = fc.tuple(id, label).map(([n, name]): NewOp => (number) => {
  const m = number();
  return {
    text: `MATCH (n {id: ${n}}) INSERT (:${name} {id: ${m}, x: n.x, y: n.y}) DETACH DELETE n`,
    apply: ({ edges, nodes }) => {
      const old = nodes.get(n);
      if (old === undefined) return;
      const [x, y] = ["x", "y"].map((key) => old.properties.get(key) ?? null);
      nodes.set(m, inserted(m, [name], [], x!, y!));
      nodes.delete(n);
      for (const [edge, { ends }] of edges) if (ends.includes(n)) edges.delete(edge);
    },
  };
});

const dataOp = fc.oneof(
  { weight: 4, arbitrary: insertNode },
  { weight: 3, arbitrary: insertEdge },
  { weight: 4, arbitrary: set },
  { weight: 2, arbitrary: relabel },
  swap,
  deleteNode,
  replaceNode,
);

const createRule = fc
  .record({
    name: fc.constantFrom("c0", "c1", "c2", "c3"),
    element: fc.constantFrom("node" as const, "edge" as const),
    label,
    properties: fc.constantFrom(["x"], ["y"], ["x", "y"]),
    requirement: fc.constantFrom("UNIQUE" as const, "NOT NULL" as const, "KEY" as const),
  })
  .map(({ name, ...rule }): NewOp => () => {
    const { element, label: on, properties, requirement } = rule;
    const target = element === "node" ? `(e:${on})` : `()-[e:${on}]-()`;
    const required = properties.map((key) => `e.${key}`).join(", ");
    return {
      text: `CREATE CONSTRAINT ${name} FOR ${target} REQUIRE (${required}) IS ${requirement}`,
      apply: ({ rules }) => {
        const isInTheWay = (other: Rule): boolean =>
          other.element === element &&
          other.label === on &&
          other.properties.join() === properties.join() &&
          (other.requirement === "NOT NULL") === (requirement === "NOT NULL");
        if (rules.has(name) || [...rules.values()].some(isInTheWay)) return "42000";
        rules.set(name, rule);
        return undefined;
      },
    };
  });

const dropRule = fc.constantFrom("c0", "c1", "c2", "c3").map((name): NewOp => () => ({
  text: `DROP CONSTRAINT ${name}`,
  apply: ({ rules }) => (rules.delete(name) ? undefined : "42002"),
}));

/** A batch is executed in one go and becomes one entry of the log. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      ops: fc.array(
        fc.oneof(
          { weight: 8, arbitrary: dataOp },
          { weight: 2, arbitrary: createRule },
          { weight: 1, arbitrary: dropRule },
        ),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("transaction" as const, "rollback" as const),
      ops: fc.array(dataOp, { minLength: 1, maxLength: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does what a step says to the model, and answers what has to become of each of its statements. */
function expected(
  model: Model,
  ops: readonly Op[],
): { readonly codes: string[]; readonly model: Model } {
  const codes: string[] = [];
  let state = model;
  for (const { apply } of ops) {
    const next = new Model(state);
    const code = apply(next) ?? (next.isSound ? "done" : "40002");
    codes.push(code);
    if (code === "done") state = next;
  }
  return { codes, model: state };
}

async function play(
  steps: readonly Step[],
  open: () => Promise<Database>,
  between: (on: Database, at: number) => Promise<Database>,
): Promise<void> {
  let model = new Model();
  let names = 0;
  let on = await open();
  try {
    for (const [at, { kind, ops: newOps }] of steps.entries()) {
      const ops = newOps.map((newOp) => newOp(() => names++));
      const after = expected(model, ops);
      if (kind === "batch") {
        const codes = await Promise.all(ops.map(({ text }) => outcome(text, on)));
        expect(codes, `step ${at}`).toEqual(after.codes);
      } else {
        const transaction = on.begin({ principal });
        for (const [place, { text }] of ops.entries())
          expect(await outcome(text, transaction), `step ${at}: ${text}`).toBe(after.codes[place]);
        if (kind === "rollback") transaction.rollback();
        else await transaction.commit();
      }
      if (kind !== "rollback") ({ model } = after);
      expect(await contentsOf(on), `step ${at}`).toEqual(model.contents());
      expect(on.check()).toEqual([]);
      on = await between(on, at);
    }
  } finally {
    await on.close();
  }
}

describe("laws, on random statements", () => {
  test("a statement is refused exactly when a look at everything finds that a constraint would be violated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: "max" }), (steps) =>
        play(
          steps,
          () => Database.open(),
          (on) => Promise.resolve(on),
        ),
      ),
      { numRuns: 120 },
    );
  }, 60_000);

  test("also when the database was closed in between, with and without a checkpoint", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 5, size: "max" }),
        fc.array(fc.constantFrom("go on", "reopen", "checkpoint"), { minLength: 5, maxLength: 5 }),
        async (steps, events) => {
          const directory = await mkdtemp(join(tmpdir(), "geode-constraints-"));
          const open = (): Promise<Database> => Database.open({ directory });
          try {
            await play(steps, open, async (on, at) => {
              if (events[at] === "go on") return on;
              if (events[at] === "checkpoint") await on.checkpoint();
              await on.close();
              return open();
            });
          } finally {
            await rm(directory, { recursive: true });
          }
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);
});
