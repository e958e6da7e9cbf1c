import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GeodeError, type Value } from "@geode/values";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";
import { parsePolicy, policyOf } from "./policy.ts";

const someone = (id: string, ...roles: string[]): Principal => ({ id, roles, claims: new Map() });
const root = someone("root", "admin");
const ann = someone("ann", "member");
const bob = someone("bob", "member");

const POLICY = {
  roles: {
    member: {
      graphs: { default: ["read", "write"] },
      read: [
        { label: "Note", where: "n.owner = $auth.id" },
        { label: "Report", where: "EXISTS { (n)<-[:OWNS]-(:Team)<-[:IN]-(:User {id: $auth.id}) }" },
        { label: "User", hide: ["email"] },
        { edge: "KNOWS", where: "n.secret IS NULL" },
      ],
      write: [
        { label: "Note", where: "n.owner = $auth.id" },
        { label: "User", where: "FALSE" },
      ],
      deny: ["AuditEntry"],
    },
    auditor: { graphs: { default: ["read"] } },
  },
};

let database: Database;

beforeEach(async () => {
  // Every commit is shown at once, however slow the machine.
  database = await Database.open({ liveLimits: { commitMs: 1e9, groupMs: 1e9 } });
  await as(
    root,
    `INSERT (a:User {id: 'ann', email: 'ann@example.org'}), (b:User {id: 'bob', email: 'bob@example.org'}),
       (a)-[:KNOWS]->(b), (b)-[:KNOWS {secret: true}]->(a),
       (:Note {owner: 'ann', text: 'hers'}), (:Note {owner: 'bob', text: 'his', zero: 0}),
       (a)-[:IN]->(t:Team {name: 'red'}), (t)-[:OWNS]->(:Report {title: 'Q1'}),
       (:Report {title: 'nobody''s'}), (:AuditEntry {of: 'ann'}), (:Public {x: 1})`,
  );
  await database.applyPolicy(POLICY);
});
afterEach(() => database.close());

async function as(principal: Principal, text: string, parameters = new Map<string, Value>()) {
  const { rows } = await database.query({ text, parameters, principal });
  return rows.map((row) => row.map((value) => (typeof value === "object" ? value : value)));
}

const refused = (principal: Principal, text: string): Promise<unknown> =>
  as(principal, text).then(
    () => expect.unreachable("it is permitted"),
    (error: unknown) => (error as GeodeError).code,
  );

