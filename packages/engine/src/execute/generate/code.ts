/**
 * Text of generated code under construction. What users wrote never becomes part of it: strings and values go into `constants` and are
 * read from there by number.
 */
export class Code {
  readonly constants: unknown[] = [];
  readonly #known = new Map<unknown, string>();
  #lines: string[] = [];
  #names = 0;

  /** The expression that reads this constant. */
  constant(value: unknown): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const name = `K[${this.constants.length}]`;
    this.constants.push(value);
    this.#known.set(value, name);
    return name;
  }

  /** A name that nothing else has. */
  fresh(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  /** `head {`, the body, `}`. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    body();
    this.line("}");
  }

  /**
   * `if (condition)`, the body. A body that only counts does so without a branch: one that goes either way at random costs more than all
   * the rest of a row. The condition is a boolean.
   */
  when(condition: string, body: () => void): void {
    const start = this.#lines.length;
    this.block(`if(${condition})`, body);
    if (this.#lines.length !== start + 3) return;
    const counter = /^(count\d+)\+\+;$/.exec(this.#lines[start + 1]!)?.[1];
    if (counter === undefined) return;
    this.#lines.length = start;
    this.line(`${counter}+=(${condition})|0;`);
  }

  /** Marks a place; text for it can be put there later. */
  place(): number {
    this.#lines.push("");
    return this.#lines.length - 1;
  }

  putAt(place: number, lines: readonly string[]): void {
    this.#lines[place] = lines.join("\n");
  }

  /** The text that the body makes, instead of adding it here. */
  capture(body: () => void): string {
    const outer = this.#lines;
    this.#lines = [];
    body();
    const text = this.text();
    this.#lines = outer;
    return text;
  }

  text(): string {
    return this.#lines.join("\n");
  }
}
