import { unreachable } from "@geode/values";
import type { Graph } from "../graph/graph.ts";
import type { Expression, LabelExpression, Variable } from "./expression.ts";
import { expressionText, labelsText, variableText } from "./expression-text.ts";
import { indexOf, type IndexUse, rowsPerValue } from "./index-use.ts";
import type { Branch, CountStep } from "./branches.ts";
import { EQUAL_SHARE, FILTER_SHARE } from "./estimates.ts";
import { labelCount } from "./labels.ts";
import type { EdgeAtom, Operator, PartAtom } from "./operators.ts";
import type { Step } from "./order-match.ts";

/** What an operator or a step does, and how many rows it is expected to make of `rows`; null where nothing is known. */
export interface Description {
  readonly operator: string;
  readonly details: string;
  readonly rows: number | null;
}

/** A guess: the share of an index that is in a range. */
const RANGE_SHARE = 0.1;
const FOR_ROWS = 10;

export function describeOperator(operator: Operator, rows: number | null): Description {
  const names = (variables: readonly Variable[]): string => variables.map(variableText).join(", ");
  const targets = (items: readonly { readonly target: Expression }[]): string =>
    items.map((item) => expressionText(item.target)).join(", ");
  switch (operator.kind) {
    case "match":
      return {
        operator: operator.optional ? "OptionalMatch" : "Match",
        details: names(operator.introduces.filter(({ name }) => name !== null)),
        rows,
      };
    case "filter":
      return {
        operator: "Filter",
        details: expressionText(operator.predicate),
        rows: times(rows, FILTER_SHARE),
      };
    case "let":
      return {
        operator: "Let",
        details: operator.items
          .map((item) => `${variableText(item.variable)} = ${expressionText(item.expression)}`)
          .join(", "),
        rows,
      };
    case "for":
      return {
        operator: "For",
        details: `${variableText(operator.variable)} IN ${expressionText(operator.list)}`,
        rows: times(rows, FOR_ROWS),
      };
    case "distinct":
      return { operator: "Distinct", details: names(operator.variables), rows };
    case "aggregate": {
      const keys = operator.keys.map((key) => expressionText(key.expression)).join(", ");
      const aggregates = operator.aggregates
        .map(({ name, argument }) => `${name}(${argument ? expressionText(argument) : "*"})`)
        .join(", ");
      return operator.keys.length === 0
        ? { operator: "Aggregate", details: aggregates, rows: 1 }
        : {
            operator: "Aggregate",
            details: aggregates === "" ? keys : `${keys}: ${aggregates}`,
            rows: rows === null ? null : Math.sqrt(rows),
          };
    }
    case "procedure":
      return {
        operator: "Procedure",
        details: `${operator.procedure.name}(${operator.args.map(expressionText).join(", ")})`,
        rows: null,
      };
    case "call":
      return { operator: operator.optional ? "OptionalCall" : "Call", details: "", rows };
    case "combine":
      return {
        operator: "Combine",
        details: `${operator.operation.toUpperCase()}${operator.all ? " ALL" : ""}`,
        rows: null,
      };
    case "element":
      return { operator: "Element", details: variableText(operator.of), rows };
    case "use":
      return { operator: "Use", details: operator.graph ?? "CURRENT_GRAPH", rows };
    case "sort":
      return {
        operator: "Sort",
        details: operator.keys
          .map((key) => `${expressionText(key.expression)}${key.descending ? " DESC" : ""}`)
          .join(", "),
        rows,
      };
    case "slice": {
      const { offset, limit } = operator;
      const bounds = [
        offset && `OFFSET ${expressionText(offset.expression)}`,
        limit && `LIMIT ${expressionText(limit.expression)}`,
      ];
      const most = limit?.expression.kind === "constant" ? limit.expression.value : null;
      return {
        operator: "Slice",
        details: bounds.filter((bound) => bound !== null).join(" "),
        rows: typeof most === "number" && rows !== null ? Math.min(rows, most) : rows,
      };
    }
    case "merge":
      return {
        operator: "Merge",
        details: names([...operator.nodes, ...operator.edges].map(({ variable }) => variable)),
        rows,
      };
    case "insert":
      return {
        operator: "Insert",
        details: names([...operator.nodes, ...operator.edges].map(({ variable }) => variable)),
        rows,
      };
    case "set":
      return { operator: "Set", details: targets(operator.items), rows };
    case "remove":
      return { operator: "Remove", details: targets(operator.items), rows };
    case "delete":
      return {
        operator: operator.detach ? "DetachDelete" : "Delete",
        details: operator.targets.map((target) => expressionText(target.expression)).join(", "),
        rows,
      };
    default:
      return unreachable(operator);
  }
}

