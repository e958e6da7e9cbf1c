import {
  encodeColumns,
  encodeRows,
  encodeServerMessage,
  tooLarge,
  type ErrorMessage,
  type RequestId,
} from "@geode/protocol";
import { encode, type GeodeError } from "@geode/values";
import type { LiveAnswer, QueryAnswer } from "../port.ts";

/** RESULT of a QUERY. Throws TOO_LARGE. */
export function resultFrame(id: RequestId, answer: QueryAnswer, bytesMax: number): string {
  const { columns, notices, seq, stats } = answer;
  const rows = encodeRows(answer, bytesMax);
  const head = `{"type":"RESULT","id":${encode(id)},"columns":${encodeColumns(columns)},"data":`;
  const frame = `${head}${rows},"seq":${seq}${statsText(stats)}${noticesText(notices)}}`;
  return withinBytes(frame, bytesMax);
}

/** RESULT of a SUBSCRIBE. Throws TOO_LARGE. */
export function liveFrame(id: RequestId, answer: LiveAnswer, bytesMax: number): string {
  const { columns, digest, encodedRows: rows, epoch, keys, maintenance, notices, seq } = answer;
  if (rows.reduce((bytesMin, row) => bytesMin + row.length, 0) > bytesMax) throw tooLarge(bytesMax);
  const name = JSON.stringify(id);
  const head = `{"type":"RESULT","id":${name},"subscription":${name},"live":true,"columns":${encodeColumns(columns)}`;
  const state = `"keys":${JSON.stringify(keys)},"epoch":${JSON.stringify(epoch)},"seq":${seq},"digest":"${digest}"`;
  const resume = `${answer.resumed ? ',"resumed":true' : ""}${answer.reset ? ',"reset":true' : ""}`;
  const frame = `${head},"data":[${rows.join(",")}],${state},"maintenance":${JSON.stringify(maintenance)}${resume}${noticesText(notices)}}`;
  return withinBytes(frame, bytesMax);
}

/** What an ERROR is about: a request, or a subscription that goes no further. */
export interface Concerning {
  readonly id?: RequestId | undefined;
  readonly subscription?: RequestId | undefined;
}

/** The ERROR of an expected failure. */
export function errorFrame(about: Concerning, error: GeodeError, retryAfterMs?: number): string {
  const message: ErrorMessage = {
    type: "ERROR",
    ...(about.id === undefined ? {} : { id: about.id }),
    ...(about.subscription === undefined ? {} : { subscription: about.subscription }),
    error: error.message,
    code: error.code,
    retryable: error.retryable,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(error.position === undefined ? {} : { position: error.position }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
  return encodeServerMessage(message);
}

function withinBytes(frame: string, bytesMax: number): string {
  if (frame.length * 3 > bytesMax && Buffer.byteLength(frame) > bytesMax) throw tooLarge(bytesMax);
  return frame;
}

/** Counts of what a write changed; on the wire their names are in snake case like all others. */
function statsText(stats: object | undefined): string {
  if (stats === undefined) return "";
  const entries = Object.entries(stats).map(([name, count]): [string, unknown] => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    count,
  ]);
  return `,"stats":${JSON.stringify(Object.fromEntries(entries))}`;
}

function noticesText(notices: QueryAnswer["notices"]): string {
  return notices.length === 0 ? "" : `,"notices":${JSON.stringify(notices)}`;
}
