import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { secretKey, type TokenKeys } from "./keys.ts";
import { Revocations } from "./revocations.ts";
import { signToken, TokenVerifier, type TokenRules } from "./token.ts";
import { VerifiedTokens, type VerifiedToken } from "./verified-tokens.ts";

const secret = new TextEncoder().encode("a secret of at least 256 bits, for tests only");

function world(rules: Partial<TokenRules> = {}) {
  const clock = new ManualClock();
  const revocations = new Revocations(
    { store: { save: () => Promise.resolve() }, clock, countMax: 10, onFull: () => undefined },
    { users: [], tokens: [] },
  );
  const verifier = new TokenVerifier({
    keys: [secretKey(secret)],
    clock,
    revoked: (identity) => revocations.refuses(identity),
    ...rules,
  });
  return { clock, revocations, verifier };
}

describe("a token that was checked before", () => {
  test("speaks for the very same identity: equal claims are kept once", async () => {
    const { clock, verifier } = world();
    const token = await signToken({ user: "ann", ttlMs: 60_000 }, secret, clock);
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    const other = await signToken({ user: "ann", ttlMs: 60_000 }, secret, clock);
    expect(await verifier.verify(other)).not.toBe(first);
  });

  test("is refused when it is revoked, by its id or with its user", async () => {
    const { clock, revocations, verifier } = world();
    const token = await signToken({ user: "ann", ttlMs: 60_000 }, secret, clock);
    const { tokenId } = await verifier.verify(token);
    await revocations.revokeToken(tokenId!);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const other = await signToken({ user: "bob", ttlMs: 60_000 }, secret, clock);
    await verifier.verify(other);
    await revocations.revokeUser("bob");
    await expect(verifier.verify(other)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("ends in the second in which it would end unseen, with the same words", async () => {
    const { clock, verifier } = world();
    const token = await signToken({ user: "ann", ttlMs: 60_000 }, secret, clock);
    await verifier.verify(token);
    const { expiresAtMs } = await verifier.verify(token);
    clock.pass(expiresAtMs - clock.nowMs() - 1);
    await verifier.verify(token);
    clock.pass(1);
    const unseen = new TokenVerifier({ keys: [secretKey(secret)], clock });
    const failures = await Promise.all(
      [verifier, unseen].map((each) => each.verify(token).catch((error: Error) => error.message)),
    );
    expect(failures[0]).toContain("ERR_JWT_EXPIRED");
    expect(failures[1]).toBe(failures[0]);
  });

  test("does not count before its nbf if the clock is set back", async () => {
    let nowMs = 1_700_000_000_000;
    const { verifier } = world({ clock: { nowMs: () => nowMs } });
    const token = await new SignJWT({ sub: "ann", exp: nowMs / 1000 + 60, nbf: nowMs / 1000 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret);
    await verifier.verify(token);
    nowMs--;
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("is refused once its key is not among the keys, and checked anew with one that comes in its place", async () => {
    const [old, young] = [0, 1].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }));
    let present = [old!.publicKey];
    const keys: TokenKeys = {
      algorithms: ["ES256"],
      candidates: () => Promise.resolve(present),
    };
    const { clock, verifier } = world({ keys: [keys] });
    const token = await new SignJWT({ sub: "ann", exp: Math.floor(clock.nowMs() / 1000) + 60 })
      .setProtectedHeader({ alg: "ES256" })
      .sign(old!.privateKey);
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    present = [young!.publicKey];
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "FORBIDDEN" });
    present = [young!.publicKey, old!.publicKey];
    expect(await verifier.verify(token)).toEqual(first);
  });

  test("with another text is another token: nothing is remembered of one that was refused", async () => {
    const { clock, verifier } = world();
    const token = await signToken({ user: "ann", ttlMs: 60_000 }, secret, clock);
    await verifier.verify(token);
    const forged = `${token.slice(0, -4)}AAAA`;
    for (let times = 0; times < 2; times++)
      await expect(verifier.verify(forged)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

test("those that were not seen for the longest time are forgotten, beyond the limit", () => {
  const tokens = new VerifiedTokens(2);
  const verified = {} as VerifiedToken;
  tokens.set("a", verified);
  tokens.set("b", verified);
  expect(tokens.get("a")).toBe(verified);
  tokens.set("c", verified);
  expect(tokens.count).toBe(2);
  expect(tokens.get("b")).toBeUndefined();
  expect(tokens.get("a")).toBe(verified);
});
