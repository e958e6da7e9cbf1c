import { Histogram, type Registry } from "prom-client";

export interface DurationsOptions {
  readonly name: string;
  readonly help: string;
  /** The upper bounds of its buckets, in seconds, ascending. */
  readonly bounds: readonly number[];
  /** What the classes of durations are called as a label; absent if there is only one. */
  readonly label?: string;
  readonly registers: Registry[];
}

/** The durations of one class. */
interface Counted {
  /** How many were at most as long as the bound of that place, and longer than the one before. */
  readonly buckets: number[];
  count: number;
  seconds: number;
}

/** A line of `/metrics`. */
interface Sample {
  readonly metricName: string;
  readonly labels: { readonly le?: number | string };
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * A histogram of what happens with every request. It tells what prom-client's own would; but that makes a text of the labels for each
 * observation to look them up by, and here an observation is a few additions.
 */
export class Durations<Class extends string = never> extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #label: string | undefined;
  readonly #byClass = new Map<Class | undefined, Counted>();

  constructor({ bounds, help, label, name, registers }: DurationsOptions) {
    super({ name, help, buckets: [...bounds], registers });
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#label = label;
    if (label === undefined) this.#byClass.set(undefined, this.#nothing());
  }

  add(seconds: number, ofClass?: Class): void {
    let counted = this.#byClass.get(ofClass);
    if (counted === undefined) this.#byClass.set(ofClass, (counted = this.#nothing()));
    counted.count++;
    counted.seconds += seconds;
    const bounds = this.#bounds;
    for (let place = 0; place < bounds.length; place++) {
      if (seconds > bounds[place]!) continue;
      counted.buckets[place]!++;
      return;
    }
  }

  /** Asked by the registry, in place of `get`. */
  getForPromString() {
    const values: Sample[] = [];
    for (const [ofClass, counted] of this.#byClass) this.#tell(ofClass, counted, values);
    return { name: this.#name, help: this.#help, type: "histogram", values, aggregator: "sum" };
  }

  #tell(ofClass: Class | undefined, { buckets, count, seconds }: Counted, values: Sample[]): void {
    const sharedLabels: Record<string, string> =
      this.#label === undefined || ofClass === undefined ? {} : { [this.#label]: ofClass };
    const tell = (suffix: string, value: number, labels: Sample["labels"] = {}): void =>
      void values.push({ metricName: `${this.#name}_${suffix}`, labels, sharedLabels, value });
    let upTo = 0;
    for (const [place, le] of this.#bounds.entries())
      tell("bucket", (upTo += buckets[place]!), { le });
    tell("bucket", count, { le: "+Inf" });
    tell("sum", seconds);
    tell("count", count);
  }

  #nothing(): Counted {
    return { buckets: this.#bounds.map(() => 0), count: 0, seconds: 0 };
  }
}
