import type { Duration } from "./duration.ts";
import type { LocalDate } from "./local-date.ts";
import type { LocalDatetime } from "./local-datetime.ts";
import type { LocalTime } from "./local-time.ts";
import type { ZonedDatetime } from "./zoned-datetime.ts";
import type { ZonedTime } from "./zoned-time.ts";

/** A temporal value that stands somewhere in time. */
export type TemporalInstant = LocalDate | LocalTime | ZonedTime | LocalDatetime | ZonedDatetime;

/** Any temporal value. `type` tells which. */
export type Temporal = TemporalInstant | Duration;
