import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A server in a process of its own, on one port, which is killed and started again. */
export class ServerProcess {
  readonly port: number;
  readonly #command: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #onFailure: (what: string) => void;
  #child: ChildProcess | undefined;

  /** It starts at once. */
  constructor(options: ServerProcessOptions) {
    this.port = options.port;
    this.#command = options.command;
    this.#env = { ...process.env, ...options.env };
    this.#onFailure = options.onFailure;
    this.#start();
  }

  /** SIGKILL, and a new one at once. */
  async kill(): Promise<void> {
    await this.close();
    this.#start();
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  #start(): void {
    const child = spawn(process.execPath, this.#command, {
      env: this.#env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-500)));
    child.on("exit", (code) => {
      if (this.#child === child) this.#onFailure(`the server ended with ${code}: ${said}`);
    });
    this.#child = child;
  }
}

export interface ServerProcessOptions {
  /** Its own for as long as the race lasts, also while the server is down. */
  readonly port: number;
  /** Arguments of node. */
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** It ended although nobody killed it. */
  readonly onFailure: (what: string) => void;
}
