import { GeodeError } from "@geode/values";

/** What one statement may use. Defaults are in {@link DEFAULT_BUDGET}. */
export interface BudgetLimits {
  /** Wall time of execution, in milliseconds. */
  readonly timeMs: number;
  /** Rows of the result. */
  readonly rows: number;
  /** Rows kept at once for sorting, grouping and writing. */
  readonly keptRows: number;
  /** Memory of what is kept at once and of the result, in bytes, as {@link bytesOf} estimates it. */
  readonly bytes: number;
  /** Matches of repetitions without an upper bound. */
  readonly matches: number;
}

export const DEFAULT_BUDGET: BudgetLimits = {
  timeMs: 30_000,
  rows: 100_000,
  keptRows: 5_000_000,
  bytes: 256 * 1024 * 1024,
  matches: 1_000_000,
};

/** A row of which nothing closer is known, e.g. a place that a path search has come to. */
const ROW_BYTES = 64;

/** How much is kept. */
export interface Kept {
  readonly rows: number;
  readonly bytes: number;
}

/** Steps between two looks at the clock: a look costs tens of nanoseconds, a step one or two. */
const STEPS_PER_LOOK = 4096;

const NEVER = (): boolean => false;

/**
 * Counts what one run uses and ends it when it is too much. Loops do `if (--budget.steps < 0) budget.look();`; that is the whole
 * price of being interruptible.
 */
export class Budget {
  steps = STEPS_PER_LOOK;
  readonly #limits: BudgetLimits;
  readonly #now: () => number;
  readonly #startMs: number;
  readonly #deadlineMs: number;
  readonly #cancelled: () => boolean;
  #kept = 0;
  #bytes = 0;
  #matches = 0;

  /** `now` is a monotonic clock in milliseconds; `cancelled` is asked at every look. */
  constructor(limits: BudgetLimits, now: () => number, cancelled: () => boolean = NEVER) {
    this.#limits = limits;
    this.#now = now;
    this.#startMs = now();
    this.#deadlineMs = this.#startMs + limits.timeMs;
    this.#cancelled = cancelled;
  }

  /** Since the run began, in milliseconds. */
  get elapsedMs(): number {
    return this.#now() - this.#startMs;
  }

  /** Throws TIMEOUT or CANCELLED when that is due; otherwise allows the next stretch of steps. */
  look(): void {
    this.steps = STEPS_PER_LOOK;
    if (this.#cancelled()) throw new GeodeError("CANCELLED", "The query was cancelled.");
    if (this.#now() > this.#deadlineMs) {
      throw new GeodeError("TIMEOUT", `The query ran longer than ${this.#limits.timeMs} ms.`, {
        hint: "Narrow the pattern, add an index, or raise timeout_ms.",
        limit: "queryTime",
      });
    }
  }

  /** Called once per result row. Throws LIMIT. */
  row(count: number): void {
    if (count > this.#limits.rows) {
      throw new GeodeError("LIMIT", `The result has more than ${this.#limits.rows} rows.`, {
        hint: "Add LIMIT, or aggregate.",
        limit: "resultRows",
      });
    }
  }

  /** Called once per row that an operator keeps (sort, group, distinct, write), with its bytes. Throws LIMIT. */
  keep(bytes = ROW_BYTES): void {
    this.hold(bytes);
    this.#kept += 1;
    if (this.#kept > this.#limits.keptRows) {
      throw new GeodeError(
        "LIMIT",
        `The query keeps more than ${this.#limits.keptRows} rows at once.`,
        {
          hint: "Narrow the pattern before ORDER BY, DISTINCT, grouping or writing.",
          limit: "keptRows",
        },
      );
    }
  }

  /** Called for memory that is held beside kept rows. Throws LIMIT. */
  hold(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytes) {
      throw new GeodeError(
        "LIMIT",
        `The query needs more than ${this.#limits.bytes} bytes of memory at once.`,
        {
          hint: "Narrow the pattern before ORDER BY, DISTINCT, grouping or collecting, or return less.",
          limit: "queryBytes",
        },
      );
    }
  }

  /** How much is kept now, to be given to {@link release} or {@link since} later. */
  get kept(): Kept {
    return { rows: this.#kept, bytes: this.#bytes };
  }

  /** What was kept between then and now is there no longer. */
  release({ rows, bytes }: Kept): void {
    this.#kept = rows;
    this.#bytes = bytes;
  }

  /** What was kept between then and now. */
  since({ rows, bytes }: Kept): Kept {
    return { rows: this.#kept - rows, bytes: this.#bytes - bytes };
  }

  /** Rows and bytes that {@link since} told of are there no longer; others may have come meanwhile. */
  giveBack({ rows, bytes }: Kept): void {
    this.#kept -= rows;
    this.#bytes -= bytes;
  }

  /** Called once per match of a repetition without an upper bound. Throws LIMIT. */
  matched(): void {
    this.#matches += 1;
    if (this.#matches > this.#limits.matches) {
      throw new GeodeError(
        "LIMIT",
        `Repetitions without an upper bound match more than ${this.#limits.matches} times.`,
        {
          hint: "Give the quantifier an upper bound, or search for shortest paths.",
          limit: "matches",
        },
      );
    }
  }
}