export function describeStep(
  step: Step | CountStep,
  graph: Graph,
  rows: number | null,
): Description {
  switch (step.kind) {
    case "scan":
      return {
        operator: "Scan",
        details: nodeText(step.node, step.labels),
        rows: times(rows, labelCount(graph, step.labels)),
      };
    case "seek": {
      const index = indexOf(graph, step.index);
      return {
        operator: "IndexSeek",
        details: `${seekText(step.target, step.index, step.values)} by ${index.name}${index.isUnique ? ", unique" : ""}`,
        rows: times(rows, rowsPerValue(index)),
      };
    }
    case "range": {
      const { target, range, values } = step;
      const index = indexOf(graph, step.index);
      const name = `${variableText(target)}.${step.index.properties.at(-1)}`;
      const bounds = [
        range.lower && `${name} from ${expressionText(range.lower)}`,
        range.upper && `${name} to ${expressionText(range.upper)}`,
        range.prefix && `${name} STARTS WITH ${expressionText(range.prefix)}`,
      ];
      return {
        operator: "IndexRange",
        details: `${seekText(target, step.index, values)} ${bounds.filter((bound) => bound !== null).join(", ")} by ${index.name}`,
        rows: times(rows, index.count * RANGE_SHARE * EQUAL_SHARE ** values.length),
      };
    }
    case "lookup":
      return {
        operator: "Lookup",
        details: `element_id(${variableText(step.node)}) = ${expressionText(step.id)}`,
        rows,
      };
    case "expand":
      return {
        operator: "Expand",
        details: edgeText(step.edge, step.from),
        rows: times(rows, step.expected),
      };
    case "expandInto":
      return {
        operator: "ExpandInto",
        details: edgeText(step.edge, step.edge.from),
        rows: times(rows, step.expected),
      };
    case "count":
      return { operator: "Count", details: branchText(step.branch), rows };
    case "ends":
      return { operator: "Ends", details: edgeText(step.edge, step.edge.from), rows };
    case "repeat":
      return {
        operator: "Repeat",
        details: `${between(step.repeat.from, step.repeat.to, step.reverse)} ${partText(step.repeat)}`,
        rows: null,
      };
    case "search": {
      const { from, to, parts, unit, count } = step.search;
      return {
        operator: "Search",
        details: `${between(from, to, step.reverse)} ${parts.map(partText).join(" ")}, ${expressionText(count.expression)} shortest ${unit}`,
        rows: null,
      };
    }
    case "visible":
      return { operator: "Filter", details: `${variableText(step.element)} may be seen`, rows };
    case "offTrail":
      return { operator: "Filter", details: `${variableText(step.edge)} is another edge`, rows };
    case "labels":
      return {
        operator: "Filter",
        details: nodeText(step.node, step.labels),
        rows: times(rows, step.share),
      };
    case "different":
      return {
        operator: "Filter",
        details: `${variableText(step.left)} <> ${variableText(step.right)}`,
        rows,
      };
    case "filter":
      return {
        operator: "Filter",
        details: expressionText(step.predicate),
        rows: times(rows, step.share),
      };
    default:
      return unreachable(step);
  }
}

function times(rows: number | null, factor: number): number | null {
  return rows === null ? null : rows * factor;
}

/** `(n:Person {email: $email})`, or in brackets for an edge. */
function seekText(target: Variable, index: IndexUse, values: readonly Expression[]): string {
  const equal = values.map((value, at) => `${index.properties[at]}: ${expressionText(value)}`);
  const inside = `${variableText(target)}:${index.label}${equal.length > 0 ? ` {${equal.join(", ")}}` : ""}`;
  return index.element === "node" ? `(${inside})` : `-[${inside}]-`;
}

function nodeText(node: Variable, labels: LabelExpression | null): string {
  return `(${variableText(node)}${labels ? `:${labelsText(labels)}` : ""})`;
}

/** From the node that is known. */
function edgeText(edge: EdgeAtom, start: Variable): string {
  const inside = `[${variableText(edge.variable)}${edge.labels ? `:${labelsText(edge.labels)}` : ""}]`;
  const backwards = start !== edge.from;
  const end = backwards ? edge.from : edge.to;
  const [left, right] =
    edge.direction === "any" ? ["-", "-"] : backwards ? ["<-", "-"] : ["-", "->"];
  return `(${variableText(start)})${left}${inside}${right}(${variableText(end)})`;
}

/** From the node that it hangs at; what hangs at its other end stands in brackets. */
function branchText({ edge, from, to, labels, branches }: Branch): string {
  const text = edgeText(edge, from).replace(/\([^()]*\)$/, nodeText(to, labels));
  const more = branches.map((branch) => `[${branchText(branch)}]`);
  return [text, ...more].join(" ");
}

function between(from: Variable, to: Variable, reverse: boolean): string {
  const [start, end] = reverse ? [to, from] : [from, to];
  return `from ${variableText(start)} to ${variableText(end)}`;
}

function partText({ min, max, ways, distinct }: PartAtom): string {
  const choices = ways.map(({ body }) =>
    [
      ...body.edges.map((edge) => edgeText(edge, edge.from)),
      ...body.repeats.map((repeat) => partText(repeat)),
    ].join(" "),
  );
  const [only, ...others] = choices;
  const text = others.length === 0 ? only : `(${choices.join(distinct ? " | " : " |+| ")})`;
  return `${text}{${min},${max ?? ""}}`;
}