describe("reading under a policy", () => {
  test("shows the elements whose rules hold", async () => {
    expect(await as(ann, "MATCH (n:Note) RETURN n.text")).toEqual([["hers"]]);
    expect(await as(bob, "MATCH (n:Note) RETURN n.text")).toEqual([["his"]]);
    expect(await as(ann, "MATCH (n:Report) RETURN n.title")).toEqual([["Q1"]]);
    expect(await as(bob, "MATCH (n:Report) RETURN n.title")).toEqual([]);
    expect(await as(ann, "MATCH (n:AuditEntry) RETURN n")).toEqual([]);
    expect(await as(ann, "MATCH ()-[e:KNOWS]->() RETURN count(*)")).toEqual([[1]]);
    expect(await as(ann, "MATCH (n) RETURN count(*)")).toEqual([[6]]);
  });

  test("does not show hidden properties, in whatever way they are asked for", async () => {
    const texts = [
      "MATCH (n:User {id: 'bob'}) RETURN n.email",
      "MATCH (n:User {id: 'bob'}) RETURN properties(n)['email']",
      "MATCH (n:User {id: 'bob'}) RETURN n {.email}['email']",
      "MATCH (n:User {id: 'bob'}) RETURN collect(n)[0].email",
      "MATCH p = (n:User {id: 'bob'}) RETURN nodes(p)[0].email",
      "MATCH (n:User {id: 'bob'}) LET m = n RETURN m.email",
      "MATCH (n:User {id: 'bob'}) RETURN CASE WHEN PROPERTY_EXISTS(n, email) THEN 1 END",
    ];
    for (const text of texts) expect(await as(ann, text), text).toEqual([[null]]);
    expect(await as(ann, "MATCH (n:User) WHERE n.email = 'bob@example.org' RETURN 1")).toEqual([]);
    expect(await as(ann, "MATCH (n:User) WHERE n.email STARTS WITH 'b' RETURN 1")).toEqual([]);
    expect(await as(ann, "SELECT email FROM User")).toEqual([[null], [null]]);
  });

  test("does so when an index leads to them", async () => {
    await as(root, "CREATE INDEX emails FOR (n:User) ON (n.email)");
    await as(root, "CREATE INDEX owners FOR (n:Note) ON (n.owner)");
    expect(await as(ann, "MATCH (n:User {email: 'bob@example.org'}) RETURN 1")).toEqual([]);
    expect(await as(ann, "MATCH (n:User) WHERE n.email > 'a' RETURN 1")).toEqual([]);
    expect(await as(ann, "MATCH (n:Note {owner: 'bob'}) RETURN 1")).toEqual([]);
  });

  test("one text hides from some what it shows to others, whoever asked first", async () => {
    const auditor = someone("eve", "auditor");
    const text = "MATCH (n:User {id: 'bob'}) RETURN n.email";
    for (const _ of [1, 2]) {
      expect(await as(auditor, text)).toEqual([["bob@example.org"]]);
      expect(await as(ann, text)).toEqual([[null]]);
    }
  });

  test("an edge is written by whom the rule for edges lets, and stays theirs", async () => {
    await database.applyPolicy({
      roles: {
        member: {
          graphs: { default: ["read", "write"] },
          write: [{ edge: "LIKES", where: "n.by = $auth.id" }],
        },
      },
    });
    const insert = (by: string): string =>
      `MATCH (a:User {id: 'ann'}), (b:User {id: 'bob'}) INSERT (a)-[:LIKES {by: '${by}'}]->(b)`;
    expect(await refused(ann, insert("bob"))).toBe("FORBIDDEN");
    await as(ann, insert("ann"));
    expect(await refused(ann, "MATCH ()-[e:LIKES]->() SET e.by = 'bob'")).toBe("FORBIDDEN");
    expect(await refused(bob, "MATCH ()-[e:LIKES]->() SET e.by = 'bob'")).toBe("FORBIDDEN");
    expect(await as(root, "MATCH ()-[e:LIKES]->() RETURN e.by")).toEqual([["ann"]]);
  });

  test("a condition on what is hidden does not even fail", async () => {
    expect(await as(ann, "MATCH (n:Note) WHERE 1 / n.zero > 0 RETURN n")).toEqual([]);
    expect(await refused(bob, "MATCH (n:Note) WHERE 1 / n.zero > 0 RETURN n")).toBe("22012");
  });

  test("a name that only hidden elements have is not suggested", async () => {
    const { notices } = await database.query({
      text: "MATCH (n:AuditEntri) RETURN n",
      principal: ann,
    });
    expect(notices).toEqual([]);
  });

  test.each(["EXPLAIN MATCH (n) RETURN n", "PROFILE MATCH (n) RETURN n", "SHOW LABELS"])(
    "%s tells too much",
    async (text) => {
      expect(await refused(ann, text)).toBe("FORBIDDEN");
    },
  );

  test("a role that the policy does not have shows nothing; another role adds to it", async () => {
    expect(await as(someone("eve", "stranger"), "MATCH (n) RETURN count(*)")).toEqual([[0]]);
    expect(await as(someone("eve"), "MATCH (n) RETURN count(*)")).toEqual([[0]]);
    const both = someone("ann", "member", "auditor");
    expect(await as(both, "MATCH (n:User {id: 'bob'}) RETURN n.email")).toEqual([
      ["bob@example.org"],
    ]);
    expect(await as(both, "MATCH (n:AuditEntry) RETURN n"), "denied is denied").toEqual([]);
  });

  test("an admin sees everything, and without a policy everybody does", async () => {
    expect(await as(root, "MATCH (n) RETURN count(*)")).toEqual([[9]]);
    await database.applyPolicy(null);
    expect(await as(ann, "MATCH (n) RETURN count(*)")).toEqual([[9]]);
  });

  test("long reads on a reader see the same", async () => {
    const elsewhere = await Database.open({ readers: 1, readerLimits: { mainThreadMs: 0 } });
    onTestFinished(() => elsewhere.close());
    const ask = (text: string, principal: Principal) => elsewhere.query({ text, principal });
    await ask(
      "FOR i IN range(1, 3000) INSERT (:Note {owner: 'ann'}), (:Note {owner: 'bob'})",
      root,
    );
    await elsewhere.applyPolicy(POLICY);
    const { rows } = await ask("MATCH (a:Note), (b:Note) RETURN count(*)", ann);
    expect(rows).toEqual([[9_000_000]]);
  });
});

