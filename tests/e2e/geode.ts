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
  readonly #child: ChildProcess;
  /** Its data, and the secret that signs its tokens. */
  readonly directory: string;

  private constructor(link: string, child: ChildProcess, directory: string) {
    this.link = link;
    this.#child = child;
    this.directory = directory;
  }

  /** Resolves when the link is printed. */
  static async start(...options: readonly string[]): Promise<GeodeProcess> {
    const directory = await mkdtemp(join(tmpdir(), "geode-e2e-"));
    const child = spawn(
      process.execPath,
      [bin, "serve", "--port", "0", "--data", directory, ...options],
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
    return new GeodeProcess(link, child, directory);
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
