import { children, type Expression, type LabelExpression, type Variable } from "./expression.ts";
import { requiredLabels } from "./labels.ts";
import type {
  GraphScope,
  MatchOperator,
  MergeOperator,
  Operator,
  PartAtom,
  Query,
  RemoveItem,
  SetItem,
} from "./operators.ts";
import {
  ANY_NODE,
  type EdgeRead,
  type NodeRead,
  type PatternReads,
  pinsOf,
} from "./pattern-reads.ts";

type Names = Set<string> | "any";

/** What a query reads, by name: nothing outside of it can change the result. */
export interface Reads {
  readonly nodeLabels: ReadonlySet<string> | "any";
  readonly edgeLabels: ReadonlySet<string> | "any";
  readonly nodeKeys: ReadonlySet<string> | "any";
  readonly edgeKeys: ReadonlySet<string> | "any";
  /** The same more closely; null when the query finds elements by other ways than by patterns. */
  readonly patterns?: PatternReads | null;
}

/** By graph; there is always an entry for the one that the statement is run in. */
export function readsOf(query: Query): ReadonlyMap<GraphScope, Reads> {
  const reads = new ReadsCollector();
  reads.query(query);
  return new Map(
    [...reads.graphs].map(([graph, { nodeLabels, edgeLabels, nodeKeys, edgeKeys, patterns }]) => [
      graph,
      { nodeLabels, edgeLabels, nodeKeys, edgeKeys, patterns },
    ]),
  );
}

/** What is read in the graph that the statement is run in. */
export function readsHere(reads: ReadonlyMap<GraphScope, Reads>): Reads {
  return reads.get(null) ?? READS_NOTHING;
}

/** What is read in the graphs that the text names; `instead`, in each of them. */
export function readsElsewhere(
  reads: ReadonlyMap<GraphScope, Reads>,
  instead: Reads | null = null,
): ReadonlyMap<string, Reads> {
  const named = new Map<string, Reads>();
  for (const [graph, found] of reads) if (graph !== null) named.set(graph, instead ?? found);
  return named;
}

export const EVERYTHING: Reads = {
  nodeLabels: "any",
  edgeLabels: "any",
  nodeKeys: "any",
  edgeKeys: "any",
};

export const READS_NOTHING: Reads = {
  nodeLabels: new Set(),
  edgeLabels: new Set(),
  nodeKeys: new Set(),
  edgeKeys: new Set(),
};

export const NO_GRAPHS: ReadonlyMap<string, Reads> = new Map();

/** What is read in one graph. */
class ReadsCollector {
  /** The collectors of all graphs of the statement. */
  readonly graphs: Map<GraphScope, ReadsCollector>;
  nodeLabels: Names = new Set();
  edgeLabels: Names = new Set();
  nodeKeys: Names = new Set();
  edgeKeys: Names = new Set();
  patterns: { readonly nodes: NodeRead[]; readonly edges: EdgeRead[] } | null = {
    nodes: [],
    edges: [],
  };
  /** Nodes that were found by patterns so far. */
  readonly #found = new Map<Variable, NodeRead>();

  constructor(graphs?: Map<GraphScope, ReadsCollector>) {
    this.graphs = graphs ?? new Map([[null, this]]);
  }

  /** A query that begins in this graph. */
  query({ operators, output }: Query): void {
    const reads = operators.reduce<ReadsCollector>((before, operator) => {
      before.operator(operator);
      return operator.kind === "use" ? this.#in(operator.graph) : before;
    }, this);
    if (output.kind === "rows") for (const column of output.columns) reads.whole(column.variable);
  }

