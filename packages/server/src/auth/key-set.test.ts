import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { silentLog } from "../log.ts";
import { fetchKeySet, KeySet } from "./key-set.ts";
import { TokenVerifier } from "./token.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let clock: ManualClock;
/** What the owner of the keys answers; undefined: nobody answers. */
let published: unknown;
let reads: number;
beforeEach(() => {
  clock = new ManualClock();
  published = undefined;
  reads = 0;
});

const keySet = () =>
  new KeySet({
    clock,
    log: silentLog,
    load: () => {
      reads += 1;
      return published === undefined
        ? Promise.reject(new Error("no answer"))
        : Promise.resolve(published);
    },
  });
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });
const [first, second] = [pair(), pair()];
const SETS = {
  first: { keys: [jwk(first.publicKey, { kid: "1", alg: "ES256", use: "sig" })] },
  both: {
    keys: [jwk(first.publicKey, { kid: "1" }), jwk(second.publicKey, { kid: "2" })],
  },
  second: { keys: [jwk(second.publicKey, { kid: "2" })] },
};
const tokenOf = (key: KeyObject, kid?: string, alg = "ES256") =>
  new SignJWT({ sub: "ann", exp: Math.floor(clock.nowMs() / 1000) + 10 * 86_400 })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .sign(key);
const verifies = async (keys: KeySet, token: string) =>
  new TokenVerifier({ keys: [keys], clock }).verify(token).then(
    () => "good",
    (error: { code: string }) => error.code,
  );

describe("rotation", () => {
  test("a token of a new key makes the set be read again; the old key goes when it left the set", async () => {
    published = SETS.first;
    const keys = keySet();
    const [old, young] = [
      await tokenOf(first.privateKey, "1"),
      await tokenOf(second.privateKey, "2"),
    ];
    expect(await verifies(keys, old)).toBe("good");
    expect(await verifies(keys, young)).toBe("FORBIDDEN");
    published = SETS.both;
    clock.pass(MINUTE_MS);
    expect([await verifies(keys, young), await verifies(keys, old)]).toEqual(["good", "good"]);
    published = SETS.second;
    clock.pass(11 * MINUTE_MS);
    await verifies(keys, young);
    expect([await verifies(keys, young), await verifies(keys, old)]).toEqual(["good", "FORBIDDEN"]);
  });

  test("a token without kid is tried with each key that fits", async () => {
    published = SETS.both;
    expect(await verifies(keySet(), await tokenOf(second.privateKey))).toBe("good");
  });
});

describe("one attempt to read per cool-down", () => {
  test("however many tokens with invented kids come, one after the other or at once", async () => {
    published = SETS.first;
    const keys = keySet();
    const invented = await Promise.all(
      Array.from({ length: 20 }, (_, n) => tokenOf(second.privateKey, `x${n}`)),
    );
    for (const token of invented) expect(await verifies(keys, token)).toBe("FORBIDDEN");
    await Promise.all(invented.map((token) => verifies(keys, token)));
    expect(reads).toBe(1);
    clock.pass(30_000);
    await Promise.all(invented.map((token) => verifies(keys, token)));
    expect(reads).toBe(2);
  });

  test("while nobody answers, too", async () => {
    const keys = keySet();
    const token = await tokenOf(first.privateKey, "1");
    for (let count = 0; count < 5; count++) expect(await verifies(keys, token)).toBe("UNAVAILABLE");
    expect(reads).toBe(1);
    published = SETS.first;
    clock.pass(30_000);
    expect(await verifies(keys, token)).toBe("good");
  });
});

describe("an outage of the keys' owner", () => {
  test("logs nobody out for a day, and then tokens cannot be checked", async () => {
    published = SETS.first;
    const keys = keySet();
    const token = await tokenOf(first.privateKey, "1");
    await verifies(keys, token);
    published = undefined;
    clock.pass(DAY_MS - MINUTE_MS);
    expect(await verifies(keys, token)).toBe("good");
    clock.pass(2 * MINUTE_MS);
    expect(await verifies(keys, token)).toBe("UNAVAILABLE");
    published = SETS.first;
    clock.pass(MINUTE_MS);
    expect(await verifies(keys, token)).toBe("good");
  });

  test.each<[string, unknown]>([
    ["nonsense", "nonsense"],
    ["null", null],
    ["no list", { keys: {} }],
    ["no key", { keys: [] }],
    ["no usable key", { keys: [{ kty: "oct", k: "AAAA" }, null, 1, {}] }],
  ])("is what an answer with %s is", async (_name, answer) => {
    published = SETS.first;
    const keys = keySet();
    const token = await tokenOf(first.privateKey, "1");
    await verifies(keys, token);
    published = answer;
    clock.pass(11 * MINUTE_MS);
    await verifies(keys, token);
    expect(await verifies(keys, token)).toBe("good");
  });
});

describe("what is in a set for something else is left out", () => {
  test.each<[string, object]>([
    ["a key for encryption", { use: "enc" }],
    ["a key that may only sign", { key_ops: ["sign"] }],
    ["a key for another algorithm", { alg: "ES384" }],
  ])("%s", async (_name, more) => {
    published = { keys: [jwk(first.publicKey, { kid: "1", ...more }), ...SETS.second.keys] };
    const keys = keySet();
    expect(await verifies(keys, await tokenOf(first.privateKey, "1"))).toBe("FORBIDDEN");
    expect(await verifies(keys, await tokenOf(second.privateKey, "2"))).toBe("good");
  });

  test("a symmetric key: whoever reads the set could sign with it", async () => {
    const secret = new Uint8Array(32).fill(7);
    const k = Buffer.from(secret).toString("base64url");
    published = { keys: [{ kty: "oct", kid: "s", alg: "HS256", k }, ...SETS.first.keys] };
    const token = await new SignJWT({ sub: "ann", exp: 9e9 })
      .setProtectedHeader({ alg: "HS256", kid: "s" })
      .sign(secret);
    expect(await verifies(keySet(), token)).toBe("FORBIDDEN");
  });
});

describe("fetching", () => {
  async function served(answer: RequestListener) {
    const server = createServer(answer);
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await fetchKeySet(new URL(`http://127.0.0.1:${port}/jwks.json`));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  test("a set comes as JSON", async () => {
    expect(await served((_request, response) => response.end(JSON.stringify(SETS.both)))).toEqual(
      SETS.both,
    );
  });

  test.each<[string, RequestListener]>([
    ["a redirect", (_, response) => response.writeHead(302, { location: "/other" }).end("{}")],
    ["an error", (_, response) => response.writeHead(500).end("{}")],
    ["more than a mebibyte", (_, response) => response.end(" ".repeat(1024 * 1024 + 1))],
    ["no JSON", (_, response) => response.end("<html>")],
  ])("%s is no set", async (_name, answer) => {
    await expect(served(answer)).rejects.toThrow();
  });
});
