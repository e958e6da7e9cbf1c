import { describe, expect, test } from "vitest";
import { ask, inEveryOrder, type Outcome, type Row } from "./schedule.ts";

/*
 * The anomalies of the LDBC ACID test suite (Waudby et al., "Towards Testing ACID Compliance in the LDBC Social Network Benchmark",
 * 2020), each in every order in which the steps of its transactions can follow each other. None may happen in any of them; and so that
 * refusing everything does not pass, what runs one after the other has to be committed.
 */

const committed = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter(({ end }) => end === "committed");

const only = (rows: readonly Row[] | undefined): unknown =>
  rows === undefined ? undefined : Object.values(rows[0] ?? {})[0];

const TWO_FRIENDS =
  "INSERT (:Person {id: 1, log: []})-[:KNOWS {log: []}]->(:Person {id: 2, log: []})";
const append = (writer: number): string[] => [
  `MATCH (p:Person {id: 1}) SET p.log = p.log || [${writer}]`,
  `MATCH (:Person {id: 1})-[k:KNOWS]->() SET k.log = k.log || [${writer}]`,
  `MATCH (p:Person {id: 2}) SET p.log = p.log || [${writer}]`,
];

describe("no transaction", () => {
  test("G0, dirty write: overwrites what another has written and not committed", async () => {
    const both = [{ statements: append(1) }, { statements: append(2) }];
    const orders = await inEveryOrder([TWO_FRIENDS], both, async (outcomes, database, order) => {
      const [row] = await ask(
        database,
        "MATCH (a:Person {id: 1})-[k:KNOWS]->(b) RETURN a.log AS a, k.log AS k, b.log AS b",
      );
      expect(row?.["a"], order).toEqual(row?.["k"]);
      expect(row?.["a"], order).toEqual(row?.["b"]);
      expect(row?.["a"], order).toHaveLength(committed(outcomes).length);
      expect(committed(outcomes).length, order).toBeGreaterThan(0);
    });
    expect(orders).toBe(70);
  });

  test("G1a, aborted read: reads what was rolled back", async () => {
    const version = "MATCH (p:Person) RETURN p.version AS version";
    await inEveryOrder(
      ["INSERT (:Person {version: 1})"],
      [
        { statements: ["MATCH (p:Person) SET p.version = 2"], end: "rollback" },
        { statements: [version, version] },
      ],
      ([, reader], _, order) => {
        expect(reader?.end, order).toBe("committed");
        expect(reader?.answers.map(only), order).toEqual([1, 1]);
      },
    );
  });

  test("G1b, intermediate read: reads what its writer wrote over", async () => {
    await inEveryOrder(
      ["INSERT (:Person {version: 1})"],
      [
        {
          statements: ["MATCH (p:Person) SET p.version = 2", "MATCH (p:Person) SET p.version = 3"],
        },
        { statements: ["MATCH (p:Person) RETURN p.version AS version"] },
      ],
      ([, reader], _, order) => {
        expect(reader?.end, order).toBe("committed");
        expect([1, 3], order).toContain(only(reader?.answers[0]));
      },
    );
  });

  test("G1c, circular information flow: reads of another that reads of it", async () => {
    const writeAndRead = (own: number, other: number): string[] => [
      `MATCH (p:Person {id: ${own}}) SET p.version = ${own}`,
      `MATCH (p:Person {id: ${other}}) RETURN p.version AS version`,
    ];
    await inEveryOrder(
      ["INSERT (:Person {id: 1, version: 0}), (:Person {id: 2, version: 0})"],
      [{ statements: writeAndRead(1, 2) }, { statements: writeAndRead(2, 1) }],
      (outcomes, _, order) => {
        if (committed(outcomes).length < 2) return;
        const seen = outcomes.map(({ answers }) => only(answers[1]));
        // One came first and saw nothing of the other; the other saw it.
        expect([seen[0] === 2, seen[1] === 1].filter(Boolean), order).toHaveLength(1);
      },
    );
  });

  test("IMP, item many preceders: reads one item twice and differently", async () => {
    const version = "MATCH (p:Person {id: 1}) RETURN p.version AS version";
    await inEveryOrder(
      ["INSERT (:Person {id: 1, version: 1})"],
      [
        { statements: ["MATCH (p:Person {id: 1}) SET p.version = p.version + 1"] },
        { statements: [version, version] },
      ],
      ([, reader], _, order) => {
        const [first, second = first] = reader?.answers.map(only) ?? [];
        expect(second, order).toBe(first);
      },
    );
  });

  test("PMP, predicate many preceders: reads one predicate twice and differently", async () => {
    const likes = "MATCH (:Post {id: 1})<-[:LIKES]-(p:Person) RETURN count(p) AS likes";
    await inEveryOrder(
      ["INSERT (:Person {id: 1}), (:Post {id: 1})"],
      [
        { statements: ["MATCH (p:Person), (post:Post) INSERT (p)-[:LIKES]->(post)"] },
        { statements: [likes, likes] },
      ],
      ([, reader], _, order) => {
        const [first, second = first] = reader?.answers.map(only) ?? [];
        expect(second, order).toBe(first);
      },
    );
  });

  const CYCLE =
    "INSERT (a:Person {id: 1, version: 0}), (b:Person {id: 2, version: 0}), (a)-[:KNOWS]->(b), (b)-[:KNOWS]->(a)";
  const raiseBoth = {
    statements: [1, 2].map((id) => `MATCH (p:Person {id: ${id}}) SET p.version = p.version + 1`),
  };
  const versions = (id: number): string =>
    `MATCH (a:Person {id: ${id}})-[:KNOWS]->(b) RETURN [a.version, b.version] AS versions`;

  test("OTV, observed transaction vanishes: sees another's writes and then does not", async () => {
    await inEveryOrder(
      [CYCLE],
      [raiseBoth, raiseBoth, { statements: [versions(1), versions(2)] }],
      (outcomes, _, order) => {
        const seen = (outcomes[2]?.answers.map(only) ?? []) as number[][];
        const first = Math.max(...(seen[0] ?? []));
        expect(Math.min(...(seen[1] ?? [first])), order).toBeGreaterThanOrEqual(first);
      },
    );
  });

  test("FR, fractured read: sees one of another's writes without the other", async () => {
    await inEveryOrder(
      [CYCLE],
      [
        raiseBoth,
        {
          statements: [1, 2].map(
            (id) => `MATCH (p:Person {id: ${id}}) RETURN p.version AS version`,
          ),
        },
      ],
      ([, reader], _, order) => {
        const [first, second = first] = reader?.answers.map(only) ?? [];
        expect(second, order).toBe(first);
      },
    );
  });

  test("LU, lost update: raises a number from one that is no longer there", async () => {
    const raise = {
      statements: [
        "MATCH (p:Person {id: 1}) RETURN p.friends AS friends",
        "MATCH (p:Person {id: 1}) SET p.friends = p.friends + 1",
      ],
    };
    await inEveryOrder(
      ["INSERT (:Person {id: 1, friends: 0})"],
      [raise, raise],
      async (outcomes, database, order) => {
        const [row] = await ask(database, "MATCH (p:Person) RETURN p.friends AS friends");
        expect(row?.["friends"], order).toBe(committed(outcomes).length);
        expect(committed(outcomes).length, order).toBeGreaterThan(0);
      },
    );
  });

  test("WS, write skew: relies on what another takes away", async () => {
    const withdraw = (from: number) => ({
      statements: [
        "MATCH (p:Person) RETURN sum(p.value) AS total",
        `MATCH (p:Person {id: ${from}}) WHERE VALUE { MATCH (q:Person) RETURN sum(q.value) AS s } >= 100 SET p.value = p.value - 100`,
      ],
    });
    await inEveryOrder(
      ["INSERT (:Person {id: 1, value: 70}), (:Person {id: 2, value: 80})"],
      [withdraw(1), withdraw(2)],
      async (outcomes, database, order) => {
        const [row] = await ask(database, "MATCH (p:Person) RETURN sum(p.value) AS total");
        expect(row?.["total"], order).toBe(50);
        expect(committed(outcomes).length, order).toBeGreaterThan(0);
      },
    );
  });
});

test("transactions that follow each other are all committed", async () => {
  const raise = { statements: ["MATCH (p:Person) SET p.n = p.n + 1"] };
  await inEveryOrder(["INSERT (:Person {n: 0})"], [raise, raise, raise], (outcomes, _, order) => {
    const steps = order.split(" ");
    const inTurn = steps.every((step, at) => at % 2 === 0 || step === steps[at - 1]);
    if (inTurn) expect(committed(outcomes), order).toHaveLength(3);
  });
});

test("transactions that have nothing in common are all committed, whatever the order", async () => {
  const raise = (label: string) => ({
    statements: [
      `MATCH (p:${label}) SET p.n = p.n + 1`,
      `MATCH (p:${label})-[:HAS]->(q) RETURN count(q) AS n`,
      `MATCH (p:${label}) INSERT (p)-[:HAS]->(:Of${label})`,
    ],
  });
  await inEveryOrder(
    ["INSERT (:Person {n: 0})", "INSERT (:Post {n: 0})"],
    [raise("Person"), { statements: ["MATCH (p:Post) SET p.n = p.n + 1"] }],
    (outcomes, _, order) => expect(committed(outcomes), order).toHaveLength(2),
  );
});
