import type { Geode } from "@geode/client";
import type { Database, Principal } from "@geode/engine";
import type { Value } from "@geode/values";

/** Where an import goes: a running server, or a data directory that is opened here. */
export interface Target {
  /**
   * Runs one statement. Answers the number in its only row, or undefined if it has been carried out before under the key.
   * Rejects with GeodeError.
   */
  run(
    text: string,
    rows: readonly ReadonlyMap<string, Value>[],
    key: string | undefined,
  ): Promise<number | undefined>;
}

export function serverTarget(geode: Geode, graph: string | undefined): Target {
  return {
    async run(text, rows, key) {
      const result = await geode.query<{ created: number }>(
        text,
        rows.length === 0 ? {} : { rows },
        {
          idempotencyKey: key ?? false,
          ...(graph === undefined ? {} : { graph }),
        },
      );
      return result.data[0]?.created;
    },
  };
}

export function databaseTarget(
  database: Database,
  principal: Principal,
  graph: string | undefined,
): Target {
  return {
    async run(text, rows, key) {
      const result = await database.query({
        text,
        principal,
        parameters: rows.length === 0 ? new Map() : new Map<string, Value>([["rows", rows]]),
        ...(key === undefined ? {} : { idempotencyKey: key }),
        ...(graph === undefined ? {} : { graph }),
      });
      return result.rows[0]?.[0] as number | undefined;
    },
  };
}
