import type { HttpAnswer } from "../transport/connection.ts";

/** An answer of one line. */
export function plainText(
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: `${line}\n`,
  };
}
