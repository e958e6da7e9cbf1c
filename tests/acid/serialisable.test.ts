import { Database, type Transaction } from "@geode/engine";
import { GeodeError } from "@geode/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { principal } from "./schedule.ts";

/*
 * Any history must equal a serial one. Transactions and single statements are put together at random; then everything that was
 * committed is done again on another database, one after the other in the order of commits, and every answer and the state at the end
 * have to be the same. The seed of a run that failed is in its message; FC_SEED repeats it.
 */

const SEED = process.env["FC_SEED"];
const PARTIES = 4;

/** Texts over few counters `i` and `j` and small numbers `n`, so that they meet often. */
const TEXTS = [
  "MATCH (c:Counter {id: $i}) RETURN c.v AS v",
  "MATCH (c:Counter) RETURN sum(c.v) AS total, count(*) AS n",
  "MATCH (c:Counter {id: $i}) SET c.v = c.v + 1 RETURN c.v AS v",
  "MATCH (c:Counter {id: $i}) SET c.v = $n",
  "MATCH (c:Counter) WHERE c.v >= $n SET c.v = 0 RETURN count(*) AS n",
  "MATCH (c:Counter {id: $i}) SET c.w = $n",
  "MATCH (c:Counter {id: $i}) REMOVE c.w",
  "MATCH (c:Counter {id: $i}) SET c = {id: $j, v: $n}",
  "MATCH (a:Counter {id: $i}), (b:Counter {id: $j}) SET a.v = b.v",
  "INSERT (:Counter {id: $i, v: $n})",
  "MERGE (c:Counter {id: $i}) ON CREATE SET c.v = 0 ON MATCH SET c.v = c.v + 1",
  "MATCH (c:Counter {id: $i}) DELETE c",
  "MATCH (c:Counter {id: $i}) DETACH DELETE c",
  "MATCH (a:Counter {id: $i}), (b:Counter {id: $j}) INSERT (a)-[:LINK {w: $n}]->(b)",
  "MATCH (:Counter {id: $i})-[l:LINK]->() SET l.w = l.w + 1 RETURN l.w AS w",
  "MATCH (:Counter {id: $i})-[l:LINK]->() DELETE l",
  "MATCH (a)-[l:LINK]->(b) RETURN a.id AS a, b.id AS b, l.w AS w",
  "MATCH (c:Counter {id: $i}) SET c:Hot",
  "MATCH (c:Hot {id: $i}) REMOVE c:Hot",
  "MATCH (c:Hot) RETURN count(*) AS n, sum(c.v) AS total",
  "MATCH (c:Counter {id: $i}) RETURN EXISTS { (c)-[:LINK]->(:Hot) } AS linked",
  "MATCH (c:Counter {id: $i}) WHERE NOT EXISTS { (c)-[:LINK]->() } SET c.v = $n RETURN c.v AS v",
  "MATCH (a:Counter {id: $i})-[l:LINK]->() RETURN start_node(l).v AS v",
  "OPTIONAL MATCH (c:Hot {id: $i}) RETURN c.v AS v, labels(c) AS labels",
  "MATCH (c:Counter {id: $i}) RETURN 1 / c.v AS reciprocal",
] as const;

interface Asked {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, number>;
}

/** What one party does next: another statement, or to end what it has begun. */
type Step =
  | { readonly kind: "ask"; readonly party: number; readonly alone: boolean; readonly asked: Asked }
  | { readonly kind: "end"; readonly parties: readonly number[]; readonly rollback: boolean };

const party = fc.nat(PARTIES - 1);
const asked: fc.Arbitrary<Asked> = fc
  .record({
    text: fc.constantFrom(...TEXTS),
    i: fc.integer({ min: 1, max: 3 }),
    j: fc.integer({ min: 1, max: 3 }),
    n: fc.nat(2),
  })
  .map(({ text, i, j, n }) => ({ text, parameters: new Map(Object.entries({ i, j, n })) }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("ask"), party, alone: fc.constant(false), asked }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("ask"), party, alone: fc.constant(true), asked }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("end"),
      // Those that end together are committed as one entry of the log.
      parties: fc.uniqueArray(party, { minLength: 1, maxLength: 3 }),
      rollback: fc.constantFrom(false, false, false, true),
    }),
  },
);

