import { Float } from "@geode/values";
import { describe, expect, test } from "vitest";
import type { Expression } from "./ast.ts";
import { parse } from "./parser.ts";

function expressionOf(text: string): Expression {
  const { statement } = parse(`RETURN ${text}`);
  if (statement.kind !== "queryStatement") throw new Error(statement.kind);
  const clause = statement.query.steps[0]!.first.clauses[0]!;
  if (clause.kind !== "return") throw new Error(clause.kind);
  return clause.items[0]!.expression;
}

/** The condition of a WHERE, where patterns may stand. */
function conditionOf(text: string): Expression {
  const { statement } = parse(`MATCH (n) WHERE ${text} RETURN n`);
  if (statement.kind !== "queryStatement") throw new Error(statement.kind);
  const clause = statement.query.steps[0]!.first.clauses[0]!;
  if (clause.kind !== "match") throw new Error(clause.kind);
  return clause.where!;
}

/** An expression of operators with every parenthesis written out. */
function grouped(node: Expression): string {
  switch (node.kind) {
    case "literal":
      return JSON.stringify(node.value);
    case "variable":
      return node.name;
    case "property":
      return `${grouped(node.object)}.${node.key.name}`;
    case "unary":
      return `(${node.operator}${grouped(node.operand)})`;
    case "binary":
    case "comparison":
      return `(${grouped(node.left)} ${node.operator} ${grouped(node.right)})`;
    case "comparisonChain":
      return `(${node.operands.map((operand, i) => grouped(operand) + (node.operators[i] ?? "")).join("")})`;
    case "and":
    case "or":
    case "xor":
      return `(${node.operands.map(grouped).join(` ${node.kind.toUpperCase()} `)})`;
    case "not":
      return `(NOT ${grouped(node.operand)})`;
    case "isNull":
      return `(${grouped(node.operand)} IS NULL)`;
    case "isTruth":
      return `(${grouped(node.operand)} IS ${String(node.truth)})`;
    case "isLabeled":
      return `(${grouped(node.operand)}:…)`;
    case "in":
      return `(${grouped(node.operand)} IN ${grouped(node.list)})`;
    case "stringPredicate":
      return `(${grouped(node.left)} ${node.operator} ${grouped(node.right)})`;
    case "subscript":
      return `${grouped(node.object)}[${grouped(node.index)}]`;
    case "exists":
      return "EXISTS";
    default:
      return node.kind;
  }
}

describe("operators bind", () => {
  test.each([
    ["a OR b XOR c AND NOT d", "(a OR (b XOR (c AND (NOT d))))"],
    ["a AND b OR c AND d", "((a AND b) OR (c AND d))"],
    ["a AND b AND c", "(a AND b AND c)"],
    ["a AND (b AND c)", "(a AND (b AND c))"],
    ["NOT a = b", "(NOT (a = b))"],
    ["NOT NOT a", "(NOT (NOT a))"],
    ["NOT a IS NULL", "(NOT (a IS NULL))"],
    ["a = b IS NULL", "(a = (b IS NULL))"],
    ["a = b IS TRUE", "((a = b) IS true)"],
    ["NOT a IS TRUE AND b", "((NOT (a IS true)) AND b)"],
    ["a IS TRUE IS UNKNOWN", "((a IS true) IS null)"],
    ["a = b IN c", "(a = (b IN c))"],
    ["a + b IN c + d", "((a + b) IN (c + d))"],
    ["a STARTS WITH b OR c", "((a startsWith b) OR c)"],
    ["a ENDS WITH b = c CONTAINS d", "((a endsWith b) = (c contains d))"],
    ["a =~ b || c", "(a matches (b || c))"],
    ["a + b * c ^ d", "(a + (b * (c ^ d)))"],
    ["a - b - c", "((a - b) - c)"],
    ["a / b * c % d", "(((a / b) * c) % d)"],
    ["a ^ b ^ c", "((a ^ b) ^ c)"],
    ["-a ^ b", "((-a) ^ b)"],
    ["- - +a", "(-(-(+a)))"],
    ["-3 ^ 2", "(-3 ^ 2)"],
    ["-a.b", "(-a.b)"],
    ["a < b", "(a < b)"],
    ["a<-1", "(a < -1)"],
    ["a < b <= c", "(a<b<=c)"],
    ["(a < b) = c", "((a < b) = c)"],
    ["a != b", "(a <> b)"],
    ["a.b[c].d + 1", "(a.b[c].d + 1)"],
    ["a:B = true", "((a:…) = true)"],
    ["a NOT IN b", "(a IN b)"],
    ["a = NOT b AND c", "((a = (NOT b)) AND c)"],
  ])("%s as %s", (text, expected) => {
    expect(grouped(expressionOf(text))).toBe(expected);
  });
});

