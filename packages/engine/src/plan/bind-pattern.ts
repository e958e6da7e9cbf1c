import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { bindCondition, bindExpression, bindLabels } from "./bind-expression.ts";
import { type Expression, conjuncts, type Variable } from "./expression.ts";
import type {
  Bound,
  EdgeAtom,
  MatchOperator,
  NodeAtom,
  Operator,
  PartAtom,
  RepeatAtom,
  SearchAtom,
} from "./operators.ts";
import { type Link, searchedPath } from "./searched-path.ts";
import { type Binding, declare, type Scope } from "./scope.ts";
import { usesOfPart } from "./uses.ts";

/** Every two edges of a MATCH are compared, and every edge is a loop inside of the one before. */
const EDGES_MAX = 128;

/** A MATCH as atoms and predicates, and the scope after it. */
export function bindMatch(
  binding: Binding,
  match: ast.Match,
  scope: Scope,
  optional: boolean,
): { before: readonly Operator[]; operator: MatchOperator; scope: Scope } {
  const pattern = new PatternBinder(binding, scope, optional);
  for (const path of match.paths)
    pattern.path(path.prefix ? path : { ...path, prefix: match.keep }, match.mode);
  const bound = pattern.finish(match.where, match.mode);
  if (!match.yieldItems) return bound;
  return { ...bound, scope: yielded(binding, match.yieldItems, scope, bound.scope) };
}

/** <graph pattern yield clause> (ISO/IEC 39075:2024 §16.4): of what was matched, only this is seen from here on. */
function yielded(
  binding: Binding,
  items: readonly ast.YieldItem[],
  before: Scope,
  after: Scope,
): Scope {
  const scope = new Map(before);
  for (const { name, alias } of items) {
    const variable = after.get(name.name);
    if (!variable) {
      throw binding.invalidReference(
        `The pattern has no variable \`${name.name}\`.`,
        name.span.start,
        `There are: ${[...after.keys()].join(", ")}.`,
      );
    }
    const seen = alias ?? name;
    if (before.get(seen.name) !== variable) declare(binding, scope, seen, variable);
  }
  return scope;
}

class PatternBinder {
  readonly #binding: Binding;
  readonly #optional: boolean;
  readonly #scope: Map<string, Variable>;
  readonly #outer: Scope;
  readonly #nodes: NodeAtom[] = [];
  readonly #edges: EdgeAtom[] = [];
  readonly #repeats: RepeatAtom[] = [];
  readonly #searches: SearchAtom[] = [];
  /** What has to be done before matching. */
  readonly #before: Operator[] = [];
  readonly #introduces: Variable[] = [];
  /** What is bound behind `?` in this MATCH, and may be NULL. */
  readonly #conditional: Set<Variable>;
  /** Conditions are bound last: they may look at variables that come after them in the pattern. */
  readonly #conditions: (() => Expression)[] = [];

  constructor(
    binding: Binding,
    scope: Scope,
    optional: boolean,
    conditional: Set<Variable> = new Set(),
  ) {
    this.#binding = binding;
    this.#conditional = conditional;
    this.#outer = scope;
    this.#scope = new Map(scope);
    this.#optional = optional;
  }