/** A statement and how it was answered. */
interface Answered extends Asked {
  readonly answer: string;
}

interface Committed {
  readonly seq: number;
  /** Tells apart what has the same seq: who made that commit was there before those who only read it. */
  readonly place: number;
  readonly statements: readonly Answered[];
}

async function answerOf(
  on: Pick<Database | Transaction, "query">,
  { text, parameters }: Asked,
): Promise<{ answer: string; seq: number | null }> {
  try {
    const { rows, stats, seq } = await on.query({ text, parameters, principal });
    const sorted = rows.map((row) => JSON.stringify(row)).toSorted();
    return { answer: JSON.stringify([sorted, stats]), seq };
  } catch (error) {
    if (!(error instanceof GeodeError) || error.code === "40000") throw error;
    return { answer: error.code, seq: null };
  }
}

/** Plays the steps, and tells what was committed. */
async function play(database: Database, steps: readonly Step[]): Promise<readonly Committed[]> {
  const open = new Map<
    number,
    { transaction: Transaction; statements: Answered[]; last: number }
  >();
  const done: Committed[] = [];
  let place = 0;

  const end = async (who: number, rollback = false): Promise<void> => {
    const one = open.get(who);
    if (one === undefined) return;
    open.delete(who);
    if (rollback) return one.transaction.rollback();
    place += 1;
    const at = place;
    const { statements, transaction, last } = one;
    const wrote = statements.some(({ answer }) => answer.includes('"nodesInserted"'));
    const outcome = await transaction.commit().catch(expectConflict);
    if (outcome !== null) done.push({ seq: outcome.seq, place: wrote ? at : last, statements });
  };

  for (const next of steps) {
    place += 1;
    if (next.kind === "end") {
      await Promise.all(next.parties.map((who) => end(who, next.rollback)));
    } else if (next.alone) {
      const { answer, seq } = await answerOf(database, next.asked);
      if (seq !== null) done.push({ seq, place, statements: [{ ...next.asked, answer }] });
    } else {
      const begun = { transaction: database.begin({ principal }), statements: [], last: 0 };
      const one = open.get(next.party) ?? begun;
      if (one !== begun) begun.transaction.rollback();
      open.set(next.party, one);
      try {
        const { answer } = await answerOf(one.transaction, next.asked);
        one.statements.push({ ...next.asked, answer });
        one.last = place;
      } catch (error) {
        expectConflict(error);
        one.transaction.rollback();
        open.delete(next.party);
      }
    }
    expect(database.check()).toEqual([]);
  }
  for (const who of open.keys()) await end(who);
  return done;
}

function expectConflict(error: unknown): null {
  if (!(error instanceof GeodeError) || error.code !== "40000") throw error;
  return null;
}

/** Everything, without the ids. */
async function stateOf(database: Database): Promise<unknown> {
  const all = [
    "MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties",
    "MATCH (a)-[l]->(b) RETURN properties(a) AS a, properties(l) AS l, properties(b) AS b",
  ];
  const answers = [];
  for (const text of all)
    answers.push((await answerOf(database, { text, parameters: new Map() })).answer);
  return answers;
}

const opened = async (): Promise<Database> => {
  const database = await Database.open();
  await database.query({
    text: "INSERT (a:Counter {id: 1, v: 0}), (b:Counter:Hot {id: 2, v: 1}), (a)-[:LINK {w: 0}]->(b)",
    principal,
  });
  return database;
};

test("what was committed is what one after the other would have done", async () => {
  let transactions = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
      async (steps) => {
        const database = await opened();
        const history = await play(database, steps);
        const serial = await opened();
        for (const { statements } of history.toSorted(
          (left, right) => left.seq - right.seq || left.place - right.place,
        )) {
          transactions += 1;
          for (const { answer, ...asked } of statements) {
            const again = await answerOf(serial, asked);
            expect(again.answer, asked.text).toBe(answer);
          }
        }
        expect(await stateOf(database)).toEqual(await stateOf(serial));
        expect(database.status().openTransactions).toBe(0);
        await database.close();
        await serial.close();
      },
    ),
    {
      numRuns: Number(process.env["GEODE_ACID_RUNS"] ?? 300),
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    },
  );
  expect(transactions).toBeGreaterThan(0);
});
