import { describe, expect, test } from "vitest";
import type { Clause, Query, Statement } from "./ast.ts";
import { parse } from "./parser.ts";

function queryOf(text: string): Query {
  const { statement } = parse(text);
  if (statement.kind !== "queryStatement") throw new Error(statement.kind);
  return statement.query;
}

function clausesOf(text: string): readonly Clause[] {
  return queryOf(text).steps[0]!.first.clauses;
}

/** A statement without its offsets and source texts. */
function meaning(text: string): Statement {
  const leaveOut = (key: string, value: unknown): unknown =>
    key === "span" || key === "text" ? undefined : value;
  return JSON.parse(JSON.stringify(parse(text).statement, leaveOut)) as Statement;
}

describe("a clause is read as what it says", () => {
  test.each<[string, object]>([
    ["OPTIONAL MATCH (n) RETURN n", { kind: "match", optional: true }],
    [
      "OPTIONAL { MATCH (n) OPTIONAL MATCH (m) } RETURN n",
      { kind: "optionalBlock", matches: [{ optional: false }, { optional: true }] },
    ],
    ["FILTER n.x > 1 RETURN n", { kind: "filter", condition: { kind: "comparison" } }],
    ["FILTER WHERE n.x RETURN n", { kind: "filter", condition: { kind: "property" } }],
    [
      "LET a = 1, VALUE b = 2 RETURN a",
      { kind: "let", items: [{ variable: { name: "a" } }, { variable: { name: "b" } }] },
    ],
    ["FOR x IN [1] RETURN x", { kind: "for", variable: { name: "x" }, counter: null }],
    [
      "FOR x IN xs WITH ORDINALITY i RETURN x",
      { kind: "for", counter: { kind: "ordinality", variable: { name: "i" } } },
    ],
    [
      "FOR x IN xs WITH OFFSET i RETURN x",
      { kind: "for", counter: { kind: "offset", variable: { name: "i" } } },
    ],
    ["FOR x IN xs WITH offset AS y RETURN y", { kind: "for", counter: null }],
    [
      "ORDER BY a DESC NULLS FIRST, b ASCENDING, c LIMIT 5 RETURN a",
      {
        kind: "orderAndPage",
        orderBy: [
          { descending: true, nulls: "first" },
          { descending: false, nulls: null },
          { descending: false, nulls: null },
        ],
        offset: null,
        limit: { value: 5 },
      },
    ],
    [
      "OFFSET 1 LIMIT $n RETURN 1",
      { kind: "orderAndPage", orderBy: [], offset: { value: 1 }, limit: { kind: "parameter" } },
    ],
    [
      "RETURN *",
      { kind: "return", star: true, items: [], distinct: false, groupBy: null, tail: null },
    ],
    ["RETURN *, 1 AS x", { kind: "return", star: true, items: [{ alias: { name: "x" } }] }],
    [
      "RETURN DISTINCT a.b, c",
      { kind: "return", distinct: true, items: [{ alias: null, text: "a.b" }, { text: "c" }] },
    ],
    ["RETURN ALL a", { kind: "return", distinct: false, items: [{}] }],
    ["RETURN distinct", { kind: "return", distinct: false, items: [{ text: "distinct" }] }],
    [
      "RETURN all(x IN xs WHERE x)",
      { kind: "return", items: [{ expression: { kind: "quantified" } }] },
    ],
    ["RETURN DISTINCT (a)", { kind: "return", distinct: true, items: [{ text: "(a)" }] }],
    [
      "RETURN a, count(*) GROUP BY a ORDER BY a SKIP 1 LIMIT 2",
      {
        kind: "return",
        groupBy: [{ name: "a" }],
        tail: { orderBy: [{}], offset: { value: 1 }, limit: { value: 2 } },
      },
    ],
    ["RETURN count(*) GROUP BY ()", { kind: "return", groupBy: [] }],
    [
      "WITH DISTINCT a, b AS c ORDER BY a LIMIT 1 WHERE c > 1 RETURN c",
      {
        kind: "project",
        distinct: true,
        items: [{}, { alias: { name: "c" } }],
        tail: { limit: { value: 1 } },
        where: { kind: "comparison" },
      },
    ],
    ["FINISH", { kind: "finish" }],
    ["USE g RETURN 1", { kind: "use", graph: { kind: "namedGraph", name: { name: "g" } } }],
    ["USE CURRENT_GRAPH RETURN 1", { kind: "use", graph: { kind: "currentGraph" } }],
    ["USE HOME_PROPERTY_GRAPH RETURN 1", { kind: "use", graph: { kind: "homeGraph" } }],
    ["CALL { MATCH (n) RETURN n } RETURN n", { kind: "callQuery", optional: false, scope: null }],
    [
      "OPTIONAL CALL (a, b) { RETURN 1 AS x } RETURN x",
      { kind: "callQuery", optional: true, scope: [{ name: "a" }, { name: "b" }] },
    ],
    ["CALL () { RETURN 1 AS x } RETURN x", { kind: "callQuery", scope: [] }],
    [
      "CALL db.labels",
      {
        kind: "callProcedure",
        name: [{ name: "db" }, { name: "labels" }],
        args: null,
        yieldItems: null,
      },
    ],
    [
      "CALL f(1, 2) YIELD a, b AS c WHERE a > 1 RETURN c",
      {
        kind: "callProcedure",
        args: [{ value: 1 }, { value: 2 }],
        yieldItems: [{ alias: null }, { alias: { name: "c" } }],
        where: { kind: "comparison" },
      },
    ],
    ["CALL f() YIELD *", { kind: "callProcedure", args: [], yieldItems: "*" }],
    ["{ RETURN 1 AS x }", { kind: "nestedQuery", query: { kind: "query" } }],
  ])("%s", (text, expected) => {
    expect(clausesOf(text)[0]).toMatchObject(expected);
  });
});

