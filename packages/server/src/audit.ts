import type { Log } from "./log.ts";

/** What an administrator has to be able to look up later: who came in, who did not, and who did what with whose access. */
export type AuditEvent =
  | {
      readonly event: "authenticated" | "token renewed";
      readonly session: string;
      readonly user: string;
      readonly tokenId: string | undefined;
      readonly remoteAddress: string;
    }
  | {
      readonly event: "token refused";
      readonly session?: string;
      readonly remoteAddress: string | undefined;
      readonly why: string;
    }
  | {
      readonly event: "forbidden";
      readonly user: string;
      readonly remoteAddress: string | undefined;
      readonly what: string;
    }
  | {
      readonly event: "connection revoked" | "user revoked" | "token revoked";
      /** Who did it. */
      readonly user: string;
      readonly remoteAddress: string | undefined;
      /** The session, user or token id. */
      readonly target: string;
      /** Connections that it ended. */
      readonly closed: number;
    }
  | {
      readonly event: "policy applied";
      readonly user: string;
      readonly remoteAddress: string | undefined;
      readonly seq: number;
    }
  | {
      readonly event: "backup";
      readonly user: string;
      readonly remoteAddress: string | undefined;
      readonly seq: number;
      readonly bytes: number;
    };

/** Writes the audit: one line per event, as JSON, so that a line break in a name stays inside its line. Never a token. */
export class Audit {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  record(event: AuditEvent): void {
    const { event: name, ...fields } = event;
    const refusal = name === "token refused" || name === "forbidden";
    this.#log[refusal ? "warn" : "info"]({ audit: true, ...fields }, name);
  }
}
