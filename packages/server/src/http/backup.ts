import { GeodeError } from "@geode/values";
import { bearerOf } from "../auth/credentials.ts";
import type { Identity, TokenVerifier } from "../auth/token.ts";
import type { Log } from "../log.ts";
import type { DatabasePort, DatabaseState } from "../port.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";

/** Copies that are made or sent at once; each holds a whole database once more, for a while. */
const COPIES_MAX = 2;

export interface BackupsOptions {
  readonly database: Pick<DatabasePort, "state">;
  readonly verifier: Pick<TokenVerifier, "verify">;
  readonly log: Log;
}

/** `GET /backup`: the whole database as of one commit, past every rule on rows and graphs. So it is for the role `admin` alone. */
export class Backups {
  readonly #options: BackupsOptions;
  #copies = 0;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    // HEAD would make a copy for nothing.
    if (request.method !== "GET") return refused(405, "Method not allowed", { allow: "GET" });
    if (request.origin !== undefined) return refused(403, "Not for web pages");
    const identity = await this.#identityOf(request);
    if (identity === undefined)
      return refused(401, "Invalid token", { "www-authenticate": "Bearer" });
    const user = identity.principal.id;
    if (!identity.principal.roles.includes("admin")) {
      this.#options.log.warn({ user, remoteAddress: request.remoteAddress }, "backup refused");
      return refused(403, "A backup needs the role admin");
    }
    if (this.#copies >= COPIES_MAX)
      return refused(503, "Other backups are under way", { "retry-after": "60" });
    this.#copies += 1;
    let state: DatabaseState;
    try {
      state = await this.#state();
    } catch (error) {
      this.#copies -= 1;
      return this.#failed(error, user);
    }
    const { bytes, seq } = state;
    this.#options.log.info(
      { user, remoteAddress: request.remoteAddress, seq, bytes },
      "backup begins",
    );
    return {
      status: 200,
      headers: { "content-type": "application/octet-stream" },
      body: {
        bytes,
        pieces: state,
        close: async (whole) => {
          this.#copies -= 1;
          this.#options.log.info({ user, seq, whole }, "backup ended");
          await state.close();
        },
      },
    };
  }

  async #identityOf({ authorization, remoteAddress }: HttpRequest): Promise<Identity | undefined> {
    if (authorization === undefined) return undefined;
    try {
      return await this.#options.verifier.verify(bearerOf(authorization));
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      this.#options.log.info({ why: error.message, remoteAddress }, "token refused");
      return undefined;
    }
  }

  #state(): Promise<DatabaseState> {
    const { database } = this.#options;
    if (database.state === undefined)
      throw new GeodeError("NOT_FOUND", "This database cannot be copied.");
    return database.state();
  }

  #failed(error: unknown, user: string): HttpAnswer {
    if (!(error instanceof GeodeError)) throw error;
    this.#options.log.error({ user, error: error.message }, "backup failed");
    return refused(error.code === "NOT_FOUND" ? 404 : 503, error.message);
  }
}

function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: `${message}\n`,
  };
}
