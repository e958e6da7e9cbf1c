import { GeodeError } from "@geode/values";
import type { Audit } from "../audit.ts";
import type { Log } from "../log.ts";
import type { DatabasePort, DatabaseState } from "../port.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import type { Gate } from "./gate.ts";
import { plainText } from "./plain-text.ts";

/** Copies that are made or sent at once; each holds a whole database once more, for a while. */
const COPIES_MAX = 2;

export interface BackupsOptions {
  readonly database: Pick<DatabasePort, "state">;
  readonly gate: Gate;
  readonly audit: Audit;
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
    if (request.method !== "GET") return plainText(405, "Method not allowed", { allow: "GET" });
    if (request.origin !== undefined) return plainText(403, "Not for web pages");
    const passage = await this.#options.gate.pass(request, "A backup", "admin");
    if (passage.kind === "refused") return passage.answer;
    const user = passage.identity.principal.id;
    if (this.#copies >= COPIES_MAX)
      return plainText(503, "Other backups are under way", { "retry-after": "60" });
    this.#copies += 1;
    let state: DatabaseState;
    try {
      state = await this.#state();
    } catch (error) {
      this.#copies -= 1;
      return this.#failed(error, user);
    }
    const { bytes, seq } = state;
    const { audit, log } = this.#options;
    audit.record({ event: "backup", user, remoteAddress: request.clientAddress, seq, bytes });
    return {
      status: 200,
      headers: { "content-type": "application/octet-stream" },
      body: {
        bytes,
        pieces: state,
        close: async (whole) => {
          this.#copies -= 1;
          log.info({ user, seq, whole }, "backup ended");
          await state.close();
        },
      },
    };
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
    return plainText(error.code === "NOT_FOUND" ? 404 : 503, error.message);
  }
}