describe("an expression is read as what it says", () => {
  test.each<[string, object]>([
    ["null", { kind: "literal", value: null }],
    ["TRUE", { kind: "literal", value: true }],
    ["unknown", { kind: "literal", value: null }],
    ["-9223372036854775808", { kind: "literal", value: -9223372036854775808n }],
    ["-0", { kind: "literal", value: 0 }],
    ["-0.0", { kind: "literal", value: new Float(-0) }],
    ["-2.0", { kind: "literal", value: new Float(-2) }],
    ["'x'", { kind: "literal", value: "x" }],
    ['"x"', { kind: "literal", value: "x" }],
    ["X'01'", { kind: "literal", value: new Uint8Array([1]) }],
    ["$a", { kind: "parameter", name: "a" }],
    ["`a b`", { kind: "variable", name: "a b" }],
    [
      "__proto__.constructor",
      { kind: "property", object: { name: "__proto__" }, key: { name: "constructor" } },
    ],
    ["n.`a b`", { kind: "property", key: { name: "a b" } }],
    ["n.order", { kind: "property", key: { name: "order" } }],
    ["[1, 2]", { kind: "list", items: [{ value: 1 }, { value: 2 }] }],
    ["[]", { kind: "list", items: [] }],
    ["LIST[1]", { kind: "list", items: [{ value: 1 }] }],
    ["list[1, 2]", { kind: "list", items: [{ value: 1 }, { value: 2 }] }],
    ["list[1]", { kind: "subscript", object: { name: "list" }, index: { value: 1 } }],
    ["{}", { kind: "record", fields: [] }],
    [
      "{a: 1, `b c`: 2, match: 3}",
      {
        kind: "record",
        fields: [{ key: { name: "a" } }, { key: { name: "b c" } }, { key: { name: "match" } }],
      },
    ],
    ["RECORD {a: 1}", { kind: "record", fields: [{ key: { name: "a" } }] }],
    ["PATH [a, e, b]", { kind: "path", elements: [{ name: "a" }, { name: "e" }, { name: "b" }] }],
    ["a[1..2]", { kind: "slice", from: { value: 1 }, to: { value: 2 } }],
    ["a[..2]", { kind: "slice", from: null, to: { value: 2 } }],
    ["a[1..]", { kind: "slice", from: { value: 1 }, to: null }],
    ["a[-3..-1]", { kind: "slice", from: { value: -3 }, to: { value: -1 } }],
    ["a IS NOT NULL", { kind: "isNull", negated: true }],
    ["a IS NOT FALSE", { kind: "isTruth", truth: false, negated: true }],
    ["a IS UNKNOWN", { kind: "isTruth", truth: null, negated: false }],
    ["a IS LABELED A|!B", { kind: "isLabeled", labels: { kind: "labelOr" }, negated: false }],
    ["a IS NOT LABELED A", { kind: "isLabeled", labels: { name: "A" }, negated: true }],
    [
      "a:A:B",
      { kind: "isLabeled", labels: { kind: "labelAnd", operands: [{ name: "A" }, { name: "B" }] } },
    ],
    ["a IS NOT TYPED INT", { kind: "isTyped", type: { name: "integer" }, negated: true }],
    ["a IS :: STRING", { kind: "isTyped", type: { name: "string" } }],
    ["e IS DIRECTED", { kind: "isDirected", negated: false }],
    [
      "n IS NOT SOURCE OF e",
      {
        kind: "isEndpoint",
        end: "source",
        negated: true,
        node: { name: "n" },
        edge: { name: "e" },
      },
    ],
    ["n IS DESTINATION OF e", { kind: "isEndpoint", end: "destination", negated: false }],
    ["s IS NORMALIZED", { kind: "isNormalized", form: "NFC", negated: false }],
    ["s IS NOT NFKD NORMALIZED", { kind: "isNormalized", form: "NFKD", negated: true }],
    ["a NOT IN b", { kind: "in", negated: true }],
    [
      "CASE WHEN a THEN 1 WHEN b THEN 2 END",
      { kind: "case", subject: null, branches: [{ when: [{ name: "a" }] }, {}], otherwise: null },
    ],
    [
      "CASE a WHEN 1, 2 THEN 3 ELSE 4 END",
      {
        kind: "case",
        subject: { name: "a" },
        branches: [{ when: [{ value: 1 }, { value: 2 }] }],
        otherwise: { value: 4 },
      },
    ],
    ["f()", { kind: "functionCall", name: "f", args: [], distinct: false, star: false }],
    ["count(*)", { kind: "functionCall", name: "count", args: [], star: true }],
    [
      "COUNT( DISTINCT n.x )",
      { kind: "functionCall", name: "COUNT", distinct: true, args: [{ kind: "property" }] },
    ],
    ["count(ALL x)", { kind: "functionCall", distinct: false, args: [{ name: "x" }] }],
    ["max(distinct)", { kind: "functionCall", distinct: false, args: [{ name: "distinct" }] }],
    ["percentile_cont(x, 0.5)", { kind: "functionCall", args: [{ name: "x" }, { value: 0.5 }] }],
    ["date.truncate('day', d)", { kind: "functionCall", name: "date.truncate" }],
    [
      "date({year: 1984}).year",
      { kind: "property", object: { kind: "functionCall", name: "date" } },
    ],
    ["CURRENT_DATE", { kind: "functionCall", name: "CURRENT_DATE", args: [] }],
    ["DATE '2024-01-01'", { kind: "functionCall", name: "date", args: [{ value: "2024-01-01" }] }],
    ["TIME '10:00'", { kind: "functionCall", name: "local_time" }],
    ["TIME '10:00+01:00'", { kind: "functionCall", name: "zoned_time" }],
    ["TIMESTAMP '2024-01-01T10:00'", { kind: "functionCall", name: "local_datetime" }],
    ["DATETIME '2024-01-01T10:00Z'", { kind: "functionCall", name: "zoned_datetime" }],
    ["DURATION 'P1D'", { kind: "functionCall", name: "duration" }],
    ["date", { kind: "variable", name: "date" }],
    ["trim(s)", { kind: "functionCall", name: "trim", args: [{ name: "s" }] }],
    ["TRIM(BOTH FROM s)", { kind: "trim", side: "both", character: null, operand: { name: "s" } }],
    ["TRIM(LEADING 'x' FROM s)", { kind: "trim", side: "leading", character: { value: "x" } }],
    ["TRIM('x' FROM s)", { kind: "trim", side: "both", character: { value: "x" } }],
    ["btrim(s, 'x')", { kind: "functionCall", args: [{}, {}] }],
    ["NORMALIZE(s, NFKC)", { kind: "functionCall", args: [{ name: "s" }, { value: "NFKC" }] }],
    [
      "DURATION_BETWEEN(a, b) DAY TO SECOND",
      { kind: "functionCall", args: [{}, {}, { value: "DAY TO SECOND" }] },
    ],
    ["CAST(x AS STRING)", { kind: "cast", operand: { name: "x" }, type: { name: "string" } }],
    ["ALL_DIFFERENT(a, b, c)", { kind: "allDifferent", operands: [{}, {}, {}] }],
    ["SAME(a, b)", { kind: "same", operands: [{}, {}] }],
    [
      "PROPERTY_EXISTS(n, name)",
      { kind: "propertyExists", element: { name: "n" }, key: { name: "name" } },
    ],
    [
      "LET x = 1, y = 2 IN x + y END",
      {
        kind: "letIn",
        items: [{ variable: { name: "x" } }, { variable: { name: "y" } }],
        body: { kind: "binary" },
      },
    ],
    [
      "EXISTS { MATCH (a) }",
      { kind: "exists", query: { steps: [{ first: { clauses: [{ kind: "match" }] } }] } },
    ],
    [
      "EXISTS { (a)-->(b), (c) WHERE a.x = 1 }",
      {
        kind: "exists",
        query: {
          steps: [
            {
              first: {
                clauses: [{ kind: "match", paths: [{}, {}], where: { kind: "comparison" } }],
              },
            },
          ],
        },
      },
    ],
    ["EXISTS ((a)-->(b))", { kind: "exists" }],
    ["exists(n.x)", { kind: "functionCall", name: "exists" }],
    ["COUNT { (a)-->() }", { kind: "count" }],
    ["VALUE { MATCH (a) RETURN count(*) AS c }", { kind: "valueQuery" }],
    ["[x IN xs]", { kind: "listComprehension", where: null, projection: null }],
    [
      "[x IN xs WHERE x:A | x.y]",
      {
        kind: "listComprehension",
        where: { kind: "isLabeled", labels: { name: "A" } },
        projection: { kind: "property" },
      },
    ],
    [
      "[x IN xs WHERE (x:A|B) | x]",
      { kind: "listComprehension", where: { labels: { kind: "labelOr" } } },
    ],
    ["[1 IN xs]", { kind: "list", items: [{ kind: "in" }] }],
    [
      "[(a)-->(b) WHERE b.x | b.y]",
      {
        kind: "patternComprehension",
        path: { variable: null },
        where: { kind: "property" },
        projection: { kind: "property" },
      },
    ],
    [
      "[p = (a)-[:X|Y]->(b) | p]",
      { kind: "patternComprehension", path: { variable: { name: "p" } } },
    ],
    ["any(x IN xs WHERE x > 1)", { kind: "quantified", quantifier: "any" }],
    ["single(x IN xs)", { kind: "quantified", quantifier: "single", where: null }],
    [
      "reduce(acc = 0, x IN xs | acc + x)",
      {
        kind: "reduce",
        accumulator: { name: "acc" },
        initial: { value: 0 },
        variable: { name: "x" },
      },
    ],
    [
      "n {.a, .*, b: 1, c}",
      {
        kind: "mapProjection",
        items: [
          { kind: "propertyField" },
          { kind: "allProperties" },
          { kind: "recordField" },
          { kind: "recordField", value: { kind: "variable", name: "c" } },
        ],
      },
    ],
  ])("%s", (text, expected) => {
    expect(expressionOf(text)).toMatchObject(expected);
  });
});

