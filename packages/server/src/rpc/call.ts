import { isRequestId, type RequestId } from "@geode/protocol";
import { METHODS, type Method } from "./methods.ts";

/** What JSON-RPC calls a request with an id: it is answered; one without is a notification, and is not. */
export type RpcId = string | number | null;

/** Error codes of the JSON-RPC 2.0 specification, §5.1; `failed` is of the range that it leaves to the server. */
export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  failed: -32000,
} as const;
export type RpcCode = (typeof RPC_CODES)[keyof typeof RPC_CODES];

/** One JSON-RPC call: a message to be handled, or why it is none. `id` is undefined for a notification. */
export type Call =
  | {
      readonly kind: "call";
      readonly id: RpcId | undefined;
      readonly message: Readonly<Record<string, unknown>>;
      /** That of the message, where it has one. */
      readonly messageId: RequestId | undefined;
    }
  | {
      readonly kind: "refused";
      readonly id: RpcId | undefined;
      readonly code: RpcCode;
      readonly error: string;
    };

/** Reads one call. `ownId` makes an id for a message that needs one where the call has none that could serve. */
export function readCall(json: unknown, ownId: () => RequestId): Call {
  if (!isObject(json)) return refused(null, "invalidRequest", "Invalid Request");
  const { id, jsonrpc, method: name, params = {} } = json;
  const knownId = id === undefined || id === null || isRequestId(id) || typeof id === "number";
  if (!knownId || jsonrpc !== "2.0" || typeof name !== "string")
    return refused(
      knownId && id !== undefined ? (id as RpcId) : null,
      "invalidRequest",
      "Invalid Request",
    );
  const method = METHODS.get(name);
  if (method === undefined) return refused(id, "methodNotFound", "Method not found");
  const fields = fieldsOf(method, params);
  if (fields === undefined)
    return refused(id, "invalidParams", "the parameters are an object or a list");
  const messageId = isRequestId(fields["id"]) ? fields["id"] : isRequestId(id) ? id : ownId();
  return { kind: "call", id, message: { id: messageId, ...fields, type: method.type }, messageId };
}

function fieldsOf(method: Method, params: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(params)) {
    if (params.length > method.positions.length) return undefined;
    return Object.fromEntries(params.map((value, place) => [method.positions[place]!, value]));
  }
  if (!isObject(params)) return undefined;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [method.otherNames.get(name) ?? name, value]),
  );
}

function refused(id: RpcId | undefined, code: keyof typeof RPC_CODES, error: string): Call {
  return { kind: "refused", id, code: RPC_CODES[code], error };
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