describe("writing under a policy", () => {
  test.each([
    ["an element of somebody else", "MATCH (n:User {id: 'bob'}) SET n.name = 'x'"],
    ["an element away to somebody else", "MATCH (n:Note) SET n.owner = 'bob'"],
    ["a new element of somebody else", "INSERT (:Note {owner: 'bob'})"],
    ["a label that is denied", "MATCH (n:Public) SET n:AuditEntry"],
    ["a new element with a label that is denied", "INSERT (:AuditEntry)"],
    ["by removing the label that protects it", "MATCH (n:User) REMOVE n:User"],
    ["by deleting it", "MATCH (n:User {id: 'bob'}) DETACH DELETE n"],
    ["a hidden property", "MATCH (n:User {id: 'ann'}) SET n.email = 'x'"],
    ["the catalog", "CREATE INDEX FOR (n:Note) ON (n.owner)"],
  ])("%s is refused, and nothing of it happens", async (_, text) => {
    const { seq } = database;
    expect(await refused(ann, text)).toBe("FORBIDDEN");
    expect(database.seq).toBe(seq);
  });

  test("a value that only a hidden element has is as forbidden as any other change; one of a visible element is told", async () => {
    await as(root, "CREATE CONSTRAINT FOR (n:Note) REQUIRE n.text IS UNIQUE");
    expect(await refused(ann, "INSERT (:Note {owner: 'ann', text: 'his'})")).toBe("FORBIDDEN");
    expect(await refused(ann, "INSERT (:Note {owner: 'ann', text: 'hers'})")).toBe("40002");
  });

  test("what the rules allow is done", async () => {
    await as(ann, "MATCH (n:Note) SET n.text = 'changed'");
    await as(ann, "INSERT (:Note {owner: 'ann', text: 'new'}), (:Public {x: 2})");
    expect(await as(root, "MATCH (n:Note) RETURN n.text ORDER BY n.text")).toEqual([
      ["changed"],
      ["his"],
      ["new"],
    ]);
    await as(ann, "MATCH (n:Note) DELETE n");
    expect(await as(root, "MATCH (n:Note) RETURN n.text")).toEqual([["his"]]);
  });

  test("replacing all properties leaves those alone that the user does not see", async () => {
    await database.applyPolicy({
      roles: {
        member: {
          graphs: { default: ["read", "write"] },
          read: [{ label: "User", hide: ["email"] }],
        },
      },
    });
    await as(ann, "MATCH (n:User {id: 'bob'}) SET n = {id: 'bob', name: 'Bob'}");
    expect(await as(root, "MATCH (n:User {id: 'bob'}) RETURN n.email, n.name")).toEqual([
      ["bob@example.org", "Bob"],
    ]);
  });

  test("deleting a node does not tell of edges that are hidden", async () => {
    await as(root, "MATCH (n:Public), (a:AuditEntry) INSERT (a)-[:ABOUT]->(n)");
    expect(await refused(ann, "MATCH (n:Public) DELETE n")).toBe("FORBIDDEN");
    expect(await refused(ann, "MATCH (n:Public) DETACH DELETE n")).toBe("FORBIDDEN");
  });

  test("a value that only a hidden element has reads as any other change that is not permitted", async () => {
    await as(root, "CREATE CONSTRAINT FOR (n:Note) REQUIRE n.text IS UNIQUE");
    const taken = "INSERT (:Note {owner: 'ann', text: 'his'})";
    expect(await refused(ann, taken)).toBe("FORBIDDEN");
    expect(await refused(bob, taken.replace("'ann'", "'bob'"))).toBe("40002");
  });

  test("what the same statement has hidden, it does not return", async () => {
    await database.applyPolicy({
      roles: {
        member: {
          graphs: { default: ["read", "write"] },
          read: [{ label: "Public", where: "n.x = 1" }],
        },
      },
    });
    const rows = await as(ann, "MATCH (n:Public) SET n.x = 2 RETURN properties(n), labels(n)");
    expect(rows).toEqual([[new Map(), []]]);
  });

  test("a transaction that began under another policy loses", async () => {
    const transaction = database.begin({ principal: ann });
    await transaction.query({ text: "MATCH (n:Note) SET n.text = 'x'", principal: ann });
    await database.applyPolicy(null);
    await expect(transaction.commit()).rejects.toMatchObject({ code: "40000" });
  });
});

