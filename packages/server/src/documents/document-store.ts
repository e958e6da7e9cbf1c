import { datetimeAt, GeodeError, type Value } from "@geode/values";
import type { DatabasePort, DocumentsPort } from "../port.ts";
import { spliceOf } from "./splice.ts";
import { SERVER, SystemStatements } from "../system-statements.ts";

/** What was shown of a document last: the text of a node. */
export interface Shown {
  readonly element: number;
  readonly text: string;
}

/** A document as it shows in the graph. */
export interface DocumentRow {
  readonly id: string;
  readonly format: string;
  readonly version: number;
  readonly title: string | null;
  readonly text: string | null;
}

/** A shorter text is written whole. */
const SPLICED_LENGTH_MIN = 256;

const SCHEMA = [
  "CREATE CONSTRAINT geode_documents IF NOT EXISTS FOR (d:GeodeDocument) REQUIRE d.id IS UNIQUE",
  "CREATE INDEX geode_sessions IF NOT EXISTS FOR (p:GeodePresence) ON (p.session)",
];

/** Documents and who is in them as elements of the default graph; their edits are elsewhere. */
export class DocumentStore {
  readonly #statements: SystemStatements;
  readonly #splice: DocumentsPort["splice"];

  constructor(
    database: Pick<DatabasePort, "query">,
    edits: Pick<DocumentsPort, "splice">,
    timeoutMs: number,
  ) {
    this.#splice = (change) => edits.splice(change);
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

  /**
   * Brings what is seen of a document up to date. Answers what is seen now; given back the next time, only what changed in the text is
   * written.
   */
  async show(row: DocumentRow, nowMs: number, before: Shown | undefined): Promise<Shown> {
    const { format, id, text, title, version } = row;
    const shown = new Map<string, Value>([
      ["format", format],
      ["version", version],
      ["title", title],
      ["updated_at", datetimeAt(nowMs, 0)],
    ]);
    if (before !== undefined && text !== null && before.text.length >= SPLICED_LENGTH_MIN) {
      try {
        const splice = spliceOf(before.text, text);
        const { element } = before;
        const { length } = before.text;
        await this.#splice({ id: element, property: "text", length, ...splice, set: shown });
        return { element, text };
      } catch (error) {
        // Somebody else has shown it since: then all of it is written.
        if (!(error instanceof GeodeError) || error.code !== "CORRUPT") throw error;
      }
    }
    await this.#statements.prepare();
    const { rows } = await this.#statements.run(
      SERVER,
      "MERGE (d:GeodeDocument {id: $id}) SET d += $shown, d.text = $text RETURN CAST(element_id(d) AS INT)",
      { id, shown, text },
    );
    return { element: Number(rows[0]?.[0]), text: text ?? "" };
  }

  /** The versions that are seen, by document. */
  async shownVersions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (d:GeodeDocument) WHERE d.version IS NOT NULL RETURN d.id, d.version",
    );
    return new Map(rows.map(([id, version]) => [id as string, Number(version)]));
  }
}