describe("a change is read as what it says", () => {
  test.each<[string, object]>([
    [
      "INSERT (:A&B {x: 1})",
      {
        kind: "insert",
        paths: [
          {
            variable: null,
            elements: [
              {
                kind: "insertNode",
                variable: null,
                labels: [{ name: "A" }, { name: "B" }],
                properties: { kind: "record" },
              },
            ],
          },
        ],
      },
    ],
    [
      "INSERT (n IS A $props), ()",
      {
        kind: "insert",
        paths: [
          { elements: [{ properties: { kind: "parameter" } }] },
          { elements: [{ variable: null, labels: [], properties: null }] },
        ],
      },
    ],
    [
      "INSERT p = (a)-[e:X {y: 1}]->(b)<-[:Z]-(c)",
      {
        kind: "insert",
        paths: [
          {
            variable: { name: "p" },
            elements: [
              { variable: { name: "a" } },
              {
                kind: "insertEdge",
                variable: { name: "e" },
                label: { name: "X" },
                direction: "right",
                properties: { kind: "record" },
              },
              {},
              { variable: null, label: { name: "Z" }, direction: "left" },
              {},
            ],
          },
        ],
      },
    ],
    [
      "MERGE (a)-[:X]-(b) ON CREATE SET a.x = 1, a:B ON MATCH SET a.y = 2",
      {
        kind: "merge",
        path: { elements: [{}, { direction: "any" }, {}] },
        onCreate: [{ kind: "setProperty" }, { kind: "setLabels" }],
        onMatch: [{ kind: "setProperty" }],
      },
    ],
    [
      "SET n.x = 1",
      {
        kind: "set",
        items: [
          { kind: "setProperty", element: { name: "n" }, key: { name: "x" }, value: { value: 1 } },
        ],
      },
    ],
    [
      "SET (n).x = 1",
      { items: [{ kind: "setProperty", element: { name: "n" }, key: { name: "x" } }] },
    ],
    [
      "SET n = {x: 1}, m += $p",
      {
        items: [
          { kind: "setProperties", mode: "replace" },
          { kind: "setProperties", variable: { name: "m" }, mode: "merge" },
        ],
      },
    ],
    [
      "SET n:A:B, m IS C&D",
      {
        items: [
          { kind: "setLabels", labels: [{ name: "A" }, { name: "B" }] },
          { variable: { name: "m" }, labels: [{ name: "C" }, { name: "D" }] },
        ],
      },
    ],
    [
      "REMOVE n.x, n:A, m IS B",
      {
        kind: "remove",
        items: [
          { kind: "removeProperty", key: { name: "x" } },
          { kind: "removeLabels" },
          { labels: [{ name: "B" }] },
        ],
      },
    ],
    ["DELETE n, e", { kind: "delete", detach: false, items: [{ name: "n" }, { name: "e" }] }],
    ["DETACH DELETE n", { kind: "delete", detach: true }],
    ["NODETACH DELETE nodes[0]", { kind: "delete", detach: false, items: [{ kind: "subscript" }] }],
  ])("%s", (text, expected) => {
    expect(clausesOf(text)[0]).toMatchObject(expected);
  });
});

