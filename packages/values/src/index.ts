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
export {
  ERROR_CODES,
  GeodeError,
  unreachable,
  type MetLimit,
  type ErrorCode,
  type Position,
} from "./error.ts";
export { decode, encode, encodeCanonicalRow, encodeRow, NESTING_MAX } from "./json.ts";
export { componentOf } from "./temporal/components.ts";
export {
  daysBetween,
  dayTimeBetween,
  durationBetween,
  monthsBetween,
  secondsBetween,
} from "./temporal/between.ts";
export { toDuration, toInstant, type InstantOf } from "./temporal/construct.ts";
export { Duration, durationOfFractions, type DurationParts } from "./temporal/duration.ts";
export { datetimeAt, datetimeOfEpoch } from "./temporal/epoch.ts";
export { LocalDate } from "./temporal/local-date.ts";
export { LocalDatetime } from "./temporal/local-datetime.ts";
export { LocalTime } from "./temporal/local-time.ts";
export { isTemporal, toZone, type InstantType } from "./temporal/record.ts";
export { type Temporal, type TemporalInstant } from "./temporal/temporal.ts";
export { TemporalValue, type TemporalType } from "./temporal/temporal-value.ts";
export { truncate } from "./temporal/truncate.ts";
export { type Zone } from "./temporal/zone.ts";
export { ZonedDatetime } from "./temporal/zoned-datetime.ts";
export { ZonedTime } from "./temporal/zoned-time.ts";
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
