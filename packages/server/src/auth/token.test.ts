import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { pemKeys, secretKey } from "./keys.ts";
import { signToken, TokenVerifier, type TokenRules } from "./token.ts";

const secret = new TextEncoder().encode("a secret of at least 256 bits, for tests only");
const clock = new ManualClock();
const inAnHour = Math.floor(clock.nowMs() / 1000) + 3600;

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const pem = ({ publicKey }: Pair) => publicKey.export({ type: "spki", format: "pem" }).toString();
const pairs = new Map<string, Pair>();
beforeAll(() => {
  pairs.set("RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }));
  for (const namedCurve of ["P-256", "P-384", "P-521"])
    pairs.set(namedCurve, generateKeyPairSync("ec", { namedCurve }));
  pairs.set("Ed25519", generateKeyPairSync("ed25519"));
});

const sign = (key: KeyObject | Uint8Array, alg: string, claims: object = {}, header: object = {}) =>
  new SignJWT({ sub: "ann", exp: inAnHour, ...claims })
    .setProtectedHeader({ ...header, alg })
    .sign(key);
const verifier = (rules: Partial<TokenRules> = {}) =>
  new TokenVerifier({ keys: [secretKey(secret)], clock, ...rules });
const refused = (token: string, rules: Partial<TokenRules> = {}) =>
  expect(verifier(rules).verify(token)).rejects.toMatchObject({ code: "FORBIDDEN" });

describe("a token counts when one of the server's keys has signed it", () => {
  test.each([
    ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((alg) => [alg, "RSA"] as const),
    ["ES256", "P-256"] as const,
    ["ES384", "P-384"] as const,
    ["ES512", "P-521"] as const,
    ["EdDSA", "Ed25519"] as const,
  ])("%s with a key of %s", async (alg, kind) => {
    const pair = pairs.get(kind)!;
    const keys = [secretKey(secret), pemKeys(pem(pair))];
    const token = await sign(pair.privateKey, alg, { roles: ["admin"] });
    expect(await verifier({ keys }).verify(token)).toMatchObject({
      principal: { id: "ann", roles: ["admin"] },
    });
    // The secret goes on counting beside it, and another key of the kind does not.
    await verifier({ keys }).verify(await signToken({ user: "ann", ttlMs: 1000 }, secret, clock));
    await refused(token);
  });

  test("of several keys in one file, any", async () => {
    const keys = [pemKeys([pem(pairs.get("P-256")!), pem(pairs.get("RSA")!)].join("\n"))];
    for (const [kind, alg] of [
      ["P-256", "ES256"],
      ["RSA", "RS256"],
    ] as const)
      await verifier({ keys }).verify(await sign(pairs.get(kind)!.privateKey, alg));
  });

  test("also of two keys of one kind, while one takes the place of the other", async () => {
    const next = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keys = [pemKeys(pem(pairs.get("P-256")!) + pem(next))];
    await verifier({ keys }).verify(await sign(pairs.get("P-256")!.privateKey, "ES256"));
    await verifier({ keys }).verify(await sign(next.privateKey, "ES256"));
    const foreign = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await refused(await sign(foreign.privateKey, "ES256"), { keys });
  });
});

describe("the token does not choose how it is checked (RFC 8725)", () => {
  test("the public key is no secret: HS256 with its text is refused", async () => {
    const text = pem(pairs.get("RSA")!);
    const keys = [pemKeys(text), secretKey(secret)];
    await refused(await sign(new TextEncoder().encode(text), "HS256"), { keys });
    await refused(await sign(new TextEncoder().encode(text.trim()), "HS256"), { keys });
  });

  test("none, in any spelling, is no algorithm", async () => {
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const claims = part({ sub: "ann", exp: inAnHour });
    for (const alg of ["none", "None", "NONE", "", null, 1, ["HS256"], { HS256: 1 }])
      for (const signature of ["", "AAAA"])
        await refused(`${part({ alg })}.${claims}.${signature}`);
    await refused(`${part({})}.${claims}.`);
  });

  test("an algorithm that the key fits, but that is not allowed, is refused", async () => {
    const keys = [pemKeys(pem(pairs.get("RSA")!), ["RS256"])];
    const key = pairs.get("RSA")!.privateKey;
    await verifier({ keys }).verify(await sign(key, "RS256"));
    await refused(await sign(key, "RS512"), { keys });
    await refused(await sign(key, "PS256"), { keys });
    await refused(await sign(secret, "HS512"));
  });

  test("a key that the token brings along, or says where to get, is not looked at", async () => {
    const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = own.publicKey.export({ format: "jwk" });
    const keys = [pemKeys(pem(pairs.get("P-256")!))];
    const fetched = globalThis.fetch;
    globalThis.fetch = () => Promise.reject(new Error("the verifier opened a connection"));
    try {
      for (const header of [
        { jwk },
        { jku: "https://evil.example/jwks.json" },
        { x5u: "https://evil.example/cert.pem" },
        { kid: "https://evil.example/key" },
        { kid: "../../../../etc/passwd" },
        { kid: "__proto__" },
        { kid: "' OR 1=1 --" },
      ])
        await refused(await sign(own.privateKey, "ES256", {}, header), { keys });
      await verifier({ keys }).verify(
        await sign(pairs.get("P-256")!.privateKey, "ES256", {}, { kid: "anything" }),
      );
    } finally {
      globalThis.fetch = fetched;
    }
  });

  test("a critical extension that nobody here knows is refused", async () => {
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const head = part({ alg: "HS256", crit: ["x"], x: 1 });
    const { createHmac } = await import("node:crypto");
    const signed = `${head}.${part({ sub: "ann", exp: inAnHour })}`;
    const signature = createHmac("sha256", secret).update(signed).digest("base64url");
    await refused(`${signed}.${signature}`);
  });
});

describe("what a token has to say", () => {
  test.each<[string, object]>([
    ["exp: null", { exp: null }],
    ["exp as a text", { exp: "2099-01-01" }],
    ["exp in the past", { exp: inAnHour - 7200 }],
    ["exp this very second", { exp: inAnHour - 3600 }],
    ["nbf in the future", { nbf: inAnHour }],
    ["iat more than a minute in the future", { iat: inAnHour - 3600 + 61 }],
    ["sub: null", { sub: null }],
    ["an empty sub", { sub: "" }],
    ["a sub of 129 characters", { sub: "x".repeat(129) }],
    ["a sub that is a number", { sub: 1 }],
    ["roles that are a text", { roles: "admin" }],
    ["roles that are no texts", { roles: [["admin"]] }],
    ["65 roles", { roles: Array.from({ length: 65 }, String) }],
  ])("%s is refused", async (_name, claims) => {
    await refused(await sign(secret, "HS256", claims));
  });

  test.each(["", "x", "a.b.c", "....", "e30.e30.", "\u0000", "é.é.é", "x".repeat(16_000)])(
    "%j is no token",
    (text) => refused(text),
  );

  test("a sub of 128 characters and 64 roles are accepted, and so is a name that JavaScript knows", async () => {
    const claims = { sub: "x".repeat(128), roles: Array.from({ length: 64 }, String) };
    await verifier().verify(await sign(secret, "HS256", claims));
    const odd = await verifier().verify(await sign(secret, "HS256", { sub: "__proto__" }));
    expect(odd.principal.id).toBe("__proto__");
  });

  test("a clock that is a minute ahead is forgiven", async () => {
    await verifier().verify(await sign(secret, "HS256", { iat: inAnHour - 3600 + 60 }));
  });

  test("an end beyond all dates is the last date", async () => {
    const { expiresAtMs } = await verifier().verify(await sign(secret, "HS256", { exp: 1e300 }));
    expect(new Date(expiresAtMs).toISOString()).toBe("+275760-09-13T00:00:00.000Z");
  });

  test("a claim that is no GQL value is left out, and the others are there", async () => {
    const claims = { big: 2 ** 60, odd: { $int: "x" }, team: "red", id: "somebody else" };
    const { principal } = await verifier().verify(await sign(secret, "HS256", claims));
    expect([...principal.claims.keys()].sort()).toEqual(["exp", "id", "sub", "team"]);
    expect(principal.claims.get("id")).toBe("ann");
  });

  test("iss and aud are held against what the server is told", async () => {
    const rules = { issuer: "https://id.example", audience: "geode" };
    const good = { iss: "https://id.example", aud: ["other", "geode"] };
    await verifier(rules).verify(await sign(secret, "HS256", good));
    for (const claims of [
      {},
      { ...good, iss: "https://id.example/" },
      { ...good, aud: "other" },
      { ...good, aud: [] },
      { iss: good.iss },
    ])
      await refused(await sign(secret, "HS256", claims), rules);
    const own = { user: "ann", ttlMs: 1000, issuer: good.iss, audience: "geode" };
    await verifier(rules).verify(await signToken(own, secret, clock));
  });

  test("the refusal does not repeat the token", async () => {
    const token = await sign(secret, "HS256", { exp: inAnHour - 7200, sub: "private-person" });
    const failure = (await verifier()
      .verify(token)
      .catch((error: unknown) => error)) as Error;
    for (const part of [...token.split("."), "private-person"])
      expect(failure.message).not.toContain(part);
  });
});
