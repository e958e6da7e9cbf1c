import { decode, GeodeError, type Value } from "@geode/values";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../clock.ts";
import type { Principal } from "../port.ts";

/** Whom a token speaks for, and until when. */
export interface Identity {
  readonly principal: Principal;
  readonly name: string | undefined;
  readonly expiresAtMs: number;
}

/** The key with which tokens are signed (HS256): at least 256 bits. */
export type Secret = Uint8Array;

/** The only algorithm that is believed, whatever a token says of itself. */
const ALGORITHMS = ["HS256"];
/** The longest `sub`, in UTF-16 units: user ids become keys everywhere. */
const USER_LENGTH_MAX = 128;
const ROLES_MAX = 64;

/** Checks tokens. */
export class TokenVerifier {
  readonly #secret: Secret;
  readonly #clock: Clock;

  constructor(secret: Secret, clock: Clock) {
    this.#secret = secret;
    this.#clock = clock;
  }

  /** The identity in a token. Throws FORBIDDEN that says why not, without the token. */
  async verify(token: string): Promise<Identity> {
    let claims;
    try {
      const verified = await jwtVerify(token, this.#secret, {
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        currentDate: new Date(this.#clock.nowMs()),
      });
      claims = verified.payload;
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new GeodeError("FORBIDDEN", `the token is not valid: ${cause.code}`, { cause });
    }
    const { exp, sub, name } = claims;
    if (typeof sub !== "string" || sub === "" || sub.length > USER_LENGTH_MAX) {
      throw new GeodeError(
        "FORBIDDEN",
        `the token's sub is not a text of 1 to ${USER_LENGTH_MAX} characters`,
      );
    }
    if (typeof exp !== "number")
      throw new GeodeError("FORBIDDEN", "the token's exp is not a number");
    return {
      principal: { id: sub, roles: rolesOf(claims["roles"]), claims: valuesOf(claims, sub) },
      name: typeof name === "string" ? name : undefined,
      expiresAtMs: exp * 1000,
    };
  }
}

/** What a new token says. */
export interface TokenClaims {
  readonly user: string;
  readonly name?: string | undefined;
  readonly roles?: readonly string[];
  readonly ttlMs: number;
}

/** Makes a token. Times in a token are whole seconds; it never lives longer than `ttlMs` by more than one. */
export async function signToken(
  claims: TokenClaims,
  secret: Secret,
  clock: Clock,
): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  return new SignJWT({
    ...(claims.name === undefined ? {} : { name: claims.name }),
    ...(claims.roles === undefined || claims.roles.length === 0
      ? {}
      : { roles: [...claims.roles] }),
  })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(claims.user)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(claims.ttlMs / 1000))
    .sign(secret);
}

function rolesOf(claim: unknown): readonly string[] {
  if (claim === undefined) return [];
  if (
    !Array.isArray(claim) ||
    claim.length > ROLES_MAX ||
    !claim.every((role) => typeof role === "string")
  ) {
    throw new GeodeError(
      "FORBIDDEN",
      `the token's roles are not a list of at most ${ROLES_MAX} texts`,
    );
  }
  return claim as string[];
}

/** The claims as GQL sees them in `$auth`; `id` is the `sub`. */
function valuesOf(claims: object, sub: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [name, claim] of Object.entries(claims))
    values.set(name, decode(claim, `$auth.${name}`));
  values.set("id", sub);
  return values;
}
