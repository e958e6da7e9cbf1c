import { Database } from "@geode/engine";
import { expect } from "vitest";
import { signToken } from "../src/auth/token.ts";
import { Server, type ServerOptions } from "../src/server.ts";
import { ManualClock } from "./manual-clock.ts";
import { Peer } from "./peer.ts";
import { promised } from "./promised.ts";
import { SECRET } from "./running-server.ts";

/** A server over a database in memory, and those who talk to it. The server may be stopped and started again; the database stays. */
export class Served {
  readonly database: Database;
  readonly clock = new ManualClock();
  server!: Server;
  #peers: Peer[] = [];

  private constructor(database: Database) {
    this.database = database;
  }

  static async start(): Promise<Served> {
    const served = new Served(await Database.open());
    await served.start();
    return served;
  }

  async start(options: Partial<ServerOptions> = {}): Promise<void> {
    const { clock, database } = this;
    this.server = await Server.start({ database, secret: SECRET, port: 0, clock, ...options });
  }

  async stop(): Promise<void> {
    const closing = this.server.close();
    for (const peer of this.#peers) peer.webSocket.terminate();
    this.#peers = [];
    await closing;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.database.close();
  }

  token(user: string, roles: readonly string[] = []): Promise<string> {
    const claims = { user, name: user.toUpperCase(), roles, ttlMs: 3_600_000 };
    return signToken(claims, SECRET, this.clock);
  }

  /** A connection of that user; with a `client`, it is the same one as before. Every frame that it hears is held to the protocol. */
  async connected(
    user: string,
    { client, roles = [] }: { client?: string; roles?: readonly string[] } = {},
  ): Promise<Peer> {
    const url = `${this.server.url.replace(/^http/, "ws")}/ws`;
    const peer = await Peer.connect(url, { judge: promised });
    this.#peers.push(peer);
    const token = await this.token(user, roles);
    const named = client === undefined ? {} : { client };
    expect(await peer.ask({ type: "AUTH", token, ...named })).toMatchObject({ type: "AUTH_OK" });
    return peer;
  }
}