describe("SELECT", () => {
  test.each<[string, object]>([
    ["SELECT 1 AS x", { star: false, source: null }],
    [
      "SELECT * FROM metrics",
      {
        star: true,
        items: [],
        source: { kind: "labelSource", label: { name: "metrics" }, variable: null },
        where: null,
      },
    ],
    ["SELECT m.x FROM metrics AS m", { source: { kind: "labelSource", variable: { name: "m" } } }],
    ['SELECT * FROM "my metrics"', { source: { label: { name: "my metrics" } } }],
    ["SELECT * FROM match", { source: { kind: "labelSource", label: { name: "match" } } }],
    [
      "SELECT * FROM match WHERE x = 1",
      { source: { kind: "labelSource" }, where: { kind: "comparison" } },
    ],
    [
      "SELECT DISTINCT host, avg(load) AS l FROM metrics WHERE dc = $dc GROUP BY host HAVING l > 1 ORDER BY l DESC OFFSET 1 LIMIT 5",
      {
        distinct: true,
        items: [{ text: "host" }, { text: "avg(load)", alias: { name: "l" } }],
        where: { kind: "comparison" },
        groupBy: [{ name: "host" }],
        having: { kind: "comparison" },
        tail: { orderBy: [{ descending: true }], offset: { value: 1 }, limit: { value: 5 } },
      },
    ],
    [
      "SELECT n FROM MATCH (n) WHERE n.x",
      {
        source: {
          kind: "matchSource",
          items: [{ graph: null, match: { where: { kind: "property" } } }],
        },
      },
    ],
    [
      "SELECT n FROM g MATCH (n)",
      { source: { kind: "matchSource", items: [{ graph: { name: { name: "g" } } }] } },
    ],
    [
      "SELECT n, m FROM g MATCH (n), (o), h MATCH (m)",
      {
        source: {
          items: [
            { graph: { name: { name: "g" } }, match: { paths: [{}, {}] } },
            { graph: { name: { name: "h" } } },
          ],
        },
      },
    ],
    [
      "SELECT n FROM g OPTIONAL MATCH (n)",
      { source: { kind: "matchSource", items: [{ match: { optional: true } }] } },
    ],
    [
      "SELECT x FROM CURRENT_GRAPH { MATCH (n) RETURN n.x AS x }",
      { source: { kind: "querySource", graph: { kind: "currentGraph" } } },
    ],
    ["SELECT x FROM { RETURN 1 AS x }", { source: { kind: "querySource", graph: null } }],
  ])("%s", (text, expected) => {
    expect(clausesOf(text)).toMatchObject([{ kind: "select", ...expected }]);
  });
});

describe("a live query", () => {
  test.each([
    ["SUBSCRIBE TO users WHERE age > 18", "snapshot"],
    ["SUBSCRIBE users", "snapshot"],
    ["SUBSCRIBE TO MATCH (n) RETURN n", "snapshot"],
    ["SELECT * FROM metrics EMIT CHANGES", "changes"],
    ["MATCH (n) RETURN n EMIT CHANGES;", "changes"],
    ["SELECT * FROM metrics", null],
  ])("%s", (text, live) => {
    expect(parse(text).statement).toMatchObject({ kind: "queryStatement", live });
  });

  test("SUBSCRIBE TO label is SELECT * FROM label", () => {
    expect(meaning("SUBSCRIBE TO users AS u WHERE u.age > 18 ORDER BY u.age LIMIT 3")).toEqual({
      ...meaning("SELECT * FROM users AS u WHERE u.age > 18 ORDER BY u.age LIMIT 3"),
      live: "snapshot",
    });
  });

  test("a label may be called like a clause", () => {
    const { statement } = parse("SUBSCRIBE TO match WHERE x = 1");
    expect(statement).toMatchObject({
      query: { steps: [{ first: { clauses: [{ source: { label: { name: "match" } } }] } }] },
    });
  });
});

