import { GeodeError } from "@geode/values";
import type { Graph } from "../graph/graph.ts";
import { type Expression, type LabelExpression, type Variable } from "./expression.ts";
import type { HashIndex } from "../graph/indexes.ts";
import { type IndexUse, indexUse, rowsPerValue } from "./index-use.ts";
import { usesOfPart, usesOfSearch, variablesOf } from "./uses.ts";
import { EQUAL_SHARE, edgesBetween, edgesPerNode, shareOfRows } from "./estimates.ts";
import { labelCount, requiredLabels } from "./labels.ts";
import type { EdgeAtom, MatchOperator, NodeAtom, RepeatAtom, SearchAtom } from "./operators.ts";

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
      /** How many edges are expected for each node. */
      readonly expected: number;
    }
  /** Both ends are known: only the edges between them. */
  | { readonly kind: "expandInto"; readonly edge: EdgeAtom; readonly expected: number }
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
  /** `share`: of the rows, how many are expected to pass. */
  | {
      readonly kind: "labels";
      readonly node: Variable;
      readonly labels: LabelExpression;
      readonly share: number;
    }
  | { readonly kind: "different"; readonly left: Variable; readonly right: Variable }
  | { readonly kind: "filter"; readonly predicate: Expression; readonly share: number };

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
  const first = new MatchOrder(match, known, graph, guarded);
  const greedy = first.copy();
  greedy.takeAll();
  // Where little is expected there is nothing to save, and comparing the orders of a very long pattern would take too long.
  const isWorthIt = greedy.cost >= COST_TO_COMPARE && match.edges.length <= COMPARED_EDGES_MAX;
  return (isWorthIt ? cheapest(first, greedy) : greedy).finished();
}

/** Below so many rows, over all steps, the order that looks one step ahead is good enough. */
const COST_TO_COMPARE = 500;
/** Patterns with more edges are ordered looking one step ahead. */
const COMPARED_EDGES_MAX = 20;
/** Orders that are followed at once. */
const ORDERS_MAX = 8;
/** Patterns with more choices at once are, too. */
const CHOICES_MAX = 20;
/** Costs that differ by less are the same. */
const ROUNDING = 1e-6;

/**
 * The order that makes the fewest rows in all, of those that are among the cheapest after each step; the greedy one unless another is
 * cheaper. Of orders that have matched the same only the cheapest goes on.
 */
function cheapest(first: MatchOrder, greedy: MatchOrder): MatchOrder {
  let best = greedy;
  let orders = [first];
  while (orders.length > 0) {
    const next = new Map<string, MatchOrder>();
    for (const order of orders) {
      const choices = order.sensibleChoices();
      if (choices.length === 0 && order.cost < best.cost * (1 - ROUNDING)) best = order;
      if (choices.length > CHOICES_MAX) return best;
      for (const number of choices) {
        const after = order.copy();
        after.take(number);
        const same = next.get(after.matchedKey);
        if (same === undefined || after.cost < same.cost * (1 - ROUNDING))
          next.set(after.matchedKey, after);
      }
    }
    orders = [...next.values()]
      .filter(({ cost }) => cost < best.cost)
      .sort((a, b) => a.cost - b.cost)
      .slice(0, ORDERS_MAX);
  }
  return best;
}

class MatchOrder {
  readonly #graph: Graph;
  readonly #match: MatchOperator;
  readonly #bound: Set<Variable>;
  readonly #steps: Step[];
  readonly #labels: Map<Variable, LabelExpression>;
  #predicates: readonly Expression[];
  #edges: readonly EdgeAtom[];
  #nodes: readonly Variable[];
  #repeats: readonly RepeatAtom[];
  #searches: readonly SearchAtom[];
  #hasTrail = false;
  readonly #matched: EdgeAtom[];
  /** Predicates that hold for what was found by an index or an id. */
  readonly #looked: Set<Expression>;
  readonly #guarded: boolean;
  /** What each predicate, and each side of an equality, looks at. */
  readonly #looks: Map<Expression, ReadonlySet<Variable>>;
  /** Rows expected after the steps so far, for each row that came in, and the sum of those after each choice. */
  #rows = 1;
  #cost = 0;

