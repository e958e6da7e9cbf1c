import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../packages/server/bin/geode.mjs", import.meta.url));

/** A `geode serve` of its own, as a user starts it. */
export class GeodeProcess {
  /** The console's address with a token in the fragment, as printed. */
  readonly link: string;
  #child: ChildProcess;
  readonly #options: readonly string[];
  /** Its data, and the secret that signs its tokens. */
  readonly directory: string;

  private constructor(started: Started, directory: string, options: readonly string[]) {
    this.link = started.link;
    this.#child = started.child;
    this.directory = directory;
    this.#options = options;
  }

  /** Resolves when the link is printed. */
  static async start(...options: readonly string[]): Promise<GeodeProcess> {
    const directory = await mkdtemp(join(tmpdir(), "geode-e2e-"));
    return new GeodeProcess(await serve(directory, "0", options), directory, options);
  }

  /** Ends it without a word, as the out-of-memory killer does, and starts it again at the same address. */
  async killAndRestart(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    const { port } = new URL(this.link);
    const { child } = await serve(this.directory, port, this.#options);
    this.#child = child;
  }

  /** Ends it as Ctrl+C does and removes its data. Returns its exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    const [code] = (await ended) as [number | null];
    await rm(this.directory, { recursive: true, force: true });
    return code;
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly link: string;
}

/** Resolves when the link is printed. */
async function serve(
  directory: string,
  port: string,
  options: readonly string[],
): Promise<Started> {
  const child = spawn(
    process.execPath,
    [bin, "serve", "--port", port, "--data", directory, ...options],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  const link = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const found = /https?:\/\/\S+#token=\S+/.exec(printed);
      if (found) resolve(found[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) =>
      reject(new Error(`geode serve ended with code ${code}:\n${printed}`)),
    );
  });
  return { child, link };
}