describe("queries are combined", () => {
  test.each<[string, object]>([
    ["RETURN 1 AS a UNION RETURN 2 AS a", { rest: [{ operator: "union", all: false }] }],
    [
      "RETURN 1 AS a UNION ALL RETURN 2 AS a UNION ALL RETURN 3 AS a",
      { rest: [{ operator: "union", all: true }, { all: true }] },
    ],
    ["RETURN 1 AS a EXCEPT DISTINCT RETURN 2 AS a", { rest: [{ operator: "except", all: false }] }],
    ["RETURN 1 AS a INTERSECT ALL RETURN 2 AS a", { rest: [{ operator: "intersect", all: true }] }],
    ["RETURN 1 AS a OTHERWISE RETURN 2 AS a", { rest: [{ operator: "otherwise", all: true }] }],
    [
      "{ RETURN 1 AS a UNION RETURN 2 AS a } UNION ALL RETURN 3 AS a",
      { first: { clauses: [{ kind: "nestedQuery" }] }, rest: [{ all: true }] },
    ],
  ])("%s", (text, expected) => {
    expect(queryOf(text).steps).toMatchObject([expected]);
  });

  test("NEXT makes a step of its own, and says what it takes over", () => {
    expect(
      queryOf("MATCH (n) RETURN n NEXT YIELD n AS m RETURN m NEXT RETURN 1").steps,
    ).toMatchObject([
      { yieldItems: null },
      { yieldItems: [{ name: { name: "n" }, alias: { name: "m" } }] },
      { yieldItems: null },
    ]);
  });
});

describe("Cypher and GQL mean the same", () => {
  test.each([
    ["CREATE (n:A:B {x: 1})-[:T]->(m)", "INSERT (n:A&B {x: 1})-[:T]->(m)"],
    ["UNWIND [1, 2] AS x RETURN x", "FOR x IN [1, 2] RETURN x"],
    ["MATCH (n) RETURN n SKIP 1 LIMIT 2", "MATCH (n) RETURN n OFFSET 1 LIMIT 2"],
    ["MATCH (a)-->(b)<--(c)--(d) RETURN a", "MATCH (a)->(b)<-(c)-(d) RETURN a"],
    ["MATCH (a)-[:A|:B]->(b:C:D) RETURN a", "MATCH (a)-[:A|B]->(b:C&D) RETURN a"],
    [
      "MATCH p = shortestPath((a)-[:A*]->(b)) RETURN p",
      "MATCH p = ANY SHORTEST (a)-[:A*]->(b) RETURN p",
    ],
    ["MATCH (a) WHERE (a)-->(:B) RETURN a", "MATCH (a) WHERE EXISTS { (a)-->(:B) } RETURN a"],
    [
      "MATCH (a) WHERE exists((a)-->(:B)) RETURN a",
      "MATCH (a) WHERE EXISTS { (a)-->(:B) } RETURN a",
    ],
    ["MATCH (a) WHERE a:A RETURN a", "MATCH (a) WHERE a IS LABELED A RETURN a"],
    ["MATCH (a) WHERE a.x != 1 RETURN a", "MATCH (a) WHERE a.x <> 1 RETURN a"],
    ["MATCH (a) SET a:B", "MATCH (a) SET a IS B"],
    ["match (a) return a", "MATCH (a) RETURN a;"],
    ["MATCH (a) CALL (*) { RETURN 1 AS x } RETURN x", "MATCH (a) CALL { RETURN 1 AS x } RETURN x"],
  ])("%s = %s", (cypher, gql) => {
    expect(meaning(cypher)).toEqual(meaning(gql));
  });
});

