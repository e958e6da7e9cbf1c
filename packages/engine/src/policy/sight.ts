import { Edge, Node, type Value } from "@geode/values";
import { Run } from "../execute/run.ts";
import type { Sight } from "../execute/sight.ts";
import type { RunContext } from "../execute/statement.ts";
import type { LabelRules, Permissions, RolePermissions } from "./permissions.ts";
import type { CompiledRule } from "./rule.ts";

/** What a user sees of one element: null if nothing, else without these properties. */
type View = ReadonlySet<string> | null;

const EVERYTHING: ReadonlySet<string> = new Set();
const NO_PROPERTIES: ReadonlyMap<string, Value> = new Map();

/** The rules of one role that decide about elements with the same labels: one of each list has to hold. */
type Conditions = readonly (readonly CompiledRule[])[];

/** Of elements with the same labels: what is known without looking at one of them, or what has to hold in one of the roles. */
type Verdict = View | { readonly anyOf: readonly Conditions[] };

/** One run under a policy. What was decided of an element is remembered for the run, unless the run itself changes the graph. */
export class PolicySight implements Sight {
  readonly #permissions: Permissions;
  readonly #run: Run;
  readonly #remembers: boolean;
  /** By label set. */
  readonly #nodeVerdicts: (Verdict | undefined)[] = [];
  readonly #edgeVerdicts: (Verdict | undefined)[] = [];
  readonly #nodeViews = new Map<number, View>();
  readonly #edgeViews = new Map<number, View>();

