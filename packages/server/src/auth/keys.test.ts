import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect, test } from "vitest";
import { KEYS_MAX, pemKeys } from "./keys.ts";

const spki = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });

test("the kind of key decides what it can be used with", () => {
  expect(pemKeys(spki(ec("P-384").publicKey)).algorithms).toEqual(["ES384"]);
  expect(pemKeys(spki(generateKeyPairSync("ed25519").publicKey)).algorithms).toEqual([
    "EdDSA",
    "Ed25519",
  ]);
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey;
  expect(pemKeys(spki(pss)).algorithms).toEqual(["PS256", "PS384", "PS512"]);
});

test.each<[string, () => string, string]>([
  ["nothing", () => "", "there is no PEM block"],
  ["a secret", () => "a secret of at least 256 bits, for tests only", "there is no PEM block"],
  [
    "a private key",
    () => ec("P-256").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "private key",
  ],
  [
    "an old-style private key beside a public one",
    () => {
      const { privateKey, publicKey } = ec("P-256");
      return spki(publicKey) + privateKey.export({ type: "sec1", format: "pem" }).toString();
    },
    "private key",
  ],
  [
    "RSA of 1024 bits",
    () => spki(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
    "too weak",
  ],
  ["a curve of another world", () => spki(ec("secp256k1").publicKey), "fits no allowed algorithm"],
  [
    "a key for key agreement",
    () => spki(generateKeyPairSync("x25519").publicKey),
    "fits no allowed algorithm",
  ],
  [
    "a damaged key",
    () => "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "cannot be checked",
  ],
  [
    "too many keys",
    () => spki(ec("P-256").publicKey).repeat(KEYS_MAX + 1),
    `more than ${KEYS_MAX} keys`,
  ],
])("%s cannot check tokens, and it is said why", (_name, pem, message) => {
  expect(() => pemKeys(pem())).toThrow(message);
});

test("as many keys as may be are used", async () => {
  const keys = pemKeys(spki(ec("P-256").publicKey).repeat(KEYS_MAX));
  expect(await keys.candidates("ES256", "any")).toHaveLength(KEYS_MAX);
});
