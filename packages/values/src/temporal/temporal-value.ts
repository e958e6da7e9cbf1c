/** The types of temporal values, as messages, `columns` and casts name them (ISO/IEC 39075:2024 §4.13.6). */
export type TemporalType =
  | "DATE"
  | "LOCAL TIME"
  | "ZONED TIME"
  | "LOCAL DATETIME"
  | "ZONED DATETIME"
  | "DURATION";

/**
 * What all temporal values have in common: they never change, they are valid from the moment that they exist, and `toString` is their
 * ISO 8601 text, from which the same value can be read again.
 */
export abstract class TemporalValue {
  abstract get type(): TemporalType;
  abstract toString(): string;
}
