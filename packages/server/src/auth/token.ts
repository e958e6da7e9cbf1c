import { randomUUID } from "node:crypto";
import { decode, GeodeError, type Value } from "@geode/values";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { Clock } from "../clock.ts";
import type { Principal } from "../port.ts";
import type { Secret, TokenKeys } from "./keys.ts";
import { VerifiedTokens, type VerifiedToken } from "./verified-tokens.ts";

/** Whom a token speaks for, and until when. */
export interface Identity {
  readonly principal: Principal;
  readonly name: string | undefined;
  readonly expiresAtMs: number;
  /** `iat`, where the token says it. */
  readonly issuedAtMs: number | undefined;
  /** `jti`, where the token has one. */
  readonly tokenId: string | undefined;
}

/** The longest `sub`, in UTF-16 units: user ids become keys everywhere. */
const USER_LENGTH_MAX = 128;
const ROLES_MAX = 64;
/** So far may the clock of whoever signs be ahead of ours. */
const SKEW_MS_MAX = 60_000;
/** The last moment that JavaScript's dates know (ECMA-262 §21.4.1.1). */
const TIME_MS_MAX = 8.64e15;

export interface TokenRules {
  /** No two kinds of keys count for the same algorithm: so a token signed with a public key as its secret finds none. */
  readonly keys: readonly TokenKeys[];
  /** What `iss` has to be. Default: anything. */
  readonly issuer?: string | undefined;
  /** What `aud` has to be, or contain. Default: anything. */
  readonly audience?: string | undefined;
  readonly clock: Pick<Clock, "nowMs">;
  /** Whether the token was taken back. Default: none was. */
  readonly revoked?: (identity: Identity) => boolean;
  /** So many tokens are remembered once their signature was checked. Default: 10,000. */
  readonly rememberedMax?: number;
}

/** So many are remembered by default, as many as connections are let in. */
const REMEMBERED_MAX = 10_000;

/** Checks tokens, by RFC 8725. */
export class TokenVerifier {
  readonly #rules: TokenRules;
  readonly #verified: VerifiedTokens;

  constructor(rules: TokenRules) {
    this.#rules = rules;
    this.#verified = new VerifiedTokens(rules.rememberedMax ?? REMEMBERED_MAX);
  }

  /** The identity in a token. Throws FORBIDDEN that says why not, without the token; UNAVAILABLE while that cannot be told. */
  async verify(token: string): Promise<Identity> {
    let identity;
    try {
      identity = (await this.#remembered(token)) ?? (await this.#checked(token));
    } catch (cause) {
      if (cause instanceof GeodeError) throw cause;
      // jose reports a header that is no JSON as a TypeError.
      if (!(cause instanceof errors.JOSEError) && !(cause instanceof TypeError)) throw cause;
      const why = cause instanceof errors.JOSEError ? cause.code : "not a JWT";
      throw new GeodeError("FORBIDDEN", `the token is not valid: ${why}`, { cause });
    }
    const leftMs = (identity.issuedAtMs ?? -Infinity) - this.#rules.clock.nowMs();
    // Such a token would outlive every revocation of its user.
    if (leftMs > SKEW_MS_MAX) throw new GeodeError("FORBIDDEN", "the token's iat is in the future");
    if (this.#rules.revoked?.(identity) === true)
      throw new GeodeError("FORBIDDEN", "the token was revoked");
    return identity;
  }

  /** Undefined unless what was found out about it holds now as well: the keys and the time are asked anew. */
  async #remembered(token: string): Promise<Identity | undefined> {
    const verified = this.#verified.get(token);
    if (verified === undefined) return undefined;
    const { algorithm, fromSeconds, identity, key, kid, untilSeconds } = verified;
    const candidates = await this.#kindOf(algorithm)?.candidates(algorithm, kid);
    const nowSeconds = this.#nowSeconds;
    const counts = fromSeconds <= nowSeconds && nowSeconds < untilSeconds;
    if (counts && candidates?.includes(key) === true) return identity;
    this.#verified.delete(token);
    return undefined;
  }

  async #checked(token: string): Promise<Identity> {
    const { audience, clock, issuer } = this.#rules;
    const { alg, kid: named } = decodeProtectedHeader(token);
    const kind = this.#kindOf(alg);
    if (alg === undefined || kind === undefined)
      throw new GeodeError("FORBIDDEN", "the token is not valid: its algorithm is not allowed");
    const kid = typeof named === "string" ? named : undefined;
    const candidates = await kind.candidates(alg, kid);
    let failure: unknown = new GeodeError("FORBIDDEN", "the token is not valid: no key fits it");
    for (const key of candidates) {
      let claims;
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [alg],
          requiredClaims: ["exp", "sub"],
          currentDate: new Date(clock.nowMs()),
          ...(issuer === undefined ? {} : { issuer }),
          ...(audience === undefined ? {} : { audience }),
        });
        claims = payload;
      } catch (error) {
        failure = error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
        continue;
      }
      const verified = { ...verifiedOf(claims), algorithm: alg, kid, key };
      this.#verified.set(token, verified);
      return verified.identity;
    }
    throw failure;
  }

  #kindOf(algorithm: string | undefined): TokenKeys | undefined {
    return this.#rules.keys.find(({ algorithms }) => algorithms.includes(algorithm ?? ""));
  }

  /** As times in tokens are compared with it. */
  get #nowSeconds(): number {
    return Math.floor(this.#rules.clock.nowMs() / 1000);
  }
}