describe("a live query under a policy", () => {
  async function live(principal: Principal, text: string) {
    const changes: string[] = [];
    const query = await database.subscribe(
      { text, principal },
      ({ seq, prevSeq, changes: all }) => {
        expect(prevSeq).toBeLessThan(seq);
        for (const { op, data } of all) changes.push(`${seq} ${op} ${data}`);
      },
    );
    onTestFinished(query.close);
    return { rows: query.rows, changes };
  }

  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("loses rows when the graph no longer grants them, and gets them when it does", async () => {
    const { rows, changes } = await live(ann, "MATCH (n:Report) RETURN n.title AS title");
    expect(rows).toEqual([["Q1"]]);
    await as(root, "MATCH (:User {id: 'ann'})-[e:IN]->() DELETE e");
    await later();
    expect(changes).toEqual([`${database.seq} delete {"title":"Q1"}`]);
    await as(root, "MATCH (u:User {id: 'ann'}), (t:Team) INSERT (u)-[:IN]->(t)");
    await later();
    expect(changes[1]).toBe(`${database.seq} insert {"title":"Q1"}`);
  });

  test("follows another policy at its commit, each user on their own", async () => {
    const hers = await live(ann, "MATCH (n:Note) RETURN n.text AS text");
    const his = await live(bob, "MATCH (n:Note) RETURN n.text AS text");
    const { seq } = await database.applyPolicy(null);
    await later();
    expect(hers.changes).toEqual([`${seq} insert {"text":"his"}`]);
    expect(his.changes).toEqual([`${seq} insert {"text":"hers"}`]);
    // Both see the same now; a change reaches each of them once.
    await as(root, "INSERT (:Note {text: 'new'})");
    await later();
    expect(hers.changes[1]).toBe(`${database.seq} insert {"text":"new"}`);
    expect(his.changes[1]).toBe(`${database.seq} insert {"text":"new"}`);
    expect(database.status().liveQueries).toBe(1);
    const again = await database.applyPolicy(POLICY);
    await later();
    expect(hers.changes.slice(2).map((change) => change.split(" ")[1])).toEqual([
      "delete",
      "delete",
    ]);
    expect(hers.changes[2]).toMatch(new RegExp(`^${again.seq} delete`));
    expect(database.status().liveQueries).toBe(2);
  });

  test("goes over to what other roles of its user grant, with the next commit", async () => {
    const heard: string[] = [];
    const auditor = someone("ann", "auditor");
    const text = "MATCH (n:Note) RETURN n.text AS text";
    const query = await database.subscribe(
      { text, principal: ann },
      ({ seq, prevSeq, changes }) => {
        expect(prevSeq).toBeLessThan(seq);
        heard.push(...changes.map(({ op, data }) => `${seq} ${op} ${data}`));
      },
    );
    onTestFinished(query.close);
    const others = await live(ann, text);
    // In the same entry as a write that changes the result.
    const written = as(root, "MATCH (n:Note {owner: 'ann'}) SET n.text = 'changed'");
    const seq = await query.renew(auditor);
    await written;
    await later();
    expect(heard).toEqual([
      `${seq - 1} update {"text":"changed"}`,
      `${seq - 1} insert {"text":"his"}`,
    ]);
    expect(others.changes).toEqual([`${seq - 1} update {"text":"changed"}`]);
    await query.renew(someone("ann"));
    await later();
    expect(heard.slice(2)).toEqual([
      `${seq + 1} delete {"text":"his"}`,
      `${seq + 1} delete {"text":"changed"}`,
    ]);
  });

  test("whose text names $auth goes over to other claims of its user, with a commit of its own", async () => {
    const owner = (claim: string) => ({ ...someone("ann"), claims: new Map([["team", claim]]) });
    await database.applyPolicy(null);
    await as(root, "INSERT (:Task {team: 'red', title: 'r'}), (:Task {team: 'blue', title: 'b'})");
    const heard: string[] = [];
    const query = await database.subscribe(
      {
        text: "MATCH (n:Task {team: $auth.team}) RETURN n.title AS title",
        principal: owner("red"),
      },
      ({ seq, changes }) => heard.push(...changes.map(({ op, data }) => `${seq} ${op} ${data}`)),
    );
    onTestFinished(query.close);
    expect(query.encodedRows).toEqual(['{"title":"r"}']);
    const seq = await query.renew(owner("blue"));
    await later();
    expect(heard).toEqual([`${seq} delete {"title":"r"}`, `${seq} insert {"title":"b"}`]);
    await as(root, "MATCH (n:Task) SET n.title = n.title || '!'");
    await later();
    expect(heard.slice(2)).toEqual([`${database.seq} update {"title":"b!"}`]);
    // The same claims again are no news.
    const before = database.seq;
    expect(await query.renew(owner("blue"))).toBe(before);
  });

  test("that stops between the commit of a policy and its news hears nothing", async () => {
    const heard: number[] = [];
    const query = await database.subscribe(
      { text: "MATCH (n:Note) RETURN n.text", principal: ann },
      ({ seq }) => heard.push(seq),
    );
    const applied = database.applyPolicy(null).then(() => query.close());
    await applied;
    await later();
    expect(heard).toEqual([]);
    expect(database.status().liveQueries).toBe(0);
  });

  test("users with the same roles and claims share one result", async () => {
    await live(ann, "MATCH (n:Public) RETURN n.x");
    await live(someone("ann", "member", "unknown"), "MATCH (n:Public) RETURN n.x");
    expect(database.status().liveQueries).toBe(1);
    await live(bob, "MATCH (n:Public) RETURN n.x");
    expect(database.status().liveQueries).toBe(2);
  });
});

