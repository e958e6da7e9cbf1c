import { isIPv6 } from "node:net";
import type { Source } from "./proxies.ts";

/** How many connections there are from each address. */
export class Addresses {
  readonly #countMax: number;
  readonly #counts = new Map<string, { readonly source: Source; count: number }>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Whether one more may come from there. */
  hasRoom(source: Source): boolean {
    return !source.isClient || (this.#counts.get(addressKey(source))?.count ?? 0) < this.#countMax;
  }

  /** Answers the source, for all who come from that address the same. */
  enter(source: Source): Source {
    if (!source.isClient) return source;
    const key = addressKey(source);
    const there = this.#counts.get(key);
    if (there === undefined) {
      this.#counts.set(key, { source, count: 1 });
      return source;
    }
    there.count++;
    // Of an IPv6 network, others may be counted with it.
    return there.source.address === source.address ? there.source : source;
  }

  leave(source: Source): void {
    if (!source.isClient) return;
    const key = addressKey(source);
    const there = this.#counts.get(key);
    if (there !== undefined && --there.count === 0) this.#counts.delete(key);
  }

  /** How many addresses are remembered. */
  get count(): number {
    return this.#counts.size;
  }
}

/** Who has an IPv6 address usually has the 2^64 of its network. */
export function addressKey({ address }: Source): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("%", 1)[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === "" ? 0 : tail.split(":").length;
  while (address.includes("::") && groups.length + behind < 8) groups.push("0");
  return groups
    .concat(tail === "" ? [] : tail.split(":"))
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
