import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** The network between one chatter and the server: a port that leads there, and can be cut. What is under way then is lost. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cutTimer: NodeJS.Timeout | undefined;
  #isCut = false;

  private constructor(serverPort: number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      if (this.#isCut) return void near.destroy();
      const far = connect({ port: serverPort, host: "127.0.0.1", noDelay: true });
      near.pipe(far);
      far.pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async open(serverPort: number): Promise<Link> {
    const link = new Link(serverPort);
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing goes through for so long. */
  cut(forMs: number): void {
    clearTimeout(this.#cutTimer);
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#cutTimer = setTimeout(() => (this.#isCut = false), forMs);
  }

  close(): void {
    this.cut(0);
    clearTimeout(this.#cutTimer);
    this.#server.close();
  }
}
