import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  Database,
  type LiveCommit,
  type LiveQuery,
  NEW_SESSION,
  type Principal,
  type QueryResult,
  type SessionState,
} from "@geode/engine";
import { decode, encode, equivalenceKey, GeodeError, typeName, type Value } from "@geode/values";
import { describe, expect, test } from "vitest";
import { type Case, parseCases } from "./case.ts";

const principal: Principal = { id: "tester", roles: ["admin"], claims: new Map() };
/** Turns of the event loop in which all changes have been delivered. */
const TURNS_MAX = 1_000;
const folder = fileURLToPath(new URL(".", import.meta.url));

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .sort()) {
  describe(file.replace(".md", ""), () => {
    for (const item of parseCases(file, readFileSync(`${folder}${file}`, "utf8"))) {
      test(item.title, async () => {
        const { isRead } = await check(item);
        if (isRead) await checkLive(item);
      });
    }
  });
}

async function check({
  given,
  statement,
  parameters,
  expected,
}: Case): Promise<{ isRead: boolean }> {
  const database = await Database.open();
  try {
    const connection = new Connection(database);
    for (const text of given) await connection.run(text);
    const answer = connection.run(statement, parametersOf(parameters));
    if (expected.error) {
      const error = await answer.then(
        () => null,
        (reason: unknown) => reason,
      );
      if (!(error instanceof GeodeError))
        throw new Error(`expected ${expected.error.code}, got ${String(error)}`, { cause: error });
      expect(`${error.code} ${error.message}`).toContain(expected.error.code);
      expect(error.message).toContain(expected.error.message);
      const place = error.position ? `${error.position.line}:${error.position.column}` : null;
      if (expected.error.place !== null) expect(place).toBe(expected.error.place);
      return { isRead: false };
    }
    const result = await answer;
    if (expected.header)
      expect(result.columns.map((column) => column.name)).toEqual(expected.header);
    if (expected.header || expected.noRows) {
      const rows = result.rows.map((row) =>
        result.shape === "record" ? recordRow(row, expected.header ?? []) : row,
      );
      expect(printed(rows, expected.ordered)).toEqual(
        printed(await expectedRows(database, expected.rows), expected.ordered),
      );
    }
    if (expected.changes) {
      const changed = new Map(
        Object.entries(result.stats ?? {}).filter(([, count]) => count !== 0),
      );
      expect(changed).toEqual(expected.changes);
    }
    for (const code of expected.notices)
      expect(result.notices.map((notice) => notice.code)).toContain(code);
    return { isRead: result.stats === undefined };
  } finally {
    await database.close();
  }
}

/** The same result, reached by a live query while the graph is being made. */
async function checkLive({ given, statement, parameters, expected }: Case): Promise<void> {
  const database = await Database.open();
  try {
    const copy = new Map<string, string>();
    const fold = (commit: LiveCommit): void => {
      for (const change of commit.changes) {
        if (change.op === "delete") copy.delete(change.key);
        else copy.set(change.key, change.data);
      }
    };
    const connection = new Connection(database);
    const subscribe = (): Promise<LiveQuery> =>
      connection.subscribe(statement, parametersOf(parameters), fold);
    const commits = [...given];
    // A result is subscribed to in its session, and the graphs that it names have to be there.
    const isSession = (text: string): boolean => database.sessionCommand(text) !== null;
    while (commits.some(isSession)) await connection.run(commits.shift() ?? "");
    const graph = /\bGRAPH\b/i;
    while (commits.some((text) => graph.test(text)) && !(await isKnown(subscribe)))
      await connection.run(commits.shift() ?? "");
    const live = await subscribe();
    for (const [index, key] of live.keys.entries()) copy.set(key, live.encodedRows[index] ?? "");
    for (const text of commits) await connection.run(text);
    const header = expected.header ?? [];
    const folded = (): string[] =>
      printed(
        [...copy.values()].map((text) =>
          header.map((name) => decode((JSON.parse(text) as Record<string, unknown>)[name] ?? null)),
        ),
        false,
      );
    const wanted = printed(asSent(await expectedRows(database, expected.rows)), false);
    // Changes are delivered in turns of their own, after the writer's answer.
    for (let turn = 0; turn < TURNS_MAX && folded().join() !== wanted.join(); turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(folded()).toEqual(wanted);
    live.close();
  } finally {
    await database.close();
  }
}

/** Statements of one connection, in its session. */
class Connection {
  readonly #database: Database;
  #session: SessionState = NEW_SESSION;

  constructor(database: Database) {
    this.#database = database;
  }

  async run(
    text: string,
    parameters: ReadonlyMap<string, Value> = new Map(),
  ): Promise<QueryResult> {
    const request = { text, parameters, principal, session: this.#session };
    if (this.#database.sessionCommand(text) === null) return this.#database.query(request);
    this.#session = await this.#database.sessionAfter(request);
    const { seq } = this.#database;
    return { columns: [], shape: "columns", rows: [], seq, notices: [] };
  }

  subscribe(
    text: string,
    parameters: ReadonlyMap<string, Value>,
    onChange: (commit: LiveCommit) => void,
  ): Promise<LiveQuery> {
    return this.#database.subscribe(
      { text, parameters, principal, session: this.#session },
      onChange,
    );
  }
}

/** Whether the graphs that the statement names exist. */
async function isKnown(subscribe: () => Promise<LiveQuery>): Promise<boolean> {
  try {
    (await subscribe()).close();
    return true;
  } catch (error) {
    if (error instanceof GeodeError && error.code === "42002") return false;
    throw error;
  }
}

/** Temporal values are strings on the wire; everything else comes back as it was. */
function asSent(rows: readonly (readonly Value[])[]): Value[][] {
  return rows.map((row) => row.map((value) => decode(JSON.parse(encode(value)))));
}

function parametersOf(json: unknown): ReadonlyMap<string, Value> {
  return decode(json) as ReadonlyMap<string, Value>;
}

function recordRow(row: readonly Value[], names: readonly string[]): Value[] {
  const [record] = row;
  return names.map((name) => (record instanceof Map ? (record.get(name) ?? null) : null));
}

/** The cells of the table, computed by the engine itself as literals. */
async function expectedRows(
  database: Database,
  rows: readonly (readonly string[])[],
): Promise<Value[][]> {
  const values: Value[][] = [];
  for (const row of rows) {
    const { rows: computed } = await database.query({
      text: `RETURN ${row.map((cell, index) => `${cell} AS c${index}`).join(", ")}`,
      principal,
    });
    values.push([...(computed[0] ?? [])]);
  }
  return values;
}

/** Rows as text with types, so that 1 and 1.0 differ; sorted unless the order counts. */
function printed(rows: readonly (readonly Value[])[], ordered: boolean): string[] {
  const lines = rows.map((row) =>
    row
      .map(
        (value) =>
          `${typeName(value)} ${value !== null && typeof value === "object" && "id" in value ? String(equivalenceKey(value)) : encode(value)}`,
      )
      .join(" | "),
  );
  return ordered ? lines : lines.sort();
}
