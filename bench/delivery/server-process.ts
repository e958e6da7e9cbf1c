import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";

/** A server in a process of its own, on one port, which is killed and started again. */
export class ServerProcess {
  readonly port: number;
  readonly #command: (port: number) => readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #onFailure: (what: string) => void;
  #child: ChildProcess | undefined;

  private constructor(port: number, options: ServerProcessOptions) {
    this.port = port;
    this.#command = options.command;
    this.#env = { ...process.env, ...options.env };
    this.#onFailure = options.onFailure;
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), options);
    server.#start();
    return server;
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
    const child = spawn(process.execPath, this.#command(this.port), {
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
  /** Arguments of node. */
  readonly command: (port: number) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** It ended although nobody killed it. */
  readonly onFailure: (what: string) => void;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
