import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Database,
  type Principal,
  type ProcedureDefinition,
  type QueryResult,
} from "@geode/engine";
import { Edge, equivalenceKey, GeodeError, Node, type Value } from "@geode/values";
import { TCK, type Scenario, type Step } from "./features.ts";
import { printCell, printValue } from "./printed.ts";

const principal: Principal = { id: "tck", roles: ["admin"], claims: new Map() };

/** Runs a scenario on an empty database. Null: passed; else what went wrong, in one line. */
export async function runScenario(scenario: Scenario): Promise<string | null> {
  const database = await Database.open({ procedures: await proceduresOf(scenario) });
  try {
    const runner = new ScenarioRunner(database);
    for (const step of scenario.steps) {
      const failure = await runner.step(step);
      if (failure !== null) return failure;
    }
    return null;
  } catch (error) {
    return error instanceof GeodeError
      ? `${error.code} ${error.message}`
      : `crash: ${String(error)}`;
  } finally {
    await database.close();
  }
}

const PROCEDURE = /^there exists a procedure ([\w.]+)\((.*)\) :: \((.*)\) ?:$/;

/** The procedures that a scenario says there are: tables of arguments and results. */
async function proceduresOf({ steps }: Scenario): Promise<ProcedureDefinition[]> {
  const database = await Database.open();
  try {
    const procedures: ProcedureDefinition[] = [];
    for (const { text, table } of steps) {
      const [, name, parameters, columns] = PROCEDURE.exec(text) ?? [];
      if (name === undefined) continue;
      const fields = { parameters: fieldsOf(parameters ?? ""), columns: fieldsOf(columns ?? "") };
      const rows: Value[][] = [];
      for (const cells of table?.slice(1) ?? [])
        if (fields.parameters.length + fields.columns.length > 0)
          rows.push(await Promise.all(cells.map((cell) => literal(database, cell))));
      const count = fields.parameters.length;
      procedures.push({
        name,
        ...fields,
        rows: (args) =>
          rows
            .filter((row) => args.every((value, index) => isSame(value, row[index] ?? null)))
            .map((row) => row.slice(count)),
      });
    }
    return procedures;
  } finally {
    await database.close();
  }
}

function isSame(left: Value, right: Value): boolean {
  return equivalenceKey(left) === equivalenceKey(right);
}

/** `name :: TYPE?, …` */
function fieldsOf(text: string): ProcedureField[] {
  return text
    .split(",")
    .map((field) => field.split("::").map((part) => part.trim().replace("?", "")))
    .flatMap(([name = "", type = ""]) =>
      name === "" ? [] : [{ name, type: type as ProcedureField["type"] }],
    );
}

async function literal(database: Database, cell: string): Promise<Value> {
  const { rows } = await database.query({ text: `RETURN ${cell} AS x`, principal });
  return rows[0]?.[0] ?? null;
}

type ProcedureField = ProcedureDefinition["columns"][number];

type Outcome = { readonly result: QueryResult } | { readonly error: unknown };

