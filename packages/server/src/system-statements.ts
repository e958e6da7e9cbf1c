import type { Value } from "@geode/values";
import type { DatabasePort, Principal, QueryAnswer } from "./port.ts";

/** The author of what concerns no user. */
export const SERVER = "geode";

export interface SystemStatementsOptions {
  readonly database: Pick<DatabasePort, "query">;
  /** For each statement. */
  readonly timeoutMs: number;
  /** What has to be there before anything is written; each may be run again. */
  readonly schema: readonly string[];
}

/** Statements of the server itself, on behalf of a user: above every rule, and they may write reserved labels. */
export class SystemStatements {
  readonly #options: SystemStatementsOptions;
  #prepared: Promise<void> | null = null;

  constructor(options: SystemStatementsOptions) {
    this.#options = options;
  }

  /** Resolves when the schema is there. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#createSchema().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  run(
    user: string,
    text: string,
    parameters: Readonly<Record<string, Value>> = {},
    database: Pick<DatabasePort, "query"> = this.#options.database,
  ): Promise<QueryAnswer> {
    const principal: Principal = { id: user, roles: [], claims: new Map(), system: true };
    return database.query({
      text,
      parameters: new Map(Object.entries(parameters)),
      principal,
      timeoutMs: this.#options.timeoutMs,
    });
  }

  async #createSchema(): Promise<void> {
    for (const text of this.#options.schema) await this.run(SERVER, text);
  }
}