  path(path: ast.PathPattern, matchMode: ast.MatchMode | null): void {
    const { prefix, expression } = path;
    const selector = prefix?.selector ?? null;
    const mode = prefix?.mode ?? "walk";
    const acyclic = mode === "acyclic";
    const trail = mode === "trail" || mode === "simple" || matchMode !== "repeatableElements";
    const limits = { acyclic, trail, matchMode };
    const searched = selector && selector.kind !== "all";
    const elements = searched
      ? this.#search(expression, selector, mode === "walk" && trail ? "trail" : mode, limits)
      : this.#expression(expression, limits);
    // Where different edges are the rule of the MATCH, a trail is what every path is.
    const held = mode === "trail" && matchMode !== "repeatableElements" ? "walk" : mode;
    if (!searched && held !== "walk") this.#holdMode(elements, held);
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
        this.#binding.variable(name.name, "path", {
          elements: this.#mayBeAbsent(elements),
          nullable: this.#optional,
        }),
      );
    }
  }

  /**
   * The elements of a path that is NULL when nothing matches. If all of them are there in any case, they do not tell; then the first one
   * is matched once more.
   */
  #mayBeAbsent(elements: readonly Variable[]): readonly Variable[] {
    const [first, ...others] = elements;
    if (!first || !this.#optional || elements.some((part) => this.#introduces.includes(part)))
      return elements;
    const again = this.#binding.variable(null, "node", { nullable: true });
    this.#introduces.push(again);
    this.#nodes.push({ variable: again, labels: null });
    const idOf = (variable: Variable): Expression => ({
      kind: "call",
      name: "element_id",
      args: [{ kind: "variable", variable }],
      offset: 0,
    });
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: idOf(again),
      right: idOf(first),
    }));
    return [again, ...others];
  }

  finish(
    where: ast.Expression | null,
    mode: ast.MatchMode | null,
  ): { before: readonly Operator[]; operator: MatchOperator; scope: Scope } {
    if (where) this.#conditions.push(() => this.#condition(where));
    const predicates = this.#conditions.flatMap((condition) => conjuncts(condition()));
    const operator: MatchOperator = {
      kind: "match",
      optional: this.#optional,
      nodes: this.#nodes,
      edges: this.#edges,
      repeats: this.#repeats,
      searches: this.#searches,
      predicates,
      introduces: this.#introduces,
      differentEdges: mode !== "repeatableElements",
    };
    return { before: this.#before, operator, scope: this.#scope };
  }

  #expression(expression: ast.PathExpression, limits: PathLimits): Variable[] {
    if (expression.kind === "pathAlternation")
      throw this.#binding.notAvailable("A path pattern union", expression.span.start);
    return this.#concatenation(expression.elements, limits);
  }

  /** Node, edge, node, …; returns their variables in that order. */
  #concatenation(parts: readonly ast.PathElement[], limits: PathLimits): Variable[] {
    const variables: Variable[] = [];
    let last: Variable | null = null;
    let pending: ast.EdgePattern | ast.ParenthesizedPath | null = null;
    const reach = (node: Variable): void => {
      if (pending && last) variables.push(this.#connection(pending, last, node, limits), node);
      else if (last) this.#sameNode(last, node);
      else variables.push(node);
      pending = null;
      last = node;
    };
    const anyNode = (part: ast.PathElement): Variable => this.#node(unnamedNode(part.span));
    for (const part of parts) {
      switch (part.kind) {
        case "nodePattern":
          reach(this.#node(part));
          break;
        case "edgePattern":
          if (pending || !last) reach(anyNode(part));
          pending = part;
          break;
        case "parenthesizedPath":
          if (part.quantifier) {
            if (pending || !last) reach(anyNode(part));
            pending = part;
          } else {
            if (part.mode || part.variable)
              throw this.#binding.notAvailable(
                "A mode or a name inside of a path",
                part.span.start,
              );
            const inner = this.#expression(part.expression, limits);
            const [first, ...others] = inner;
            if (!first) break;
            reach(first);
            variables.push(...others);
            last = inner.at(-1) ?? first;
            if (part.where) {
              const { where } = part;
              this.#conditions.push(() => this.#condition(where));
            }
          }
          break;
        default:
          unreachable(part);
      }
    }
    const end = pending as ast.PathElement | null;
    if (end) reach(anyNode(end));
    return variables;
  }

  /** Two node patterns side by side are one node. */
  #sameNode(left: Variable, right: Variable): void {
    if (left === right) return;
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: { kind: "variable", variable: left },
      right: { kind: "variable", variable: right },
    }));
  }

  #connection(
    part: ast.EdgePattern | ast.ParenthesizedPath,
    left: Variable,
    right: Variable,
    limits: PathLimits,
  ): Variable {
    if (part.kind === "edgePattern" && !part.quantifier) return this.#edge(part, left, right);
    const { quantifier } = part;
    if (!quantifier) throw new Error("a repetition without its quantifier");
    if (quantifier.max === null && !limits.trail && !limits.acyclic) {
      throw this.#binding.invalidSyntax(
        "This quantifier has no upper bound, and nothing makes the number of paths finite.",
        quantifier.span.start,
        "Write an upper bound, or TRAIL, ACYCLIC or SIMPLE before the path.",
      );
    }
    return this.#repeat(part, quantifier, left, right, limits);
  }

  /** A repetition: its body is a pattern of its own, its variables are lists out here. */
  #repeat(
    part: ast.EdgePattern | ast.ParenthesizedPath,
    quantifier: ast.Quantifier,
    from: Variable,
    to: Variable,
    limits: PathLimits,
  ): Variable {
    const once = this.#repeatedPart(part, quantifier, limits);
    const { acyclic, trail } = limits;
    this.#repeats.push({ ...once, from, to, acyclic, trail });
    this.#introduces.push(...once.groups.map(({ outer }) => outer), once.steps);
    return once.steps;
  }

  #repeatedPart(
    part: ast.EdgePattern | ast.ParenthesizedPath,
    quantifier: ast.Quantifier,
    limits: PathLimits,
  ): PartAtom {
    const { min, max, kind } = quantifier;
    const times = { min, max, single: kind === "optional", nullable: kind === "optional" };
    if (part.kind === "edgePattern") {
      const known = part.variable && this.#scope.get(part.variable.name);
      const edge: ast.EdgePattern = { ...part, quantifier: null };
      if (known?.type === "value" || known?.type === "edges")
        return this.#alongList({ ...edge, variable: null }, known, times, limits);
      return this.#part(edgeAlone(edge), null, times, limits);
    }
    if (part.mode || part.variable)
      throw this.#binding.notAvailable("A mode or a name inside of a path", part.span.start);
    if (part.expression.kind === "pathAlternation")
      throw this.#binding.notAvailable("A path pattern union", part.expression.span.start);
    for (const element of part.expression.elements) {
      const name = element.kind === "parenthesizedPath" ? null : element.variable;
      if (name && this.#scope.has(name.name) && !this.#outer.has(name.name))
        throw this.#repeatedName(name.name, name.span.start);
    }
    const once = this.#part(part.expression.elements, part.where, times, limits);
    if (once.elements.length === 0) {
      throw this.#binding.invalidSyntax(
        "What is repeated has to go over an edge.",
        part.span.start,
        "Leave the quantifier out.",
      );
    }
    return once;
  }

  /** A repetition over the edges of a list from before, in its order. */
  #alongList(edge: ast.EdgePattern, list: Variable, times: Times, limits: PathLimits): PartAtom {
    const part = this.#part(edgeAlone(edge), null, { ...times, single: false }, limits);
    const outer = this.#binding.variable(null, "edges", { nullable: this.#optional });
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: { kind: "variable", variable: outer },
      right: { kind: "variable", variable: list },
    }));
    const groups = part.body.edges.map(({ variable }) => ({ inner: variable, outer }));
    return { ...part, groups };
  }

  /** A part of a path with a pattern of its own; its variables get their outer meaning in this scope. */
  #part(
    parts: readonly ast.PathElement[],
    where: ast.Expression | null,
    times: Times,
    limits: PathLimits,
  ): PartAtom {
    const inner = new PatternBinder(this.#binding, this.#scope, false, this.#conditional);
    const body = inner.#concatenation(parts, limits);
    const [first, ...elements] = body;
    const last = body.at(-1);
    const start = parts[0]?.span.start ?? 0;
    if (!first || !last || inner.#repeats.length > 0)
      throw this.#binding.notAvailable("A repetition inside of a repetition", start);
    const { operator } = inner.finish(where, limits.matchMode);
    const groups: { inner: Variable; outer: Variable }[] = [];
    for (const variable of operator.introduces) {
      if (variable.name === null) continue;
      const { single } = times;
      const type = variable.type === "node" ? "nodes" : "edges";
      const outer = single
        ? this.#binding.variable(variable.name, variable.type, {
            nullable: times.nullable || this.#optional,
          })
        : this.#binding.variable(variable.name, type, { nullable: this.#optional });
      if (this.#scope.has(variable.name)) {
        throw this.#repeatedName(variable.name, start);
      }
      this.#scope.set(variable.name, outer);
      if (single && times.nullable) this.#conditional.add(outer);
      groups.push({ inner: variable, outer });
    }
    const steps = this.#binding.variable(null, "steps", { nullable: this.#optional });
    const { min, max } = times;
    return { min, max, body: operator, first, last, elements, steps, groups };
  }

  #repeatedName(name: string, offset: number): GeodeError {
    return this.#binding.invalidReference(
      `The variable \`${name}\` is already defined.`,
      offset,
      "A variable in a repetition needs a name of its own.",
    );
  }

  /** A path of which only some count. Returns its elements. */
  #search(
    expression: ast.PathExpression,
    selector: ast.PathSelector,
    mode: ast.PathMode,
    limits: PathLimits,
  ): Variable[] {
    const binding = this.#binding;
    const path = searchedPath(binding, expression);
    const [from, to] = [path.first, path.last].map((patterns) => {
      const [first, ...others] = patterns.map((pattern) => this.#node(pattern));
      for (const other of others) if (first) this.#sameNode(first, other);
      return first;
    });
    if (!from) throw new Error("a path without a node");
    if (!to) return [from];
    const parts = path.links.map((link) => this.#link(link, limits));
    const conditions = path.wheres.flatMap((where) => conjuncts(this.#condition(where)));
    if (mode === "walk" && conditions.length > 0 && parts.some((part) => part.max === null)) {
      throw binding.invalidSyntax(
        "This quantifier has no upper bound, and with a condition on the whole path nothing ends the search.",
        expression.span.start,
        "Write an upper bound, or TRAIL, ACYCLIC or SIMPLE before the path.",
      );
    }
    const search: SearchAtom = { from, to, parts, mode, conditions, ...selectionOf(selector) };
    const own = new Set(parts.flatMap(({ groups }) => groups.map(({ outer }) => outer)));
    for (const part of parts) {
      for (const used of usesOfPart(part))
        if (own.has(used))
          throw binding.notAvailable(
            `A path search with \`${used.name}\` in two of its parts`,
            expression.span.start,
            "Compare them in a WHERE around the whole path: ANY SHORTEST ((a)-[e]->(b) WHERE …).",
          );
    }
    this.#searches.push(search);
    this.#introduces.push(...own, ...parts.map((part) => part.steps));
    return [from, ...parts.map((part) => part.steps), to];
  }

  #link(link: Link, limits: PathLimits): PartAtom {
    const once = { min: 1, max: 1, single: true, nullable: false };
    return link.kind === "fixed"
      ? this.#part(link.elements, null, once, limits)
      : this.#repeatedPart(link.part, link.quantifier, limits);
  }

  #node(pattern: ast.NodePattern): Variable {
    const variable = this.#variable(pattern.variable, "node");
    this.#nodes.push({ variable, labels: pattern.labels && bindLabels(pattern.labels) });
    this.#element(variable, pattern);
    return variable;
  }

  #edge(pattern: ast.EdgePattern, left: Variable, right: Variable): Variable {
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
      if (this.#conditional.has(known)) {
        throw this.#binding.invalidReference(
          `The variable \`${name.name}\` stands behind \`?\`; nothing else in the MATCH can join with it.`,
          name.span.start,
          "Compare them in WHERE, or go on in a second MATCH.",
        );
      }
      if (known.type === type) return known;
      if (known.type === "value") return this.#elementOf(name, known, type);
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

  /** Matches from an element that a variable holds as a value, e.g. out of a list. From here on the name means the element. */
  #elementOf(name: ast.Name, value: Variable, type: "node" | "edge"): Variable {
    const variable = this.#binding.variable(name.name, type, { nullable: true });
    this.#before.push({ kind: "element", variable, of: value, offset: name.span.start });
    this.#scope.set(name.name, variable);
    const isNull: Expression = { kind: "isNull", operand: { kind: "variable", variable } };
    this.#conditions.push(() => ({ kind: "not", operand: isNull }));
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
    if (where) this.#conditions.push(() => this.#condition(where));
  }

  /** TRAIL: no edge twice. ACYCLIC: no node twice. SIMPLE: the same, but the first and the last may be one. */
  #holdMode(elements: readonly Variable[], mode: Exclude<ast.PathMode, "walk">): void {
    const path = this.#binding.variable(null, "path", { elements });
    const operand: Expression = { kind: "variable", variable: path };
    this.#conditions.push(() => ({ kind: "call", name: `is_${mode}`, args: [operand], offset: 0 }));
  }

  #condition(expression: ast.Expression): Expression {
    return bindCondition(this.#binding, expression, { scope: this.#scope });
  }

  #bind(expression: ast.Expression): Expression {
    return bindExpression(this.#binding, expression, { scope: this.#scope });
  }
}

