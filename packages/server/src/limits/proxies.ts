import { BlockList, isIPv4, isIPv6 } from "node:net";
import { GeodeError } from "@geode/values";
import { isLoopbackHost } from "../loopback.ts";

/** Where a connection comes from, as far as that can be told. */
export interface Source {
  /** Of the client; of the proxy, where that does not say. */
  readonly address: string;
  /** Whether `address` is one client's: a proxy that does not say for whom it asks stands for many. */
  readonly isClient: boolean;
}

/** Connections of this machine: a proxy beside the server, or somebody who has other means to harm it. */
const LOOPBACK = ["127.0.0.0/8", "::1"];

/**
 * Whose word on `X-Forwarded-For` is believed. This machine's always is; `configured` names addresses and networks (CIDR) beside it.
 * Throws INVALID_MESSAGE for one that is none.
 */
export class TrustedProxies {
  readonly #trusted = new BlockList();
  readonly #loopback = new BlockList();
  readonly #configured = new BlockList();
  readonly #onSilent: (proxy: string) => void;
  #silentTold = false;

  /** `onSilent` is called once, for the first configured proxy that does not say for whom it asks. */
  constructor(configured: readonly string[], onSilent: (proxy: string) => void) {
    this.#onSilent = onSilent;
    for (const network of LOOPBACK) {
      add(this.#trusted, network);
      add(this.#loopback, network);
    }
    for (const network of configured) {
      add(this.#trusted, network);
      add(this.#configured, network);
    }
  }

  /** Reads the header from the right: what stands left of the first address that is not trusted may be anybody's invention. */
  sourceOf(peer: string, forwardedFor: string | undefined): Source {
    const address = plainAddress(peer);
    if (!contains(this.#trusted, address)) return { address, isClient: true };
    const hops = (forwardedFor ?? "").split(",").map((hop) => plainAddress(hop.trim()));
    for (const hop of hops.reverse()) {
      if (isIPv4(hop) || isIPv6(hop)) {
        if (!contains(this.#trusted, hop)) return { address: hop, isClient: true };
      } else break;
    }
    if (forwardedFor === undefined && contains(this.#configured, address)) this.#tellOnce(address);
    return { address, isClient: false };
  }

  /**
   * Whether a request was made on this machine, and not only handed on by a proxy on it: such a one says for whom, or asks for the host
   * that its client asked for. A proxy that says neither has to be configured.
   */
  isLocal(request: {
    readonly host?: string | undefined;
    readonly remoteAddress?: string | undefined;
    readonly forwardedFor?: string | undefined;
  }): boolean {
    const address = plainAddress(request.remoteAddress ?? "");
    const host = (request.host ?? "").replace(/:\d+$/, "");
    return (
      contains(this.#loopback, address) &&
      !contains(this.#configured, address) &&
      request.forwardedFor === undefined &&
      isLoopbackHost(host)
    );
  }

  #tellOnce(proxy: string): void {
    if (this.#silentTold) return;
    this.#silentTold = true;
    this.#onSilent(proxy);
  }
}

/** An IPv4 address that arrives in IPv6's clothes, or in brackets or with a port, as some proxies write it, is that address. */
function plainAddress(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bracketed)?.[1] ?? bracketed;
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(mapped)?.[1] ?? mapped;
}

function contains(list: BlockList, address: string): boolean {
  if (isIPv4(address)) return list.check(address, "ipv4");
  return isIPv6(address) && list.check(address.split("%", 1)[0]!, "ipv6");
}

function add(list: BlockList, network: string): void {
  const [address = "", bits, more] = network.split("/");
  const family = isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : undefined;
  const bitsMax = family === "ipv4" ? 32 : 128;
  const length = bits === undefined ? bitsMax : Number(bits);
  const isLength = bits === undefined || (/^\d+$/.test(bits) && length <= bitsMax);
  if (family === undefined || !isLength || more !== undefined) {
    throw new GeodeError("INVALID_MESSAGE", `${JSON.stringify(network)} is no network address`, {
      hint: "Write an address or a network, such as 10.0.0.7 or 10.0.0.0/8.",
    });
  }
  list.addSubnet(address, length, family);
}