describe("a statement that is not a query", () => {
  test.each<[string, object]>([
    [
      "CREATE INDEX FOR (n:Person) ON (n.name)",
      {
        kind: "createIndex",
        name: null,
        ifNotExists: false,
        element: "node",
        label: { name: "Person" },
        properties: [{ name: "name" }],
      },
    ],
    [
      "CREATE INDEX people IF NOT EXISTS FOR (n IS Person) ON (n.name, n.age)",
      { kind: "createIndex", name: { name: "people" }, ifNotExists: true, properties: [{}, {}] },
    ],
    [
      "CREATE INDEX for FOR ()-[e:KNOWS]-() ON (e.since)",
      { kind: "createIndex", name: { name: "for" }, element: "edge", label: { name: "KNOWS" } },
    ],
    [
      "DROP INDEX people IF EXISTS",
      { kind: "dropIndex", name: { name: "people" }, ifExists: true },
    ],
    ["DROP INDEX people", { kind: "dropIndex", ifExists: false }],
    [
      "CREATE CONSTRAINT FOR (n:A) REQUIRE n.x IS UNIQUE",
      { kind: "createConstraint", requirement: "unique", properties: [{ name: "x" }] },
    ],
    [
      "CREATE CONSTRAINT c FOR (n:A) REQUIRE (n.x, n.y) IS NODE KEY",
      { kind: "createConstraint", requirement: "key", properties: [{}, {}] },
    ],
    [
      "CREATE CONSTRAINT c IF NOT EXISTS FOR ()-[e:A]->() REQUIRE e.x IS NOT NULL",
      { kind: "createConstraint", requirement: "exists", element: "edge", ifNotExists: true },
    ],
    ["DROP CONSTRAINT IF EXISTS c", { kind: "dropConstraint", ifExists: true }],
    [
      "CREATE GRAPH g",
      { kind: "createGraph", name: { name: "g" }, ifNotExists: false, orReplace: false },
    ],
    [
      "CREATE PROPERTY GRAPH IF NOT EXISTS g TYPED ANY PROPERTY GRAPH",
      { kind: "createGraph", ifNotExists: true },
    ],
    ["CREATE OR REPLACE GRAPH g ANY", { kind: "createGraph", orReplace: true }],
    ["DROP GRAPH IF EXISTS g", { kind: "dropGraph", ifExists: true }],
    ["SHOW INDEXES", { kind: "show", what: "indexes" }],
    ["START TRANSACTION", { kind: "startTransaction", access: "readWrite" }],
    ["START TRANSACTION READ ONLY", { kind: "startTransaction", access: "readOnly" }],
    ["START TRANSACTION READ WRITE", { kind: "startTransaction", access: "readWrite" }],
    ["COMMIT", { kind: "commit" }],
    ["ROLLBACK;", { kind: "rollback" }],
    [
      "SESSION SET GRAPH g",
      { kind: "sessionSet", target: { kind: "graph", graph: { name: { name: "g" } } } },
    ],
    [
      "SESSION SET TIME ZONE '+01:00'",
      { kind: "sessionSet", target: { kind: "timeZone", timeZone: { value: "+01:00" } } },
    ],
    [
      "SESSION SET VALUE IF NOT EXISTS $p = 1",
      { kind: "sessionSet", target: { kind: "parameter", name: { name: "p" }, ifNotExists: true } },
    ],
    ["SESSION RESET", { kind: "sessionReset", target: { kind: "all" } }],
    ["SESSION RESET ALL CHARACTERISTICS", { kind: "sessionReset", target: { kind: "all" } }],
    ["SESSION RESET PROPERTY GRAPH", { kind: "sessionReset", target: { kind: "graph" } }],
    ["SESSION RESET PARAMETERS", { kind: "sessionReset", target: { kind: "parameters" } }],
    [
      "SESSION RESET $p",
      { kind: "sessionReset", target: { kind: "parameter", name: { name: "p" } } },
    ],
    ["SESSION CLOSE", { kind: "sessionClose" }],
    [
      "EXPLAIN MATCH (n) RETURN n",
      { kind: "explain", mode: "explain", statement: { kind: "queryStatement" } },
    ],
    ["PROFILE MATCH (n) RETURN n", { kind: "explain", mode: "profile" }],
  ])("%s", (text, expected) => {
    expect(parse(text).statement).toMatchObject(expected);
  });

  test("is not mistaken for Cypher's CREATE of a path", () => {
    expect(clausesOf("CREATE index = (a)-[:T]->(b)")).toMatchObject([
      { kind: "insert", paths: [{ variable: { name: "index" } }] },
    ]);
  });
});

test("clauses stand in the order written", () => {
  const text =
    "USE g MATCH (n) LET x = n.x FILTER x > 1 FOR y IN x CALL f(y) YIELD z WITH z SET z.a = 1 REMOVE z.b DELETE z RETURN 1";
  expect(clausesOf(text).map(({ kind }) => kind)).toEqual([
    "use",
    "match",
    "let",
    "filter",
    "for",
    "callProcedure",
    "project",
    "set",
    "remove",
    "delete",
    "return",
  ]);
});
