import { unreachable } from "../error.ts";
import type { TemporalInstant } from "./temporal.ts";
import type { Zone } from "./zone.ts";

/** What a temporal value consists of; null is what its type does not have. */
export interface Parts {
  /** Days since 1970-01-01, local. */
  readonly day: number | null;
  /** Since midnight, local. */
  readonly nanoseconds: number | null;
  readonly zone: Zone | null;
  /** Given wherever a zone is. */
  readonly offsetSeconds: number | null;
}

export const NO_PARTS: Parts = { day: null, nanoseconds: null, zone: null, offsetSeconds: null };

export function partsOf(value: TemporalInstant): Parts {
  switch (value.type) {
    case "DATE":
      return { ...NO_PARTS, day: value.day };
    case "LOCAL TIME":
      return { ...NO_PARTS, nanoseconds: value.nanoseconds };
    case "ZONED TIME": {
      const { nanoseconds, offsetSeconds } = value;
      return { day: null, nanoseconds, zone: offsetSeconds, offsetSeconds };
    }
    case "LOCAL DATETIME":
      return { ...NO_PARTS, day: value.day, nanoseconds: value.nanoseconds };
    case "ZONED DATETIME": {
      const { day, nanoseconds, offsetSeconds, zone } = value;
      return { day, nanoseconds, zone: zone ?? offsetSeconds, offsetSeconds };
    }
    default:
      return unreachable(value);
  }
}