  /** `origin`: begins with what that one has taken so far. */
  constructor(
    match: MatchOperator,
    known: ReadonlySet<Variable>,
    graph: Graph,
    guarded: boolean,
    origin: MatchOrder | null = null,
  ) {
    this.#guarded = guarded;
    this.#match = match;
    this.#graph = graph;
    this.#bound = new Set(origin ? origin.#bound : known);
    this.#steps = origin ? [...origin.#steps] : [];
    this.#labels = origin ? origin.#labels : new Map<Variable, LabelExpression>();
    this.#looks = origin ? origin.#looks : new Map<Expression, ReadonlySet<Variable>>();
    this.#matched = origin ? [...origin.#matched] : [];
    this.#looked = new Set(origin ? origin.#looked : []);
    const { predicates, edges, repeats, searches } = match;
    this.#predicates = origin ? origin.#predicates : predicates;
    this.#edges = origin ? origin.#edges : edges;
    this.#repeats = origin ? origin.#repeats : repeats;
    this.#searches = origin ? origin.#searches : searches;
    this.#nodes = origin ? origin.#nodes : [...new Set(match.nodes.map((node) => node.variable))];
    if (origin) {
      this.#hasTrail = origin.#hasTrail;
      this.#rows = origin.#rows;
      this.#cost = origin.#cost;
      return;
    }
    for (const node of match.nodes) this.#require(node);
    for (const node of this.#nodes)
      if (this.#bound.has(node)) this.#testLabels(node, this.#shareOfNodes(node));
    this.#place();
  }

  copy(): MatchOrder {
    return new MatchOrder(this.#match, this.#bound, this.#graph, this.#guarded, this);
  }

  /** The same for orders that have matched the same parts of the pattern. */
  get matchedKey(): string {
    const bound = [...this.#bound].map(({ number }) => number).sort((a, b) => a - b);
    return `${bound.join()} ${this.#edges.length} ${this.#repeats.length} ${this.#searches.length}`;
  }

  /** How many rows all steps together are expected to make. */
  get cost(): number {
    return this.#cost;
  }

  /** What may come next. */
  choices(): readonly Choice[] {
    const choices: Choice[] = [];
    this.#edgeChoices(choices);
    if (this.#repeats.length > 0) choices.push(...this.#repeatChoices());
    if (this.#searches.length > 0) choices.push(...this.#searchChoices());
    this.#nodeChoices(choices);
    return choices;
  }

  /**
   * The numbers of the choices that an order may go on with. What leaves fewer rows than there were comes at once; nodes that nothing
   * leads to come when nothing leads anywhere else.
   */
  sensibleChoices(): readonly number[] {
    const choices = this.choices();
    const least = Math.min(...choices.map(({ rows }) => rows));
    if (least < 1) return [choices.findIndex(({ rows }) => rows === least)];
    const leads = choices.some(({ isScan }) => isScan !== true);
    return [...choices.keys()].filter((number) => !leads || choices[number]!.isScan !== true);
  }

  /** Takes the choice with that number. */
  take(number: number): void {
    this.#take(this.choices()[number]!);
  }

  /** Takes what is expected to leave the fewest rows, until nothing is left. */
  takeAll(): void {
    for (;;) {
      let least: Choice | null = null;
      for (const choice of this.choices())
        if (least === null || choice.rows < least.rows) least = choice;
      if (least === null) return;
      this.#take(least);
    }
  }

  /** All steps. Throws when something of the pattern could not be matched. */
  finished(): Step[] {
    if (this.#repeats.length > 0 || this.#searches.length > 0) {
      throw new GeodeError("42002", "Conditions inside of two repetitions need each other.", {
        hint: "Move one of them into the WHERE of the MATCH.",
      });
    }
    return this.#steps;
  }

  #take(choice: Choice): void {
    this.#rows *= choice.makes ?? choice.rows;
    this.#cost += this.#rows;
    choice.take();
    this.#place();
  }

  readonly #labelsOf = (node: Variable): LabelExpression | null => this.#labels.get(node) ?? null;

  #require(node: NodeAtom): void {
    if (!node.labels) return;
    const before = this.#labels.get(node.variable);
    this.#labels.set(
      node.variable,
      before ? { kind: "and", operands: [before, node.labels] } : node.labels,
    );
  }

  #edgeChoices(choices: Choice[]): void {
    for (const edge of this.#edges) {
      const fromKnown = this.#bound.has(edge.from);
      const toKnown = this.#bound.has(edge.to);
      if (this.#bound.has(edge.variable)) {
        choices.push({
          rows: KNOWN_EDGE_ROWS,
          take: () => this.#takeEdge(edge, { kind: "ends", edge, fromKnown, toKnown }),
        });
        continue;
      }
      if (!fromKnown && !toKnown) {
        const access = this.#indexAccess(edge.variable, edge.labels);
        if (access)
          choices.push({
            rows: access.rows,
            take: () => {
              this.#steps.push(access.step);
              for (const predicate of access.looked) this.#looked.add(predicate);
              this.#bind(edge.variable);
            },
          });
        continue;
      }
      if (fromKnown && toKnown) {
        const expected = edgesBetween(this.#graph, edge, this.#labelsOf);
        choices.push({
          // Before anything that makes more rows of one.
          rows: Math.min(INTO_ROWS_MAX, Math.max(INTO_ROWS_MIN, expected)),
          take: () => this.#takeEdge(edge, { kind: "expandInto", edge, expected }),
        });
        continue;
      }
      const [from, to] = fromKnown ? [edge.from, edge.to] : [edge.to, edge.from];
      const expected = edgesPerNode(this.#graph, edge, from, this.#labelsOf);
      choices.push({
        rows: expected * this.#selectivity(to),
        makes: expected,
        take: () =>
          this.#takeEdge(edge, { kind: "expand", edge, from, to, reverse: !fromKnown, expected }),
      });
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
      // Whatever the end has to be, the search goes everywhere to find it.
      const rows = endKnown ? 1 : labelCount(this.#graph, this.#labelsOf(end)) + 1;
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
    for (const variable of variables) if (!this.#bound.has(variable)) return false;
    return true;
  }

  /** The variables that a predicate, or a side of one, looks at: worked out once for all orders. */
  #looksAt(expression: Expression): ReadonlySet<Variable> {
    let looks = this.#looks.get(expression);
    if (looks === undefined) this.#looks.set(expression, (looks = variablesOf(expression)));
    return looks;
  }

  #nodeChoices(choices: Choice[]): void {
    for (const node of this.#nodes) {
      if (this.#bound.has(node)) continue;
      const labels = this.#labels.get(node) ?? null;
      const direct = this.#lookup(node) ?? this.#indexAccess(node, labels);
      if (direct) {
        choices.push({
          rows: direct.rows,
          take: () => {
            this.#steps.push(direct.step);
            for (const predicate of direct.looked) this.#looked.add(predicate);
            this.#bind(node);
            if (!isImplied(direct.step, labels)) this.#testLabels(node);
          },
        });
      } else if (!this.#isLedTo(node)) {
        choices.push({
          rows: labelCount(this.#graph, labels) + 1,
          isScan: true,
          take: () => {
            this.#steps.push({ kind: "scan", node, labels });
            this.#bind(node);
          },
        });
      }
    }
  }

  /** Whether a repetition can go there now. It goes all its ways for every end that is looked for, so it is better to see where it ends. */
  #isLedTo(node: Variable): boolean {
    return this.#repeats.some((repeat) => {
      const { from, to } = repeat;
      const start = node === to ? from : node === from ? to : null;
      return start !== null && this.#bound.has(start) && this.#areBound(usesOfPart(repeat));
    });
  }

  /** By element id. */
  #lookup(node: Variable): Access | null {
    for (const { side, value, predicate } of this.#equalities())
      if (side.kind === "call" && side.name === "element_id" && isVariable(side.args[0], node))
        return { step: { kind: "lookup", node, id: value }, rows: 0.5, looked: [predicate] };
    return null;
  }

  /** The index that is expected to find the fewest: by values of all its properties, else by a range of the last one. */
  #indexAccess(target: Variable, labels: LabelExpression | null): Access | null {
    const element = target.type === "edge" ? "edge" : "node";
    if (this.#graph.indexes.size === 0) return null;
    const indexes = requiredLabels(labels).flatMap((label) =>
      this.#graph.indexes.of(element, this.#graph.labelId(element, label)),
    );
    if (indexes.length === 0) return null;
    const values = new Map<string, Equality>();
    for (const equality of this.#equalities()) {
      const { side } = equality;
      if (side.kind === "property" && isVariable(side.of, target) && !values.has(side.key))
        values.set(side.key, equality);
    }
    let ranges: ReadonlyMap<string, PropertyRange> | null = null;
    const rangesOf = (): ReadonlyMap<string, PropertyRange> => (ranges ??= this.#ranges(target));
    let best: Access | null = null;
    for (const index of indexes) {
      const access = this.#accessBy(index, target, values, rangesOf);
      if (access !== null && (best === null || access.rows < best.rows)) best = access;
    }
    return best;
  }

  #accessBy(
    index: HashIndex,
    target: Variable,
    equalities: ReadonlyMap<string, Equality>,
    ranges: () => ReadonlyMap<string, PropertyRange>,
  ): Access | null {
    const use = indexUse(this.#graph, index);
    const known = use.properties.map((property) => equalities.get(property));
    const first = known.slice(0, -1).filter((equality) => equality !== undefined);
    if (first.length < use.properties.length - 1) return null;
    const last = known.at(-1);
    const values = first.map(({ value }) => value);
    const looked = [...first, ...(last ? [last] : [])].map(({ predicate }) => predicate);
    if (last !== undefined)
      return {
        step: { kind: "seek", target, index: use, values: [...values, last.value] },
        looked,
        rows: index.isUnique ? 0.55 : Math.max(0.6, rowsPerValue(index)),
      };
    const range = ranges().get(use.properties.at(-1) ?? "");
    if (range === undefined) return null;
    const share = range.prefix ? 0.05 : range.lower && range.upper ? 0.1 : 0.3;
    return {
      step: { kind: "range", target, index: use, values, range },
      looked,
      rows: Math.max(0.7, index.count * share * EQUAL_SHARE ** first.length),
    };
  }

  /** Both ways round, the equalities whose one side is known. */
  *#equalities(): Generator<Equality> {
    for (const predicate of this.#predicates) {
      if (predicate.kind !== "compare" || predicate.operator !== "=") continue;
      const { left, right } = predicate;
      if (this.#areBound(this.#looksAt(right))) yield { side: left, value: right, predicate };
      if (this.#areBound(this.#looksAt(left))) yield { side: right, value: left, predicate };
    }
  }

  /** By property, what the predicates whose other side is known say about its range. Of several bounds, the first. */
  #ranges(target: Variable): Map<string, PropertyRange> {
    const ranges = new Map<string, PropertyRange>();
    const note = (side: Expression, value: Expression, end: keyof PropertyRange): void => {
      if (side.kind !== "property" || !isVariable(side.of, target)) return;
      if (!this.#areBound(this.#looksAt(value))) return;
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

  /** `share`: how many nodes, of those that are found, are expected to have them. */
  #testLabels(node: Variable, share = 1): void {
    const labels = this.#labels.get(node);
    if (!labels) return;
    this.#rows *= share;
    this.#steps.push({ kind: "labels", node, labels, share });
  }

  /** Puts every predicate whose variables are all bound. */
  #place(): void {
    const later: Expression[] = [];
    for (const predicate of this.#predicates) {
      if (!this.#areBound(this.#looksAt(predicate))) {
        later.push(predicate);
        continue;
      }
      const share = this.#looked.has(predicate)
        ? 1
        : shareOfRows(this.#graph, predicate, this.#labelsOf);
      this.#rows *= share;
      this.#steps.push({ kind: "filter", predicate, share });
    }
    this.#predicates = later;
  }

  #shareOfNodes(node: Variable): number {
    return labelCount(this.#graph, this.#labelsOf(node)) / Math.max(1, this.#graph.nodes.count);
  }

  /** The share of the nodes with its labels that this one may be, by what is known of its properties when it is reached. */
  #selectivity(node: Variable): number {
    let share = 1;
    for (const predicate of this.#predicates)
      if (
        predicate.kind === "compare" &&
        predicate.operator === "=" &&
        this.#looksAt(predicate).has(node)
      )
        share *= shareOfRows(this.#graph, predicate, this.#labelsOf);
    return share;
  }
}

/** An edge that is known has its ends: nothing comes before that. */
const KNOWN_EDGE_ROWS = 1e-6;
const INTO_ROWS_MIN = 1e-5;
const INTO_ROWS_MAX = 0.1;

/** How to come to an element directly, and to how many. */
interface Access {
  readonly step: Step;
  readonly rows: number;
  /** What need not be expected to leave any out. */
  readonly looked: readonly Expression[];
}

/** Something of a pattern that has to equal a value that is known. */
interface Equality {
  readonly side: Expression;
  readonly value: Expression;
  readonly predicate: Expression;
}

interface Choice {
  /** How many rows are expected to be left of one, which is what choices are chosen by. */
  readonly rows: number;
  /** How many it makes before predicates are looked at; absent when it is the same. */
  readonly makes?: number;
  readonly isScan?: true;
  readonly take: () => void;
}

/** Whether whatever the step finds has the labels: an index knows the elements of its label alone. */
function isImplied(step: Step, labels: LabelExpression | null): boolean {
  const isByIndex = step.kind === "seek" || step.kind === "range";
  return isByIndex && labels?.kind === "label" && labels.name === step.index.label;
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
