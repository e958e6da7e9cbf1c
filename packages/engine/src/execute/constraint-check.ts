import { type ElementId, GeodeError, type Value } from "@geode/values";
import { type Constraint, type Violation, violationOf } from "../graph/constraints.ts";
import type { ElementKind } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import { valueText } from "../plan/expression-text.ts";
import { forbidden } from "./forbidden.ts";
import type { Sight } from "./sight.ts";

/** How many offenders are named when a constraint cannot be created. */
const OFFENDERS_MAX = 3;

/**
 * The end of a statement: throws 40002 when one of the elements that it has written violates a constraint. What it has not written kept
 * all of them before, and two that are alike cannot both be old; so nobody else has to be looked at. Throws FORBIDDEN instead where it
 * would tell of something that the user does not see.
 */
export function requireConstraints(
  graph: Graph,
  written: Iterable<ElementId>,
  sight: Sight | null,
): void {
  const { constraints, edges, nodes } = graph;
  if (constraints.size === 0) return;
  const require = (element: ElementKind, label: number, slot: number): void => {
    for (const constraint of constraints.of(element, label)) {
      const violation = violationOf(constraint, graph.columnsOf(element), slot);
      if (violation === null) continue;
      if (sight !== null && isHidden(graph, constraint, violation, sight)) throw forbidden();
      throw violated(graph, constraint, slot, violation);
    }
  };
  for (const id of written) {
    const node = nodes.slot(id);
    if (node >= 0) {
      for (const label of nodes.labelSet(node).labels) require("node", label, node);
      continue;
    }
    const edge = edges.slot(id);
    if (edge >= 0) require("edge", edges.label(edge), edge);
  }
}

/** Throws 40002, naming the first offenders, when the graph as it is does not keep a constraint that is new. */
export function requireOfAll(graph: Graph, constraint: Constraint): void {
  const offenders: string[] = [];
  for (const sentence of offences(graph, constraint)) {
    if (offenders.push(sentence) > OFFENDERS_MAX) break;
  }
  if (offenders.length === 0) return;
  const named = offenders.slice(0, OFFENDERS_MAX).join("; ");
  const more = offenders.length > OFFENDERS_MAX ? "; and more" : "";
  throw new GeodeError(
    "40002",
    `The constraint \`${constraint.name}\` cannot be created: ${named}${more}.`,
    { hint: "Change or delete them first. Nothing was created." },
  );
}

function* offences(graph: Graph, constraint: Constraint): Generator<string> {
  const { element, index, label, requirement } = constraint;
  const columns = graph.columnsOf(element);
  if (requirement !== "unique") {
    for (const slot of graph.slotsWith(element, label)) {
      const missing = constraint.keys.find((key) => columns.value(slot, key) === null);
      if (missing !== undefined)
        yield `${elementText(graph, element, slot)} has no ${nameText(graph.keys.name(missing))}`;
    }
  }
  if (index === null || index.isDistinct) return;
  for (const [, slots] of index.entries()) {
    const [first, second] = slots;
    if (first === undefined || second === undefined) continue;
    const value = valuesText(graph, constraint, index.valueIn(columns, first));
    const both = [first, second].map((slot) => elementText(graph, element, slot)).join(" and ");
    yield `${both} have the same ${value}`;
  }
}

/** Whether the other one, or what makes the two alike, is hidden. */
function isHidden(
  graph: Graph,
  { element, keys }: Constraint,
  violation: Violation,
  sight: Sight,
): boolean {
  if (violation.kind === "missing") return false;
  const { other } = violation;
  const names = keys.map((key) => graph.keys.name(key));
  return element === "node"
    ? !sight.node(other) || names.some((name) => sight.hidesNodeProperty(other, name))
    : !sight.edge(other) || names.some((name) => sight.hidesEdgeProperty(other, name));
}

function violated(
  graph: Graph,
  constraint: Constraint,
  slot: number,
  violation: Violation,
): GeodeError {
  const { element, label, name } = constraint;
  const labelText = `:${nameText(graph.labelName(element, label))}`;
  if (violation.kind === "missing") {
    const key = nameText(graph.keys.name(violation.key));
    return new GeodeError(
      "40002",
      `The constraint \`${name}\` wants the property ${key} of every ${element} ${labelText}; ${elementText(graph, element, slot)} has none.`,
      { hint: `Set ${key} in the same statement: what counts is how it ends.` },
    );
  }
  const value = valuesText(graph, constraint, violation.value);
  return new GeodeError(
    "40002",
    `The constraint \`${name}\` allows one ${element} ${labelText} with ${value}; ${elementText(graph, element, violation.other)} has it already.`,
    { hint: "MERGE finds the one that is there; or give another value." },
  );
}

function elementText(graph: Graph, element: ElementKind, slot: number): string {
  return `${element} ${(element === "node" ? graph.nodes : graph.edges).id(slot)}`;
}

/** `email = 'ann@example.org'`, or `(a, b) = (1, 2)`. */
function valuesText(graph: Graph, { keys }: Constraint, value: Value): string {
  const names = keys.map((key) => nameText(graph.keys.name(key)));
  if (names.length === 1) return `${names[0]!} = ${valueText(value)}`;
  const values = (value as readonly Value[]).map(valueText);
  return `(${names.join(", ")}) = (${values.join(", ")})`;
}

function nameText(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name}\``;
}
