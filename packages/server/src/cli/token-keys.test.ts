import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { tokenKeysOf, type TokenKeysOptions } from "./token-keys.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-keys-"));
});
afterEach(() => rm(directory, { recursive: true }));

const file = async (name: string, content: string): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};
const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = ({ publicKey }: ReturnType<typeof pair>) =>
  publicKey.export({ type: "spki", format: "pem" }).toString();
const keysOf = (options: TokenKeysOptions) => tokenKeysOf(options, silentLog);

test("without an option there are no public keys", async () => {
  expect(await keysOf({})).toBeUndefined();
});

test("a file is read again when told, and a bad one leaves the present keys in place", async () => {
  const path = await file("keys.pem", pem(pair()));
  const keys = (await keysOf({ jwtPublicKey: path }))!;
  expect(await keys.candidates("ES256", undefined)).toHaveLength(1);
  await file("keys.pem", pem(pair()) + pem(pair()));
  await keys.reload();
  expect(await keys.candidates("ES256", undefined)).toHaveLength(2);
  await file("keys.pem", "nonsense");
  await keys.reload();
  expect(await keys.candidates("ES256", undefined)).toHaveLength(2);
});

test("an address that does not answer yet does not keep the server from starting", async () => {
  const keys = (await keysOf({ jwks: "http://127.0.0.1:1/jwks.json" }))!;
  await expect(keys.candidates("ES256", undefined)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test.each<[string, () => TokenKeysOptions | Promise<TokenKeysOptions>, string]>([
  ["a file that is not there", () => ({ jwtPublicKey: "nowhere.pem" }), "nowhere.pem: ENOENT"],
  ["a set that is not there", () => ({ jwks: "nowhere.json" }), "nowhere.json: ENOENT"],
  [
    "a private key",
    async () => ({
      jwtPublicKey: await file(
        "key.pem",
        pair().privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      ),
    }),
    "it has a private key",
  ],
  ["a set without keys", async () => ({ jwks: await file("x", '{"keys":[]}') }), "no key that can"],
  ["an address in the clear", () => ({ jwks: "http://id.example/jwks.json" }), "is not fetched"],
  [
    "an address that only begins like this machine's",
    () => ({ jwks: "http://127.evil.example/jwks.json" }),
    "is not fetched",
  ],
  ["an address of another kind", () => ({ jwks: "file:///etc/jwks.json" }), "is not fetched"],
  ["no address", () => ({ jwks: "https://[/" }), "is no address"],
  ["both kinds", () => ({ jwks: "a", jwtPublicKey: "b" }), "either --jwt-public-key or --jwks"],
  [
    "a secret's algorithm",
    () => ({ jwks: "a", jwtAlgorithms: ["RS256", "HS256"] }),
    "HS256 is no algorithm for public keys",
  ],
  ["none", () => ({ jwks: "a", jwtAlgorithms: ["none"] }), "none is no algorithm"],
])("%s is refused at the start, with why", async (_name, options, message) => {
  await expect(keysOf(await options())).rejects.toThrow(message);
});