function verifiedOf(
  claims: JWTPayload,
): Pick<VerifiedToken, "identity" | "fromSeconds" | "untilSeconds"> {
  const { exp, nbf } = claims;
  return {
    identity: identityOf(claims),
    fromSeconds: nbf ?? -Infinity,
    untilSeconds: exp ?? Infinity,
  };
}

function identityOf(claims: JWTPayload): Identity {
  const { exp, iat, jti, name, sub } = claims;
  if (typeof sub !== "string" || sub === "" || sub.length > USER_LENGTH_MAX) {
    throw new GeodeError(
      "FORBIDDEN",
      `the token's sub is not a text of 1 to ${USER_LENGTH_MAX} characters`,
    );
  }
  if (typeof exp !== "number") throw new GeodeError("FORBIDDEN", "the token's exp is not a number");
  return {
    principal: { id: sub, roles: rolesOf(claims["roles"]), claims: valuesOf(claims, sub) },
    name: typeof name === "string" ? name : undefined,
    expiresAtMs: Math.min(exp * 1000, TIME_MS_MAX),
    issuedAtMs: typeof iat === "number" ? iat * 1000 : undefined,
    tokenId: typeof jti === "string" ? jti : undefined,
  };
}

/** What a new token says. */
export interface TokenClaims {
  readonly user: string;
  readonly name?: string | undefined;
  readonly roles?: readonly string[];
  readonly ttlMs: number;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/**
 * Makes a token with an id of its own, by which it can be revoked. Times in a token are whole seconds; it never lives longer than `ttlMs`
 * by more than one.
 */
export async function signToken(
  claims: TokenClaims,
  secret: Secret,
  clock: Clock,
): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const jwt = new SignJWT({
    ...(claims.name === undefined ? {} : { name: claims.name }),
    ...(claims.roles === undefined || claims.roles.length === 0
      ? {}
      : { roles: [...claims.roles] }),
  })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(claims.user)
    .setJti(randomUUID())
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(claims.ttlMs / 1000));
  if (claims.issuer !== undefined) jwt.setIssuer(claims.issuer);
  if (claims.audience !== undefined) jwt.setAudience(claims.audience);
  return jwt.sign(secret);
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

/** The claims as GQL sees them in `$auth`; `id` is the `sub`. A claim that is no GQL value is nobody's fault here, and left out. */
function valuesOf(claims: object, sub: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [name, claim] of Object.entries(claims)) {
    try {
      values.set(name, decode(claim, `$auth.${name}`));
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
    }
  }
  values.set("id", sub);
  return values;
}
