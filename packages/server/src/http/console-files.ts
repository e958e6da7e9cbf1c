import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ConsoleFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  [".css", "text/css; charset=utf-8"],
  [".html", "text/html; charset=utf-8"],
  [".ico", "image/x-icon"],
  [".js", "text/javascript; charset=utf-8"],
  [".json", "application/json"],
  [".map", "application/json"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".txt", "text/plain; charset=utf-8"],
  [".webmanifest", "application/manifest+json"],
  [".woff2", "font/woff2"],
]);

/** Where the page itself is, among the console's files. */
export const PAGE = "/index.html";

/** The same place seen from `src/http` and from `dist/http`. */
const BUILT_CONSOLE = fileURLToPath(new URL("../../../../console/dist/", import.meta.url));

/**
 * The files of the built console. A request's path is only ever looked up among the names that were listed beforehand, never joined to
 * a directory, so there is nothing to traverse.
 */
export class ConsoleFiles {
  readonly #directory: string;
  #listing: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(directory: string = BUILT_CONSOLE) {
    this.#directory = directory;
  }

  /** The file at a path such as `/index.html`, or undefined. */
  async read(path: string): Promise<ConsoleFile | undefined> {
    // The page is looked for afresh each time: it may have been built, or built again, since; its assets follow it.
    if (path === PAGE || this.#listing === undefined) this.#listing = list(this.#directory);
    const file = (await this.#listing).get(path);
    if (file === undefined) return undefined;
    try {
      const bytes = await readFile(file);
      return { bytes, headers: headersOf(path) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

function headersOf(path: string): Record<string, string> {
  return {
    "content-type": TYPES.get(extname(path)) ?? "application/octet-stream",
    // The build puts a hash of the content into the names of its assets.
    "cache-control": path.startsWith("/assets/")
      ? "public, max-age=31536000, immutable"
      : "no-cache",
  };
}

/** Paths as in URLs, to files. */
async function list(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  try {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      files.set(`/${file.slice(join(directory, "/").length).replaceAll("\\", "/")}`, file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return files;
}
