import { readFile } from "node:fs/promises";
import { GeodeError } from "@geode/values";
import { fetchKeySet, KeySet } from "../auth/key-set.ts";
import { pemKeys, PUBLIC_KEY_ALGORITHMS, type TokenKeys } from "../auth/keys.ts";
import { systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { isLoopbackHost } from "../loopback.ts";
import { CommandError, EXIT } from "./exit.ts";

export interface TokenKeysOptions {
  readonly jwtPublicKey?: string;
  readonly jwks?: string;
  readonly jwtAlgorithms?: readonly string[];
}

/** Keys that can be read again while the server runs. */
export interface ReloadableKeys extends TokenKeys {
  /** Never rejects: what cannot be read leaves the present keys in place. */
  reload(): Promise<void>;
}

/** The public keys that `geode serve` is told of; undefined if there are none. */
export async function tokenKeysOf(
  options: TokenKeysOptions,
  log: Log,
): Promise<ReloadableKeys | undefined> {
  const { jwks, jwtAlgorithms: algorithms, jwtPublicKey } = options;
  for (const algorithm of algorithms ?? []) {
    if (!PUBLIC_KEY_ALGORITHMS.includes(algorithm))
      throw new CommandError(EXIT.usage, `${algorithm} is no algorithm for public keys`, {
        hint: `Those are ${PUBLIC_KEY_ALGORITHMS.join(", ")}.`,
      });
  }
  if (jwtPublicKey !== undefined && jwks !== undefined)
    throw new CommandError(EXIT.usage, "give either --jwt-public-key or --jwks");
  if (jwtPublicKey !== undefined) return pemFile(jwtPublicKey, algorithms, log);
  return jwks === undefined ? undefined : keySet(jwks, algorithms, log);
}

async function pemFile(
  path: string,
  algorithms: readonly string[] | undefined,
  log: Log,
): Promise<ReloadableKeys> {
  const read = async (): Promise<TokenKeys> => {
    try {
      return pemKeys(await readFile(path, "utf8"), algorithms);
    } catch (cause) {
      throw unreadable(path, cause);
    }
  };
  let present = await read();
  return {
    get algorithms() {
      return present.algorithms;
    },
    candidates: (algorithm, kid) => present.candidates(algorithm, kid),
    reload: async () => {
      try {
        present = await read();
        log.info({ path }, "public keys reloaded");
      } catch (error) {
        log.error({ path, error: String(error) }, "public keys not reloaded; the present stay");
      }
    },
  };
}

/** A file has to be there; an address may come later, and until then its tokens cannot be checked. */
async function keySet(
  place: string,
  algorithms: readonly string[] | undefined,
  log: Log,
): Promise<ReloadableKeys> {
  const url = /^[a-z]+:\/\//i.test(place) ? addressOf(place) : undefined;
  if (url !== undefined && !isSafe(url)) {
    throw new CommandError(
      EXIT.usage,
      `${place} is not fetched: whoever is on the way could put other keys in`,
      {
        hint: "Use https, or http on this machine.",
      },
    );
  }
  const load =
    url === undefined
      ? async () => JSON.parse(await readFile(place, "utf8")) as unknown
      : () => fetchKeySet(url);
  const keys = new KeySet({ load, algorithms, clock: systemClock, log });
  try {
    await keys.read();
  } catch (cause) {
    if (url === undefined) throw unreadable(place, cause);
    log.warn({ why: reasonOf(cause) }, "key set not read yet");
  }
  return {
    algorithms: keys.algorithms,
    candidates: (algorithm, kid) => keys.candidates(algorithm, kid),
    reload: async () => {
      try {
        await keys.read();
        log.info({}, "key set read again");
      } catch (error) {
        log.error({ why: reasonOf(error) }, "key set not read again; the present keys stay");
      }
    },
  };
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new CommandError(EXIT.usage, `${text} is no address`);
  return url;
}

function isSafe({ hostname, protocol }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}

function unreadable(path: string, cause: unknown): CommandError {
  const hint = cause instanceof GeodeError ? cause.hint : undefined;
  return new CommandError(EXIT.usage, `${path}: ${reasonOf(cause)}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
