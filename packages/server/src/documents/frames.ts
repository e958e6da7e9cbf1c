import { GeodeError } from "@geode/values";
import { SharedMessage } from "../transport/shared-message.ts";
import { awarenessFrame, updateFrame } from "./y-websocket.ts";

/** Whose edit or state it is. */
export interface Author {
  readonly id: string;
  readonly name?: string;
}

/** What the field `edit` or `state` of a message is: JSON that means nothing here, or bytes of Yjs. */
export type Content =
  | { readonly format: "json"; readonly text: string }
  | { readonly format: "yjs"; readonly bytes: Uint8Array };

/** Throws INVALID_MESSAGE for `{"yjs": …}` that is not base64. */
export function contentOf(json: unknown, field: string): Content {
  if (!isYjs(json)) return { format: "json", text: JSON.stringify(json) };
  return { format: "yjs", bytes: bytesOf(json.yjs, `${field}.yjs`) };
}

/** Throws INVALID_MESSAGE for what is not base64. */
export function bytesOf(base64: string, field: string): Uint8Array {
  const bytes = Buffer.from(base64, "base64");
  // The decoder passes over what it does not know.
  if (bytes.length !== Math.floor((base64.replace(/=+$/, "").length * 3) / 4))
    throw new GeodeError("INVALID_MESSAGE", `\`${field}\` has to be base64.`);
  return bytes;
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** An edit of JSON as it is kept: the fields of its EDIT that do not depend on when it is told. */
export function keptEdit(text: string, author: Author, whole: boolean): Uint8Array {
  const snapshot = whole ? ',"snapshot":true' : "";
  return Buffer.from(`"edit":${text}${snapshot},"user":${JSON.stringify(author)}`);
}

export function jsonEdit(
  document: string,
  kept: Uint8Array,
  version: number,
  replay: boolean,
): SharedMessage {
  const fields = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("utf8");
  return new SharedMessage(`${head("EDIT", document)},${fields}${tail(version, replay)}`);
}

export function yjsEdit(
  document: string,
  update: Uint8Array,
  author: Author,
  version: number,
  replay: boolean,
): SharedMessage {
  const fields = `"edit":{"yjs":"${base64Of(update)}"},"user":${JSON.stringify(author)}`;
  return new SharedMessage(
    `${head("EDIT", document)},${fields}${tail(version, replay)}`,
    updateFrame(update),
  );
}

/** `state`: JSON text, or an update of the awareness of Yjs. */
export function awarenessMessage(
  document: string,
  author: Author,
  connection: string,
  state: string | Uint8Array,
): SharedMessage {
  const text = typeof state === "string" ? state : `{"yjs":"${base64Of(state)}"}`;
  return new SharedMessage(
    `${head("AWARENESS", document)},"user":${JSON.stringify(author)},"connection":"${connection}","state":${text}}`,
    typeof state === "string" ? undefined : awarenessFrame(state),
  );
}

/** The connection is gone: `update` tells the same to those who speak Yjs. */
export function goneMessage(
  document: string,
  author: Author,
  connection: string,
  update: Uint8Array,
): SharedMessage {
  const { text } = awarenessMessage(document, author, connection, "null");
  return new SharedMessage(text, awarenessFrame(update));
}

export function userMessage(type: string, document: string, author: Author): SharedMessage {
  return new SharedMessage(`${head(type, document)},"user":${JSON.stringify(author)}}`);
}

function head(type: string, document: string): string {
  return `{"type":"${type}","document_id":${JSON.stringify(document)}`;
}

function tail(version: number, replay: boolean): string {
  return `,"version":${version}${replay ? ',"replay":true' : ""}}`;
}

function isYjs(json: unknown): json is { readonly yjs: string } {
  return (
    typeof json === "object" &&
    json !== null &&
    "yjs" in json &&
    typeof json.yjs === "string" &&
    Object.keys(json).length === 1
  );
}