  #in(graph: GraphScope): ReadsCollector {
    let reads = this.graphs.get(graph);
    if (reads === undefined) this.graphs.set(graph, (reads = new ReadsCollector(this.graphs)));
    return reads;
  }

  operator(operator: Operator): void {
    switch (operator.kind) {
      case "match":
        this.#pattern(operator);
        for (const predicate of operator.predicates) this.expression(predicate);
        for (const repeat of operator.repeats) this.#part(repeat);
        for (const search of operator.searches) {
          for (const part of search.parts) this.#part(part);
          for (const condition of search.conditions) this.expression(condition);
        }
        return;
      case "filter":
        this.expression(operator.predicate);
        return;
      case "let":
        for (const item of operator.items) this.expression(item.expression);
        return;
      case "for":
        this.expression(operator.list);
        return;
      case "distinct":
        return;
      case "aggregate":
        for (const key of operator.keys)
          if (key.expression.kind !== "variable" || key.expression.variable.type === "value")
            this.expression(key.expression);
        for (const { name, argument } of operator.aggregates) {
          // Counting an element does not look into it.
          if (argument && !(name === "count" && argument.kind === "variable"))
            this.expression(argument);
        }
        return;
      case "sort":
        for (const key of operator.keys) this.expression(key.expression);
        return;
      case "call":
        this.query(operator.query);
        return;
      case "procedure":
        for (const argument of operator.args) this.expression(argument);
        if (operator.procedure.reads !== "nothing") this.#everything();
        return;
      case "combine":
        for (const branch of operator.branches) this.query(branch);
        return;
      case "use":
        for (const item of operator.carried) this.expression(item.expression);
        return;
      case "element":
      case "slice":
        return;
      case "insert":
        this.#inserted(operator);
        return;
      case "merge":
        this.operator(operator.match);
        this.#inserted(operator);
        for (const item of [...operator.onCreate, ...operator.onMatch]) this.#assigned(item);
        return;
      case "set":
      case "remove":
        for (const item of operator.items) this.#assigned(item);
        return;
      case "delete":
        for (const { expression } of operator.targets)
          if (expression.kind !== "variable") this.expression(expression);
        return;
    }
  }

  expression(expression: Expression): void {
    const [first] = children(expression);
    switch (expression.kind) {
      case "property":
        if (
          first?.kind === "variable" &&
          first.variable.type !== "value" &&
          first.variable.type !== "path"
        ) {
          this.#key(first.variable, expression.key);
          return;
        }
        break;
      case "variable":
        this.whole(expression.variable);
        return;
      case "compare":
      case "isNull": {
        // Comparing elements looks at which they are, not into them.
        for (const child of children(expression))
          if (child.kind !== "variable") this.expression(child);
        return;
      }
      case "call":
        if (
          (expression.name === "element_id" || expression.name === "type") &&
          first?.kind === "variable"
        )
          return;
        // A node that the pattern need not name.
        if (expression.name === "start_node" || expression.name === "end_node")
          this.nodeKeys = "any";
        break;
      case "subquery":
        this.query(expression.query);
        return;
      case "hasLabels":
        // Which labels an element has besides those it was matched by.
        this.nodeLabels = "any";
        break;
      default:
        break;
    }
    for (const child of children(expression)) this.expression(child);
  }

  /** All properties of the element, and its labels, are looked at. */
  whole(variable: Variable): void {
    switch (variable.type) {
      case "node":
        this.nodeKeys = "any";
        return;
      case "edge":
        this.edgeKeys = "any";
        return;
      case "nodes":
        this.nodeKeys = "any";
        return;
      case "edges":
        this.edgeKeys = "any";
        return;
      case "path":
      case "steps":
        this.nodeKeys = "any";
        this.edgeKeys = "any";
        return;
      case "value":
        return;
    }
  }

  /** Nodes and edges that are matched; what was found before is the same again, and looked at already. */
  #pattern({ nodes, edges, predicates }: MatchOperator): void {
    const labels = new Map<Variable, LabelExpression | null>();
    for (const node of nodes)
      if (!this.#found.has(node.variable))
        labels.set(node.variable, labels.get(node.variable) ?? node.labels);
    for (const [variable, expression] of labels) {
      this.nodeLabels = withLabels(this.nodeLabels, expression);
      const read = { labels: listed(expression), pins: pinsOf(variable, predicates) };
      this.#found.set(variable, read);
      this.patterns?.nodes.push(read);
    }
    for (const edge of edges) {
      this.edgeLabels = withLabels(this.edgeLabels, edge.labels);
      this.patterns?.edges.push({
        labels: listed(edge.labels),
        from: this.#found.get(edge.from) ?? ANY_NODE,
        to: this.#found.get(edge.to) ?? ANY_NODE,
        eitherWay: edge.direction === "any",
      });
    }
  }

  #everything(): void {
    this.nodeLabels = this.edgeLabels = this.nodeKeys = this.edgeKeys = "any";
    this.patterns = null;
  }

  /** What new elements are made of. */
  #part({ ways, groups }: PartAtom): void {
    for (const { body } of ways) this.operator(body);
    // A path in a repetition is a value outside, which does not tell what it is made of.
    for (const { inner } of groups)
      for (const variable of inner) if (variable?.type === "path") this.whole(variable);
  }

  #inserted({ nodes, edges }: Pick<MergeOperator, "nodes" | "edges">): void {
    for (const { properties } of [...nodes, ...edges]) if (properties) this.expression(properties);
  }

  /** An assignment is left out when it changes nothing: it looks at what it assigns to. */
  #assigned(item: SetItem | RemoveItem): void {
    const { target } = item;
    if ("value" in item) this.expression(item.value);
    if (target.kind !== "variable" || target.variable.type === "value") {
      // An element that comes from anywhere.
      this.#everything();
    } else if (item.kind === "property") {
      this.#key(target.variable, item.key);
    } else if (item.kind === "properties") {
      this.whole(target.variable);
    }
  }

  #key(variable: Variable, key: string): void {
    if (variable.type === "node") {
      if (this.nodeKeys !== "any") this.nodeKeys.add(key);
    } else if (this.edgeKeys !== "any") {
      this.edgeKeys.add(key);
    }
  }
}

/** An element that counts has one of the required labels; without such, it may have any. */
function withLabels(names: Names, expression: LabelExpression | null): Names {
  if (names === "any") return "any";
  const alternatives = expression?.kind === "or" ? expression.operands : [expression];
  for (const alternative of alternatives) {
    const [label] = requiredLabels(alternative);
    if (label === undefined) return "any";
    names.add(label);
  }
  return names;
}

function listed(expression: LabelExpression | null): readonly string[] | "any" {
  const names = withLabels(new Set(), expression);
  return names === "any" ? "any" : [...names];
}
