import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { bindExpression, bindLabels } from "./bind-expression.ts";
import { type Expression, conjuncts, type Variable } from "./expression.ts";
import type { EdgeAtom, MatchOperator, NodeAtom } from "./operators.ts";
import type { Binding, Scope } from "./scope.ts";

/** Every two edges of a MATCH are compared, and every edge is a loop inside of the one before. */
const EDGES_MAX = 128;

/** A MATCH as atoms and predicates, and the scope after it. */
export function bindMatch(
  binding: Binding,
  match: ast.Match,
  scope: Scope,
  optional: boolean,
): { operator: MatchOperator; scope: Scope } {
  if (match.keep) throw binding.notAvailable("KEEP", match.keep.span.start);
  if (match.yieldItems) throw binding.notAvailable("MATCH … YIELD", match.span.start);
  const pattern = new PatternBinder(binding, scope, optional);
  for (const path of match.paths) pattern.path(path);
  return pattern.finish(match);
}

class PatternBinder {
  readonly #binding: Binding;
  readonly #optional: boolean;
  readonly #scope: Map<string, Variable>;
  readonly #outer: Scope;
  readonly #nodes: NodeAtom[] = [];
  readonly #edges: EdgeAtom[] = [];
  readonly #introduces: Variable[] = [];
  /** Conditions are bound last: they may look at variables that come after them in the pattern. */
  readonly #conditions: (() => Expression)[] = [];

  constructor(binding: Binding, scope: Scope, optional: boolean) {
    this.#binding = binding;
    this.#outer = scope;
    this.#scope = new Map(scope);
    this.#optional = optional;
  }