describe("a type is read as what it says", () => {
  test.each<[string, object]>([
    [
      "INT",
      { kind: "scalarType", name: "integer", precision: null, unsigned: false, notNull: false },
    ],
    [
      "UNSIGNED BIG INTEGER NOT NULL",
      { name: "integer", precision: 64, unsigned: true, notNull: true },
    ],
    ["INT16", { name: "integer", precision: 16 }],
    ["DECIMAL(10, 2)", { name: "decimal", precision: 10, scale: 2 }],
    ["DOUBLE PRECISION", { name: "float" }],
    ["VARCHAR(20)", { name: "string", precision: 20 }],
    ["BOOL", { name: "boolean" }],
    ["ZONED DATETIME", { name: "zonedDatetime" }],
    ["LOCAL TIME", { name: "localTime" }],
    ["TIMESTAMP", { name: "localDatetime" }],
    ["TIME WITH TIME ZONE", { name: "zonedTime" }],
    ["DURATION(DAY TO SECOND)", { name: "timeDuration" }],
    ["DURATION(YEAR TO MONTH)", { name: "monthDuration" }],
    ["DURATION", { name: "duration" }],
    ["ANY", { name: "any" }],
    ["ANY PROPERTY VALUE", { name: "propertyValue" }],
    ["ANY NODE", { name: "node" }],
    ["LIST", { kind: "listType", element: null }],
    [
      "LIST<INT NOT NULL>[5] NOT NULL",
      {
        kind: "listType",
        element: { name: "integer", notNull: true },
        lengthMax: 5,
        notNull: true,
      },
    ],
    ["LIST<LIST<INT>>", { kind: "listType", element: { kind: "listType" } }],
    [
      "INT LIST ARRAY",
      { kind: "listType", element: { kind: "listType", element: { name: "integer" } } },
    ],
    ["RECORD", { kind: "recordType", fields: null }],
    [
      "RECORD {a :: INT, b STRING}",
      { kind: "recordType", fields: [{ key: { name: "a" } }, { key: { name: "b" } }] },
    ],
    ["INT | STRING", { kind: "unionType", types: [{ name: "integer" }, { name: "string" }] }],
    ["ANY VALUE <INT | STRING>", { kind: "unionType", types: [{}, {}] }],
  ])("%s", (text, expected) => {
    expect(expressionOf(`CAST(x AS ${text})`)).toMatchObject({ kind: "cast", type: expected });
  });
});

