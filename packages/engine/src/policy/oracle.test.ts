import { encode, GeodeError, type Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OracleCase, playCase } from "../../test/oracle.ts";
import { randomEntries, randomQuery, randomSetup } from "../../test/random-gql.ts";
import { randomPolicy } from "../../test/random-policy.ts";
import { Database } from "../database.ts";
import { Budget, DEFAULT_BUDGET } from "../execute/budget.ts";
import { compile } from "../execute/compile.ts";
import type { Grant } from "../execute/sight.ts";
import type { Statement } from "../execute/statement.ts";
import type { Effect, InsertEdge, InsertNode } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { rowSetOf } from "../live/row-set.ts";
import { Policies } from "./policies.ts";
import { policyOf, policyText, type RolePolicy, type Rule } from "./policy.ts";

/** More of them: GEODE_ORACLE_RUNS. The seed of a run that failed is in its message; GEODE_ORACLE_SEED repeats it. */
const RUNS = Number(process.env["GEODE_ORACLE_RUNS"] ?? 150);
const SEED = process.env["GEODE_ORACLE_SEED"];
const PARAMETERS = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

const claims = new Map<string, Value>([["x", 1]]);
const root = { id: "root", roles: ["admin"], claims: new Map() };

describe("under a policy, a query", () => {
  test("shows what it shows of a graph from which everything hidden was removed", async () => {
    let hidden = 0;
    await fc.assert(
      fc.asyncProperty(
        randomSetup,
        randomPolicy,
        fc.constantFrom(["member"], ["guest"], ["member", "guest"]),
        fc.array(randomQuery, { minLength: 2, maxLength: 6, size: "max" }),
        async (setup, document, roles, queries) => {
          const store = await storeOf(setup);
          const policy = policyOf(document);
          store.apply({ kind: "setPolicy", policy: policyText(policy) });
          const granted = roles.flatMap((name) => policy.roles.get(name) ?? []);
          const bare = stripped(store, granted);
          if (size(bare) < size(store)) hidden += 1;
          const grant = new Policies(store).grantTo({ id: "ann", roles, claims });
          for (const query of queries) {
            expect(outcome(compile(query), store, grant), query).toEqual(
              outcome(compile(query), bare, null),
            );
          }
        },
      ),
      PARAMETERS,
    );
    // The random policies do hide something.
    expect(hidden).toBeGreaterThan(RUNS / 4);
  });

  const anyCase: fc.Arbitrary<OracleCase> = fc
    .tuple(
      randomSetup,
      fc.array(randomQuery, { minLength: 3, maxLength: 8, size: "max" }),
      randomEntries,
      fc.array(randomPolicy, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
    )
    .map(([setup, queries, entries, policies, places]) => ({
      setup: [...setup, "POLICY 0"],
      queries,
      policies,
      entries: entries.flatMap((entry, at) =>
        places.some((place) => place % entries.length === at)
          ? [entry, [`POLICY ${at % policies.length}`]]
          : [entry],
      ),
    }));

  test("that is live equals the query run from scratch at every commit, those that change the policy included", async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(anyCase, async (found) => {
        checked += await playCase(found, { shows: "every" });
      }),
      PARAMETERS,
    );
    expect(checked).toBeGreaterThan(RUNS / 2);
  });
});

async function storeOf(setup: readonly string[]): Promise<Store> {
  const database = await Database.open();
  const store = new Store();
  for (const text of setup) {
    await database.query({ text, principal: root }).catch((error: unknown) => {
      if (!(error instanceof GeodeError) || error.code === "INTERNAL") throw error;
    });
  }
  for (const part of ["node", "edge"] as const) {
    const text =
      part === "node"
        ? "MATCH (n) RETURN n ORDER BY element_id(n)"
        : "MATCH ()-[n]->() RETURN n ORDER BY element_id(n)";
    const { rows } = await database.query({ text, principal: root });
    for (const [element] of rows) store.apply(insertOf(element));
  }
  await database.close();
  return store;
}

function insertOf(element: unknown): Effect {
  const found = element as { id: number; properties: Map<string, Value> } & (
    | { labels: readonly string[] }
    | { label: string; from: number; to: number }
  );
  const { id, properties } = found;
  const graph = "default";
  if ("labels" in found) return { kind: "insertNode", graph, id, labels: found.labels, properties };
  const { label, from, to } = found;
  return { kind: "insertEdge", graph, id, label, from, to, properties };
}

