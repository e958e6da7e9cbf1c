import { DEFAULT_BUDGET } from "../src/execute/budget.ts";
import type { Result, RunContext, Statement } from "../src/execute/statement.ts";
import type { StatementWrite } from "../src/commit/write.ts";

const NOTHING = { columns: [], rows: [], keys: [], notices: [] } satisfies Result;

/** A statement that does what the function does, for tests that are not about GQL. What it returns is its only value, named `value`. */
export function statementOf(run: (context: RunContext) => string | number | void): Statement {
  const columns = [{ name: "value", text: "value", type: "ANY" }];
  return {
    text: "a test's own",
    access: "write",
    liveForm: null,
    volatile: false,
    shape: "columns",
    columns,
    footprint: { nodeLabels: "any", edgeLabels: "any", nodeKeys: "any", edgeKeys: "any" },
    otherGraphs: new Map(),
    ordered: false,
    run: (context) => {
      const value = run(context);
      return value === undefined ? NOTHING : { ...NOTHING, columns, rows: [[value]] };
    },
  };
}

/** That statement as a write of `ann` to the default graph. */
export function writeOf(
  run: (context: RunContext) => string | number | void,
  more: Partial<StatementWrite> = {},
): StatementWrite {
  return {
    kind: "statement",
    statement: statementOf(run),
    graph: "default",
    parameters: new Map(),
    principal: "ann",
    grantee: null,
    budget: DEFAULT_BUDGET,
    ...more,
  };
}

/** Inserts a node with this label and says how many there are then. */
export function insert(label: string): (context: RunContext) => number {
  return (context) => {
    context.writer?.insertNode([label], new Map([["name", label.toLowerCase()]]));
    return count(label)(context);
  };
}

/** Counts the nodes with this label. */
export function count(label: string): (context: RunContext) => number {
  return ({ graph }) => {
    const id = graph.labels.id(label);
    return id < 0 ? 0 : graph.nodeCountOf(id);
  };
}

/** A live read of a test's own: rows with their keys. */
export function readOf(
  run: (context: RunContext) => readonly (readonly [key: string, ...row: (string | number)[]])[],
  more: Partial<Statement> = {},
): Statement {
  return {
    ...statementOf(() => {}),
    access: "read",
    ...more,
    run: (context) => {
      const rows = run(context);
      return {
        columns: [],
        notices: [],
        keys: rows.map(([key]) => key),
        rows: rows.map(([, ...row]) => row),
      };
    },
  };
}

/** The nodes with this label and their `name`, by element id. */
export function namesOf(label: string): (context: RunContext) => [key: string, name: string][] {
  return ({ graph }) => {
    const rows: [string, string][] = [];
    const id = graph.labels.id(label);
    for (const set of id < 0 ? [] : graph.nodes.setsWith(id)) {
      for (const slot of set.slots.subarray(0, set.count)) {
        const { id: key, properties } = graph.node(slot);
        const name = properties.get("name");
        rows.push([String(key), typeof name === "string" ? name : ""]);
      }
    }
    return rows.sort(([a], [b]) => Number(a) - Number(b));
  };
}
