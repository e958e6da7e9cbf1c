import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { TSchema } from "typebox";
import { CLIENT_MESSAGES, type ClientMessage, type ClientMessageType } from "./messages.ts";

let compiled: ReadonlyMap<string, ValidateFunction<ClientMessage>> | undefined;

/**
 * Compiles the validators of all client messages, once per process. Importing this file compiles nothing, so that a browser whose
 * policy forbids generated code can import the package.
 */
export function clientValidators(): ReadonlyMap<string, ValidateFunction<ClientMessage>> {
  return (compiled ??= compileAll());
}

/** A compiler for the schemas of this package; `maxBytes` is their one keyword that JSON Schema lacks. */
export function schemaCompiler(): { compile<T>(schema: TSchema): ValidateFunction<T> } {
  const ajv = new Ajv({ allErrors: false, verbose: true });
  ajv.addKeyword({
    keyword: "maxBytes",
    type: "string",
    schemaType: "number",
    validate: utf8Within,
    errors: false,
  });
  return { compile: <T>(schema: TSchema) => ajv.compile<T>(schema) };
}

/** The type of a message among {@link ClientMessageType}, or undefined. */
export function knownType(type: unknown): ClientMessageType | undefined {
  return typeof type === "string" && Object.hasOwn(CLIENT_MESSAGES, type)
    ? (type as ClientMessageType)
    : undefined;
}

/** Why the validator of `type` refused, in one sentence that names the field. */
export function explain(type: string, errors: readonly ErrorObject[] | null | undefined): string {
  // The last error stands highest in the schema: of a union, the union itself and not one of its alternatives.
  const error = errors?.at(-1);
  if (error === undefined) return `${type}: not valid`;
  if (error.keyword === "required") {
    const field = joinPath(error.instancePath, String(error.params["missingProperty"]));
    return `${type}: the field \`${field}\` is missing`;
  }
  const field = joinPath(error.instancePath);
  const schema = error.parentSchema as { description?: unknown } | undefined;
  const expectation =
    typeof schema?.description === "string"
      ? `must be ${schema.description}`
      : (error.message ?? "is not valid");
  return `${type}: \`${field}\` ${expectation}`;
}

function compileAll(): ReadonlyMap<string, ValidateFunction<ClientMessage>> {
  const compiler = schemaCompiler();
  return new Map(
    Object.entries(CLIENT_MESSAGES).map(([type, schema]) => [
      type,
      compiler.compile<ClientMessage>(schema),
    ]),
  );
}

function joinPath(instancePath: string, last?: string): string {
  const steps = instancePath.split("/").slice(1);
  if (last !== undefined) steps.push(last);
  return steps.join(".");
}

function utf8Within(bytesMax: number, text: string): boolean {
  if (text.length > bytesMax) return false;
  return text.length * 3 <= bytesMax || new TextEncoder().encode(text).length <= bytesMax;
}
