import { readFileSync } from "node:fs";
import { Database, type Principal } from "@geode/engine";
import { encode, type Value } from "@geode/values";
import { describe, expect, test } from "vitest";
import { difference } from "./difference.ts";
import { parseLockFile } from "./lock-file.ts";
import { MachineLoad, measures, type MachineReading } from "./machine-load.ts";
import { PackageGraph } from "./package-graph.ts";

const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages });
const edges = (text: string) =>
  parseLockFile(text).dependencies.map(({ from, kind, to }) => `${from} ${kind} ${to}`);

describe("a dependency is resolved as Node.js does it", () => {
  test("in the nearest node_modules, looking upwards", () => {
    const text = lock({
      "": { name: "app", version: "1.0.0", dependencies: { a: "^1", b: "^1" } },
      "node_modules/a": { version: "1.0.0", dependencies: { b: "^2", c: "1" } },
      "node_modules/a/node_modules/b": { version: "2.0.0", dependencies: { c: "1" } },
      "node_modules/b": { version: "1.0.0" },
      "node_modules/c": { version: "1.0.0" },
    });
    expect(edges(text)).toEqual([
      " prod node_modules/a",
      " prod node_modules/b",
      "node_modules/a prod node_modules/a/node_modules/b",
      "node_modules/a prod node_modules/c",
      "node_modules/a/node_modules/b prod node_modules/c",
    ]);
  });

  test("through the link of a workspace, from a workspace upwards, and with scopes", () => {
    const text = lock({
      "": { name: "root" },
      "packages/x": { name: "@s/x", version: "1.0.0", dependencies: { "@s/y": "1", z: "1" } },
      "packages/y": { name: "@s/y", version: "1.0.0" },
      "packages/x/node_modules/z": { version: "2.0.0" },
      "node_modules/@s/x": { resolved: "packages/x", link: true },
      "node_modules/@s/y": { resolved: "packages/y", link: true },
      "node_modules/z": { version: "1.0.0" },
    });
    expect(edges(text)).toEqual([
      "packages/x prod packages/y",
      "packages/x prod packages/x/node_modules/z",
    ]);
    expect(parseLockFile(text).packages.map(({ name }) => name)).toEqual([
      "root",
      "@s/x",
      "@s/y",
      "z",
      "z",
    ]);
  });

  test("by kind; what is not installed has no edge", () => {
    const text = lock({
      "": {
        dependencies: { p: "1" },
        devDependencies: { d: "1", p: "1" },
        optionalDependencies: { o: "1", missing: "1" },
        peerDependencies: { e: "1", absent: "1" },
      },
      ...Object.fromEntries(
        ["p", "d", "o", "e"].map((name) => [`node_modules/${name}`, { version: "1.0.0" }]),
      ),
    });
    expect(edges(text)).toEqual([
      " prod node_modules/p",
      " optional node_modules/o",
      " peer node_modules/e",
      " dev node_modules/d",
    ]);
  });

  test("a package named like a part of JavaScript is a package", () => {
    const text = lock({
      "": { dependencies: { constructor: "1", __proto__: "1" } },
      "node_modules/constructor": { version: "1.0.0" },
    });
    expect(edges(text)).toEqual([" prod node_modules/constructor"]);
  });

  test.each([
    ["nonsense", "{", "not JSON"],
    ["another file", '{"name":"x"}', "no `packages`"],
    ["an old lock file", '{"lockfileVersion":1,"dependencies":{}}', "no `packages`"],
  ])("%s is refused", (_name, text, why) => {
    expect(() => parseLockFile(text)).toThrow(why);
  });

  test("this repository's own lock file: one project, nothing left hanging", () => {
    const text = readFileSync(new URL("../../../../package-lock.json", import.meta.url), "utf8");
    const { dependencies, packages } = parseLockFile(text);
    const paths = new Set(packages.map(({ path }) => path));
    expect(paths.size).toBe(packages.length);
    for (const { from, to } of dependencies) {
      expect(paths).toContain(from);
      expect(paths).toContain(to);
    }
    expect(packages.find(({ path }) => path === "packages/server")?.name).toBe("@geode/server");
  });
});

const principal: Principal = { id: "demo", roles: [], claims: new Map() };
const rowsOf = async (database: Database, text: string) =>
  (await database.query({ text, principal })).rows.map((row) => encode(row as Value));

describe("the package graph", () => {
  const before = lock({
    "": { name: "app", dependencies: { a: "1", b: "1" } },
    "node_modules/a": { version: "1.0.0", license: "MIT", dependencies: { b: "1" } },
    "node_modules/b": { version: "1.0.0" },
  });
  const after = lock({
    "": { name: "app", dependencies: { a: "2", c: "1" } },
    "node_modules/a": { version: "2.0.0", license: "MIT", dependencies: { c: "1" } },
    "node_modules/c": { version: "1.0.0" },
  });

  test("becomes what the lock file says, from whatever it was", async () => {
    const database = await Database.open();
    const graph = new PackageGraph(database, principal);
    const shown = () =>
      rowsOf(
        database,
        "MATCH (p:Package) OPTIONAL MATCH (p)-[d:DEPENDS_ON]->(q:Package) RETURN p.name, p.version, p.license, d.range, d.kind, q.name ORDER BY p.name, q.name",
      );
    await graph.update(parseLockFile(before));
    expect(await shown()).toEqual([
      '["a","1.0.0","MIT","1","prod","b"]',
      '["app","","unknown","1","prod","a"]',
      '["app","","unknown","1","prod","b"]',
      '["b","1.0.0","unknown",null,null,null]',
    ]);
    await graph.update(parseLockFile(after));
    expect(await shown()).toEqual([
      '["a","2.0.0","MIT","1","prod","c"]',
      '["app","","unknown","2","prod","a"]',
      '["app","","unknown","1","prod","c"]',
      '["c","1.0.0","unknown",null,null,null]',
    ]);
    await database.close();
  });

  test("is not written to when nothing changed", async () => {
    const database = await Database.open();
    const graph = new PackageGraph(database, principal);
    await graph.update(parseLockFile(before));
    const { seq } = database;
    await graph.update(parseLockFile(before));
    expect(database.seq).toBe(seq);
    await database.close();
  });

  test("differs from itself in nothing", () => {
    const graph = parseLockFile(before);
    expect(Object.values(difference(graph, graph)).flat()).toEqual([]);
  });
});

describe("the machine's load", () => {
  const reading = (busyMs: number, totalMs: number): MachineReading => ({
    host: "h",
    busyMs,
    totalMs,
    memory: 0.41666,
    load: 1.23456,
  });

  test("is a share of the time since the last reading, in percent with one decimal", () => {
    const measured = measures(reading(100, 1000), reading(225.1, 2000), 0);
    expect(encode(measured)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","cpu":12.5,"host":"h","load":1.23,"memory":41.7}',
    );
    expect(encode(measures(reading(0, 0), reading(0, 0), 0).get("cpu")!)).toBe('{"$float":"0.0"}');
  });

  test("is one node per host, brought up to date", async () => {
    const database = await Database.open();
    let now = reading(0, 0);
    const load = new MachineLoad(database, principal, () => now);
    await load.update(0);
    now = reading(500, 1000);
    await load.update(1000);
    expect(await rowsOf(database, "MATCH (m:metrics) RETURN m.host, m.cpu, m.at")).toEqual([
      '["h",{"$float":"50.0"},"1970-01-01T00:00:01.000Z"]',
    ]);
    await database.close();
  });
});
