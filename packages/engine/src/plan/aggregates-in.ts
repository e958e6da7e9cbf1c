import type * as ast from "../gql/ast.ts";
import { isAggregate } from "./functions.ts";
import type { Binding, Scope } from "./scope.ts";

/** Whether the syntax holds an aggregate that belongs to this level. */
export function hasAggregate(binding: Binding, node: ast.Expression, scope: Scope): boolean {
  switch (node.kind) {
    case "variable":
    case "parameter":
      return false;
    case "property":
      return hasAggregate(binding, node.object, scope);
    default:
      return holdsAggregate(binding, node, scope);
  }
}

function holdsAggregate(binding: Binding, node: unknown, scope: Scope): boolean {
  if (Array.isArray(node)) return node.some((part) => holdsAggregate(binding, part, scope));
  if (typeof node !== "object" || node === null) return false;
  if (isAggregateCall(node) && groupsIn(binding, node.args, scope).size === 0) return true;
  if (isClosed(node)) return false;
  return Object.values(node).some((part) => holdsAggregate(binding, part, scope));
}

function isAggregateCall(node: object): node is ast.FunctionCall {
  return (
    (node as { kind?: unknown }).kind === "functionCall" &&
    isAggregate((node as ast.FunctionCall).name)
  );
}

const CLOSED: ReadonlySet<ast.Expression["kind"]> = new Set([
  "exists",
  "count",
  "valueQuery",
  "listQuery",
  "literal",
] as const);

/** What is in there is of another level, or no syntax. */
function isClosed(node: object): boolean {
  const { kind } = node as { kind?: unknown };
  return CLOSED.has(kind as ast.Expression["kind"]);
}

/**
 * The names of group variables whose elements the arguments of an aggregate look at: itself, a property, what a function says of one
 * element. Where they stand as lists, as in `SIZE(e)`, or in an aggregate of their own, there is nothing to aggregate.
 */
export function groupsIn(
  binding: Binding,
  node: unknown,
  scope: Scope,
  into: Set<string> = new Set(),
): ReadonlySet<string> {
  if (!binding.hasGroups || typeof node !== "object" || node === null) return into;
  if (Array.isArray(node)) {
    for (const part of node) groupsIn(binding, part, scope, into);
    return into;
  }
  if (isAggregateCall(node) || isClosed(node)) return into;
  if ((node as { kind?: unknown }).kind === "variable") {
    const { name } = node as ast.Variable;
    const variable = scope.get(name);
    if (variable !== undefined && binding.isGroup(variable)) into.add(name);
    return into;
  }
  const isOfElement = saysOfElement(node);
  for (const part of Object.values(node))
    for (const one of Array.isArray(part) ? (part as readonly unknown[]) : [part])
      if (isOfElement || (one as { kind?: unknown } | null)?.kind !== "variable")
        groupsIn(binding, one, scope, into);
  return into;
}

/** Functions of an element. */
const OF_ELEMENT: ReadonlySet<string> = new Set([
  "element_id",
  "id",
  "labels",
  "type",
  "properties",
  "keys",
]);

function saysOfElement(node: object): boolean {
  const { kind } = node as { kind?: unknown };
  if (kind === "functionCall") return OF_ELEMENT.has((node as ast.FunctionCall).name.toLowerCase());
  return kind === "property" || kind === "isLabeled" || kind === "propertyExists";
}
