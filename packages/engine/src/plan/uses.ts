import { unreachable } from "@geode/values";
import { children, type Expression, type Variable } from "./expression.ts";
import type { Operator, Output, PartAtom, Query, SearchAtom } from "./operators.ts";

/** The variables that exist only inside of the expression. */
export function localsOf(expression: Expression): readonly Variable[] {
  switch (expression.kind) {
    case "listComprehension":
    case "quantified":
    case "letIn":
      return [expression.variable];
    case "reduce":
      return [expression.accumulator, expression.variable];
    default:
      return [];
  }
}

/** Every variable from outside that an expression looks at; a path counts as its elements. */
export function variablesOf(
  expression: Expression,
  into: Set<Variable> = new Set(),
): Set<Variable> {
  if (expression.kind === "variable") {
    addVariable(expression.variable, into);
  } else if (expression.kind === "subquery") {
    for (const variable of freeVariables(expression.query)) into.add(variable);
  } else {
    for (const child of children(expression)) variablesOf(child, into);
    // Numbers are unique in a statement: a local is nobody else's variable.
    for (const local of localsOf(expression)) into.delete(local);
  }
  return into;
}

export function addVariable(variable: Variable, into: Set<Variable>): void {
  if (variable.type === "path") for (const element of variable.elements) into.add(element);
  else into.add(variable);
}

/** The variables that an operator looks at. */
export function usesOf(operator: Operator): Set<Variable> {
  const used = new Set<Variable>();
  const look = (expression: Expression | null): void => {
    if (expression) variablesOf(expression, used);
  };
  switch (operator.kind) {
    case "match":
      for (const node of operator.nodes) used.add(node.variable);
      for (const edge of operator.edges) used.add(edge.variable).add(edge.from).add(edge.to);
      for (const repeat of operator.repeats) {
        used.add(repeat.from).add(repeat.to);
        for (const variable of usesOfPart(repeat)) used.add(variable);
      }
      for (const search of operator.searches) {
        used.add(search.from).add(search.to);
        for (const variable of usesOfSearch(search)) used.add(variable);
      }
      operator.predicates.forEach(look);
      break;
    case "filter":
      look(operator.predicate);
      break;
    case "let":
      for (const item of operator.items) look(item.expression);
      break;
    case "for":
      look(operator.list);
      break;
    case "call":
      for (const variable of freeVariables(operator.query)) used.add(variable);
      break;
    case "procedure":
      operator.args.forEach(look);
      break;
    case "combine":
      for (const branch of operator.branches)
        for (const variable of freeVariables(branch)) used.add(variable);
      break;
    case "element":
      used.add(operator.of);
      break;
    case "use":
      for (const item of operator.carried) look(item.expression);
      break;
    case "merge":
      for (const variable of usesOf(operator.match)) used.add(variable);
      for (const atom of [...operator.nodes, ...operator.edges]) look(atom.properties);
      for (const item of [...operator.onCreate, ...operator.onMatch]) {
        look(item.target);
        if (item.kind !== "labels") look(item.value);
      }
      for (const variable of operator.match.introduces) used.delete(variable);
      break;
    case "distinct":
      for (const variable of operator.variables) addVariable(variable, used);
      break;
    case "aggregate":
      for (const key of operator.keys) look(key.expression);
      for (const aggregate of operator.aggregates) {
        look(aggregate.argument);
        look(aggregate.parameter);
      }
      break;
    case "sort":
      for (const key of operator.keys) look(key.expression);
      break;
    case "slice":
      break;
    case "insert":
      for (const node of operator.nodes) look(node.properties);
      for (const edge of operator.edges) {
        used.add(edge.from).add(edge.to);
        look(edge.properties);
      }
      break;
    case "set":
      for (const item of operator.items) {
        look(item.target);
        if (item.kind !== "labels") look(item.value);
      }
      break;
    case "remove":
      for (const item of operator.items) {
        look(item.target);
        if ("value" in item) look(item.value);
      }
      break;
    case "delete":
      for (const target of operator.targets) look(target.expression);
      break;
    default:
      unreachable(operator);
  }
  return used;
}

