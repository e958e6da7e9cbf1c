import {
  compare,
  Duration,
  type EquivalenceKey,
  equivalenceKey,
  Float,
  float,
  GeodeError,
  integer,
  isNumeric,
  toNumber,
  typeName,
  unreachable,
  type Value,
} from "@geode/values";
import type { AggregateName } from "../plan/aggregate-name.ts";
import type { Budget } from "./budget.ts";
import { bytesOf } from "./bytes-of.ts";
import { representative } from "./representative.ts";
import { DurationTotal } from "./duration-total.ts";
import { ExactSum } from "./exact-sum.ts";
import { located } from "./located.ts";

/**
 * The state of an aggregate in one group (ISO/IEC 39075:2024 §20.9). NULL is left out. `key` is given where the order of the values
 * has to be defined.
 */
export interface Accumulator {
  add(value: Value, key?: string): void;
  result(): Value;
  /** Percentiles only: which one. Called before each {@link add}. */
  parameter?(value: Value): void;
}

export function accumulator(
  name: AggregateName,
  distinct: boolean,
  offset: number,
  budget: Budget,
): Accumulator {
  const inner = plain(name, offset, budget);
  // An extreme is the same with and without duplicates.
  return distinct && name !== "min" && name !== "max" ? new Distinct(inner, budget) : inner;
}

function plain(name: AggregateName, offset: number, budget: Budget): Accumulator {
  switch (name) {
    case "count":
      return new Count();
    case "sum":
      return new Sum(offset);
    case "avg":
      return new Average(offset);
    case "min":
      return new Extreme(-1);
    case "max":
      return new Extreme(1);
    case "collect_list":
      return new Collect(false, budget);
    case "stddev_samp":
      return new Deviation(1, offset, budget);
    case "stddev_pop":
      return new Deviation(0, offset, budget);
    case "percentile_cont":
      return new Percentile(true, offset, budget);
    case "percentile_disc":
      return new Percentile(false, offset, budget);
    default:
      return unreachable(name);
  }
}

/** A number with what it was, in a list. */
const NUMBER_BYTES = 56;
/** A value that was seen, in a map by its key. */
const SEEN_BYTES = 120;

class Count implements Accumulator {
  #count = 0;
  add(value: Value): void {
    if (value !== null) this.#count += 1;
  }
  result(): Value {
    return this.#count;
  }
}

/** Integers stay exact and become 22003 only if the whole sum does not fit; floats and durations are summed exactly. Of nothing: NULL. */
class Total {
  readonly #offset: number;
  readonly #name: string;
  #small = 0;
  #large = 0n;
  #floats: ExactSum | null = null;
  #durations: DurationTotal | null = null;
  count = 0;

  constructor(name: string, offset: number) {
    this.#name = name;
    this.#offset = offset;
  }