  path(path: ast.PathPattern): void {
    const { prefix, expression } = path;
    const selector = prefix?.selector ?? null;
    if (prefix && selector && selector.kind !== "all")
      throw this.#binding.notAvailable("A path search prefix", prefix.span.start);
    if (expression.kind === "pathAlternation")
      throw this.#binding.notAvailable("A path pattern union", expression.span.start);
    const elements = this.#concatenation(expression.elements);
    const mode = prefix?.mode ?? null;
    if (mode === "acyclic" || mode === "simple") this.#withoutRepeatedNodes(elements, mode);
    if (path.variable) {
      const name = path.variable;
      if (this.#scope.has(name.name)) {
        throw this.#binding.invalidReference(
          `The variable \`${name.name}\` is already defined.`,
          name.span.start,
          "A path variable needs a name of its own.",
        );
      }
      this.#scope.set(
        name.name,
        this.#binding.variable(name.name, "path", { elements, nullable: this.#optional }),
      );
    }
  }

  finish(match: ast.Match): { operator: MatchOperator; scope: Scope } {
    if (match.where) {
      const where = match.where;
      this.#conditions.push(() => this.#bind(where));
    }
    const predicates = this.#conditions.flatMap((condition) => conjuncts(condition()));
    const operator: MatchOperator = {
      kind: "match",
      optional: this.#optional,
      nodes: this.#nodes,
      edges: this.#edges,
      predicates,
      introduces: this.#introduces,
      differentEdges: match.mode !== "repeatableElements",
    };
    return { operator, scope: this.#scope };
  }

  /** Node, edge, node, …; returns their variables in that order. */
  #concatenation(parts: readonly ast.PathElement[]): Variable[] {
    const variables: Variable[] = [];
    let pending: ast.EdgePattern | null = null;
    let last: Variable | null = null;
    for (const part of parts) {
      switch (part.kind) {
        case "nodePattern": {
          const node = this.#node(part);
          if (pending && last) variables.push(this.#edge(pending, last, node));
          else if (last)
            throw this.#binding.notAvailable("Two node patterns side by side", part.span.start);
          variables.push(node);
          pending = null;
          last = node;
          break;
        }
        case "edgePattern": {
          if (pending || !last) {
            // Two edges side by side, or an edge at the border, have an unnamed node between them.
            const node = this.#node(unnamedNode(part));
            if (pending && last) variables.push(this.#edge(pending, last, node));
            variables.push(node);
            last = node;
          }
          pending = part;
          break;
        }
        case "parenthesizedPath":
          throw this.#binding.notAvailable("A parenthesised path pattern", part.span.start);
        default:
          unreachable(part);
      }
    }
    if (pending && last) {
      const node = this.#node(unnamedNode(pending));
      variables.push(this.#edge(pending, last, node), node);
    }
    return variables;
  }

  #node(pattern: ast.NodePattern): Variable {
    const variable = this.#variable(pattern.variable, "node");
    this.#nodes.push({ variable, labels: pattern.labels && bindLabels(pattern.labels) });
    this.#element(variable, pattern);
    return variable;
  }

  #edge(pattern: ast.EdgePattern, left: Variable, right: Variable): Variable {
    if (pattern.quantifier)
      throw this.#binding.notAvailable("A quantified pattern", pattern.quantifier.span.start);
    if (pattern.orientation === "undirected") {
      throw this.#binding.notAvailable(
        "An undirected edge",
        pattern.span.start,
        "Edges are directed; `-[]-` matches them in either direction.",
      );
    }
    const known = pattern.variable && this.#scope.get(pattern.variable.name);
    if (known?.type === "edge" && pattern.variable && !this.#outer.has(pattern.variable.name)) {
      throw this.#binding.invalidSyntax(
        `The edge variable \`${pattern.variable.name}\` stands twice in one MATCH.`,
        pattern.variable.span.start,
        "Different edges need different names.",
      );
    }
    if (this.#edges.length === EDGES_MAX) {
      throw new GeodeError("LIMIT", `One MATCH has at most ${EDGES_MAX} edges.`, {
        hint: "Go on in a second MATCH.",
      });
    }
    const variable = this.#variable(pattern.variable, "edge");
    const leftward = pattern.orientation === "left" || pattern.orientation === "leftOrUndirected";
    const either = pattern.orientation === "any" || pattern.orientation === "leftOrRight";
    this.#edges.push({
      variable,
      from: leftward ? right : left,
      to: leftward ? left : right,
      direction: either ? "any" : "out",
      labels: pattern.labels && bindLabels(pattern.labels),
    });
    this.#element(variable, pattern);
    return variable;
  }

  #variable(name: ast.Name | null, type: "node" | "edge"): Variable {
    const known = name && this.#scope.get(name.name);
    if (known) {
      if (known.type === type) return known;
      if (known.type === "value")
        throw this.#binding.notAvailable(
          `Matching from \`${known.name}\`, which holds a value`,
          name.span.start,
        );
      throw this.#binding.invalidReference(
        `The variable \`${name.name}\` is ${article(known.type)}, not ${article(type)}.`,
        name.span.start,
      );
    }
    const variable = this.#binding.variable(name?.name ?? null, type, { nullable: this.#optional });
    if (name) this.#scope.set(name.name, variable);
    this.#introduces.push(variable);
    return variable;
  }

  /** The property map and the WHERE inside an element pattern. */
  #element(variable: Variable, pattern: ast.NodePattern | ast.EdgePattern): void {
    const { properties, where } = pattern;
    if (properties) {
      if (properties.kind !== "record")
        throw this.#binding.notAvailable(
          "A parameter as the property map of a pattern",
          properties.span.start,
          "Name the properties: {key: $value}.",
        );
      for (const field of properties.fields) {
        this.#conditions.push(() => ({
          kind: "compare",
          operator: "=",
          left: {
            kind: "property",
            of: { kind: "variable", variable },
            key: field.key.name,
            offset: field.span.start,
          },
          right: this.#bind(field.value),
        }));
      }
    }
    if (where) this.#conditions.push(() => this.#bind(where));
  }

  /** ACYCLIC: no node twice. SIMPLE: the same, but the first and the last may be one. */
  #withoutRepeatedNodes(elements: readonly Variable[], mode: "acyclic" | "simple"): void {
    const nodes = elements.filter((element) => element.type === "node");
    for (let left = 0; left < nodes.length; left++) {
      for (let right = left + 1; right < nodes.length; right++) {
        if (mode === "simple" && left === 0 && right === nodes.length - 1) continue;
        const [a, b] = [nodes[left], nodes[right]];
        if (a && b)
          this.#conditions.push(() => ({
            kind: "compare",
            operator: "<>",
            left: { kind: "variable", variable: a },
            right: { kind: "variable", variable: b },
          }));
      }
    }
  }

  #bind(expression: ast.Expression): Expression {
    return bindExpression(this.#binding, expression, { scope: this.#scope });
  }
}

function unnamedNode(beside: ast.EdgePattern): ast.NodePattern {
  return {
    kind: "nodePattern",
    variable: null,
    labels: null,
    properties: null,
    where: null,
    span: beside.span,
  };
}

function article(type: Variable["type"]): string {
  return type === "edge" ? "an edge" : `a ${type}`;
}