  /** `auth` is what rules see as $auth. */
  constructor(permissions: Permissions, context: RunContext, auth: ReadonlyMap<string, Value>) {
    this.#permissions = permissions;
    this.#remembers = context.writer === undefined;
    const { graph, graphName, graphs, timeMs, random, budget, hashKey } = context;
    // Rules see the whole graph.
    this.#run = new Run({
      graph,
      graphName,
      graphs,
      parameters: new Map([["auth", auth]]),
      timeMs,
      random,
      budget,
      keyed: false,
      hashKey,
    });
  }

  node(slot: number): boolean {
    return this.#nodeView(slot) !== null;
  }

  edge(slot: number): boolean {
    return this.#edgeView(slot) !== null;
  }

  showNode(slot: number): Node {
    const node = this.#run.graph.node(slot);
    const view = this.#nodeView(slot);
    if (view === null) return new Node(node.id, [], NO_PROPERTIES);
    return view.size === 0 ? node : new Node(node.id, node.labels, without(node.properties, view));
  }

  showEdge(slot: number): Edge {
    const edge = this.#run.graph.edge(slot);
    const { id, label, from, to, properties } = edge;
    const view = this.#edgeView(slot);
    if (view?.size === 0) return edge;
    return new Edge(id, label, from, to, view === null ? NO_PROPERTIES : without(properties, view));
  }

  nodeProperty(slot: number, key: string): Value {
    return this.hidesNodeProperty(slot, key) ? null : this.#run.graph.nodeProperty(slot, key);
  }

  edgeProperty(slot: number, key: string): Value {
    return this.hidesEdgeProperty(slot, key) ? null : this.#run.graph.edgeProperty(slot, key);
  }

  hidesNodeProperty(slot: number, key: string): boolean {
    const view = this.#nodeView(slot);
    return view === null || view.has(key);
  }

  hidesEdgeProperty(slot: number, key: string): boolean {
    const view = this.#edgeView(slot);
    return view === null || view.has(key);
  }

  mayWriteNode(slot: number): boolean {
    const labels = this.#run.graph.nodeLabels(slot);
    return this.#allows(this.#verdict(labels, "nodes", "write"), slot) !== null;
  }

  mayWriteEdge(slot: number): boolean {
    if (this.#edgeView(slot) === null) return false;
    return this.#allows(this.#verdict([this.#edgeLabel(slot)], "edges", "write"), slot) !== null;
  }

  #nodeView(slot: number): View {
    const { graph } = this.#run;
    const set = graph.nodes.labelSetId(slot);
    const verdict = (this.#nodeVerdicts[set] ??= this.#verdict(
      graph.nodeLabels(slot),
      "nodes",
      "read",
    ));
    return isView(verdict) ? verdict : this.#remembered(this.#nodeViews, verdict, slot);
  }

  #edgeView(slot: number): View {
    const { graph } = this.#run;
    if (!this.node(graph.edges.from(slot)) || !this.node(graph.edges.to(slot))) return null;
    const label = graph.edges.label(slot);
    const verdict = (this.#edgeVerdicts[label] ??= this.#verdict(
      [this.#edgeLabel(slot)],
      "edges",
      "read",
    ));
    return isView(verdict) ? verdict : this.#remembered(this.#edgeViews, verdict, slot);
  }

  #edgeLabel(slot: number): string {
    const { edges, edgeLabels } = this.#run.graph;
    return edgeLabels.name(edges.label(slot));
  }

  #remembered(views: Map<number, View>, verdict: Verdict, slot: number): View {
    const known = this.#remembers ? views.get(slot) : undefined;
    if (known !== undefined) return known;
    const view = this.#allows(verdict, slot);
    if (this.#remembers) views.set(slot, view);
    return view;
  }

  /** What any role shows of the element; a property is hidden when every one of them hides it. */
  #allows(verdict: Verdict, slot: number): View {
    if (isView(verdict)) return verdict;
    let shown: ReadonlySet<string> | null = null;
    for (const conditions of verdict.anyOf) {
      const hidden = this.#hiddenBy(conditions, slot);
      if (hidden === null) continue;
      if (hidden.size === 0) return EVERYTHING;
      shown = shown === null ? hidden : intersection(shown, hidden);
    }
    return shown;
  }

  /** Null if one label has no rule that holds. A property is hidden when, for some label, every rule that holds hides it. */
  #hiddenBy(conditions: Conditions, slot: number): View {
    const hidden = new Set<string>();
    for (const rules of conditions) {
      let byLabel: ReadonlySet<string> | null = null;
      for (const rule of rules) {
        if (byLabel?.size === 0) break;
        if (!rule.holds(this.#run, slot)) continue;
        byLabel = byLabel === null ? rule.hide : intersection(byLabel, rule.hide);
      }
      if (byLabel === null) return null;
      for (const key of byLabel) hidden.add(key);
    }
    return hidden;
  }

  #verdict(labels: readonly string[], kind: "nodes" | "edges", access: keyof LabelRules): Verdict {
    const { denied, roles } = this.#permissions;
    if (labels.some((label) => denied.has(label))) return null;
    const anyOf: Conditions[] = [];
    for (const role of roles) {
      const conditions = this.#conditions(role, labels, kind, access);
      if (conditions === null) continue;
      if (conditions.length === 0) return EVERYTHING;
      anyOf.push(conditions);
    }
    return anyOf.length === 0 ? null : { anyOf };
  }

  /** What has to hold for one role to grant access; null if it never does. */
  #conditions(
    role: RolePermissions,
    labels: readonly string[],
    kind: "nodes" | "edges",
    access: keyof LabelRules,
  ): Conditions | null {
    const graph = role.policy.graphs.get(this.#run.graph.name);
    if (graph === undefined) return null;
    if (labels.length === 0) return graph[access] ? [] : null;
    const conditions: (readonly CompiledRule[])[] = [];
    for (const label of labels) {
      const rules = role[kind].get(label)?.[access] ?? [];
      if (rules.length > 0) conditions.push(rules);
      else if (!graph[access]) return null;
    }
    return conditions;
  }
}

function isView(verdict: Verdict): verdict is View {
  return verdict === null || verdict instanceof Set;
}

function without(
  properties: ReadonlyMap<string, Value>,
  hidden: ReadonlySet<string>,
): ReadonlyMap<string, Value> {
  return new Map([...properties].filter(([key]) => !hidden.has(key)));
}

function intersection(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((key) => right.has(key)));
}