class ScenarioRunner {
  readonly #database: Database;
  #parameters = new Map<string, Value>();
  #outcome: Outcome | null = null;
  #before: State | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  async step({ text, docString, table }: Step): Promise<string | null> {
    if (text === "an empty graph" || text === "any graph" || PROCEDURE.test(text)) return null;
    const named = /^the (binary-tree-\d) graph$/.exec(text);
    if (named) {
      await this.#run(
        readFileSync(join(TCK, "graphs", named[1] ?? "", `${named[1]}.cypher`), "utf8").replace(
          /;\s*$/,
          "",
        ),
      );
      return null;
    }
    if (text === "having executed:") {
      await this.#run(docString ?? "");
      return null;
    }
    if (text === "parameters are:") {
      for (const [name, cell] of table ?? [])
        this.#parameters.set(name ?? "", await literal(this.#database, cell ?? "null"));
      return null;
    }
    if (text === "executing query:") {
      this.#before = await this.#state();
      this.#outcome = await this.#attempt(docString ?? "");
      return null;
    }
    if (text === "executing control query:") {
      this.#outcome = await this.#attempt(docString ?? "");
      return null;
    }
    const result =
      /^the result should be(, in order|, in any order)?( \(ignoring element order for lists\))?:?$/.exec(
        text,
      );
    if (result)
      return this.#expectRows(table ?? [], result[1] === ", in order", result[2] !== undefined);
    if (text === "the result should be empty") return this.#expectRows([[]], false, false);
    const raised = /^an? (\w+) should be raised at (?:compile time|runtime|any time): (.+)$/.exec(
      text,
    );
    if (raised) return this.#expectError(raised[1] ?? "", raised[2] ?? "");
    if (text === "no side effects") return this.#expectSideEffects(new Map());
    if (text === "the side effects should be:")
      return this.#expectSideEffects(
        new Map((table ?? []).map(([name, count]) => [name ?? "", Number(count)])),
      );
    return `a step that the runner does not know: ${text}`;
  }

  #run(text: string): Promise<QueryResult> {
    return this.#database.query({ text, principal, parameters: this.#parameters });
  }

  async #attempt(text: string): Promise<Outcome> {
    try {
      return { result: await this.#run(text) };
    } catch (error) {
      return { error };
    }
  }

  #expectRows(
    table: readonly (readonly string[])[],
    inOrder: boolean,
    ignoreListOrder: boolean,
  ): string | null {
    const outcome = this.#outcome;
    if (!outcome) return "no query was run";
    if ("error" in outcome) return `failed: ${describe(outcome.error)}`;
    const [header = [], ...expected] = table;
    const { columns, rows } = outcome.result;
    if (header.length > 0 && columns.length !== header.length)
      return `${columns.length} columns instead of ${header.length}`;
    const order = header.map((name) =>
      columns.findIndex((column) => column.name === name || column.text === name),
    );
    if (order.includes(-1))
      return `columns ${columns.map((column) => column.text).join(", ")} instead of ${header.join(", ")}`;
    const actual = rows.map((row) =>
      order.map((index) => printValue(row[index] ?? null, ignoreListOrder)).join(" | "),
    );
    const wanted = expected.map((row) =>
      row.map((cell) => printCell(cell, ignoreListOrder)).join(" | "),
    );
    if (!inOrder) {
      actual.sort();
      wanted.sort();
    }
    if (actual.length !== wanted.length) return `${actual.length} rows instead of ${wanted.length}`;
    const different = actual.findIndex((row, index) => row !== wanted[index]);
    return different < 0
      ? null
      : `row ${different + 1}: ${actual[different]} instead of ${wanted[different]}`;
  }

  #expectError(type: string, detail: string): string | null {
    const outcome = this.#outcome;
    if (!outcome) return "no query was run";
    if ("result" in outcome) return `${type} ${detail} expected, but it succeeded`;
    const { error } = outcome;
    if (!(error instanceof GeodeError)) return `crash: ${describe(error)}`;
    return ERROR_CLASSES.get(type)?.test(error.code)
      ? null
      : `${type} ${detail} expected, got ${describe(error)}`;
  }

  async #expectSideEffects(expected: ReadonlyMap<string, number>): Promise<string | null> {
    if (!this.#before) return "no query was run";
    const after = await this.#state();
    for (const kind of ["nodes", "relationships", "labels", "properties"] as const) {
      const added = [...after[kind]].filter((item) => !this.#before?.[kind].has(item)).length;
      const removed = [...this.#before[kind]].filter((item) => !after[kind].has(item)).length;
      for (const [sign, count] of [
        ["+", added],
        ["-", removed],
      ] as const) {
        const wanted = expected.get(sign + kind) ?? 0;
        if (count !== wanted) return `${sign}${kind} ${count} instead of ${wanted}`;
      }
    }
    return null;
  }

  async #state(): Promise<State> {
    const state: State = {
      nodes: new Set(),
      relationships: new Set(),
      labels: new Set(),
      properties: new Set(),
    };
    const all = [
      ...(await this.#run("MATCH (n) RETURN n")).rows,
      ...(await this.#run("MATCH ()-[r]->() RETURN r")).rows,
    ];
    for (const [element] of all) {
      if (!(element instanceof Node || element instanceof Edge)) continue;
      if (element instanceof Node) {
        state.nodes.add(String(element.id));
        for (const label of element.labels) state.labels.add(label);
      } else {
        state.relationships.add(String(element.id));
      }
      for (const [key, value] of element.properties)
        state.properties.add(`${element.id}.${key}=${printValue(value)}`);
    }
    return state;
  }
}

interface State {
  readonly nodes: Set<string>;
  readonly relationships: Set<string>;
  readonly labels: Set<string>;
  readonly properties: Set<string>;
}

/** Which of our codes say the same as the TCK's error types. */
const ERROR_CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ["SyntaxError", /^(42|22G03|22003|22G02)/],
  ["SemanticError", /^(42|22|G2)/],
  ["ParameterMissing", /^42/],
  ["TypeError", /^(22|42)/],
  ["ArgumentError", /^22/],
  ["ArithmeticError", /^22/],
  ["EntityNotFound", /^(22|42|G)/],
  ["PropertyNotFound", /^(22|42)/],
  ["LabelNotFound", /^(22|42)/],
  ["ProcedureError", /^42/],
  ["ConstraintVerificationFailed", /^(40|G1)/],
  ["ConstraintValidationFailed", /^(40|G1)/],
  ["DeleteConnectedNode", /^G1/],
]);

function describe(error: unknown): string {
  return error instanceof GeodeError ? `${error.code} ${error.message}` : String(error);
}
