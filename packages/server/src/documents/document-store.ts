import type { Value } from "@geode/values";
import type { DatabasePort } from "../port.ts";
import { SERVER, SystemStatements } from "../system-statements.ts";

/** A document as it shows in the graph. */
export interface DocumentRow {
  readonly id: string;
  readonly format: string;
  readonly version: number;
  readonly title: string | null;
  readonly text: string | null;
}

const SCHEMA = [
  "CREATE CONSTRAINT geode_documents IF NOT EXISTS FOR (d:GeodeDocument) REQUIRE d.id IS UNIQUE",
  "CREATE INDEX geode_sessions IF NOT EXISTS FOR (p:GeodePresence) ON (p.session)",
];

/** Documents and who is in them as elements of the default graph; their edits are elsewhere. */
export class DocumentStore {
  readonly #statements: SystemStatements;

  constructor(database: Pick<DatabasePort, "query">, timeoutMs: number) {
    this.#statements = new SystemStatements({ database, timeoutMs, schema: SCHEMA });
  }

  /** The session is in the document from now on. */
  async enter(
    document: string,
    session: string,
    user: { readonly id: string; readonly name?: string },
  ): Promise<void> {
    await this.#statements.prepare();
    await this.#statements.run(
      user.id,
      `MERGE (d:GeodeDocument {id: $document})
       CREATE (:GeodePresence {user: $user, name: $name, session: $session})-[:IN]->(d)`,
      { document, session, user: user.id, name: user.name ?? null },
    );
  }

  /** The session leaves a document, or all of them. */
  async leave(user: string, session: string, document: string | null): Promise<void> {
    await this.#statements.run(
      user,
      `MATCH (p:GeodePresence {session: $session})-[:IN]->(d:GeodeDocument)
       WHERE $document IS NULL OR d.id = $document DETACH DELETE p`,
      { session, document },
    );
  }

  /** Brings what is seen of a document up to date. */
  async show({ format, id, text, title, version }: DocumentRow, nowMs: number): Promise<void> {
    await this.#statements.prepare();
    const shown: ReadonlyMap<string, Value> = new Map<string, Value>([
      ["format", format],
      ["version", version],
      ["title", title],
      ["text", text],
    ]);
    await this.#statements.run(
      SERVER,
      "MERGE (d:GeodeDocument {id: $id}) SET d += $shown, d.updated_at = CAST($now AS ZONED DATETIME)",
      { id, shown, now: new Date(nowMs).toISOString() },
    );
  }

  /** The versions that are seen, by document. */
  async shownVersions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (d:GeodeDocument) WHERE d.version IS NOT NULL RETURN d.id, d.version",
    );
    return new Map(rows.map(([id, version]) => [String(id), Number(version)]));
  }
}
