export {
  add,
  article,
  concatenate,
  divide,
  integer,
  INTEGER_MAX,
  INTEGER_MIN,
  isInteger,
  isNumeric,
  LIST_LENGTH_MAX,
  modulo,
  multiply,
  negate,
  numberText,
  power,
  subtract,
  TEXT_LENGTH_MAX,
  toNumber,
  typeName,
  type TypeName,
} from "./arithmetic.ts";
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
export { Digest, hash64, murmur3 } from "./digest.ts";
export { ERROR_CODES, GeodeError, unreachable, type ErrorCode, type Position } from "./error.ts";
export { decode, encode, encodeCanonicalRow, encodeRow, NESTING_MAX } from "./json.ts";
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
