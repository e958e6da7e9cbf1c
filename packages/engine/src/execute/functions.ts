import {
  add,
  compare,
  componentOf,
  concatenate,
  divide,
  Edge,
  equals,
  equivalenceKey,
  GeodeError,
  isInteger,
  isTemporal,
  lessThan,
  lessThanOrEqual,
  modulo,
  multiply,
  negate,
  Node,
  power,
  subtract,
  typeName,
  type Value,
} from "@geode/values";
import { Int32Column, Int53Column } from "../graph/column.ts";
import type { AggregateName } from "../plan/aggregate-name.ts";
import type { Comparison } from "../plan/expression.ts";
import { accumulator, byRowKey, keptList } from "./aggregates.ts";
import type { Budget } from "./budget.ts";
import { bytesOf } from "./bytes-of.ts";
import { builtIns } from "./built-ins.ts";
import type { Run } from "./run.ts";
import { assign, cast, isTyped } from "./value-types.ts";
import { groupKey } from "./group-key.ts";
import { SlotSet } from "./slot-set.ts";
import { labelNames } from "./label-names.ts";
import { representative } from "./representative.ts";
import { combine } from "./combine.ts";
import { located } from "./located.ts";
import { matches } from "./regular-expression.ts";
import { searchPaths } from "./path-search.ts";
import {
  foundGroup,
  foundSteps,
  foundTaken,
  groupOf,
  hopsOf,
  identityOf,
  isNew,
  nothingHeld,
  stepsOf,
  takenOf,
  Trail,
} from "./repetition.ts";

type Binary = (left: Value, right: Value) => Value;

/** An operator whose errors know their place. */
const at =
  (operate: Binary) =>
  (left: Value, right: Value, offset: number): Value => {
    try {
      return operate(left, right);
    } catch (error) {
      throw located(error, offset);
    }
  };

const NO_PROPERTIES: ReadonlyMap<string, Value> = new Map();

