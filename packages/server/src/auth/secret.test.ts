import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { configuredSecret, keptSecret } from "./secret.ts";
import { secretKey } from "./keys.ts";
import { signToken, TokenVerifier } from "./token.ts";

describe("a configured secret has at least 256 bits, in bytes of UTF-8", () => {
  test.each([
    ["x".repeat(31), false],
    ["x".repeat(32), true],
    ["é".repeat(15), false],
    ["é".repeat(16), true],
    ["", false],
  ])("%j: %s", (text, enough) => {
    if (enough) expect(configuredSecret(text).length).toBeGreaterThanOrEqual(32);
    else expect(() => configuredSecret(text)).toThrow("at least 256 are needed");
  });
});

describe("the secret of a data directory", () => {
  let directory: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "geode-secret-")), "data");
  });
  afterEach(() => rm(join(directory, ".."), { recursive: true }));
  const file = () => join(directory, "jwt-secret");

  test("is made once, is its owner's alone, and stays", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => keptSecret(directory)));
    const first = all[0]!;
    for (const each of all) expect(each).toEqual(first);
    expect(await readdir(directory)).toEqual(["jwt-secret"]);
    expect(await keptSecret(directory)).toEqual(first);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file(), "utf8")).trim().length).toBeGreaterThanOrEqual(43);
  });

  test("loses rights that somebody gave it", async () => {
    await keptSecret(directory);
    await chmod(file(), 0o644);
    await keptSecret(directory);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  test("is not replaced when it is damaged: that would log everybody out in silence", async () => {
    await keptSecret(directory);
    await writeFile(file(), "short");
    await expect(keptSecret(directory)).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test("cannot be where a file is, and says so", async () => {
    await writeFile(join(directory, "..", "file"), "");
    await expect(keptSecret(join(directory, "..", "file"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("cannot be used as a data directory") as string,
    });
  });

  test("works as JWT_SECRET elsewhere", async () => {
    const clock = new ManualClock();
    const token = await signToken({ user: "ann", ttlMs: 1000 }, await keptSecret(directory), clock);
    const elsewhere = configuredSecret((await readFile(file(), "utf8")).trim());
    expect(
      await new TokenVerifier({ keys: [secretKey(elsewhere)], clock }).verify(token),
    ).toMatchObject({
      principal: { id: "ann", roles: [] },
      expiresAtMs: clock.nowMs() + 1000,
    });
  });
});
