import { readdirSync, readFileSync } from "node:fs";
import specs from "@asyncapi/specs";
import { Ajv, type AnySchema } from "ajv";
import { expect, test } from "vitest";
import { asyncApiDocument } from "../src/asyncapi.ts";
import { schemaCompiler } from "../src/validate.ts";

const document = asyncApiDocument({ host: "geode.example:8443", protocol: "wss" }) as {
  readonly components: { readonly messages: Record<string, { readonly payload: object }> };
};

test("it is a valid AsyncAPI 3.0 document", () => {
  // The schema brings its own copy of JSON Schema along.
  const ajv = new Ajv({
    strict: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
  });
  const fits = ajv.compile(specs.schemas["3.0.0"] as AnySchema);
  const valid = fits(JSON.parse(JSON.stringify(document)));
  expect([valid, fits.errors]).toEqual([true, null]);
  expect(fits({ ...document, channels: [] })).toBe(false);
});

test("every reference in it leads somewhere", () => {
  const references = JSON.stringify(document).match(/"\$ref":"#[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) {
    const steps = reference.slice('"$ref":"#/'.length, -1).split("/");
    let at: unknown = document;
    for (const step of steps) at = (at as Record<string, unknown> | undefined)?.[step];
    expect(at, reference).toBeDefined();
  }
});

test("its schemas accept the golden frames", () => {
  const { messages } = document.components;
  const compiler = schemaCompiler();
  const golden = new URL("../golden/", import.meta.url);
  for (const side of ["client", "server"]) {
    for (const file of readdirSync(new URL(`${side}/`, golden))) {
      const { frames } = JSON.parse(readFileSync(new URL(`${side}/${file}`, golden), "utf8")) as {
        frames: Record<string, unknown>[];
      };
      const name = `${side}.${file.replace(/\.json$/, "")}`;
      const fits = compiler.compile(messages[name]!.payload as never);
      for (const frame of frames) {
        // What may stand inside `data` is told in PROTOCOL.md 3.5; a schema of it would accept anything.
        const { data, ...own } = frame;
        expect(fits(frame) || fits({ ...(data as object), ...own }), JSON.stringify(frame)).toBe(
          true,
        );
      }
    }
  }
});
