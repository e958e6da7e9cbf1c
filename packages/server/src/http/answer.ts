import { originAllowed } from "../auth/origin.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import type { Admin } from "./admin.ts";
import type { Backups } from "./backup.ts";
import { PAGE, type ConsoleFiles } from "./console-files.ts";
import type { MetricsPage } from "./metrics-page.ts";
import { plainText, tooManyRequests } from "./plain-text.ts";

export interface HttpContext {
  readonly console: ConsoleFiles;
  readonly backups: Pick<Backups, "answer">;
  readonly admin: Pick<Admin, "answer">;
  readonly metrics: Pick<MetricsPage, "answer">;
  /** In how many milliseconds whoever asks may do so; 0: now. It is counted. */
  readonly waitMs: (request: HttpRequest) => number;
  /** The description of the protocol, as JSON. */
  readonly asyncApi: () => string;
  /** Web pages that may ask; see {@link originAllowed}. */
  readonly allowedOrigins: readonly string[] | undefined;
  /** Whether the server takes reads and writes, and if not, why. */
  readonly readiness: () => { readonly writable: boolean; readonly reason?: string | undefined };
}

/** Everything that is not a WebSocket. Any target, however malformed, gets an answer. */
export async function answerHttp(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const { origin } = request;
  const allowed = originAllowed(origin, request.host, context.allowedOrigins);
  const answer =
    request.method === "OPTIONS" && origin !== undefined && allowed
      ? PREFLIGHT
      : await answerTo(request, context, allowed);
  const cors = {
    vary: "origin",
    ...(origin === undefined || !allowed ? {} : { "access-control-allow-origin": origin }),
  };
  return { ...answer, headers: { ...SECURITY_HEADERS, ...cors, ...answer.headers } };
}

async function answerTo(
  request: HttpRequest,
  context: HttpContext,
  originIsAllowed: boolean,
): Promise<HttpAnswer> {
  const { method, target } = request;
  const question = target.indexOf("?");
  const path = target.split(/[?#]/, 1)[0] ?? "";
  // Whoever watches over the server is never told to wait.
  if (!path.startsWith("/health/")) {
    const waitMs = context.waitMs(request);
    if (waitMs > 0) return tooManyRequests(waitMs);
  }
  if (path.startsWith("/admin/")) {
    if (!originIsAllowed) return plainText(403, "Origin not allowed");
    const search = new URLSearchParams(question === -1 ? "" : target.slice(question + 1));
    return context.admin.answer(request, path, search);
  }
  if (method !== "GET" && method !== "HEAD")
    return plainText(405, "Method not allowed", { allow: "GET, HEAD" });
  switch (path) {
    case "/health/live":
      return json(200, { status: "live" });
    case "/health/ready": {
      const { reason, writable } = context.readiness();
      return writable
        ? json(200, { status: "ready" })
        : json(503, { status: "not ready", reason: reason ?? "writes are refused" });
    }
    case "/metrics":
      return originIsAllowed
        ? context.metrics.answer(request)
        : plainText(403, "Origin not allowed");
    case "/asyncapi.json":
      return { status: 200, headers: JSON_TYPE, body: context.asyncApi() };
    case "/backup":
      return context.backups.answer(request);
    case "/ws":
      return plainText(426, "This is the address of the WebSocket", {
        upgrade: "websocket",
        connection: "upgrade",
      });
    default: {
      const file = await context.console.read(path === "/" ? PAGE : path);
      if (file !== undefined) return { status: 200, headers: file.headers, body: file.bytes };
      return path === "/"
        ? { status: 200, headers: HTML, body: NOT_BUILT }
        : plainText(404, "Not found");
    }
  }
}

/** Fetch standard §3.2.2: what a page of an allowed origin may ask with. */
const PREFLIGHT: HttpAnswer = {
  status: 204,
  headers: {
    "access-control-allow-methods": "GET, HEAD, PUT, DELETE",
    "access-control-allow-headers": "authorization",
    "access-control-max-age": "600",
  },
  body: "",
};
const SECURITY_HEADERS = {
  // 'self' covers the console's own WebSocket in current browsers. The graph and the editor set styles on elements.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};
const HTML = { "content-type": "text/html; charset=utf-8" };

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Geode</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>Geode is running</h1>
<p>The console is not built yet. Build it once, then reload this page:</p>
<pre>npm run build --workspace console</pre>
<p>The WebSocket at <code>/ws</code> and the command <code>geode query</code> work without it.</p>
</html>
`;

const JSON_TYPE = { "content-type": "application/json" };

function json(status: number, body: object): HttpAnswer {
  return { status, headers: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}
