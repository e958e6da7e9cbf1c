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

/** Whoever asks has asked too often. */
export function tooManyRequests(waitMs: number): HttpAnswer {
  const seconds = Math.ceil(waitMs / 1000);
  return plainText(429, "Too many requests", { "retry-after": String(seconds) });
}
