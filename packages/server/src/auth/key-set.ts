import { createPublicKey, type JsonWebKey } from "node:crypto";
import { GeodeError } from "@geode/values";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import {
  fitting,
  KEYS_MAX,
  publicKey,
  PUBLIC_KEY_ALGORITHMS,
  type PublicKey,
  type TokenKeys,
} from "./keys.ts";

export interface KeySetOptions {
  /** Reads the set (RFC 7517 §5) as JSON. Rejects when it is not to be had. */
  readonly load: () => Promise<unknown>;
  /** What tokens may be signed with; default: all that a public key can. */
  readonly algorithms?: readonly string[] | undefined;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Log;
}

/** Keys older than this are read anew, while they go on being used. */
const REFRESH_MS = 600_000;
/** Keys that could not be read anew are used no longer than this. */
const AGE_MS_MAX = 86_400_000;
/** Between two attempts to read, whatever tokens say. */
const COOL_DOWN_MS = 30_000;

/**
 * A set of public keys that its owner changes now and then (JWKS). It is read again when it is old, and when a token names a key that is
 * not in it, but never more often than once per cool-down, however many tokens come. While it cannot be read, the keys at hand stay good
 * for a day: an outage of their owner logs nobody out.
 */
export class KeySet implements TokenKeys {
  readonly algorithms: readonly string[];
  readonly #options: KeySetOptions;
  #keys: readonly PublicKey[] = [];
  #readAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
    this.algorithms = options.algorithms ?? PUBLIC_KEY_ALGORITHMS;
  }

  async candidates(algorithm: string, kid: string | undefined) {
    if (this.#ageMs > REFRESH_MS) {
      const reading = this.#readAgain();
      if (this.#ageMs > AGE_MS_MAX) await reading;
    }
    if (this.#ageMs > AGE_MS_MAX)
      throw new GeodeError("UNAVAILABLE", "the keys that tokens are checked with cannot be read");
    const found = fitting(this.#keys, algorithm, kid);
    if (found.length > 0) return found;
    await this.#readAgain();
    return fitting(this.#keys, algorithm, kid);
  }

  /** Reads the set now. Rejects when it cannot be read, and then the keys at hand stay. */
  async read(): Promise<void> {
    const { clock, load, log } = this.#options;
    this.#triedAtMs = clock.nowMs();
    const keys = keysOf(await load(), this.algorithms, log);
    this.#keys = keys;
    this.#readAtMs = clock.nowMs();
  }

  get #ageMs(): number {
    return this.#options.clock.nowMs() - this.#readAtMs;
  }

  /** Reads it unless that was tried a moment ago. Never rejects; all who ask meanwhile wait for one attempt. */
  #readAgain(): Promise<void> {
    const { clock, log } = this.#options;
    const sinceMs = clock.nowMs() - this.#triedAtMs;
    if (this.#reading === undefined && (sinceMs >= COOL_DOWN_MS || sinceMs < 0)) {
      this.#reading = this.read()
        .catch((error: unknown) => log.warn({ why: whyOf(error) }, "key set not read"))
        .finally(() => {
          this.#reading = undefined;
        });
    }
    return this.#reading ?? Promise.resolve();
  }
}

const SET_BYTES_MAX = 1024 * 1024;
const FETCH_MS_MAX = 5_000;

/** Fetches a key set. A redirect is not followed: the address is the operator's, and stays it. */
export async function fetchKeySet(url: URL): Promise<unknown> {
  const response = await fetch(url, {
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
    signal: AbortSignal.timeout(FETCH_MS_MAX),
  });
  if (response.status !== 200 || response.body === null)
    throw new GeodeError("UNAVAILABLE", `HTTP ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > SET_BYTES_MAX)
      throw new GeodeError("TOO_LARGE", `it is longer than ${SET_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/** The usable keys of a set. What is meant for something else, or weak, or unknown, is left out: the rest must go on working. */
function keysOf(json: unknown, allowed: readonly string[], log: Log): readonly PublicKey[] {
  const list: unknown = (json as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(list)) throw new GeodeError("INVALID_MESSAGE", "it is no set of keys (JWKS)");
  const keys: PublicKey[] = [];
  for (const jwk of list.slice(0, KEYS_MAX) as (JsonWebKey | null)[]) {
    try {
      if (jwk === null || !isForSignatures(jwk)) continue;
      const { alg, kid } = jwk as { alg?: unknown; kid?: unknown };
      keys.push(
        publicKey(
          createPublicKey({ key: jwk, format: "jwk" }),
          typeof kid === "string" ? kid : undefined,
          typeof alg === "string" ? allowed.filter((each) => each === alg) : allowed,
        ),
      );
    } catch (error) {
      log.warn({ why: whyOf(error) }, "a key of the key set is not used");
    }
  }
  if (keys.length === 0) throw new GeodeError("INVALID_MESSAGE", "it has no key that can be used");
  if (list.length > KEYS_MAX)
    log.warn({ keys: list.length, used: KEYS_MAX }, "the key set is longer than what is used");
  return keys;
}

/** A symmetric key (`oct`) is no public key: whoever can read the set could sign. */
function isForSignatures(jwk: JsonWebKey): boolean {
  const { key_ops: uses, use } = jwk as { key_ops?: unknown; use?: unknown };
  return (
    jwk.kty !== "oct" &&
    (use === undefined || use === "sig") &&
    (!Array.isArray(uses) || uses.includes("verify"))
  );
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
