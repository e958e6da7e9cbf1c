import { GeodeError, typeName } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { positionAt } from "../gql/position.ts";
import { nearestWord } from "../gql/suggestion.ts";
import { bindCondition, bindExpression } from "./bind-expression.ts";
import { conjuncts, type Expression } from "./expression.ts";
import type { Operator, OutputColumn } from "./operators.ts";
import { isOfType, type ProcedureSignature, signatureText } from "./procedure.ts";
import { type Binding, declare, type Scope } from "./scope.ts";

/**
 * <named procedure call> (ISO/IEC 39075:2024 §15.3). `alone`: it is the whole query; then the columns need not be named, and without
 * parentheses the arguments are the parameters of the same names.
 */
export function bindProcedureCall(
  binding: Binding,
  call: ast.CallProcedure,
  outer: Scope,
  alone: boolean,
): { operators: readonly Operator[]; scope: Scope; columns: readonly OutputColumn[] } {
  const offset = call.span.start;
  const procedure = procedureNamed(binding, call);
  if (procedure.definedHere) binding.noteDefinedHere();
  if (procedure.reads === "graphs") binding.noteReadsEveryGraph();
  const args = argumentsOf(binding, call, procedure, outer, alone);
  const scope = new Map(outer);
  const columns = yielded(binding, call, procedure, alone).map(({ index, name }) => {
    const variable = binding.variable(name.name, "value");
    declare(binding, scope, name, variable);
    return { index, variable, name: name.name };
  });
  const operators: Operator[] = [
    {
      kind: "procedure",
      procedure,
      args,
      columns,
      optional: call.optional,
      hidden: binding.variable(null, "value"),
      offset,
    },
  ];
  if (call.where)
    for (const predicate of conjuncts(bindCondition(binding, call.where, { scope })))
      operators.push({ kind: "filter", predicate });
  return {
    operators,
    scope,
    columns: columns.map(({ name, variable }) => ({ name, text: name, variable })),
  };
}

/** Calls a procedure without parameters; all of its columns come out. */
export function callAlone(
  binding: Binding,
  procedure: ProcedureSignature,
): { operator: Operator; columns: readonly OutputColumn[] } {
  const columns = procedure.columns.map(({ name }, index) => ({
    index,
    name,
    variable: binding.variable(name, "value"),
  }));
  const operator: Operator = {
    kind: "procedure",
    procedure,
    args: [],
    columns,
    optional: false,
    hidden: binding.variable(null, "value"),
    offset: 0,
  };
  return {
    operator,
    columns: columns.map(({ name, variable }) => ({ name, text: name, variable })),
  };
}

function procedureNamed(binding: Binding, call: ast.CallProcedure): ProcedureSignature {
  const name = call.name.map((part) => part.name).join(".");
  const procedure = binding.procedures.get(name);
  if (procedure) return procedure;
  const nearest = nearestWord(name, binding.procedures.keys());
  throw binding.invalidReference(
    `There is no procedure \`${name}\`.`,
    call.name[0]?.span.start ?? call.span.start,
    nearest ? `Did you mean \`${nearest}\`?` : "SHOW PROCEDURES tells which there are.",
  );
}

function argumentsOf(
  binding: Binding,
  call: ast.CallProcedure,
  procedure: ProcedureSignature,
  scope: Scope,
  alone: boolean,
): Expression[] {
  const offset = call.span.start;
  const { parameters } = procedure;
  if (call.args === null) {
    if (!alone) {
      throw binding.invalidSyntax(
        "A procedure that is called inside of a query takes its arguments in parentheses.",
        offset,
        `It is ${signatureText(procedure)}.`,
      );
    }
    return parameters.map(({ name }) => ({ kind: "parameter", name, offset }));
  }
  if (call.args.length !== parameters.length) {
    throw binding.invalidSyntax(
      `\`${procedure.name}\` takes ${parameters.length} argument${parameters.length === 1 ? "" : "s"}, not ${call.args.length}.`,
      offset,
      `It is ${signatureText(procedure)}.`,
    );
  }
  return call.args.map((argument, index) => {
    const expression = bindExpression(binding, argument, { scope });
    const parameter = parameters[index];
    if (
      expression.kind === "constant" &&
      parameter &&
      !isOfType(expression.value, parameter.type)
    ) {
      throw new GeodeError(
        "22G03",
        `The argument ${parameter.name} of \`${procedure.name}\` is ${parameter.type}, not ${typeName(expression.value)}.`,
        { position: positionAt(binding.text, argument.span.start) },
      );
    }
    return expression;
  });
}

/** Which columns get which names. */
function yielded(
  binding: Binding,
  call: ast.CallProcedure,
  procedure: ProcedureSignature,
  alone: boolean,
): { index: number; name: ast.Name }[] {
  const { columns } = procedure;
  const { yieldItems, span } = call;
  if (yieldItems === "*" || yieldItems === null) {
    if (!alone && yieldItems === null && columns.length > 0) {
      throw binding.invalidSyntax(
        "A procedure that is called inside of a query says which of its columns are used.",
        span.start,
        `Write YIELD ${columns.map((column) => column.name).join(", ")}.`,
      );
    }
    return columns.map(({ name }, index) => ({ index, name: { kind: "name", name, span } }));
  }
  return yieldItems.map(({ name, alias }) => {
    const index = columns.findIndex((column) => column.name === name.name);
    if (index === -1) {
      throw binding.invalidReference(
        `\`${procedure.name}\` has no column \`${name.name}\`.`,
        name.span.start,
        columns.length > 0
          ? `There are: ${columns.map((column) => column.name).join(", ")}.`
          : "It has no columns at all.",
      );
    }
    return { index, name: alias ?? name };
  });
}
