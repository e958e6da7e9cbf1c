import { parse } from "../../packages/engine/src/gql/parser.ts";
import { DEFAULT_GRAPH } from "../../packages/engine/src/graph/effect.ts";
import type { Graph } from "../../packages/engine/src/graph/graph.ts";
import { Store } from "../../packages/engine/src/graph/store.ts";
import { bind } from "../../packages/engine/src/plan/bind.ts";
import type { Variable } from "../../packages/engine/src/plan/expression.ts";
import { orderMatch } from "../../packages/engine/src/plan/order-match.ts";
import type { SocialGraph } from "./social-graph.ts";

/** How many elements are enough for the counts that plans are made by. */
const PERSONS = 1_000;
const EDGES = 10_000;

/**
 * Parsing, binding and planning by themselves, without the code that ours generates beside: what the others do when they prepare a
 * statement. The graph is a small one of the same kind; planning looks at its counts only.
 */
export class Planning {
  readonly #graph: Graph;

  constructor({ from, to }: Pick<SocialGraph, "from" | "to">) {
    const store = new Store();
    const none = new Map<string, never>();
    const graph = DEFAULT_GRAPH;
    for (let id = 0; id < PERSONS; id += 1) {
      const properties = new Map([["id", id]]);
      store.apply({ kind: "insertNode", graph, id, labels: ["Person"], properties });
    }
    const place = { element: "node", label: "Person", properties: ["id"] } as const;
    store.apply({ kind: "createIndex", graph, name: "persons", ...place });
    for (let at = 0; at < EDGES; at += 1) {
      const ends = { from: from[at]! % PERSONS, to: to[at]! % PERSONS };
      const edge = { graph, id: PERSONS + at, label: "KNOWS", properties: none, ...ends };
      store.apply({ kind: "insertEdge", ...edge });
    }
    this.#graph = store.graph(graph);
  }

  plan(text: string): void {
    const bound = bind(text, parse(text));
    if (bound.kind !== "query") throw new Error(`${text} is no query`);
    const known = new Set<Variable>();
    for (const operator of bound.query.operators) {
      if (operator.kind !== "match") continue;
      orderMatch(operator, known, this.#graph, false);
      for (const variable of operator.introduces) known.add(variable);
    }
  }
}
