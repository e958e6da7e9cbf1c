import { Database, type Principal, type Transaction } from "@geode/engine";
import { GeodeError, type Value } from "@geode/values";

export const principal: Principal = { id: "ann", roles: [], claims: new Map() };

export type Row = Readonly<Record<string, Value>>;

/** Asks a database, or a transaction, one statement. */
export async function ask(
  on: Pick<Database | Transaction, "query">,
  text: string,
  parameters: Readonly<Record<string, Value>> = {},
): Promise<readonly Row[]> {
  const given = new Map(Object.entries(parameters));
  const { columns, rows } = await on.query({ text, parameters: given, principal });
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])),
  );
}

/** A transaction, as what it asks in order. */
export interface Script {
  readonly statements: readonly string[];
  /** Default: "commit". */
  readonly end?: "commit" | "rollback";
}

export interface Outcome {
  /** What each statement answered, as far as it came. */
  readonly answers: readonly (readonly Row[])[];
  readonly end: "committed" | "rolled back" | "conflict";
}

/**
 * Every way in which the steps of transactions can follow each other: lists of which transaction makes the next step. A transaction
 * makes one step per statement, and one to end.
 */
export function* interleavings(stepCounts: readonly number[]): Generator<readonly number[]> {
  if (stepCounts.every((count) => count === 0)) {
    yield [];
    return;
  }
  for (const [which, count] of stepCounts.entries()) {
    if (count === 0) continue;
    const left = stepCounts.map((other, at) => (at === which ? count - 1 : other));
    for (const rest of interleavings(left)) yield [which, ...rest];
  }
}

/**
 * Plays transactions on a new database in each possible order of their steps, one step at a time, and hands what came of each order to
 * `judge`. A transaction begins with its first step; after a conflict it makes no further one.
 */
export async function inEveryOrder(
  setup: readonly string[],
  scripts: readonly Script[],
  judge: (outcomes: readonly Outcome[], database: Database, order: string) => Promise<void> | void,
): Promise<number> {
  let orders = 0;
  for (const order of interleavings(scripts.map(({ statements }) => statements.length + 1))) {
    const database = await Database.open();
    for (const text of setup) await ask(database, text);
    const players = scripts.map((script) => new Player(database, script));
    for (const which of order) await players[which]!.step();
    await judge(
      players.map((player) => player.outcome),
      database,
      order.join(" "),
    );
    await database.close();
    orders += 1;
  }
  return orders;
}

class Player {
  readonly #database: Database;
  readonly #script: Script;
  readonly #answers: (readonly Row[])[] = [];
  #transaction: Transaction | null = null;
  #end: Outcome["end"] | null = null;

  constructor(database: Database, script: Script) {
    this.#database = database;
    this.#script = script;
  }

  get outcome(): Outcome {
    if (this.#end === null) throw new Error("the transaction has not come to its end");
    return { answers: this.#answers, end: this.#end };
  }

  async step(): Promise<void> {
    if (this.#end !== null) return;
    const { statements, end = "commit" } = this.#script;
    this.#transaction ??= this.#database.begin({ principal });
    const text = statements[this.#answers.length];
    try {
      if (text !== undefined) {
        this.#answers.push(await ask(this.#transaction, text));
      } else if (end === "commit") {
        await this.#transaction.commit();
        this.#end = "committed";
      } else {
        this.#transaction.rollback();
        this.#end = "rolled back";
      }
    } catch (error) {
      if (!(error instanceof GeodeError) || error.code !== "40000") throw error;
      this.#transaction.rollback();
      this.#end = "conflict";
    }
  }
}
