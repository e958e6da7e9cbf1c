import { createPublicKey, type KeyObject } from "node:crypto";
import { GeodeError } from "@geode/values";

/** The key with which this server's own tokens are signed (HS256): at least 256 bits. */
export type Secret = Uint8Array;

/** Keys of one kind, with the algorithms that they count for: no token decides that. */
export interface TokenKeys {
  readonly algorithms: readonly string[];
  /**
   * Those that may have signed a token with this header; `algorithm` is one of {@link TokenKeys.algorithms}. `kid` only selects among
   * the keys that there are. Throws UNAVAILABLE when the keys are not to be had at present.
   */
  candidates(algorithm: string, kid: string | undefined): Promise<readonly (KeyObject | Secret)[]>;
}

/** A public key and what it can check. */
export interface PublicKey {
  readonly key: KeyObject;
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
}

/** All that a public key can be asked for; RFC 7518 §3.1 and RFC 8037, without the symmetric ones and `none`. */
export const PUBLIC_KEY_ALGORITHMS: readonly string[] =
  "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;
/** Keys of one file or set: each that fits costs a check of the signature. */
export const KEYS_MAX = 64;

const CURVES: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "ES256"],
  ["secp384r1", "ES384"],
  ["secp521r1", "ES512"],
]);

/** The server's own secret, for HS256 and nothing else. */
export function secretKey(secret: Secret): TokenKeys {
  return { algorithms: ["HS256"], candidates: () => Promise.resolve([secret]) };
}

/**
 * The public keys in a PEM text, certificates included: several while one takes the place of another. `allowed` narrows the algorithms.
 * Throws INVALID_MESSAGE for a text without keys, with a private one, or with one that is too weak.
 */
export function pemKeys(
  pem: string,
  allowed: readonly string[] = PUBLIC_KEY_ALGORITHMS,
): TokenKeys {
  const blocks = pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  if (blocks.length === 0) throw unusable("there is no PEM block in it");
  if (blocks.length > KEYS_MAX) throw unusable(`it has more than ${KEYS_MAX} keys`);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw unusable(
      "it has a private key",
      "A server needs the public key only: openssl pkey -in key.pem -pubout",
    );
  }
  const keys = blocks.map((block) => publicKey(keyOf(block), undefined, allowed));
  return {
    algorithms: algorithmsOf(keys),
    candidates: (algorithm) => Promise.resolve(fitting(keys, algorithm, undefined)),
  };
}

/** A key with the algorithms that it is good for. Throws INVALID_MESSAGE for one that is good for none. */
export function publicKey(
  key: KeyObject,
  kid: string | undefined,
  allowed: readonly string[],
): PublicKey {
  const algorithms = possibleAlgorithms(key).filter((algorithm) => allowed.includes(algorithm));
  if (algorithms.length === 0)
    throw unusable(
      `a key of the kind ${key.asymmetricKeyType ?? key.type} fits no allowed algorithm`,
    );
  return { key, kid, algorithms };
}

export function algorithmsOf(keys: readonly PublicKey[]): readonly string[] {
  return [...new Set(keys.flatMap(({ algorithms }) => algorithms))];
}

export function fitting(
  keys: readonly PublicKey[],
  algorithm: string,
  kid: string | undefined,
): readonly KeyObject[] {
  return keys
    .filter((each) => each.algorithms.includes(algorithm))
    .filter((each) => kid === undefined || each.kid === kid)
    .map(({ key }) => key);
}

function possibleAlgorithms(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
    case "rsa-pss":
      if (modulusLength < RSA_BITS_MIN)
        throw unusable(`an RSA key of ${modulusLength} bits is too weak; ${RSA_BITS_MIN} is least`);
      return PUBLIC_KEY_ALGORITHMS.filter((algorithm) =>
        (key.asymmetricKeyType === "rsa" ? /^[RP]S/ : /^PS/).test(algorithm),
      );
    case "ec":
      return [CURVES.get(namedCurve) ?? ""];
    case "ed25519":
      return ["EdDSA", "Ed25519"];
    default:
      return [];
  }
}

function keyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw unusable((cause as Error).message, undefined, cause);
  }
}

function unusable(why: string, hint?: string, cause?: unknown): GeodeError {
  return new GeodeError("INVALID_MESSAGE", `tokens cannot be checked with this key: ${why}`, {
    hint,
    cause,
  });
}
