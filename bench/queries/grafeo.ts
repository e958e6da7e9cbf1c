import { createRequire } from "node:module";
import { join } from "node:path";
import type { BenchQuery } from "./bench-query.ts";
import type { Engine, Row } from "./engine.ts";
import type { SocialGraph } from "./social-graph.ts";

/** What is used of the package `@grafeo-db/js`. */
interface GrafeoPackage {
  readonly GrafeoDB: { create(path: string): GrafeoDatabase };
}

interface GrafeoDatabase {
  execute(text: string, parameters?: Record<string, unknown>): Promise<{ rows(): Row[] }>;
  batchCreateNodesWithProps(label: string, properties: readonly object[]): Promise<number[]>;
  batchCreateEdges(edges: readonly { src: number; dst: number; type: string }[]): Promise<number[]>;
  close(): void;
}

/** Edges per call while loading. */
const BATCH = 100_000;

export class Grafeo implements Engine {
  readonly name = "Grafeo";
  /** Of 300 inserts, each in a call of its own, strace shows one fdatasync. */
  readonly syncs = false;
  readonly #database: GrafeoDatabase;

  /** Throws when the package is not installed. */
  constructor(directory: string) {
    const { GrafeoDB } = createRequire(import.meta.url)("@grafeo-db/js") as GrafeoPackage;
    this.#database = GrafeoDB.create(join(directory, "grafeo"));
  }

  async load({ persons, from, to }: SocialGraph): Promise<void> {
    const ids = await this.#database.batchCreateNodesWithProps("Person", persons);
    await this.#database.execute("CREATE INDEX person_id FOR (p:Person) ON (p.id)");
    for (let start = 0; start < from.length; start += BATCH) {
      const edges = Array.from(from.subarray(start, start + BATCH), (source, at) => ({
        src: ids[source]!,
        dst: ids[to[start + at]!]!,
        type: "KNOWS",
      }));
      await this.#database.batchCreateEdges(edges);
    }
  }

  prepare({ text, parameter }: BenchQuery): (value: number) => Promise<readonly Row[]> {
    return async (value) => {
      const parameters = parameter ? { [parameter.name]: value } : {};
      return (await this.#database.execute(text, parameters)).rows();
    };
  }

  async runNew(text: string, parameters: Readonly<Record<string, number>>): Promise<void> {
    await this.#database.execute(text, parameters);
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }
}
