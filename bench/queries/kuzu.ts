import { copyFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BenchQuery } from "./bench-query.ts";
import type { Engine, Row } from "./engine.ts";
import type { SocialGraph } from "./social-graph.ts";

/** What is used of the package `kuzu`: its synchronous calls, which are its fastest. */
interface KuzuPackage {
  readonly Database: new (path: string) => { closeSync(): void };
  readonly Connection: new (database: object, threads: number) => Connection;
}

interface Connection {
  querySync(text: string): Result;
  prepareSync(text: string): object;
  executeSync(prepared: object, parameters: Record<string, unknown>): Result;
  closeSync(): void;
}

interface Result {
  getAllSync(): Record<string, unknown>[];
  close(): void;
}

/** Kuzu in this process, with one thread. */
export class Kuzu implements Engine {
  readonly name = "Kuzu";
  readonly syncs = true;
  readonly #directory: string;
  readonly #database: { closeSync(): void };
  readonly #connection: Connection;

  constructor(directory: string) {
    const { Database, Connection: KuzuConnection } = kuzuPackage();
    this.#directory = directory;
    this.#database = new Database(join(directory, "kuzu"));
    this.#connection = new KuzuConnection(this.#database, 1);
  }

  load({ persons, from, to }: SocialGraph): Promise<void> {
    this.run(
      "CREATE NODE TABLE Person(id INT64, name STRING, age INT64, city STRING, PRIMARY KEY(id))",
    );
    this.run("CREATE REL TABLE KNOWS(FROM Person TO Person)");
    this.copy(
      "Person",
      persons.map(({ id, name, age, city }) => `${id},${name},${age},${city}`),
    );
    this.copy(
      "KNOWS",
      Array.from(from, (source, at) => `${source},${to[at]}`),
    );
    return Promise.resolve();
  }

  /** Runs a statement of which only the effect counts. */
  run(text: string): void {
    this.#connection.querySync(text).close();
  }

  /** Fills a table from a file of these lines. */
  copy(table: string, lines: readonly string[], options = ""): void {
    const path = join(this.#directory, `${table}.csv`);
    writeFileSync(path, lines.join("\n"));
    this.run(`COPY ${table} FROM '${path}' (HEADER=false${options})`);
  }

  prepare({ text, dialects, parameter }: BenchQuery): (value: number) => readonly Row[] {
    const prepared = this.#connection.prepareSync(dialects?.get(this.name) ?? text);
    return (value) => {
      const parameters = parameter ? { [parameter.name]: value } : {};
      const result = this.#connection.executeSync(prepared, parameters);
      const rows = result.getAllSync().map((row) => Object.values(row));
      result.close();
      return rows;
    };
  }

  ready(text: string): void {
    this.#connection.prepareSync(text);
  }

  runNew(text: string, parameters: Readonly<Record<string, number>>): void {
    const result = this.#connection.executeSync(this.#connection.prepareSync(text), parameters);
    result.getAllSync();
    result.close();
  }

  close(): Promise<void> {
    this.#connection.closeSync();
    this.#database.closeSync();
    return Promise.resolve();
  }
}

/**
 * The package puts its prebuilt binary and its scripts in place when it is installed, by a script; ours runs none, so the same files are
 * copied here. Throws when it is not installed.
 */
function kuzuPackage(): KuzuPackage {
  const folder = join(import.meta.dirname, "../node_modules/kuzu");
  const binary = join(folder, "kuzujs.node");
  if (!existsSync(binary)) {
    const scripts = join(folder, "kuzu-source/tools/nodejs_api/src_js");
    for (const file of readdirSync(scripts))
      if (/\.m?js$/.test(file)) copyFileSync(join(scripts, file), join(folder, file));
    copyFileSync(
      join(folder, "prebuilt", `kuzujs-${process.platform}-${process.arch}.node`),
      binary,
    );
  }
  return createRequire(import.meta.url)(join(folder, "index.js")) as KuzuPackage;
}