describe("a policy", () => {
  test("is part of the log: it has a seq, and is there after a restart", async () => {
    const directory = mkdtempSync(join(tmpdir(), "geode-policy-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const first = await Database.open({ directory });
    const before = first.seq;
    expect(await first.applyPolicy(POLICY)).toEqual(expect.objectContaining({ seq: before + 1 }));
    expect((await first.applyPolicy(POLICY)).seq, "the same again").toBe(before + 1);
    await first.close();
    const second = await Database.open({ directory });
    onTestFinished(() => second.close());
    expect(parsePolicy(second.policyText)).toEqual(policyOf(POLICY));
  });

  test.each([
    ["n.x =", "42001", "In the rule roles.m.read[0], line 1, column 6"],
    ["m.x = 1", "42002", "In the rule roles.m.read[0], line 1, column 1"],
    ["n.x = $x", "42002", "A rule has no parameter $x"],
    ["n.at < current_timestamp", "42002", "A rule cannot look at the clock"],
    ["TRUE) OR (TRUE", "42001", "In the rule roles.m.read[0]"],
  ])("with the rule %s is refused: %s", async (where, code, message) => {
    const policy = { roles: { m: { read: [{ label: "A", where }] } } };
    await expect(database.applyPolicy(policy)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(parsePolicy(database.policyText)).toEqual(policyOf(POLICY));
  });

  test("is shown, to administrators only", async () => {
    const shown = await as(root, "SHOW POLICIES");
    expect(shown).toContainEqual(["member", "read", "graph", "default", null, []]);
    expect(shown).toContainEqual(["member", "read", "node", "Note", "n.owner = $auth.id", []]);
    expect(shown).toContainEqual(["member", "read", "node", "User", null, ["email"]]);
    expect(shown).toContainEqual(["member", "deny", null, "AuditEntry", null, []]);
    expect(await refused(ann, "SHOW POLICIES")).toBe("FORBIDDEN");
    await database.applyPolicy(null);
    expect(await as(root, "SHOW POLICIES")).toEqual([]);
  });

  test("with a rule that fails hides what the rule protects, and lets writers be", async () => {
    await database.applyPolicy({
      roles: {
        member: {
          graphs: { default: ["read", "write"] },
          read: [{ label: "Public", where: "1 / n.x > 0" }],
        },
      },
    });
    expect(await as(ann, "MATCH (n:Public) RETURN n.x")).toEqual([[1]]);
    const ended: GeodeError[] = [];
    const query = await database.subscribe(
      { text: "MATCH (n:Public) RETURN n.x", principal: ann },
      () => {},
      (error) => ended.push(error),
    );
    await as(root, "MATCH (n:Public) SET n.x = 0");
    expect(await as(ann, "MATCH (n:Public) RETURN n.x")).toEqual([]);
    expect(ended).toEqual([]);
    query.close();
  });
});
