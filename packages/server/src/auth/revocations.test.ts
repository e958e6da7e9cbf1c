import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { revocationFile } from "./revocation-file.ts";
import { forgetfulStore, Revocations, type RevocationStore } from "./revocations.ts";
import type { Identity } from "./token.ts";

let directory: string;
let clock: ManualClock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-revocations-"));
  clock = new ManualClock();
});
afterEach(() => rm(directory, { recursive: true }));

let full = 0;
const open = async (store: RevocationStore = forgetfulStore, countMax = 100) =>
  new Revocations({ store, clock, countMax, onFull: () => void full++ }, await store.load());
const identity = (user: string, more: Partial<Identity> = {}): Identity => ({
  principal: { id: user, roles: [], claims: new Map() },
  name: undefined,
  expiresAtMs: clock.nowMs() + 60_000,
  issuedAtMs: clock.nowMs() - 1,
  tokenId: undefined,
  ...more,
});

describe("PROTOCOL 2.8", () => {
  test("a user's tokens are refused if they were issued until then, or do not say when", async () => {
    const revocations = await open();
    await revocations.revokeUser("ann");
    expect(revocations.refuses(identity("ann"))).toBe(true);
    expect(revocations.refuses(identity("ann", { issuedAtMs: clock.nowMs() }))).toBe(true);
    expect(revocations.refuses(identity("ann", { issuedAtMs: undefined }))).toBe(true);
    expect(revocations.refuses(identity("ann", { issuedAtMs: clock.nowMs() + 1 }))).toBe(false);
    expect(revocations.refuses(identity("bob"))).toBe(false);
    expect(revocations.refuses(identity("bob", { issuedAtMs: undefined }))).toBe(false);
  });

  test("a token is refused by its id, whoever's it is", async () => {
    const revocations = await open();
    await revocations.revokeToken("t1");
    expect(revocations.refuses(identity("ann", { tokenId: "t1" }))).toBe(true);
    expect(revocations.refuses(identity("ann", { tokenId: "t2" }))).toBe(false);
    expect(revocations.refuses(identity("ann"))).toBe(false);
  });

  test("names that JavaScript knows are ordinary ones", async () => {
    const store = revocationFile(directory);
    const revocations = await open(store);
    expect(revocations.refuses(identity("constructor", { tokenId: "toString" }))).toBe(false);
    await revocations.revokeUser("__proto__");
    await revocations.revokeToken("__proto__");
    const again = await open(store);
    expect(again.refuses(identity("__proto__"))).toBe(true);
    expect(again.refuses(identity("x", { tokenId: "__proto__" }))).toBe(true);
    expect(again.refuses(identity("constructor"))).toBe(false);
  });
});

describe("the number of revocations is limited", () => {
  test("one too many is refused, and one that is there already is not", async () => {
    const revocations = await open(forgetfulStore, 2);
    await revocations.revokeUser("ann");
    await revocations.revokeToken("t1");
    expect(() => revocations.revokeToken("t2")).toThrow("there are 2 revocations already");
    expect(() => revocations.revokeUser("bob")).toThrow("already");
    expect(full).toBe(2);
    await revocations.revokeUser("ann");
    await revocations.revokeToken("t1");
  });

  test("a token that has ended by itself makes room", async () => {
    const revocations = await open(forgetfulStore, 1);
    await revocations.revokeToken("t1");
    revocations.refuses(identity("ann", { tokenId: "t1" }));
    clock.pass(60_000);
    await revocations.revokeToken("t2");
    expect(revocations.state.tokens).toEqual([["t2", null]]);
  });
});

describe("the file of a data directory", () => {
  test("keeps what was revoked, for its owner's eyes alone", async () => {
    const store = revocationFile(join(directory, "data"));
    const revocations = await open(store);
    await Promise.all([
      revocations.revokeUser("ann"),
      revocations.revokeToken("t1"),
      revocations.revokeUser("bob"),
    ]);
    const again = await open(store);
    expect(again.state).toEqual(revocations.state);
    expect(again.refuses(identity("bob"))).toBe(true);
    const { mode } = await stat(join(directory, "data", "revocations.json"));
    expect(mode & 0o777).toBe(0o600);
  });

  test.each(["", "{", "null", "[]", '{"users":[["ann",null]],"tokens":[]}', '{"users":[["ann"]]}'])(
    "%j is damage, and nobody is let in on account of it",
    async (content) => {
      await writeFile(join(directory, "revocations.json"), content);
      await expect(open(revocationFile(directory))).rejects.toMatchObject({ code: "CORRUPT" });
      expect(await readFile(join(directory, "revocations.json"), "utf8")).toBe(content);
    },
  );

  test("one that cannot be written works at once all the same, and says so", async () => {
    await writeFile(join(directory, "file"), "");
    const file = revocationFile(join(directory, "file"));
    const revocations = await open({
      save: (state) => file.save(state),
      load: () => forgetfulStore.load(),
    });
    await expect(revocations.revokeUser("ann")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(revocations.refuses(identity("ann"))).toBe(true);
  });
});
