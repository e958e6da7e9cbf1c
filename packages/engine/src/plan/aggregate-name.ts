/** The aggregates (ISO/IEC 39075:2024 §20.9), whichever way they are spelled. */
export type AggregateName =
  | "count"
  | "sum"
  | "avg"
  | "min"
  | "max"
  | "collect_list"
  | "stddev_samp"
  | "stddev_pop"
  | "percentile_cont"
  | "percentile_disc";
