import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Database, type LiveCommit, type Principal } from "@geode/engine";
import { GeodeError, type Value } from "@geode/values";
import { TCK, type Scenario } from "./features.ts";
import { printCell, printValue } from "./printed.ts";

const principal: Principal = { id: "tck", roles: ["admin"], claims: new Map() };

/** Turns of the event loop in which all changes have been delivered. */
const TURNS_MAX = 1_000;

/**
 * A scenario the other way round: its query is subscribed to while the graph is empty, and what the scenario sets up arrives commit by
 * commit. The rows that the changes add up to must be the expected ones. Null: they are, or the scenario is not of this kind.
 */
export async function runLive(
  scenario: Scenario,
): Promise<"passed" | "not for live" | { readonly wrong: string }> {
  const step = (pattern: RegExp) => scenario.steps.find(({ text }) => pattern.test(text));
  const query = step(/^executing query:$/)?.docString;
  const expected = step(/^the result should be(?!.*ignoring).*:$/)?.table;
  const plain = scenario.steps.every(
    ({ text }) => !/parameters are|exists a procedure|control query/.test(text),
  );
  if (!query || !expected || !plain || /\b(?:limit|skip|offset|rand)\b/i.test(query))
    return "not for live";
  const database = await Database.open();
  try {
    if (database.access(query) !== "read") return "not for live";
    const rows = new Map<string, readonly Value[]>();
    let ended: GeodeError | null = null;
    const fold = ({ changes }: LiveCommit): void => {
      for (const { op, key, row } of changes) {
        if (op === "delete") rows.delete(key);
        else rows.set(key, row);
      }
    };
    const live = await database.subscribe({ text: query, principal }, fold, (error) => {
      ended = error;
    });
    for (const [index, key] of live.keys.entries()) rows.set(key, live.rows[index] ?? []);
    for (const { text, docString } of scenario.steps) {
      const named = /^the (binary-tree-\d) graph$/.exec(text)?.[1];
      if (text === "having executed:" || named) {
        const setUp = named
          ? readFileSync(join(TCK, "graphs", named, `${named}.cypher`), "utf8")
          : (docString ?? "");
        await database.query({ text: setUp.replace(/;\s*$/, ""), principal });
      }
    }
    const [header = [], ...table] = expected;
    const order = header.map((name) =>
      live.columns.findIndex((column) => column.name === name || column.text === name),
    );
    const folded = (): string =>
      [...rows.values()]
        .map((row) => order.map((index) => printValue(row[index] ?? null)).join(" | "))
        .sort()
        .join("\n");
    const wanted = table
      .map((row) => row.map((cell) => printCell(cell)).join(" | "))
      .sort()
      .join("\n");
    for (let turn = 0; turn < TURNS_MAX && folded() !== wanted && ended === null; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    if (ended !== null) return { wrong: `ended with ${String(ended)}` };
    return folded() === wanted ? "passed" : { wrong: `${folded()} instead of ${wanted}` };
  } catch (error) {
    return error instanceof GeodeError ? "not for live" : { wrong: String(error) };
  } finally {
    await database.close();
  }
}
