import { signToken, type TokenClaims } from "../src/auth/token.ts";
import { Server, type ServerOptions } from "../src/server.ts";
import { FakeDatabase } from "./fake-database.ts";
import { ManualClock } from "./manual-clock.ts";
import { Peer } from "./peer.ts";
import { promised } from "./promised.ts";

export const SECRET = new TextEncoder().encode("a secret of at least 256 bits, for tests only");
const HOUR_MS = 3_600_000;

/** A server on a free port with a scripted database and a clock that stands still. */
export class RunningServer {
  readonly server: Server;
  readonly database: FakeDatabase;
  readonly clock: ManualClock;
  readonly #peers: Peer[] = [];

  private constructor(server: Server, database: FakeDatabase, clock: ManualClock) {
    this.server = server;
    this.database = database;
    this.clock = clock;
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
    const database = new FakeDatabase();
    const clock = new ManualClock();
    const server = await Server.start({ database, secret: SECRET, port: 0, clock, ...options });
    return new RunningServer(server, database, clock);
  }

  get http(): string {
    return this.server.url;
  }

  get ws(): string {
    return `${this.server.url.replace(/^http/, "ws")}/ws`;
  }

  token(claims: Partial<TokenClaims> = {}): Promise<string> {
    return signToken({ user: "ann", ttlMs: HOUR_MS, ...claims }, SECRET, this.clock);
  }

  /** A connection that has said nothing yet. Every frame that it hears is held to the protocol. */
  async stranger(
    query = "",
    options: NonNullable<Parameters<typeof Peer.connect>[1]> = {},
  ): Promise<Peer> {
    const peer = await Peer.connect(this.ws + query, { judge: promised, ...options });
    this.#peers.push(peer);
    return peer;
  }

  /** A connection that speaks for a user; its AUTH_OK is read already. */
  async peer(claims: Partial<TokenClaims> = {}): Promise<Peer> {
    const peer = await this.stranger();
    await peer.ask({ type: "AUTH", token: await this.token(claims) });
    return peer;
  }

  /** Resolves when the server has that many connections: each side learns of an end in its own turn. */
  async connections(count: number): Promise<void> {
    while (this.server.connections !== count) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when the database has been asked that often. */
  async requests(count: number): Promise<void> {
    while (this.database.requests.length < count) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    const closing = this.server.close();
    for (const peer of this.#peers) peer.webSocket.terminate();
    await closing;
  }
}
