import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GeodeError } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import type { LiveCommit } from "./live/change.ts";
import type { DatabaseOptions } from "./options.ts";
import type { Request } from "./requests.ts";

/* Several graphs in one database, from outside: what is kept, what is live, what a transaction rests on, and who may use which. */

const admin = { id: "root", roles: ["admin"], claims: new Map() };
const ann = { id: "ann", roles: ["member"], claims: new Map() };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** On a machine however slow, live results are run again at once. */
const liveLimits = { commitMs: Infinity, groupMs: Infinity };

async function open(options: DatabaseOptions = {}): Promise<Database> {
  const database = await Database.open({ liveLimits, ...options });
  closers.push(() => database.close());
  return database;
}

const query = (database: Database, text: string, more: Partial<Request> = {}) =>
  database.query({ text, principal: admin, ...more });

async function rows(database: Database, text: string, more: Partial<Request> = {}) {
  return (await query(database, text, more)).rows;
}

const CITIES = "USE travel MATCH (c:City) RETURN c.name AS name ORDER BY name";

/** Turns of the event loop in which all changes have been delivered. */
async function delivered(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("graphs on disk", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "geode-graphs-"));
    closers.push(() => rmSync(directory, { recursive: true, force: true }));
  });

  /** Two graphs beside the default one, and one that went. */
  async function fill(database: Database): Promise<void> {
    for (const text of [
      "INSERT (:City {name: 'home'})",
      "CREATE GRAPH travel",
      "CREATE GRAPH empty",
      "CREATE GRAPH gone",
      "USE gone INSERT (:City {name: 'Atlantis'})",
      "USE travel INSERT (:City {name: 'Bern'})-[:ROAD {km: 30}]->(:City {name: 'Thun'})",
      "DROP GRAPH gone",
    ])
      await query(database, text);
    await query(database, "CREATE INDEX cities FOR (c:City) ON (c.name)", { graph: "travel" });
  }

  async function expectFilled(database: Database): Promise<void> {
    expect(await rows(database, "SHOW GRAPHS")).toEqual([
      ["default", 1, 0],
      ["empty", 0, 0],
      ["travel", 2, 1],
    ]);
    expect(await rows(database, CITIES)).toEqual([["Bern"], ["Thun"]]);
    expect(await rows(database, "SHOW INDEXES", { graph: "travel" })).toHaveLength(1);
    expect(await rows(database, "SHOW INDEXES")).toHaveLength(0);
    expect(database.check()).toEqual([]);
  }

  test("come back with the log", async () => {
    const before = await Database.open({ directory });
    await fill(before);
    await before.close();
    await expectFilled(await open({ directory }));
  });

  test("come back with a checkpoint, and with the log behind it", async () => {
    const before = await Database.open({ directory });
    await fill(before);
    await before.checkpoint();
    await query(before, "CREATE GRAPH later");
    await query(before, "DROP GRAPH later");
    await before.close();
    await expectFilled(await open({ directory }));
  });

  test("never give an element the id of one that went with its graph", async () => {
    const before = await Database.open({ directory });
    await fill(before);
    const ids = "USE travel MATCH (c) RETURN element_id(c) AS id";
    const old = (await rows(before, ids)).map(([id]) => id);
    await query(before, "CREATE OR REPLACE GRAPH travel");
    await before.checkpoint();
    await before.close();
    const after = await open({ directory });
    await query(after, "USE travel INSERT (:City), (:City)");
    for (const [id] of await rows(after, ids)) expect(old).not.toContain(id);
  });
});

describe("a live result over a graph", () => {
  let database: Database;
  let commits: LiveCommit[];
  let errors: GeodeError[];
  beforeEach(async () => {
    database = await open();
    commits = [];
    errors = [];
    await query(database, "CREATE GRAPH travel");
    await query(database, "USE travel INSERT (:City {name: 'Bern'})");
  });

  const subscribe = (text: string, more: Partial<Request> = {}) =>
    database.subscribe(
      { text, principal: admin, ...more },
      (commit) => commits.push(commit),
      (error) => errors.push(error),
    );

  test("hears of the graphs that it names and of no other", async () => {
    await subscribe(CITIES);
    await query(database, "INSERT (:City {name: 'home'})");
    await query(database, "CREATE GRAPH other");
    await query(database, "USE other INSERT (:City {name: 'Rom'})");
    await delivered();
    expect(commits).toEqual([]);
    const { seq } = await query(database, "USE travel INSERT (:City {name: 'Thun'})");
    await delivered();
    expect(commits.map((commit) => commit.seq)).toEqual([seq]);
  });

  test("ends with 42002 when its graph is dropped", async () => {
    await subscribe(CITIES);
    await query(database, "DROP GRAPH travel");
    await delivered();
    expect(errors.map(({ code }) => code)).toEqual(["42002"]);
    expect(database.status().liveQueries).toBe(0);
  });

  test("ends also when it reads nothing of the graph but that it is there", async () => {
    await subscribe("USE travel RETURN 1 AS one");
    await subscribe("RETURN 1 AS one", { graph: "travel" });
    await query(database, "DROP GRAPH travel");
    await delivered();
    expect(errors.map(({ code }) => code)).toEqual(["42002", "42002"]);
  });

  test("goes on when its graph is replaced: the rows that were there go, in one commit", async () => {
    const { seq: from, keys } = await subscribe(CITIES);
    const { seq } = await query(database, "CREATE OR REPLACE GRAPH travel");
    await query(database, "USE travel INSERT (:City {name: 'Thun'})");
    await delivered();
    expect(errors).toEqual([]);
    expect(commits).toMatchObject([
      { seq, prevSeq: from, changes: [{ op: "delete", key: keys[0] }] },
      { seq: seq + 1, prevSeq: seq, changes: [{ op: "insert", row: ["Thun"] }] },
    ]);
  });

  test("cannot begin before its graph is there", async () => {
    await expect(subscribe("USE nowhere MATCH (n) RETURN n")).rejects.toMatchObject({
      code: "42002",
      position: { line: 1, column: 5 },
    });
    expect(database.status().liveQueries).toBe(0);
  });

  test("is shared by those who watch the same graph under the same text, and by no others", async () => {
    const text = "MATCH (c:City) RETURN c.name AS name";
    await subscribe(text, { graph: "travel" });
    await subscribe(text, { graph: "travel" });
    expect(database.status().liveQueries).toBe(1);
    await subscribe(text);
    expect(database.status().liveQueries).toBe(2);
  });
});