  add(value: Value): void {
    if (value === null) return;
    this.count += 1;
    if (typeof value === "number") {
      if (Number.isInteger(value)) {
        const sum = this.#small + value;
        if (Number.isSafeInteger(sum)) this.#small = sum;
        else {
          this.#large += BigInt(this.#small) + BigInt(value);
          this.#small = 0;
        }
      } else {
        (this.#floats ??= new ExactSum()).add(value);
      }
      return;
    }
    if (typeof value === "bigint") {
      this.#large += value;
      return;
    }
    if (value instanceof Float) {
      (this.#floats ??= new ExactSum()).add(value.value);
      return;
    }
    if (value instanceof Duration) {
      (this.#durations ??= new DurationTotal()).add(value);
      return;
    }
    throw located(
      new GeodeError("22G03", `${this.#name} takes numbers or durations, not ${typeName(value)}.`),
      this.#offset,
    );
  }

  /** Null if the values are numbers. 22G03 if they are both. */
  get durations(): DurationTotal | null {
    if (this.#durations !== null && this.#durations.count !== this.count) {
      throw located(
        new GeodeError("22G03", `${this.#name} takes numbers or durations, not both.`),
        this.#offset,
      );
    }
    return this.#durations;
  }

  get isFloat(): boolean {
    return this.#floats !== null;
  }

  integers(): bigint {
    return this.#large + BigInt(this.#small);
  }

  asNumber(): number {
    if (this.#floats === null) return this.#large === 0n ? this.#small : Number(this.integers());
    const all = this.#floats;
    const rest = this.integers();
    if (rest !== 0n) {
      all.add(Number(rest));
      this.#large = 0n;
      this.#small = 0;
    }
    return all.value;
  }
}

class Sum implements Accumulator {
  readonly #total: Total;
  readonly #offset: number;
  constructor(offset: number) {
    this.#total = new Total("SUM", offset);
    this.#offset = offset;
  }
  add(value: Value): void {
    this.#total.add(value);
  }
  result(): Value {
    if (this.#total.count === 0) return null;
    try {
      if (this.#total.durations) return this.#total.durations.sum();
      if (this.#total.isFloat) return float(this.#total.asNumber());
      return integer(this.#total.integers());
    } catch (error) {
      throw located(error, this.#offset);
    }
  }
}

class Average implements Accumulator {
  readonly #total: Total;
  readonly #offset: number;
  constructor(offset: number) {
    this.#total = new Total("AVG", offset);
    this.#offset = offset;
  }
  add(value: Value): void {
    this.#total.add(value);
  }
  result(): Value {
    if (this.#total.count === 0) return null;
    try {
      if (this.#total.durations) return this.#total.durations.average();
    } catch (error) {
      throw located(error, this.#offset);
    }
    return float(this.#total.asNumber() / this.#total.count);
  }
}

class Extreme implements Accumulator {
  readonly #sign: 1 | -1;
  #best: Value = null;
  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }
  add(value: Value): void {
    if (value === null) return;
    if (this.#best === null) {
      this.#best = value;
      return;
    }
    const order = compare(value, this.#best) * this.#sign;
    if (order > 0) this.#best = value;
    else if (order === 0) this.#best = representative(this.#best, value);
  }
  result(): Value {
    return this.#best;
  }
}

/** The standard deviation, with the sums exact: independent of the order of the values. */
class Deviation implements Accumulator {
  readonly #freedom: number;
  readonly #numbers: Numbers;
  constructor(freedom: 0 | 1, offset: number, budget: Budget) {
    this.#freedom = freedom;
    this.#numbers = new Numbers("STDDEV", offset, budget);
  }
  add(value: Value): void {
    this.#numbers.add(value);
  }
  result(): Value {
    const { list } = this.#numbers;
    if (list.length === 0) return null;
    if (list.length <= this.#freedom) return float(0);
    const sum = new ExactSum();
    for (const { number } of list) sum.add(number);
    const mean = sum.value / list.length;
    const squares = new ExactSum();
    for (const { number } of list) squares.add((number - mean) ** 2);
    return float(Math.sqrt(squares.value / (list.length - this.#freedom)));
  }
}

/** The value at that share of the sorted values; "continuous" goes between two of them, "discrete" takes the one before. */
class Percentile implements Accumulator {
  readonly #continuous: boolean;
  readonly #numbers: Numbers;
  readonly #offset: number;
  #share: number | null = null;
  constructor(continuous: boolean, offset: number, budget: Budget) {
    this.#continuous = continuous;
    this.#offset = offset;
    this.#numbers = new Numbers("PERCENTILE", offset, budget);
  }
  parameter(value: Value): void {
    const share = value instanceof Float ? value.value : value;
    if (typeof share !== "number" || !(share >= 0 && share <= 1))
      throw located(new GeodeError("22003", "A percentile is a number from 0 to 1."), this.#offset);
    this.#share = share;
  }
  add(value: Value): void {
    this.#numbers.add(value);
  }
  result(): Value {
    const sorted = this.#numbers.list.sort(
      (left, right) =>
        compare(left.value, right.value) ||
        (representative(left.value, right.value) === left.value ? -1 : 1),
    );
    const [first] = sorted;
    if (!first || this.#share === null) return null;
    if (!this.#continuous) {
      const index = Math.max(0, Math.ceil(this.#share * sorted.length) - 1);
      return (sorted[index] ?? first).value;
    }
    const place = this.#share * (sorted.length - 1);
    const low = sorted[Math.floor(place)] ?? first;
    const high = sorted[Math.ceil(place)] ?? low;
    return float(low.number + (high.number - low.number) * (place - Math.floor(place)));
  }
}

/** The numbers that came, with what they were. */
class Numbers {
  readonly list: { readonly number: number; readonly value: Value }[] = [];
  readonly #name: string;
  readonly #offset: number;
  readonly #budget: Budget;
  constructor(name: string, offset: number, budget: Budget) {
    this.#name = name;
    this.#offset = offset;
    this.#budget = budget;
  }
  add(value: Value): void {
    if (value === null) return;
    if (!isNumeric(value))
      throw located(
        new GeodeError("22G03", `${this.#name} takes numbers, not ${typeName(value)}.`),
        this.#offset,
      );
    this.#budget.hold(NUMBER_BYTES);
    this.list.push({ number: toNumber(value), value });
  }
}

/** A list of all values, NULL included: what a query as a list is. */
export function keptList(budget: Budget): Accumulator {
  return new Collect(true, budget);
}

class Collect implements Accumulator {
  readonly #keepsNull: boolean;
  readonly #values: Value[] = [];
  readonly #keys: string[] = [];
  readonly #budget: Budget;
  constructor(keepsNull: boolean, budget: Budget) {
    this.#keepsNull = keepsNull;
    this.#budget = budget;
  }
  add(value: Value, key?: string): void {
    if (value === null && !this.#keepsNull) return;
    this.#budget.hold(bytesOf(value) + (key === undefined ? 0 : bytesOf(key)));
    this.#values.push(value);
    if (key !== undefined) this.#keys.push(key);
  }
  result(): Value {
    if (this.#keys.length === 0) return this.#values;
    const order = this.#keys
      .map((_, index) => index)
      .sort((a, b) => byRowKey(this.#keys[a] ?? "", this.#keys[b] ?? "") || a - b);
    return order.map((index) => this.#values[index] ?? null);
  }
}

class Distinct implements Accumulator {
  readonly #inner: Accumulator;
  readonly #seen = new Map<EquivalenceKey, { value: Value; key: string | undefined }>();
  readonly #budget: Budget;
  constructor(inner: Accumulator, budget: Budget) {
    this.#inner = inner;
    this.#budget = budget;
  }
  add(value: Value, key?: string): void {
    if (value === null) return;
    const id = equivalenceKey(value);
    const seen = this.#seen.get(id);
    // Which of several equivalent values stays, and where it stands, must not depend on the order they came in.
    if (!seen) {
      this.#budget.hold(SEEN_BYTES + bytesOf(value));
      this.#seen.set(id, { value, key });
      return;
    }
    seen.value = representative(seen.value, value);
    if (key !== undefined && seen.key !== undefined && byRowKey(key, seen.key) < 0) seen.key = key;
  }
  parameter(value: Value): void {
    this.#inner.parameter?.(value);
  }
  result(): Value {
    for (const { value, key } of this.#seen.values()) this.#inner.add(value, key);
    return this.#inner.result();
  }
}

/** The order of row keys: shorter first, so that numbers in them count as numbers where there is only one; then by code unit. */
export function byRowKey(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
