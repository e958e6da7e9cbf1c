import { Edge, Float, Node, numberText, Path, type Value } from "@geode/values";

/*
 * Two ways into one notation: values as they come out of the database, and cells of the TCK's tables. Labels and keys are sorted, so
 * that equal values are equal texts.
 */

/** `ignoreListOrder`: lists count as bags. */
export function printValue(value: Value, ignoreListOrder = false): string {
  const print = (item: Value): string => printValue(item, ignoreListOrder);
  if (value === null) return "null";
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Float)
    return numberText(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Node) return printNode(value.labels, properties(value.properties, print));
  if (value instanceof Edge) return `[:${value.label}${properties(value.properties, print)}]`;
  if (value instanceof Path) {
    let text = "";
    let last: Node | null = null;
    for (const [index, element] of value.elements.entries()) {
      if (element instanceof Node) {
        text += print(element);
        last = element;
      } else {
        const forward =
          element.from === last?.id &&
          (element.to !== last.id || (value.elements[index + 1] as Node).id === last.id);
        text += forward ? `-${print(element)}->` : `<-${print(element)}-`;
      }
    }
    return `<${text}>`;
  }
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map(print);
    return `[${(ignoreListOrder ? items.sort() : items).join(", ")}]`;
  }
  if (value instanceof Map) return `{${fields(value, print)}}`;
  // oxlint-disable-next-line typescript/no-base-to-string -- temporal values print themselves
  return `'${String(value)}'`;
}

function printNode(labels: readonly string[], text: string): string {
  return `(${[...labels]
    .sort()
    .map((label) => `:${label}`)
    .join("")}${labels.length === 0 ? text.trimStart() : text})`;
}

function properties(map: ReadonlyMap<string, Value>, print: (value: Value) => string): string {
  return map.size === 0 ? "" : ` {${fields(map, print)}}`;
}

function fields(map: ReadonlyMap<string, Value>, print: (value: Value) => string): string {
  return [...map]
    .map(([key, value]) => `${key}: ${print(value)}`)
    .sort()
    .join(", ");
}

/** The cell of a table, in the notation of {@link printValue}. */
export function printCell(cell: string, ignoreListOrder = false): string {
  const reader = new CellReader(cell, ignoreListOrder);
  const text = reader.value();
  reader.end();
  return text;
}

class CellReader {
  readonly #text: string;
  readonly #ignoreListOrder: boolean;
  #at = 0;

  constructor(text: string, ignoreListOrder: boolean) {
    this.#text = text;
    this.#ignoreListOrder = ignoreListOrder;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw new Error(`unreadable cell: ${this.#text}`);
  }

  value(): string {
    this.#space();
    const next = this.#text[this.#at];
    if (next === "(") return this.#node();
    if (next === "<") return this.#path();
    if (next === "{") return this.#map();
    if (next === "[") return this.#text[this.#at + 1] === ":" ? this.#edge() : this.#list();
    if (next === "'") return this.#string();
    return this.#scalar();
  }

  #space(): void {
    while (this.#text[this.#at] === " ") this.#at += 1;
  }

  #take(part: string): boolean {
    this.#space();
    if (!this.#text.startsWith(part, this.#at)) return false;
    this.#at += part.length;
    return true;
  }

  #expect(part: string): void {
    if (!this.#take(part))
      throw new Error(`unreadable cell, ${part} expected at ${this.#at}: ${this.#text}`);
  }

  #name(): string {
    this.#space();
    const match = /^(?:`[^`]*`|[^\s:{}()[\],]+)/.exec(this.#text.slice(this.#at));
    if (!match) throw new Error(`unreadable cell, a name expected at ${this.#at}: ${this.#text}`);
    this.#at += match[0].length;
    return match[0].replaceAll("`", "");
  }

  #node(): string {
    this.#expect("(");
    const labels: string[] = [];
    while (this.#take(":")) labels.push(this.#name());
    this.#space();
    const map = this.#text[this.#at] === "{" ? this.#map() : "";
    this.#expect(")");
    return printNode(labels, map === "" || map === "{}" ? "" : ` ${map}`);
  }

  #edge(): string {
    this.#expect("[:");
    const label = this.#name();
    this.#space();
    const map = this.#text[this.#at] === "{" ? this.#map() : "";
    this.#expect("]");
    return `[:${label}${map === "" || map === "{}" ? "" : ` ${map}`}]`;
  }

  #path(): string {
    this.#expect("<");
    let text = this.#node();
    while (!this.#take(">")) {
      if (this.#take("<-")) {
        const edge = this.#edge();
        this.#expect("-");
        text += `<-${edge}-${this.#node()}`;
      } else {
        this.#expect("-");
        const edge = this.#edge();
        this.#expect("->");
        text += `-${edge}->${this.#node()}`;
      }
    }
    return `<${text}>`;
  }

  #map(): string {
    this.#expect("{");
    const parts: string[] = [];
    while (!this.#take("}")) {
      const key = this.#name();
      this.#expect(":");
      parts.push(`${key}: ${this.value()}`);
      this.#take(",");
    }
    return `{${parts.sort().join(", ")}}`;
  }

  #list(): string {
    this.#expect("[");
    const items: string[] = [];
    while (!this.#take("]")) {
      items.push(this.value());
      this.#take(",");
    }
    return `[${(this.#ignoreListOrder ? items.sort() : items).join(", ")}]`;
  }

  #string(): string {
    let text = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const next = this.#text[this.#at];
      if (next === "'") {
        this.#at += 1;
        return `'${text}'`;
      }
      if (next === "\\") this.#at += 1;
      text += this.#text[this.#at] ?? "";
    }
    throw new Error(`unreadable cell, a string without end: ${this.#text}`);
  }

  #scalar(): string {
    const match = /^[^\s,\]}]+/.exec(this.#text.slice(this.#at));
    const word = match?.[0] ?? "";
    this.#at += word.length;
    if (word === "null" || word === "true" || word === "false") return word;
    if (/^[+-]?\d+$/.test(word)) return String(BigInt(word));
    const number = Number(word === "Inf" ? "Infinity" : word === "-Inf" ? "-Infinity" : word);
    if (Number.isNaN(number) && word !== "NaN")
      throw new Error(`unreadable cell, ${word}: ${this.#text}`);
    return numberText(
      Number.isInteger(number) || !Number.isFinite(number) ? new Float(number) : number,
    );
  }
}
