import { unreachable } from "@geode/values";
import { addVariable, type Expression, type Variable, variablesOf } from "./expression.ts";
import type { Operator, Output, Query } from "./operators.ts";

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
    case "distinct":
      for (const variable of operator.variables) addVariable(variable, used);
      break;
    case "aggregate":
      for (const key of operator.keys) look(key.expression);
      for (const aggregate of operator.aggregates) look(aggregate.argument);
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
      for (const item of operator.items) look(item.target);
      break;
    case "delete":
      for (const target of operator.targets) look(target.expression);
      break;
    default:
      unreachable(operator);
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
