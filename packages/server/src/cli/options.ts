import { InvalidArgumentError } from "commander";

/** Parsers of option values. What they throw is shown with the option's name. */

export function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) {
    throw new InvalidArgumentError("It must be a port number from 0 (any free one) to 65535.");
  }
  return value;
}

/** The address of a server's WebSocket; that of its console is as good. */
export function webSocketUrl(text: string): string {
  const url = URL.parse(text);
  const scheme = url === null ? undefined : SCHEMES.get(url.protocol);
  if (url === null || scheme === undefined) {
    throw new InvalidArgumentError("It must be an address such as ws://127.0.0.1:8443/ws.");
  }
  url.protocol = scheme;
  url.hash = "";
  if (url.pathname === "/") url.pathname = "/ws";
  return url.href;
}

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ["ws:", "ws:"],
  ["wss:", "wss:"],
  ["http:", "ws:"],
  ["https:", "wss:"],
]);

export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be a whole number of at least 1.");
  }
  return value;
}

/** Each is a thread with a copy of the graph. */
const READERS_MAX = 64;

export function readers(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > READERS_MAX) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${READERS_MAX}.`);
  }
  return value;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** `90s`, `15m`, `12h`, `7d`, in milliseconds. */
export function duration(text: string): number {
  const parts = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  const value = parts === null ? 0 : Number(parts[1]) * UNIT_MS.get(parts[2]!)!;
  if (value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be a time such as 90s, 15m, 12h or 7d.");
  }
  return value;
}

/** `100/min`, `50/s`: the burst and what comes back each second. */
export function rate(text: string): { burst: number; perSecond: number } {
  const parts = /^(\d+)\/(s|min|h)$/.exec(text);
  const burst = Number(parts?.[1] ?? 0);
  if (parts === null || burst < 1) {
    throw new InvalidArgumentError("It must be a number per time, such as 100/min or 50/s.");
  }
  const seconds = parts[2] === "s" ? 1 : parts[2] === "min" ? 60 : 3600;
  return { burst, perSecond: burst / seconds };
}

export function list(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Adds to what the option was given before. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** `name=value`, the value as JSON if it is JSON and as a text otherwise; adds to what was given before. */
export function parameter(
  text: string,
  before: ReadonlyMap<string, unknown> = new Map(),
): ReadonlyMap<string, unknown> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("It must be name=value.");
  const name = text.slice(0, equals).replace(/^\$/, "");
  return new Map(before).set(name, jsonOrText(text.slice(equals + 1)));
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