/** What generated code calls, as `F`. */
export const functions = {
  add: at(add),
  subtract: at(subtract),
  multiply: at(multiply),
  divide: at(divide),
  modulo: at(modulo),
  power: at(power),
  concatenate: at(concatenate),
  negate(operand: Value, offset: number): Value {
    try {
      return negate(operand);
    } catch (error) {
      throw located(error, offset);
    }
  },
  equals,
  equivalenceKey,
  compare(operator: Exclude<Comparison, "=" | "<>">, left: Value, right: Value): boolean | null {
    switch (operator) {
      case "<":
        return lessThan(left, right);
      case "<=":
        return lessThanOrEqual(left, right);
      case ">":
        return lessThan(right, left);
      case ">=":
        return lessThanOrEqual(right, left);
    }
  },
  /** A condition is TRUE, FALSE or NULL; anything else is a mistake. */
  truth(value: Value, offset?: number): boolean | null {
    if (value === null || typeof value === "boolean") return value;
    const error = new GeodeError(
      "22G03",
      `A condition is TRUE, FALSE or NULL, not ${typeName(value)}.`,
    );
    throw offset === undefined ? error : located(error, offset);
  },
  and: (left: boolean | null, right: boolean | null): boolean | null =>
    left === false || right === false ? false : left === null || right === null ? null : true,
  or: (left: boolean | null, right: boolean | null): boolean | null =>
    left === true || right === true ? true : left === null || right === null ? null : false,
  xor: (left: boolean | null, right: boolean | null): boolean | null =>
    left === null || right === null ? null : left !== right,
  not: (operand: boolean | null): boolean | null => (operand === null ? null : !operand),
  startsWith: stringTest((text, part) => text.startsWith(part)),
  endsWith: stringTest((text, part) => text.endsWith(part)),
  contains: stringTest((text, part) => text.includes(part)),
  matches: stringTest(matches),
  isIn(item: Value, list: Value, offset: number): boolean | null {
    if (list === null) return null;
    if (!Array.isArray(list))
      throw located(new GeodeError("22G03", `IN takes a list, not ${typeName(list)}.`), offset);
    let unknown = false;
    for (const element of list) {
      const same = equals(item, element);
      if (same === true) return true;
      if (same === null) unknown = true;
    }
    return unknown ? null : false;
  },
  property(of: Value, key: string, offset: number): Value {
    if (of === null) return null;
    if (of instanceof Node || of instanceof Edge) return of.properties.get(key) ?? null;
    if (of instanceof Map) return of.get(key) ?? null;
    if (isTemporal(of)) {
      try {
        return componentOf(of, key);
      } catch (error) {
        throw located(error, offset);
      }
    }
    throw located(
      new GeodeError("22G03", `${typeName(of)} has no properties.`, {
        hint: `.${key} needs a node, an edge, a record or a temporal value before it.`,
      }),
      offset,
    );
  },
  propertiesOf(of: Value): Value {
    return of instanceof Node || of instanceof Edge ? of.properties : null;
  },
  subscript(of: Value, index: Value, offset: number): Value {
    if (of === null || index === null) return null;
    if (Array.isArray(of)) {
      // Beyond every list.
      if (typeof index === "bigint") return null;
      if (typeof index !== "number" || !Number.isInteger(index))
        throw located(
          new GeodeError("22G03", `A list is subscripted by an INTEGER, not ${typeName(index)}.`),
          offset,
        );
      return (of.at(index) as Value | undefined) ?? null;
    }
    if (typeof index !== "string")
      throw located(
        new GeodeError("22G03", `${typeName(of)} is not subscripted by ${typeName(index)}.`),
        offset,
      );
    return functions.property(of, index, offset);
  },
  /** An absent bound is undefined; a bound that is NULL makes the whole NULL. */
  slice(of: Value, from: Value | undefined, to: Value | undefined, offset: number): Value {
    if (of === null || from === null || to === null) return null;
    if (!Array.isArray(of))
      throw located(
        new GeodeError("22G03", `A slice is taken of a list, not of ${typeName(of)}.`),
        offset,
      );
    for (const bound of [from, to]) {
      if (bound !== undefined && !isInteger(bound))
        throw located(
          new GeodeError("22G03", `The bounds of a slice are INTEGERs, not ${typeName(bound)}.`),
          offset,
        );
    }
    return of.slice(
      from === undefined ? 0 : Number(from),
      to === undefined ? of.length : Number(to),
    );
  },
  /** What FOR goes through: nothing for NULL. */
  items(list: Value, offset: number): readonly Value[] {
    if (list === null) return [];
    if (!Array.isArray(list))
      throw located(
        new GeodeError("22G03", `FOR and UNWIND take a list, not ${typeName(list)}.`),
        offset,
      );
    return list;
  },
  listComprehension(
    budget: Budget,
    list: Value,
    where: (item: Value) => Value,
    projection: (item: Value) => Value,
    offset: number,
  ): Value {
    if (list === null) return null;
    const made: Value[] = [];
    const before = budget.kept;
    for (const item of listOf(list, "A list comprehension", offset)) {
      if (--budget.steps < 0) budget.look();
      if (functions.truth(where(item)) !== true) continue;
      const value = projection(item);
      budget.hold(bytesOf(value));
      made.push(value);
    }
    // From here on it counts where it is kept.
    budget.release(before);
    return made;
  },
  /** TRUE if it is for one item; else NULL if it may be. */
  anyOf: quantifier((holding, unknown) => (holding > 0 ? true : unknown > 0 ? null : false)),
  allOf: quantifier((holding, unknown, count) =>
    holding + unknown < count ? false : unknown > 0 ? null : true,
  ),
  noneOf: quantifier((holding, unknown) => (holding > 0 ? false : unknown > 0 ? null : true)),
  singleOf: quantifier((holding, unknown) =>
    holding > 1 ? false : unknown > 0 ? null : holding === 1,
  ),
  reduce(
    budget: Budget,
    initial: Value,
    list: Value,
    step: (accumulator: Value, item: Value) => Value,
    offset: number,
  ): Value {
    if (list === null) return null;
    let accumulator = initial;
    for (const item of listOf(list, "REDUCE", offset)) {
      if (--budget.steps < 0) budget.look();
      accumulator = step(accumulator, item);
      // Lists of lists grow faster than their lengths tell.
      if (typeof accumulator === "object") {
        const before = budget.kept;
        budget.hold(bytesOf(accumulator));
        budget.release(before);
      }
    }
    return accumulator;
  },
  /** An aggregate of the items of a list; NULL is like an empty one. */
  aggregateOf(
    budget: Budget,
    name: AggregateName,
    distinct: boolean,
    list: Value,
    parameter: Value,
    offset: number,
  ): Value {
    const before = budget.kept;
    const state = accumulator(name, distinct, offset, budget);
    for (const item of list === null ? [] : listOf(list, "An aggregate", offset)) {
      if (--budget.steps < 0) budget.look();
      state.parameter?.(parameter);
      state.add(item);
    }
    const result = state.result();
    budget.release(before);
    return result;
  },
  cast,
  assign,
  isTyped,
  /** Set operators from left to right: rows are arrays of columns and, last, a row key. */
  combine(
    operation: "union" | "except" | "intersect" | "otherwise",
    all: boolean,
    sides: readonly (readonly Value[][])[],
    columns: number,
    run: Pick<Run, "groupRowKey">,
    budget: Budget,
  ): Value[][] {
    return combine({
      operation,
      all,
      sides,
      columns,
      rowKey: (key) => run.groupRowKey(key),
      budget,
    });
  },
  /** What MERGE inserts: it could never be found again by a property that is NULL. */
  mergedProperties(value: Value, offset: number): ReadonlyMap<string, Value> {
    const map = functions.propertyMap(value, offset);
    for (const [key, item] of map) {
      if (item === null)
        throw located(
          new GeodeError("22004", `MERGE cannot look for the property ${key}: it is NULL.`),
          offset,
        );
    }
    return map;
  },
  groupKey,
  slotSet: (): SlotSet => SlotSet.take(),
  labelNames,
  representative,
  /** Whether all that the column has are integers, and the value is a number. */
  areIntegers: (column: object, value: Value): boolean =>
    typeof value === "number" && (column instanceof Int32Column || column instanceof Int53Column),
  /** Rows that stand for many can be more than an exact number can count. */
  exactCount(count: number): number {
    if (count <= Number.MAX_SAFE_INTEGER) return count;
    throw new GeodeError("22003", `A count is larger than ${Number.MAX_SAFE_INTEGER}.`);
  },
  noProperties: NO_PROPERTIES,
  propertyMap(value: Value, offset: number): ReadonlyMap<string, Value> {
    if (value instanceof Map) return value;
    if (value instanceof Node || value instanceof Edge) return value.properties;
    if (value === null) return NO_PROPERTIES;
    throw located(
      new GeodeError("22G03", `Properties come as a record, not as ${typeName(value)}.`),
      offset,
    );
  },
  ascendingNullsLast: (left: Value, right: Value): number => compare(left, right),
  ascendingNullsFirst: (left: Value, right: Value): number =>
    left === null ? (right === null ? 0 : -1) : right === null ? 1 : compare(left, right),
  descendingNullsFirst: (left: Value, right: Value): number => compare(right, left),
  descendingNullsLast: (left: Value, right: Value): number =>
    left === null ? (right === null ? 0 : 1) : right === null ? -1 : compare(right, left),
  byRowKey,
  trail: (): Trail => new Trail(),
  nothingHeld,
  isNew,
  identityOf,
  hopsOf,
  groupOf,
  stepsOf,
  takenOf,
  searchPaths,
  foundGroup,
  foundSteps,
  foundTaken,
  accumulator,
  bytesOf,
  keptList,
  functions: builtIns,
};

