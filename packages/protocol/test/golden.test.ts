import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { ERROR_CODES } from "@geode/values";
import { describe, expect, test } from "vitest";
import { decodeClientMessage } from "../src/codec.ts";
import { limitsOnWire, limitsWith } from "../src/limits.ts";
import { CLIENT_MESSAGES, SERVER_MESSAGES } from "../src/messages.ts";
import { clientValidators, schemaCompiler } from "../src/validate.ts";

interface Golden {
  readonly about: string;
  readonly frames: readonly Record<string, unknown>[];
}

const goldenOf = (side: "client" | "server") =>
  readdirSync(new URL(`../golden/${side}/`, import.meta.url)).map((file) => ({
    type: file.replace(/\.json$/, ""),
    ...(JSON.parse(
      readFileSync(new URL(`../golden/${side}/${file}`, import.meta.url), "utf8"),
    ) as Golden),
  }));

describe("every message type has golden frames, and nothing else has", () => {
  test.each([
    ["client", CLIENT_MESSAGES],
    ["server", SERVER_MESSAGES],
  ] as const)("%s", (side, messages) => {
    expect(
      goldenOf(side)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(Object.keys(messages).sort());
  });
});

describe("a server understands every golden frame of a client", () => {
  const frames = goldenOf("client").flatMap(({ frames, type }) =>
    frames.map((frame) => [type, JSON.stringify(frame)] as const),
  );
  test.each(frames)("%s %s", (type, frame) => {
    const decoded = decodeClientMessage(frame, limitsWith());
    expect(decoded).toMatchObject({ kind: "message", message: { type } });
  });
});

describe("every golden frame of the server has the shape that its type promises", () => {
  const compiler = schemaCompiler();
  const frames = goldenOf("server").flatMap(({ frames, type }) =>
    frames.map((frame) => [type, JSON.stringify(frame)] as const),
  );
  test.each(frames)("%s %s", (type, text) => {
    const frame = JSON.parse(text) as Record<string, unknown>;
    const schemas = SERVER_MESSAGES[type as keyof typeof SERVER_MESSAGES];
    const fitting = schemas.filter((schema) => compiler.compile(schema)(frame));
    // A live RESULT is also a RESULT; the more particular shape comes first.
    expect(fitting.length).toBeGreaterThan(0);
    expect(fitting[0]).toBe(frame["live"] === true ? schemas[0] : schemas.at(-1));
    if (type === "ERROR") expect(Object.keys(ERROR_CODES)).toContain(frame["code"]);
  });
});

test("the golden AUTH_OK tells the limits that a server has by default", () => {
  const [authOk] = goldenOf("server").find(({ type }) => type === "AUTH_OK")!.frames;
  expect(authOk!["limits"]).toEqual(limitsOnWire(limitsWith()));
});

test("validators are compiled once, and not per message", () => {
  expect(clientValidators()).toBe(clientValidators());
});

test("the wire does not change by accident: a changed schema needs a line in golden/HISTORY.md", () => {
  const withoutWords = (key: string, value: unknown) => (key === "description" ? undefined : value);
  const schemas = JSON.stringify([CLIENT_MESSAGES, SERVER_MESSAGES], withoutWords);
  const hash = createHash("sha256").update(schemas).digest("hex").slice(0, 16);
  const history = readFileSync(new URL("../golden/HISTORY.md", import.meta.url), "utf8");
  const last = history
    .trim()
    .split("\n")
    .findLast((line) => line.startsWith("- "));
  expect(last, `add a line: - ${hash} what changed and since which version`).toContain(hash);
});
