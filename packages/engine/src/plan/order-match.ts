import { GeodeError } from "@geode/values";
import type { Graph } from "../graph/graph.ts";
import { type Expression, type LabelExpression, type Variable } from "./expression.ts";
import type { HashIndex } from "../graph/indexes.ts";
import { type IndexUse, indexUse, rowsPerValue } from "./index-use.ts";
import { usesOfPart, usesOfSearch, variablesOf } from "./uses.ts";
import { labelCount, edgeLabelCount, requiredLabels } from "./labels.ts";
import type { EdgeAtom, MatchOperator, NodeAtom, RepeatAtom, SearchAtom } from "./operators.ts";

/** A guess: the share of the elements that pass one equality. */
const EQUAL_SHARE = 0.1;

/** One step of matching a pattern, for each row so far. The order is the join order. */
export type Step =
  | { readonly kind: "scan"; readonly node: Variable; readonly labels: LabelExpression | null }
  /** All elements whose properties are equivalent to the values, by an index over just these properties. */
  | {
      readonly kind: "seek";
      readonly target: Variable;
      readonly index: IndexUse;
      readonly values: readonly Expression[];
    }
  /**
   * Elements whose last property may be in a range, and whose others are equivalent to the values, by an index over all of them; the
   * predicates that say so are tested as well.
   */
  | {
      readonly kind: "range";
      readonly target: Variable;
      readonly index: IndexUse;
      readonly values: readonly Expression[];
      readonly range: PropertyRange;
    }
  /** The node with that element id. */
  | { readonly kind: "lookup"; readonly node: Variable; readonly id: Expression }
  /** `reverse`: against the edge's direction, from its `to`. */
  | {
      readonly kind: "expand";
      readonly edge: EdgeAtom;
      readonly from: Variable;
      readonly to: Variable;
      readonly reverse: boolean;
    }
  /** Both ends are known: only the edges between them. */
  | { readonly kind: "expandInto"; readonly edge: EdgeAtom }
  /** The edge is known from before: its ends follow. */
  | {
      readonly kind: "ends";
      readonly edge: EdgeAtom;
      readonly fromKnown: boolean;
      readonly toKnown: boolean;
    }
  /** `reverse`: from its `to`. `toKnown`: the other end is only compared. */
  | {
      readonly kind: "repeat";
      readonly repeat: RepeatAtom;
      readonly reverse: boolean;
      readonly endKnown: boolean;
      /** Edges of the MATCH that are bound by now, and must not come again. */
      readonly different: readonly Variable[];
    }
  /** `reverse`: from its `to`. `endKnown`: the other end is only compared. */
  | {
      readonly kind: "search";
      readonly search: SearchAtom;
      readonly reverse: boolean;
      readonly endKnown: boolean;
    }
  /** The user may see the element. */
  | { readonly kind: "visible"; readonly element: Variable }
  /** The edge is none of those that the repetitions so far have gone over. */
  | { readonly kind: "offTrail"; readonly edge: Variable }
  | { readonly kind: "labels"; readonly node: Variable; readonly labels: LabelExpression }
  | { readonly kind: "different"; readonly left: Variable; readonly right: Variable }
  | { readonly kind: "filter"; readonly predicate: Expression };

/** What is known of a property: more or less than a value, or that it begins with one. */
export interface PropertyRange {
  readonly lower: Expression | null;
  readonly upper: Expression | null;
  readonly prefix: Expression | null;
}

/**
 * The join order: greedy by how many rows a step is expected to make of one, with the counts of this graph. Predicates and label tests
 * stand as early as their variables allow. With `guarded`, every element is looked at for whether it may be seen before anything else is
 * asked of it: a condition on what is hidden must not even fail.
 */
export function orderMatch(
  match: MatchOperator,
  known: ReadonlySet<Variable>,
  graph: Graph,
  guarded: boolean,
): Step[] {
  return new MatchOrder(match, known, graph, guarded).steps();
}

class MatchOrder {
  readonly #graph: Graph;
  readonly #match: MatchOperator;
  readonly #bound: Set<Variable>;
  readonly #steps: Step[] = [];
  readonly #labels = new Map<Variable, LabelExpression>();
  #predicates: readonly Expression[];
  #edges: readonly EdgeAtom[];
  #nodes: readonly Variable[];
  #repeats: readonly RepeatAtom[];
  #searches: readonly SearchAtom[];
  #hasTrail = false;
  readonly #matched: EdgeAtom[] = [];
  readonly #guarded: boolean;