/** The graph as someone with these roles sees it, worked out the plain way: rule by rule, as queries. */
function stripped(store: Store, roles: readonly RolePolicy[]): Store {
  const bare = new Store();
  const denied = new Set(roles.flatMap(({ deny }) => deny));
  const holding = new Map<Rule, ReadonlySet<string>>();
  for (const { read } of roles) for (const rule of read) holding.set(rule, idsOf(store, rule));

  /** The hidden properties, or null if the element is hidden. */
  const view = (
    element: Rule["element"],
    labels: readonly string[],
    id: number,
  ): ReadonlySet<string> | null => {
    if (labels.some((label) => denied.has(label))) return null;
    const views = roles.flatMap((role) => {
      const graph = role.graphs.get("default");
      if (graph === undefined || (labels.length === 0 && !graph.read)) return [];
      const hidden = new Set<string>();
      for (const label of labels) {
        const rules = role.read.filter((rule) => rule.element === element && rule.label === label);
        if (rules.length === 0) {
          if (!graph.read) return [];
          continue;
        }
        const holds = rules.filter((rule) => holding.get(rule)?.has(String(id)));
        const [first, ...others] = holds;
        if (first === undefined) return [];
        for (const key of first.hide)
          if (others.every(({ hide }) => hide.includes(key))) hidden.add(key);
      }
      return [hidden];
    });
    const [first, ...others] = views;
    if (first === undefined) return null;
    return new Set([...first].filter((key) => others.every((other) => other.has(key))));
  };
  const shown = (properties: InsertNode["properties"], hidden: ReadonlySet<string>) =>
    new Map([...properties].filter(([key]) => !hidden.has(key)));

  const nodes = new Set<number>();
  const keep = (effect: InsertNode | InsertEdge, labels: readonly string[]): void => {
    const hidden = view(effect.kind === "insertNode" ? "node" : "edge", labels, effect.id);
    if (hidden === null) return;
    if (effect.kind === "insertNode") nodes.add(effect.id);
    else if (!nodes.has(effect.from) || !nodes.has(effect.to)) return;
    bare.apply({ ...effect, properties: shown(effect.properties, hidden) });
  };
  for (const effect of [...store.effects()].flat()) {
    if (effect.kind === "insertNode") keep(effect, effect.labels);
    if (effect.kind === "insertEdge") keep(effect, [effect.label]);
  }
  return bare;
}

/** The ids of all elements for which a rule holds. One for which it fails has none. */
function idsOf(store: Store, { element, label, where }: Rule): ReadonlySet<string> {
  const pattern = element === "node" ? `(n:${label})` : `()-[n:${label}]->()`;
  const all = rowsOf(store, `MATCH ${pattern} RETURN element_id(n)`);
  if (where === null) return new Set(all);
  return new Set(
    all.filter((id) => {
      try {
        return (
          rowsOf(store, `MATCH ${pattern} WHERE element_id(n) = '${id}' FILTER ${where} RETURN 1`)
            .length > 0
        );
      } catch {
        return false;
      }
    }),
  );
}

function rowsOf(store: Store, text: string): string[] {
  const auth = new Map<string, Value>([...claims, ["id", "ann"]]);
  const result = compile(text).run(contextOf(store, null, new Map([["auth", auth]])));
  return result.rows.map(([value]) => String(value));
}

function contextOf(store: Store, grant: Grant | null, parameters: Map<string, Value>) {
  return {
    graph: store.graph("default"),
    graphName: "default",
    graphs: store.graphs,
    grant,
    parameters,
    timeMs: 0,
    random: () => 0.5,
    budget: new Budget(DEFAULT_BUDGET, () => 0),
    keyed: true,
    hashKey: (text: string) => text,
  };
}

/** Rows with their keys, or the error: its code, message and position must not tell either. */
function outcome(statement: Statement, store: Store, grant: Grant | null): unknown {
  try {
    const result = statement.run(contextOf(store, grant, new Map()));
    const names = result.columns.map(({ name }) => name);
    const { keys, texts } = rowSetOf(result, statement.shape, names);
    const rows = keys.map((key, place) => `${key} ${texts[place]}`);
    return { columns: encode(names), rows: statement.ordered ? rows : rows.sort() };
  } catch (error) {
    if (!(error instanceof GeodeError) || error.code === "INTERNAL") throw error;
    return { code: error.code, message: error.message, position: error.position };
  }
}

function size(store: Store): number {
  return encode([...store.effects()].flat().map((effect) => JSON.stringify(effect, replacer)))
    .length;
}

function replacer(_: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : value;
}