/** The variables from outside that a part of a path looks at. */
export function usesOfPart({ ways }: PartAtom): Set<Variable> {
  const used = new Set<Variable>();
  for (const { body } of ways) {
    const inside = usesOf(body);
    for (const own of body.introduces) inside.delete(own);
    for (const variable of inside) used.add(variable);
  }
  return used;
}

/** The variables from outside that a search looks at while it goes to `end`, which the conditions on the whole path may look at. */
export function usesOfSearch({ parts, conditions }: SearchAtom, end?: Variable): Set<Variable> {
  const used = new Set<Variable>();
  for (const condition of conditions) variablesOf(condition, used);
  if (end) used.delete(end);
  for (const part of parts) for (const variable of usesOfPart(part)) used.add(variable);
  for (const { groups, steps } of parts) {
    used.delete(steps);
    for (const { outer } of groups) used.delete(outer);
  }
  return used;
}

export function usesOfOutput(output: Output): Set<Variable> {
  const used = new Set<Variable>();
  switch (output.kind) {
    case "rows":
      for (const column of output.columns) addVariable(column.variable, used);
      break;
    case "records":
      used.add(output.variable);
      break;
    case "nothing":
      break;
    default:
      unreachable(output);
  }
  return used;
}

/** For every operator, by index, what is still looked at behind it. */
export function neededAfter(query: Query): Set<Variable>[] {
  const needed: Set<Variable>[] = [];
  let later = usesOfOutput(query.output);
  for (let index = query.operators.length - 1; index >= 0; index--) {
    needed[index] = later;
    const operator = query.operators[index];
    later = new Set([...later, ...(operator ? usesOf(operator) : [])]);
  }
  return needed;
}

/** The variables that an operator brings into being. */
export function introducedBy(operator: Operator): readonly Variable[] {
  switch (operator.kind) {
    case "match":
      return operator.introduces;
    case "let":
      return operator.items.map((item) => item.variable);
    case "for":
      return [operator.variable, operator.hidden, ...(operator.ordinal ? [operator.ordinal] : [])];
    case "call":
    case "combine":
      return [...operator.columns, operator.rowKey];
    case "procedure":
      return [operator.hidden, ...operator.columns.map(({ variable }) => variable)];
    case "element":
      return [operator.variable];
    case "use":
      return [operator.rowKey, ...operator.carried.map((item) => item.variable)];
    case "merge":
      return operator.match.introduces;
    case "distinct":
      return [operator.rowKey];
    case "aggregate":
      return [
        operator.rowKey,
        ...operator.keys.map((key) => key.variable),
        ...operator.aggregates.map((aggregate) => aggregate.variable),
      ];
    case "insert":
      return [...operator.nodes, ...operator.edges].map((atom) => atom.variable);
    case "filter":
    case "sort":
    case "slice":
    case "set":
    case "remove":
    case "delete":
      return [];
    default:
      return unreachable(operator);
  }
}

/** The variables from outside that a query looks at. */
export function freeVariables(query: Query): Set<Variable> {
  const free = new Set<Variable>();
  const own = new Set<Variable>();
  for (const operator of query.operators) {
    // In the order of the rows: a grouping key may be a variable from outside that stays itself.
    for (const variable of usesOf(operator)) if (!own.has(variable)) free.add(variable);
    for (const variable of introducedBy(operator)) own.add(variable);
  }
  for (const variable of usesOfOutput(query.output)) if (!own.has(variable)) free.add(variable);
  // What a MATCH introduces it also looks at.
  for (const operator of query.operators)
    for (const variable of introducedBy(operator))
      if (operator.kind !== "aggregate") free.delete(variable);
  return free;
}
