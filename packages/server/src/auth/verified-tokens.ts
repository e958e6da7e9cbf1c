import { hash, type KeyObject } from "node:crypto";
import type { Secret } from "./keys.ts";
import type { Identity } from "./token.ts";

/** What was found out about a token, and what it depends on. */
export interface VerifiedToken {
  readonly algorithm: string;
  readonly kid: string | undefined;
  /** The key that signed it: without it among the keys, this says nothing. */
  readonly key: KeyObject | Secret;
  readonly identity: Identity;
  /** `nbf` and `exp`, in seconds; the token counts from the one on, and with the other no more. */
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

/**
 * Tokens whose signature was checked, so that who comes back with the same one costs no check, and shares its claims with all who came
 * with it. It remembers them by a hash: no token can be read from here. Those that were not seen for the longest time are forgotten.
 */
export class VerifiedTokens {
  readonly #countMax: number;
  readonly #tokens = new Map<string, VerifiedToken>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#tokens.size;
  }

  /** What is known of it. Whether it counts now, the caller has to ask. */
  get(token: string): VerifiedToken | undefined {
    const name = nameOf(token);
    const verified = this.#tokens.get(name);
    if (verified === undefined) return undefined;
    this.#tokens.delete(name);
    this.#tokens.set(name, verified);
    return verified;
  }

  set(token: string, verified: VerifiedToken): void {
    this.#tokens.set(nameOf(token), verified);
    if (this.#tokens.size <= this.#countMax) return;
    for (const oldest of this.#tokens.keys()) {
      this.#tokens.delete(oldest);
      return;
    }
  }

  delete(token: string): void {
    this.#tokens.delete(nameOf(token));
  }
}

function nameOf(token: string): string {
  return hash("sha256", token, "base64");
}