  constructor(match: MatchOperator, known: ReadonlySet<Variable>, graph: Graph, guarded: boolean) {
    this.#guarded = guarded;
    this.#match = match;
    this.#graph = graph;
    this.#bound = new Set(known);
    this.#predicates = match.predicates;
    this.#edges = match.edges;
    this.#repeats = match.repeats;
    this.#searches = match.searches;
    this.#nodes = [...new Set(match.nodes.map((node) => node.variable))];
    for (const node of match.nodes) this.#require(node);
  }

  steps(): Step[] {
    for (const node of this.#nodes) if (this.#bound.has(node)) this.#testLabels(node);
    this.#place();
    for (;;) {
      const choices = [
        ...this.#edgeChoices(),
        ...this.#repeatChoices(),
        ...this.#searchChoices(),
        ...this.#nodeChoices(),
      ];
      const best = choices.reduce<Choice | null>(
        (least, choice) => (least === null || choice.rows < least.rows ? choice : least),
        null,
      );
      if (!best) break;
      best.take();
      this.#place();
    }
    if (this.#repeats.length > 0 || this.#searches.length > 0) {
      throw new GeodeError("42002", "Conditions inside of two repetitions need each other.", {
        hint: "Move one of them into the WHERE of the MATCH.",
      });
    }
    return this.#steps;
  }

  #require(node: NodeAtom): void {
    if (!node.labels) return;
    const before = this.#labels.get(node.variable);
    this.#labels.set(
      node.variable,
      before ? { kind: "and", operands: [before, node.labels] } : node.labels,
    );
  }

  *#edgeChoices(): Generator<Choice> {
    const averageDegree = (labels: LabelExpression | null): number =>
      edgeLabelCount(this.#graph, labels) / Math.max(1, this.#graph.nodes.count);
    for (const edge of this.#edges) {
      const fromKnown = this.#bound.has(edge.from);
      const toKnown = this.#bound.has(edge.to);
      if (this.#bound.has(edge.variable)) {
        yield {
          rows: 0,
          take: () => this.#takeEdge(edge, { kind: "ends", edge, fromKnown, toKnown }),
        };
        continue;
      }
      if (!fromKnown && !toKnown) {
        const access = this.#indexAccess(edge.variable, edge.labels);
        if (access)
          yield {
            rows: access.rows,
            take: () => {
              this.#steps.push(access.step);
              this.#bind(edge.variable);
            },
          };
        continue;
      }
      if (fromKnown && toKnown) {
        yield { rows: 0.1, take: () => this.#takeEdge(edge, { kind: "expandInto", edge }) };
        continue;
      }
      const [from, to] = fromKnown ? [edge.from, edge.to] : [edge.to, edge.from];
      const rows =
        averageDegree(edge.labels) * (edge.direction === "any" ? 2 : 1) * this.#selectivity(to);
      yield {
        rows,
        take: () => this.#takeEdge(edge, { kind: "expand", edge, from, to, reverse: !fromKnown }),
      };
    }
  }

  *#repeatChoices(): Generator<Choice> {
    for (const repeat of this.#repeats) {
      const fromKnown = this.#bound.has(repeat.from);
      const toKnown = this.#bound.has(repeat.to);
      if (!fromKnown && !toKnown) continue;
      // What a condition inside looks at outside comes first.
      if (!this.#areBound(usesOfPart(repeat))) continue;
      const degree = this.#graph.edges.count / Math.max(1, this.#graph.nodes.count);
      const rows =
        fromKnown && toKnown ? 1 : Math.max(2, degree) ** Math.min(4, Math.max(2, repeat.min));
      yield { rows, take: () => this.#takeRepeat(repeat, !fromKnown, fromKnown && toKnown) };
    }
  }

  #takeRepeat(repeat: RepeatAtom, reverse: boolean, endKnown: boolean): void {
    const { differentEdges } = this.#match;
    this.#repeats = this.#repeats.filter((other) => other !== repeat);
    const different = differentEdges ? this.#matched.map((edge) => edge.variable) : [];
    this.#steps.push({
      kind: "repeat",
      repeat,
      reverse,
      endKnown,
      different,
    });
    this.#hasTrail ||= differentEdges;
    for (const { outer } of repeat.groups) this.#bound.add(outer);
    this.#bound.add(repeat.steps);
    const end = reverse ? repeat.from : repeat.to;
    if (this.#bound.has(end)) return;
    this.#bind(end);
    this.#testLabels(end);
  }

  *#searchChoices(): Generator<Choice> {
    for (const search of this.#searches) {
      const fromKnown = this.#bound.has(search.from);
      const toKnown = this.#bound.has(search.to);
      if (!fromKnown && !toKnown) continue;
      const reverse = !fromKnown;
      const end = reverse ? search.from : search.to;
      if (!this.#areBound(usesOfSearch(search, end))) continue;
      const endKnown = fromKnown && toKnown;
      const rows = endKnown ? 1 : this.#graph.nodes.count * this.#selectivity(end);
      yield {
        rows,
        take: () => {
          this.#searches = this.#searches.filter((other) => other !== search);
          this.#steps.push({ kind: "search", search, reverse, endKnown });
          for (const { groups, steps } of search.parts)
            for (const variable of [steps, ...groups.map(({ outer }) => outer)])
              this.#bound.add(variable);
          if (endKnown) return;
          this.#bind(end);
          this.#testLabels(end);
        },
      };
    }
  }

  #areBound(variables: Iterable<Variable>): boolean {
    return [...variables].every((variable) => this.#bound.has(variable));
  }

  *#nodeChoices(): Generator<Choice> {
    for (const node of this.#nodes) {
      if (this.#bound.has(node)) continue;
      const labels = this.#labels.get(node) ?? null;
      const direct = this.#lookup(node) ?? this.#indexAccess(node, labels);
      if (direct) {
        yield {
          rows: direct.rows,
          take: () => {
            this.#steps.push(direct.step);
            this.#bind(node);
            this.#testLabels(node);
          },
        };
      } else {
        yield {
          rows: labelCount(this.#graph, labels) + 1,
          take: () => {
            this.#steps.push({ kind: "scan", node, labels });
            this.#bind(node);
          },
        };
      }
    }
  }

  /** By element id. */
  #lookup(node: Variable): Access | null {
    for (const [side, value] of this.#equalities())
      if (side.kind === "call" && side.name === "element_id" && isVariable(side.args[0], node))
        return { step: { kind: "lookup", node, id: value }, rows: 0.5 };
    return null;
  }

  /** The index that is expected to find the fewest: by values of all its properties, else by a range of the last one. */
  #indexAccess(target: Variable, labels: LabelExpression | null): Access | null {
    const element = target.type === "edge" ? "edge" : "node";
    const indexes = requiredLabels(labels).flatMap((label) =>
      this.#graph.indexes.of(element, this.#graph.labelId(element, label)),
    );
    if (indexes.length === 0) return null;
    const values = new Map<string, Expression>();
    for (const [side, value] of this.#equalities())
      if (side.kind === "property" && isVariable(side.of, target) && !values.has(side.key))
        values.set(side.key, value);
    const ranges = this.#ranges(target);
    let best: Access | null = null;
    for (const index of indexes) {
      const access = this.#accessBy(index, target, values, ranges);
      if (access !== null && (best === null || access.rows < best.rows)) best = access;
    }
    return best;
  }

  #accessBy(
    index: HashIndex,
    target: Variable,
    values: ReadonlyMap<string, Expression>,
    ranges: ReadonlyMap<string, PropertyRange>,
  ): Access | null {
    const use = indexUse(this.#graph, index);
    const known = use.properties.map((property) => values.get(property));
    const first = known.slice(0, -1).filter((value) => value !== undefined);
    if (first.length < use.properties.length - 1) return null;
    const last = known.at(-1);
    if (last !== undefined)
      return {
        step: { kind: "seek", target, index: use, values: [...first, last] },
        rows: index.isUnique ? 0.55 : Math.max(0.6, rowsPerValue(index)),
      };
    const range = ranges.get(use.properties.at(-1) ?? "");
    if (range === undefined) return null;
    const share = range.prefix ? 0.05 : range.lower && range.upper ? 0.1 : 0.3;
    return {
      step: { kind: "range", target, index: use, values: first, range },
      rows: Math.max(0.7, index.count * share * EQUAL_SHARE ** first.length),
    };
  }

  /** Both ways round, the equalities whose one side is known. */
  *#equalities(): Generator<readonly [side: Expression, value: Expression]> {
    for (const predicate of this.#predicates) {
      if (predicate.kind !== "compare" || predicate.operator !== "=") continue;
      const { left, right } = predicate;
      if (this.#areBound(variablesOf(right))) yield [left, right];
      if (this.#areBound(variablesOf(left))) yield [right, left];
    }
  }

  /** By property, what the predicates whose other side is known say about its range. Of several bounds, the first. */
  #ranges(target: Variable): Map<string, PropertyRange> {
    const ranges = new Map<string, PropertyRange>();
    const note = (side: Expression, value: Expression, end: keyof PropertyRange): void => {
      if (side.kind !== "property" || !isVariable(side.of, target)) return;
      if (!this.#areBound(variablesOf(value))) return;
      const known = ranges.get(side.key) ?? { lower: null, upper: null, prefix: null };
      ranges.set(side.key, { ...known, [end]: known[end] ?? value });
    };
    for (const predicate of this.#predicates) {
      if (predicate.kind === "stringPredicate" && predicate.operator === "startsWith") {
        note(predicate.left, predicate.right, "prefix");
        continue;
      }
      if (predicate.kind !== "compare") continue;
      const { operator, left, right } = predicate;
      if (operator === ">" || operator === ">=") {
        note(left, right, "lower");
        note(right, left, "upper");
      } else if (operator === "<" || operator === "<=") {
        note(left, right, "upper");
        note(right, left, "lower");
      }
    }
    return ranges;
  }

  #takeEdge(edge: EdgeAtom, step: Step): void {
    this.#steps.push(step);
    const isNew = !this.#bound.has(edge.variable);
    this.#edges = this.#edges.filter((other) => other !== edge);
    if (this.#match.differentEdges) {
      for (const other of this.#matched) {
        if (mayBeSame(edge, other))
          this.#steps.push({ kind: "different", left: other.variable, right: edge.variable });
      }
    }
    if (this.#hasTrail) this.#steps.push({ kind: "offTrail", edge: edge.variable });
    this.#matched.push(edge);
    if (isNew) this.#bind(edge.variable);
    for (const node of [edge.from, edge.to]) {
      if (this.#bound.has(node)) continue;
      this.#bind(node);
      this.#testLabels(node);
    }
  }

  #bind(element: Variable): void {
    this.#bound.add(element);
    if (this.#guarded) this.#steps.push({ kind: "visible", element });
  }

  #testLabels(node: Variable): void {
    const labels = this.#labels.get(node);
    if (labels) this.#steps.push({ kind: "labels", node, labels });
  }

  /** Puts every predicate whose variables are all bound. */
  #place(): void {
    const later: Expression[] = [];
    for (const predicate of this.#predicates) {
      if ([...variablesOf(predicate)].every((variable) => this.#bound.has(variable)))
        this.#steps.push({ kind: "filter", predicate });
      else later.push(predicate);
    }
    this.#predicates = later;
  }

  /** The share of all nodes that this one may be: by its labels, and a guess for each equality on it. */
  #selectivity(node: Variable): number {
    const labels = this.#labels.get(node);
    let share = labels ? labelCount(this.#graph, labels) / Math.max(1, this.#graph.nodes.count) : 1;
    for (const predicate of this.#predicates) {
      if (
        predicate.kind === "compare" &&
        predicate.operator === "=" &&
        variablesOf(predicate).has(node)
      )
        share *= EQUAL_SHARE;
    }
    return share;
  }
}

/** How to come to an element directly, and to how many. */
interface Access {
  readonly step: Step;
  readonly rows: number;
}

interface Choice {
  readonly rows: number;
  readonly take: () => void;
}

function isVariable(expression: Expression | undefined, variable: Variable): boolean {
  return expression?.kind === "variable" && expression.variable === variable;
}

/** Edges with one label each, and another one, cannot be the same. */
function mayBeSame(left: EdgeAtom, right: EdgeAtom): boolean {
  return (
    left.labels?.kind !== "label" ||
    right.labels?.kind !== "label" ||
    left.labels.name === right.labels.name
  );
}
