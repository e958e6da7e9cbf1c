export {
  compare,
  compareStrings,
  equals,
  equivalenceKey,
  equivalent,
  lessThan,
  lessThanOrEqual,
  type EquivalenceKey,
} from "./compare.ts";
export { ERROR_CODES, GeodeError, unreachable, type ErrorCode, type Position } from "./error.ts";
export {
  Edge,
  Float,
  float,
  Node,
  Path,
  type ElementId,
  type Properties,
  type PropertyValue,
  type Value,
  type ValueRecord,
} from "./value.ts";
