import type { Database, Principal } from "@geode/engine";
import type { Value } from "@geode/values";
import { difference } from "./difference.ts";
import type { Dependency, DependencyGraph, DependencyKind, LockedPackage } from "./lock-file.ts";

/** Elements per commit. */
const BATCH = 500;

/** (:Package {path, name, version, license})-[:DEPENDS_ON {range, kind}]->(:Package), kept equal to a dependency graph. */
export class PackageGraph {
  readonly #database: Database;
  readonly #principal: Principal;

  constructor(database: Database, principal: Principal) {
    this.#database = database;
    this.#principal = principal;
  }

  /** Writes what differs from what is there, and nothing if nothing does. */
  async update(wanted: DependencyGraph): Promise<void> {
    await this.#run("CREATE INDEX IF NOT EXISTS FOR (p:Package) ON (p.path)");
    const change = difference(await this.#present(), wanted);
    await this.#inBatches(
      "FOR row IN $rows MATCH (p:Package {path: row.path}) DETACH DELETE p",
      change.removedPackages.map((path) => row({ path })),
    );
    await this.#inBatches(
      "FOR row IN $rows MATCH (:Package {path: row.from})-[d:DEPENDS_ON {kind: row.kind, range: row.range}]->(:Package {path: row.to}) DELETE d",
      change.removedDependencies.map(dependencyRow),
    );
    await this.#inBatches(
      "FOR row IN $rows MATCH (p:Package {path: row.path}) SET p.name = row.name, p.version = row.version, p.license = row.license",
      change.changedPackages.map(packageRow),
    );
    await this.#inBatches(
      "FOR row IN $rows INSERT (:Package {path: row.path, name: row.name, version: row.version, license: row.license})",
      change.addedPackages.map(packageRow),
    );
    await this.#inBatches(
      "FOR row IN $rows MATCH (a:Package {path: row.from}), (b:Package {path: row.to}) INSERT (a)-[:DEPENDS_ON {range: row.range, kind: row.kind}]->(b)",
      change.addedDependencies.map(dependencyRow),
    );
  }

  async #present(): Promise<DependencyGraph> {
    const packages = await this.#run(
      "MATCH (p:Package) RETURN p.path AS path, p.name AS name, p.version AS version, p.license AS license",
    );
    const dependencies = await this.#run(
      "MATCH (a:Package)-[d:DEPENDS_ON]->(b:Package) RETURN a.path AS `from`, b.path AS `to`, d.range AS `range`, d.kind AS kind",
    );
    return {
      packages: packages.map(([path, name, version, license]) => ({
        path: textOf(path),
        name: textOf(name),
        version: textOf(version),
        license: textOf(license),
      })),
      dependencies: dependencies.map(([from, to, range, kind]) => ({
        from: textOf(from),
        to: textOf(to),
        range: textOf(range),
        kind: textOf(kind) as DependencyKind,
      })),
    };
  }

  async #inBatches(text: string, rows: readonly ReadonlyMap<string, Value>[]): Promise<void> {
    for (let start = 0; start < rows.length; start += BATCH) {
      await this.#run(text, new Map<string, Value>([["rows", rows.slice(start, start + BATCH)]]));
    }
  }

  async #run(
    text: string,
    parameters: ReadonlyMap<string, Value> = new Map(),
  ): Promise<readonly (readonly Value[])[]> {
    return (await this.#database.query({ text, parameters, principal: this.#principal })).rows;
  }
}

function packageRow({ license, name, path, version }: LockedPackage): ReadonlyMap<string, Value> {
  return row({ path, name, version, license });
}

function dependencyRow({ from, kind, range, to }: Dependency): ReadonlyMap<string, Value> {
  return row({ from, to, range, kind });
}

function row(fields: Readonly<Record<string, string>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(fields));
}

/** What this class wrote is text; anything else is somebody else's, and differs from all that is wanted. */
function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}