describe("a transaction", () => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
    for (const name of ["travel", "other"]) await query(database, `CREATE GRAPH ${name}`);
  });

  const begin = () => {
    const transaction = database.begin({ principal: admin });
    closers.push(() => transaction.rollback());
    return (text: string) => transaction.query({ text, principal: admin });
  };

  test.each([
    ["has read in it", CITIES],
    ["has written in it", "USE travel INSERT (:City {name: 'Bern'})"],
    ["has only named it", "USE travel RETURN 1 AS one"],
    ["has asked which graphs there are", "SHOW GRAPHS"],
  ])("loses when a graph is dropped and it %s", async (_, text) => {
    const run = begin();
    await run(text);
    await query(database, "DROP GRAPH travel");
    await expect(run("RETURN 1 AS one")).rejects.toMatchObject({ code: "40000" });
  });

  test("goes on when a graph goes that it did not use", async () => {
    const run = begin();
    await run(CITIES);
    await run("INSERT (:City {name: 'home'})");
    await query(database, "DROP GRAPH other");
    await query(database, "USE default INSERT (:Other)");
    expect((await run("MATCH (c:City) RETURN c.name AS name")).rows).toEqual([["home"]]);
  });

  test("writes to several graphs at once, or to none", async () => {
    const transaction = database.begin({ principal: admin });
    const run = (text: string) => transaction.query({ text, principal: admin });
    await run("INSERT (:City {name: 'home'})");
    await run("MATCH (h:City) USE travel INSERT (:City {name: h.name})");
    await run("USE travel MATCH (c:City) SET c.seen = TRUE");
    expect(await rows(database, CITIES)).toEqual([]);
    await transaction.commit();
    expect(
      await rows(
        database,
        "MATCH (h:City) USE travel MATCH (c:City) RETURN h.name, c.name, c.seen",
      ),
    ).toEqual([["home", "home", true]]);
  });

  test("loses when another graph that it has read changes", async () => {
    const run = begin();
    await run(CITIES);
    await query(database, "INSERT (:City {name: 'home'})");
    await run("RETURN 1 AS one");
    await query(database, "USE travel INSERT (:City {name: 'Bern'})");
    await expect(run("RETURN 1 AS one")).rejects.toMatchObject({ code: "40000" });
  });

  test.each(["CREATE GRAPH more", "DROP GRAPH travel"])("takes no %s", async (text) => {
    await expect(begin()(text)).rejects.toMatchObject({ code: "25000" });
  });
});

