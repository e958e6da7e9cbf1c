import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Editor</title>
<style>
  html, body { height: 100%; margin: 0; }
  body { display: flex; flex-direction: column; background: #fff; color: #1f2733; font: 13px system-ui, "DejaVu Sans", sans-serif; }
  header { display: flex; align-items: center; gap: 10px; padding: 12px 16px; border-bottom: 1px solid #e8ebf0; background: #fafbfc; }
  #name { font-size: 14px; }
  #kind { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; color: #6b7686; }
  #people { display: flex; margin-left: auto; }
  #people span { width: 24px; height: 24px; margin-left: -5px; border: 2px solid #fafbfc; border-radius: 50%; color: #fff; font-weight: 700; font-size: 11px; line-height: 24px; text-align: center; }
  #dot { width: 8px; height: 8px; border-radius: 50%; background: #c9ced6; }
  [data-status="connected"] #dot { background: #22a06b; }
  main { flex: 1; min-height: 0; }
</style>
<header><i id="dot"></i><b id="name"></b><span id="kind"></span><span id="people"></span></header>
<main></main>
<script type="module" src="/editor.js"></script>
`;

/** The page and what it needs as one file, from the sources. */
async function bundled(entry: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "warn",
    root: fileURLToPath(new URL(".", import.meta.url)),
    define: { "process.env.NODE_ENV": '"production"' },
    resolve: { conditions: ["source", "module", "browser", "import", "default"], dedupe: ["yjs"] },
    build: {
      write: false,
      minify: false,
      target: "es2024",
      lib: { entry, formats: ["es"], fileName: "editor" },
    },
  })) as Rolldown.RolldownOutput[];
  return result[0]!.output[0].code;
}

/** What a page with the editor is to do. */
export interface EditorFields {
  /** `http://…`, of the server of Geode. */
  readonly server: string;
  readonly provider: "geode" | "y-websocket";
  readonly document: string;
  readonly name: string;
  readonly color: string;
  readonly token: string;
}

/** An application of its own, beside the server of Geode: the page with the editor. */
export class EditorSite {
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
  }

  /** `entry` is the file of this folder that makes the editor. */
  static async start(entry = "page.ts"): Promise<EditorSite> {
    const code = await bundled(entry);
    const http = createServer(({ url }, answer) => {
      const isCode = url === "/editor.js";
      answer.setHeader("content-type", isCode ? "text/javascript" : "text/html");
      answer.end(isCode ? code : HTML);
    });
    await once(http.listen(0, "127.0.0.1"), "listening");
    return new EditorSite(http);
  }

  address(fields: EditorFields): string {
    const { port } = this.#http.address() as AddressInfo;
    return `http://127.0.0.1:${port}/?${new URLSearchParams({ ...fields })}`;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }
}
