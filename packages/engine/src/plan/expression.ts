import type { AggregateName } from "./aggregate-name.ts";
import { unreachable, type Value } from "@geode/values";
import type { ValueType } from "../gql/ast.ts";
import type { Query } from "./operators.ts";

/**
 * What a variable holds. A "path" is held as its elements' variables and made when it is looked at; "nodes" and "edges" are the lists
 * that a variable inside of a repetition is outside of it; "steps" are the edges and nodes, in turn, behind the first node of a repetition.
 */
export type VariableType = "node" | "edge" | "value" | "path" | "nodes" | "edges" | "steps";

/** A name in scope, or an unnamed part of a pattern. Compared by identity; `number` is unique in its statement. */
export interface Variable {
  readonly number: number;
  readonly name: string | null;
  readonly type: VariableType;
  /** Elements only: may be absent, because an OPTIONAL MATCH found nothing or the element was deleted. */
  readonly nullable: boolean;
  /** Paths only: node, edge or steps, node, …, node. */
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
  /** The items for which `where` is TRUE, each as `projection`. */
  | {
      readonly kind: "listComprehension";
      readonly variable: Variable;
      readonly list: Expression;
      readonly where: Expression;
      readonly projection: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "quantified";
      readonly quantifier: "any" | "all" | "none" | "single";
      readonly variable: Variable;
      readonly list: Expression;
      readonly where: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "reduce";
      readonly accumulator: Variable;
      readonly initial: Expression;
      readonly variable: Variable;
      readonly list: Expression;
      readonly expression: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "letIn";
      readonly variable: Variable;
      readonly value: Expression;
      readonly body: Expression;
    }
  | {
      readonly kind: "cast";
      readonly operand: Expression;
      readonly type: ValueType;
      /** Only numbers are converted, everything else has to be of the type. */
      readonly assigned: boolean;
      readonly offset: number;
    }
  | { readonly kind: "isTyped"; readonly operand: Expression; readonly type: ValueType }
  /** An aggregate over the elements of a list in one row (ISO/IEC 39075:2024, Feature GE09). */
  | {
      readonly kind: "horizontal";
      readonly name: AggregateName;
      readonly distinct: boolean;
      readonly list: Expression;
      /** Of percentiles. */
      readonly parameter: Expression | null;
      readonly offset: number;
    }
  /**
   * A query inside of an expression, over the variables around it. "exists": whether it has a row; "count": how many; "value": the only
   * column of its only row; "list": its only column, of all rows.
   */
  | {
      readonly kind: "subquery";
      readonly form: "exists" | "count" | "value" | "list";
      readonly query: Query;
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
  // Those that nearly every expression consists of, and that planning asks most: without a copy.
  switch (expression.kind) {
    case "constant":
    case "parameter":
    case "variable":
    case "subquery":
      return NO_PARTS;
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
    default:
      return mappedParts(expression);
  }
}

const NO_PARTS: readonly Expression[] = [];

function mappedParts(expression: Expression): readonly Expression[] {
  const parts: Expression[] = [];
  mapChildren(expression, (part) => {
    parts.push(part);
    return part;
  });
  return parts;
}

/** The same expression with its direct parts replaced; what stands in a subquery is no part of it. */
export function mapChildren(
  expression: Expression,
  map: (part: Expression) => Expression,
): Expression {
  switch (expression.kind) {
    case "constant":
    case "parameter":
    case "variable":
    case "subquery":
      return expression;
    case "property":
    case "properties":
      return { ...expression, of: map(expression.of) };
    case "call":
      return { ...expression, args: expression.args.map(map) };
    case "binary":
    case "compare":
    case "stringPredicate":
      return { ...expression, left: map(expression.left), right: map(expression.right) };
    case "and":
    case "or":
    case "xor":
      return { ...expression, operands: expression.operands.map(map) };
    case "in":
      return { ...expression, item: map(expression.item), list: map(expression.list) };
    case "negate":
    case "not":
    case "isNull":
    case "isTruth":
    case "hasLabels":
    case "cast":
    case "isTyped":
      return { ...expression, operand: map(expression.operand) };
    case "case":
      return {
        ...expression,
        branches: expression.branches.map(({ when, then }) => ({
          when: map(when),
          then: map(then),
        })),
        otherwise: map(expression.otherwise),
      };
    case "list":
      return { ...expression, items: expression.items.map(map) };
    case "record":
      return {
        ...expression,
        fields: expression.fields.map(({ key, value }) => ({ key, value: map(value) })),
      };
    case "subscript":
      return { ...expression, of: map(expression.of), index: map(expression.index) };
    case "slice":
      return {
        ...expression,
        of: map(expression.of),
        from: expression.from && map(expression.from),
        to: expression.to && map(expression.to),
      };
    case "listComprehension":
      return {
        ...expression,
        list: map(expression.list),
        where: map(expression.where),
        projection: map(expression.projection),
      };
    case "quantified":
      return { ...expression, list: map(expression.list), where: map(expression.where) };
    case "reduce":
      return {
        ...expression,
        initial: map(expression.initial),
        list: map(expression.list),
        expression: map(expression.expression),
      };
    case "letIn":
      return { ...expression, value: map(expression.value), body: map(expression.body) };
    case "horizontal":
      return {
        ...expression,
        list: map(expression.list),
        parameter: expression.parameter && map(expression.parameter),
      };
    default:
      return unreachable(expression);
  }
}

/** The conjuncts of a predicate. */
export function conjuncts(predicate: Expression): readonly Expression[] {
  return predicate.kind === "and" ? predicate.operands.flatMap(conjuncts) : [predicate];
}