describe("a database", () => {
  test("has at most 1,000 graphs", async () => {
    const database = await open();
    for (let i = 1; i < 1_000; i++) await query(database, `CREATE GRAPH g${i}`);
    await expect(query(database, "CREATE GRAPH more")).rejects.toMatchObject({
      code: "LIMIT",
      position: { line: 1, column: 14 },
    });
    await query(database, "CREATE OR REPLACE GRAPH g7");
    await query(database, "DROP GRAPH g8");
    await query(database, "CREATE GRAPH more");
    expect(await rows(database, "SHOW GRAPHS")).toHaveLength(1_000);
  });

  test("plans anew for a graph that took the place of another one", async () => {
    const database = await open();
    const text = "USE travel MATCH (c:City {name: 'Bern'}) RETURN c.size AS size";
    for (const size of [1, 2, 3]) {
      await query(database, "CREATE OR REPLACE GRAPH travel");
      if (size === 2)
        await query(database, "CREATE INDEX FOR (c:City) ON (c.name)", { graph: "travel" });
      await query(database, `USE travel INSERT (:City {name: 'Bern', size: ${size}})`);
      expect(await rows(database, text)).toEqual([[size]]);
    }
  });

  test("runs one text in turns on several graphs", async () => {
    const database = await open();
    await query(database, "CREATE GRAPH travel");
    await query(database, "INSERT (:City)");
    const text = "MATCH (c:City) RETURN count(*) AS n";
    for (let turn = 0; turn < 3; turn++) {
      expect(await rows(database, text)).toEqual([[1]]);
      expect(await rows(database, text, { graph: "travel" })).toEqual([[0]]);
    }
  });

  test("takes back what failed in several graphs", async () => {
    const database = await open();
    await query(database, "CREATE GRAPH travel");
    await query(database, "INSERT (:P {n: 0})");
    await expect(
      query(
        database,
        "MATCH (p:P) SET p.n = 5 USE travel INSERT (:City) INSERT (:City {n: 1 / 0})",
      ),
    ).rejects.toMatchObject({ code: "22012" });
    expect(await rows(database, "MATCH (p:P) RETURN p.n")).toEqual([[0]]);
    expect(await rows(database, "SHOW GRAPHS")).toEqual([
      ["default", 1, 0],
      ["travel", 0, 0],
    ]);
    expect(database.check()).toEqual([]);
  });

  test("refuses to delete a node of another graph that still has edges", async () => {
    const database = await open();
    await query(database, "CREATE GRAPH travel");
    await query(database, "USE travel INSERT (:City)-[:ROAD]->(:City)");
    await expect(query(database, "USE travel MATCH (c:City) DELETE c")).rejects.toMatchObject({
      code: "G1001",
    });
    expect(await rows(database, "SHOW GRAPHS")).toContainEqual(["travel", 2, 1]);
  });

  test("reads several graphs on a reader as it does itself", async () => {
    const database = await open({ readers: 1, readerLimits: { mainThreadMs: 0 } });
    await query(database, "CREATE GRAPH travel");
    await query(database, "FOR i IN range(1, 200) INSERT (:P {i: i})");
    await query(database, "USE travel FOR i IN range(1, 200) INSERT (:P {i: i})");
    const text = "MATCH (a:P) USE travel MATCH (b:P) RETURN count(*) AS pairs";
    expect(await rows(database, text)).toEqual([[40_000]]);
    await query(database, "CREATE OR REPLACE GRAPH travel");
    expect(await rows(database, text)).toEqual([[0]]);
  });

  test("copies indexes and constraints with a graph", async () => {
    const database = await open();
    await query(database, "CREATE CONSTRAINT one_name FOR (c:City) REQUIRE c.name IS UNIQUE");
    await query(database, "INSERT (:City {name: 'Bern'})");
    await query(database, "CREATE GRAPH travel AS COPY OF HOME_GRAPH");
    await expect(query(database, "USE travel INSERT (:City {name: 'Bern'})")).rejects.toMatchObject(
      { code: "40002" },
    );
    await query(database, "USE travel INSERT (:City {name: 'Thun'})");
  });
});

describe("under a policy", () => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
    for (const name of ["travel", "secret"]) {
      await query(database, `CREATE GRAPH ${name}`);
      await query(
        database,
        `USE ${name} INSERT (:City {name: 'Bern', open: TRUE}), (:City {name: 'Thun'})`,
      );
    }
    await database.applyPolicy({
      roles: {
        member: {
          graphs: { default: ["read", "write"], travel: ["read"] },
          read: [{ label: "City", where: "n.open" }],
        },
      },
    });
  });

  test("a role uses the graphs that it names, as far as the rules go", async () => {
    expect(await rows(database, CITIES, { principal: ann })).toEqual([["Bern"]]);
    expect(
      await rows(database, "RETURN COUNT { USE travel MATCH (c) } AS n", { principal: ann }),
    ).toEqual([[1]]);
    await expect(
      query(database, "USE travel INSERT (:Note)", { principal: ann }),
    ).rejects.toMatchObject({ code: "FORBIDDEN" });
    await query(database, "USE travel MATCH (c:City) USE default INSERT (:Note {of: c.name})", {
      principal: ann,
    });
    expect(await rows(database, "MATCH (n:Note) RETURN n.of")).toEqual([["Bern"]]);
  });

  test.each(["secret", "nowhere"])(
    "and no other, whether there is one or not: %s",
    async (name) => {
      await expect(
        query(database, `USE ${name} MATCH (c) RETURN c`, { principal: ann }),
      ).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: `The graph \`${name}\` is not open to this user.`,
      });
    },
  );

  test("a live result ends when the graph is taken away, and follows the rules while it is not", async () => {
    const seen: string[] = [];
    await database.subscribe(
      { text: CITIES, principal: ann },
      ({ changes }) => seen.push(...changes.map(({ op, row }) => `${op} ${String(row[0])}`)),
      ({ code }) => seen.push(code),
    );
    await query(database, "USE travel MATCH (c:City {name: 'Thun'}) SET c.open = TRUE");
    await delivered();
    await database.applyPolicy({ roles: { member: { graphs: { default: ["read"] } } } });
    await delivered();
    expect(seen).toEqual(["insert Thun", "FORBIDDEN"]);
  });
});
