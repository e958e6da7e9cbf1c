import type { Value } from "@geode/values";
import { Database } from "@geode/engine";
import type { BenchQuery } from "./bench-query.ts";
import type { Engine, Row } from "./engine.ts";
import type { SocialGraph } from "./social-graph.ts";

const principal = { id: "bench", roles: [], claims: new Map() };
/** Rows per statement while loading. */
const BATCH = 15_000;

export class Geode implements Engine {
  readonly name = "Geode";
  readonly syncs: boolean;
  readonly #directory: string;
  #database: Database;

  private constructor(directory: string, database: Database, syncs: boolean) {
    this.#directory = directory;
    this.#database = database;
    this.syncs = syncs;
  }

  static async open(directory: string, syncs = true): Promise<Geode> {
    const durability = syncs ? "durable" : "relaxed";
    return new Geode(directory, await Database.open({ directory, durability }), syncs);
  }

  /** Closes it and reads it back from disk. */
  async reopen(): Promise<void> {
    await this.#database.close();
    this.#database = await Database.open({ directory: this.#directory });
  }

  async load(graph: SocialGraph): Promise<void> {
    await this.loadPersons(graph);
    await this.loadEdges(graph);
  }

  async loadPersons({ persons }: SocialGraph): Promise<void> {
    await this.run("CREATE INDEX FOR (p:Person) ON (p.id)");
    await this.insert(
      "FOR p IN $rows INSERT (:Person {id: p.id, name: p.name, age: p.age, city: p.city})",
      persons.length,
      (at) => new Map<string, Value>(Object.entries(persons[at]!)),
    );
  }

  async loadEdges({ from, to }: SocialGraph): Promise<void> {
    const text =
      "FOR i IN RANGE(0, SIZE($from) - 1) " +
      "MATCH (a:Person {id: $from[i]}), (b:Person {id: $to[i]}) INSERT (a)-[:KNOWS]->(b)";
    await this.#inBatches(from.length, async (start, end) => {
      const parameters = new Map<string, Value>([
        ["from", Array.from(from.subarray(start, end))],
        ["to", Array.from(to.subarray(start, end))],
      ]);
      await this.#database.query({ text, parameters, principal });
    });
  }

  /** Runs a statement of which only the effect counts. */
  async run(text: string): Promise<void> {
    await this.#database.query({ text, principal });
  }

  /** Runs a statement that inserts `$rows` for all of them, several thousand at once. */
  async insert(text: string, count: number, row: (at: number) => Value): Promise<void> {
    await this.#inBatches(count, async (start, end) => {
      const rows = Array.from({ length: end - start }, (_, at) => row(start + at));
      await this.#database.query({ text, parameters: new Map([["rows", rows]]), principal });
    });
  }

  async #inBatches(
    count: number,
    write: (start: number, end: number) => Promise<void>,
  ): Promise<void> {
    for (let start = 0; start < count; start += BATCH) {
      await write(start, Math.min(start + BATCH, count));
    }
  }

  prepare({ text, parameter }: BenchQuery): (value: number) => Promise<readonly Row[]> {
    return async (value) => {
      const parameters = new Map<string, Value>(parameter ? [[parameter.name, value]] : []);
      const { rows } = await this.#database.query({ text, parameters, principal });
      return rows;
    };
  }

  /** Its code is generated as well. */
  ready(text: string): void {
    this.#database.prepare({ text, principal });
  }

  async runNew(text: string, parameters: Readonly<Record<string, number>>): Promise<void> {
    await this.#database.query({
      text,
      parameters: new Map(Object.entries(parameters)),
      principal,
    });
  }

  /** What the data take in memory, in bytes, by its own account. */
  get ownBytes(): number {
    return Object.values(this.#database.memory()).reduce((sum, bytes) => sum + bytes, 0);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
