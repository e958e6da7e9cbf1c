import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import type { Backups } from "./backup.ts";
import { PAGE, type ConsoleFiles } from "./console-files.ts";

export interface HttpContext {
  readonly console: ConsoleFiles;
  readonly backups: Pick<Backups, "answer">;
  /** Whether the server takes reads and writes, and if not, why. */
  readonly readiness: () => { readonly writable: boolean; readonly reason?: string | undefined };
}

/** Everything that is not a WebSocket: health, backups, and the console's files. Any target, however malformed, gets an answer. */
export async function answerHttp(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const answer = await answerTo(request, context);
  return { ...answer, headers: { ...SECURITY_HEADERS, ...answer.headers } };
}

async function answerTo(
  request: HttpRequest,
  { backups, console, readiness }: HttpContext,
): Promise<HttpAnswer> {
  const { method, target } = request;
  if (method !== "GET" && method !== "HEAD")
    return text(405, "Method not allowed\n", { allow: "GET, HEAD" });
  const path = target.split(/[?#]/, 1)[0] ?? "";
  switch (path) {
    case "/health/live":
      return json(200, { status: "live" });
    case "/health/ready": {
      const { writable, reason } = readiness();
      return writable
        ? json(200, { status: "ready" })
        : json(503, { status: "not ready", reason: reason ?? "writes are refused" });
    }
    case "/backup":
      return backups.answer(request);
    case "/ws":
      return text(426, "This is the address of the WebSocket\n", {
        upgrade: "websocket",
        connection: "upgrade",
      });
    default: {
      const file = await console.read(path === "/" ? PAGE : path);
      if (file !== undefined) return { status: 200, headers: file.headers, body: file.bytes };
      return path === "/"
        ? { status: 200, headers: HTML, body: NOT_BUILT }
        : text(404, "Not found\n");
    }
  }
}

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

function text(status: number, body: string, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body };
}

function json(status: number, body: object): HttpAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: `${JSON.stringify(body)}\n`,
  };
}