function listOf(list: Value, what: string, offset: number): readonly Value[] {
  if (Array.isArray(list)) return list;
  throw located(new GeodeError("22G03", `${what} takes a list, not ${typeName(list)}.`), offset);
}

/** ANY, ALL, NONE and SINGLE, by for how many items the condition holds, and for how many that is unknown. */
function quantifier(
  decide: (holding: number, unknown: number, count: number) => boolean | null,
): (budget: Budget, list: Value, where: (item: Value) => Value, offset: number) => Value {
  return (budget, list, where, offset) => {
    if (list === null) return null;
    let [holding, unknown, count] = [0, 0, 0];
    for (const item of listOf(list, "ANY, ALL, NONE and SINGLE", offset)) {
      if (--budget.steps < 0) budget.look();
      const truth = functions.truth(where(item));
      if (truth === true) holding += 1;
      else if (truth === null) unknown += 1;
      count += 1;
    }
    return decide(holding, unknown, count);
  };
}

/** NULL when either side is not a string (gql: values of different types do not compare). */
function stringTest(
  test: (text: string, part: string) => boolean,
): (text: Value, part: Value, offset: number) => boolean | null {
  return (text, part, offset) => {
    if (typeof text !== "string" || typeof part !== "string") return null;
    try {
      return test(text, part);
    } catch (error) {
      throw located(error, offset);
    }
  };
}