/** What holds for all of a path. */
interface PathLimits {
  readonly acyclic: boolean;
  /** No edge comes twice. */
  readonly trail: boolean;
  readonly matchMode: ast.MatchMode | null;
}

/** ISO/IEC 39075:2024 §16.6, Syntax Rules: ANY is ANY SHORTEST, which is SHORTEST 1; ALL SHORTEST is SHORTEST 1 GROUP. */
function selectionOf(selector: ast.PathSelector): Pick<SearchAtom, "unit" | "count"> {
  const counted = (expression: ast.Expression | null): Bound => {
    const where = expression?.span.start ?? 0;
    if (expression?.kind === "parameter")
      return { expression: { kind: "parameter", name: expression.name, offset: where }, where };
    const value = expression?.kind === "literal" ? expression.value : 1;
    return { expression: { kind: "constant", value }, where };
  };
  switch (selector.kind) {
    case "all":
      throw new Error("ALL selects nothing");
    case "anyShortest":
      return { unit: "paths", count: counted(null) };
    case "any":
    case "shortest":
      return { unit: "paths", count: counted(selector.count) };
    case "allShortest":
      return { unit: "groups", count: counted(null) };
    case "shortestGroups":
      return { unit: "groups", count: counted(selector.count) };
    default:
      return unreachable(selector);
  }
}

/** How often a part is gone through, and what its variables are outside: single elements or lists. */
interface Times {
  readonly min: number;
  readonly max: number | null;
  readonly single: boolean;
  readonly nullable: boolean;
}

/** An edge between any two nodes. */
function edgeAlone(edge: ast.EdgePattern): ast.PathElement[] {
  return [unnamedNode(edge.span), edge, unnamedNode(edge.span)];
}

function unnamedNode(span: ast.Span): ast.NodePattern {
  return {
    kind: "nodePattern",
    variable: null,
    labels: null,
    properties: null,
    where: null,
    span,
  };
}

function article(type: Variable["type"]): string {
  return type === "edge" ? "an edge" : `a ${type}`;
}
