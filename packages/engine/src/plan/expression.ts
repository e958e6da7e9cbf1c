import type { Value } from "@geode/values";

/** What a variable holds. A "path" is held as the list of its elements' variables and made when it is looked at. */
export type VariableType = "node" | "edge" | "value" | "path";

/** A name in scope, or an unnamed part of a pattern. Compared by identity; `number` is unique in its statement. */
export interface Variable {
  readonly number: number;
  readonly name: string | null;
  readonly type: VariableType;
  /** Elements only: may be absent, because an OPTIONAL MATCH found nothing or the element was deleted. */
  readonly nullable: boolean;
  /** Paths only: node, edge, node, …, node. */
  readonly elements: readonly Variable[];
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "^" | "||";
export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type StringPredicate = "startsWith" | "endsWith" | "contains" | "matches";

/** A bound expression: names are resolved, spellings are gone. `offset` is where an error in it points. */
export type Expression =
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "parameter"; readonly name: string; readonly offset: number }
  | { readonly kind: "variable"; readonly variable: Variable }
  | {
      readonly kind: "property";
      readonly of: Expression;
      readonly key: string;
      readonly offset: number;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      readonly offset: number;
    }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly offset: number;
    }
  | { readonly kind: "negate"; readonly operand: Expression; readonly offset: number }
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "stringPredicate";
      readonly operator: StringPredicate;
      readonly left: Expression;
      readonly right: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "in";
      readonly item: Expression;
      readonly list: Expression;
      readonly offset: number;
    }
  | { readonly kind: "and"; readonly operands: readonly Expression[] }
  | { readonly kind: "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "xor"; readonly operands: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "isNull"; readonly operand: Expression }
  | { readonly kind: "isTruth"; readonly operand: Expression; readonly truth: boolean | null }
  | {
      readonly kind: "hasLabels";
      readonly operand: Expression;
      readonly labels: LabelExpression;
      readonly offset: number;
    }
  | {
      readonly kind: "case";
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
      readonly otherwise: Expression;
    }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly key: string; readonly value: Expression }[];
    }
  | {
      readonly kind: "subscript";
      readonly of: Expression;
      readonly index: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "slice";
      readonly of: Expression;
      readonly from: Expression | null;
      readonly to: Expression | null;
      readonly offset: number;
    }
  /** All properties of an element as a record: the row of `SELECT *`. */
  | { readonly kind: "properties"; readonly of: Expression };

/** ISO/IEC 39075:2024 §16.8: a label, any, or a combination. */
export type LabelExpression =
  | { readonly kind: "label"; readonly name: string }
  | { readonly kind: "any" }
  | { readonly kind: "not"; readonly operand: LabelExpression }
  | { readonly kind: "and"; readonly operands: readonly LabelExpression[] }
  | { readonly kind: "or"; readonly operands: readonly LabelExpression[] };

export const TRUE: Expression = { kind: "constant", value: true };
export const NULL: Expression = { kind: "constant", value: null };

/** The direct parts of an expression. */
export function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "constant":
    case "parameter":
    case "variable":
      return [];
    case "property":
    case "properties":
      return [expression.of];
    case "call":
      return expression.args;
    case "binary":
    case "compare":
    case "stringPredicate":
      return [expression.left, expression.right];
    case "and":
    case "or":
    case "xor":
      return expression.operands;
    case "in":
      return [expression.item, expression.list];
    case "negate":
    case "not":
    case "isNull":
    case "isTruth":
    case "hasLabels":
      return [expression.operand];
    case "case":
      return [
        ...expression.branches.flatMap((branch) => [branch.when, branch.then]),
        expression.otherwise,
      ];
    case "list":
      return expression.items;
    case "record":
      return expression.fields.map((field) => field.value);
    case "subscript":
      return [expression.of, expression.index];
    case "slice":
      return [
        expression.of,
        ...(expression.from ? [expression.from] : []),
        ...(expression.to ? [expression.to] : []),
      ];
  }
}

/** Every variable that an expression looks at; a path counts as its elements as well. */
export function variablesOf(
  expression: Expression,
  into: Set<Variable> = new Set(),
): Set<Variable> {
  if (expression.kind === "variable") addVariable(expression.variable, into);
  else for (const child of children(expression)) variablesOf(child, into);
  return into;
}

export function addVariable(variable: Variable, into: Set<Variable>): void {
  if (variable.type === "path") for (const element of variable.elements) into.add(element);
  else into.add(variable);
}

/** The conjuncts of a predicate. */
export function conjuncts(predicate: Expression): readonly Expression[] {
  return predicate.kind === "and" ? predicate.operands.flatMap(conjuncts) : [predicate];
}
