import { unwatchFile, watchFile } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Database, Principal } from "@geode/engine";
import { GeodeError } from "@geode/values";
import type { Log } from "../log.ts";
import { parseLockFile, type DependencyGraph } from "./lock-file.ts";
import { MachineLoad } from "./machine-load.ts";
import { PackageGraph } from "./package-graph.ts";

export interface DemoOptions {
  readonly database: Database;
  /** Default: the nearest package-lock.json, from the working directory upwards, and else the one of this repository. */
  readonly lockFile: string | undefined;
  readonly log: Log;
}

/** The demo writes in its own name. */
const PRINCIPAL: Principal = { id: "demo", roles: ["admin"], claims: new Map() };
const LOAD_MS = 1000;
const LOCK_FILE_MS = 2000;
const LOCK_FILE = "package-lock.json";

/**
 * Something to look at: the packages of a lock file, followed while it changes, and the load of this machine, every second. It writes
 * as anybody would; what it wrote stays when it is closed.
 */
export class Demo {
  /** For the greeting. */
  readonly summary: string;
  readonly #stopWatching: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Set<"packages" | "load">();
  #working: Promise<void> = Promise.resolve();

  private constructor(
    options: DemoOptions,
    lockFile: string,
    packages: PackageGraph,
    load: MachineLoad,
    graph: DependencyGraph,
  ) {
    const shown = relative(process.cwd(), lockFile);
    this.summary = `${graph.packages.length} packages of ${shown.startsWith("..") ? lockFile : shown}, and this machine's load every second`;
    const { log } = options;
    const onChange = (): void =>
      this.#work("packages", log, async () => packages.update(await readLockFile(lockFile)));
    watchFile(lockFile, { interval: LOCK_FILE_MS, persistent: false }, onChange);
    this.#stopWatching = () => unwatchFile(lockFile, onChange);
    this.#timer = setInterval(
      () => this.#work("load", log, () => load.update(Date.now())),
      LOAD_MS,
    );
    this.#timer.unref();
  }

  /** Resolves once the graph is loaded. Throws if the lock file cannot be read. */
  static async start(options: DemoOptions): Promise<Demo> {
    const lockFile = options.lockFile ?? (await nearestLockFile());
    const packages = new PackageGraph(options.database, PRINCIPAL);
    const load = new MachineLoad(options.database, PRINCIPAL);
    const graph = await readLockFile(lockFile);
    await packages.update(graph);
    await load.update(Date.now());
    return new Demo(options, lockFile, packages, load, graph);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopWatching();
    await this.#working;
  }

  /** One thing after the other; what is waiting already is not asked for twice. */
  #work(what: "packages" | "load", log: Log, task: () => Promise<void>): void {
    if (this.#waiting.has(what)) return;
    this.#waiting.add(what);
    this.#working = this.#working
      .then(() => {
        this.#waiting.delete(what);
        return task();
      })
      .catch((error: unknown) => log.warn({ what, error: String(error) }, "demo not updated"));
  }
}

async function readLockFile(path: string): Promise<DependencyGraph> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new GeodeError("NOT_FOUND", `cannot read ${path}: ${(cause as Error).message}`, {
      hint: "Name a package-lock.json with --demo-lock.",
      cause,
    });
  }
  return parseLockFile(text);
}

async function nearestLockFile(): Promise<string> {
  const starts = [process.cwd(), dirname(fileURLToPath(import.meta.url))];
  for (const start of starts) {
    for (let directory = start; ; directory = dirname(directory)) {
      const path = join(directory, LOCK_FILE);
      if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
      if (dirname(directory) === directory) break;
    }
  }
  throw new GeodeError("NOT_FOUND", `there is no ${LOCK_FILE} here or above`, {
    hint: "Name one with --demo-lock.",
  });
}