describe("a pattern predicate", () => {
  test.each([
    ["(n)-->()", "EXISTS"],
    ["(n)<--()", "EXISTS"],
    ["(n)--()", "EXISTS"],
    ["NOT (n)-[:X {a: 1}]-(m:Y) AND n.x", "((NOT EXISTS) AND n.x)"],
    ["(n:A)-[*1..2]->({x: 1}) OR ((n)--(m))", "(EXISTS OR EXISTS)"],
    ["(n)~[e]~(m)", "EXISTS"],
  ])("stands in a condition: %s", (text, expected) => {
    expect(grouped(conditionOf(text))).toBe(expected);
  });

  test.each([
    ["(a) - 1 > b", "((a - 1) > b)"],
    ["(a) < -b", "(a < (-b))"],
    ["(a)-(b) > 1", "((a - b) > 1)"],
    ["(a) - [1, 2] = b", "((a - list) = b)"],
    ["(a)<-1", "(a < -1)"],
    ["(n:A) AND b", "((n:…) AND b)"],
    ["(a.b) - -(b) = 1", "((a.b - (-b)) = 1)"],
  ])("is not seen where there is arithmetic: %s", (text, expected) => {
    expect(grouped(conditionOf(text))).toBe(expected);
  });
});

describe("a keyword is a name where it cannot be a keyword", () => {
  test.each([
    "limit",
    "order",
    "end",
    "match",
    "case",
    "exists",
    "count",
    "value",
    "date",
    "path",
    "list",
    "record",
    "any",
    "reduce",
    "where",
    "from",
    "set",
    "by",
  ])("%s", (name) => {
    expect(expressionOf(name)).toMatchObject({ kind: "variable", name });
    expect(expressionOf(`${name} AS ${name}, 1`)).toMatchObject({ kind: "variable", name });
    expect(expressionOf(`${name}.${name} + 1`)).toMatchObject({
      kind: "binary",
      left: { kind: "property" },
    });
    expect(expressionOf(`(${name})`)).toMatchObject({ kind: "variable", name });
  });

  test("also before the clause of the same name", () => {
    expect(expressionOf("limit LIMIT 5")).toMatchObject({ kind: "variable", name: "limit" });
    expect(expressionOf("order ORDER BY order")).toMatchObject({ kind: "variable", name: "order" });
  });
});

test("a column keeps its source text, comments and spaces included", () => {
  const { statement } = parse("RETURN  ( a+b )  , count( * ) AS c");
  expect(statement).toMatchObject({
    query: {
      steps: [
        {
          first: {
            clauses: [
              { items: [{ text: "( a+b )" }, { text: "count( * )", alias: { name: "c" } }] },
            ],
          },
        },
      ],
    },
  });
});
