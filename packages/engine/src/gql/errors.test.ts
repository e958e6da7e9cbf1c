import { GeodeError } from "@geode/values";
import { describe, expect, test } from "vitest";
import { parse } from "./parser.ts";
import { positionAt } from "./position.ts";
import { nearestWord } from "./suggestion.ts";

function failure(text: string): GeodeError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof GeodeError) return error;
    throw error;
  }
  throw new Error(`no error in ${text}`);
}

/** Every error has the code 42001; `^` in a text marks where it must point, and is not part of it. */
function expectFailure(marked: string, message: string, hint?: string): void {
  const offset = marked.indexOf("^");
  const text = marked.replace("^", "");
  const error = failure(text);
  expect(error.message).toBe(message);
  expect(error.code).toBe("42001");
  expect(error.position).toEqual(positionAt(text, offset));
  expect(error.hint).toBe(hint);
}

describe("an unclosed bracket is told with the place where it was opened", () => {
  test.each([
    ["MATCH (n WHERE^", "expected an expression, found the end of the text"],
    [
      "MATCH (n ^RETURN n",
      "expected `)` to close the node pattern opened at line 1, column 7, found `RETURN`",
    ],
    [
      "MATCH (a)\n  -[e:X^->(b)",
      "expected `]` to close the edge pattern opened at line 2, column 4, found `-`",
    ],
    [
      "RETURN [1, 2^",
      "expected `,`, or `]` to close the list opened at line 1, column 8, found the end of the text",
    ],
    [
      "RETURN {a: 1 ^AS x",
      "expected `,`, or `}` to close the record opened at line 1, column 8, found `AS`",
    ],
    [
      "RETURN (1 + 2 ^AS x",
      "expected `)` to close the parenthesis opened at line 1, column 8, found `AS`",
    ],
    [
      "RETURN f(1, 2 ^AS x",
      "expected `,`, or `)` to close the arguments of f opened at line 1, column 9, found `AS`",
    ],
    [
      "CALL { RETURN 1 AS x^",
      "expected `}` to close the query of CALL opened at line 1, column 6, found the end of the text",
    ],
    [
      "RETURN CASE WHEN a THEN 1 ^AS x",
      "expected WHEN, ELSE or END in the CASE opened at line 1, column 8, found `AS`",
    ],
    [
      "MATCH ((a)-->(b)^{1} RETURN a",
      "expected `)` to close the path opened at line 1, column 7, found `{`",
    ],
  ])("%s", (marked, message) => {
    expectFailure(marked, message);
  });
});

describe("a misspelt keyword is recognised", () => {
  test.each([
    [
      "^MTCH (n) RETURN n",
      "expected a statement such as MATCH, RETURN, SELECT or INSERT, found `MTCH`",
      "MATCH",
    ],
    [
      "^SELCT * FROM a",
      "expected a statement such as MATCH, RETURN, SELECT or INSERT, found `SELCT`",
      "SELECT",
    ],
    [
      "^SUBSCRIB TO a",
      "expected a statement such as MATCH, RETURN, SELECT or INSERT, found `SUBSCRIB`",
      "SUBSCRIBE",
    ],
    [
      "MATCH (n) ^RETRUN n",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found `RETRUN`",
      "RETURN",
    ],
    [
      "MATCH (n) ^wehre n.x RETURN n",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found `wehre`",
      "WHERE",
    ],
    [
      "RETURN 1 ^ODER BY 1",
      "expected another clause or the end of the query, found `ODER`",
      "ORDER",
    ],
    ["SELECT * ^FORM a", "expected another clause or the end of the query, found `FORM`", "FROM"],
    [
      "SELECT * FROM a ^WHRE x",
      "expected AS, WHERE, GROUP BY, ORDER BY or the end of the query after the label, found `WHRE`",
      "WHERE",
    ],
    ["RETURN 1 ORDER ^YB 1", "expected BY after ORDER, found `YB`", "BY"],
    [
      "RETURN a IS ^NUL",
      "expected NULL, TRUE, FALSE, UNKNOWN, LABELED, TYPED, DIRECTED, SOURCE OF, DESTINATION OF or NORMALIZED after IS, found `NUL`",
      "NULL",
    ],
    [
      "RETURN CAST(a AS ^STRNG)",
      "expected a type such as STRING, INTEGER or LIST<FLOAT>, found `STRNG`",
      "STRING",
    ],
    ["SELECT * FROM a EMIT ^CHANGE", "expected CHANGES after EMIT, found `CHANGE`", "CHANGES"],
    ["DROP ^INDX a", "expected INDEX, CONSTRAINT or GRAPH after DROP, found `INDX`", "INDEX"],
    ["START ^TRANSACTON", "expected TRANSACTION after START, found `TRANSACTON`", "TRANSACTION"],
  ])("%s", (marked, message, meant) => {
    expectFailure(marked, message, `did you mean ${meant}?`);
  });
});

describe("what cannot stand there is said, with what can", () => {
  test.each<[string, string, string?]>([
    [
      "^",
      "expected a statement such as MATCH, RETURN, SELECT or INSERT, found the end of the text",
    ],
    [
      "MATCH (n)^",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found the end of the text",
    ],
    ["RETURN ^LIMIT 5", "expected an expression, found `LIMIT`"],
    ["MATCH (n) WHERE ^RETURN n", "expected an expression, found `RETURN`"],
    ["^WHERE x = 1", "expected a statement such as MATCH, RETURN, SELECT or INSERT, found `WHERE`"],
    [
      "^UPDATE users SET x = 1",
      "expected a statement such as MATCH, RETURN, SELECT or INSERT, found `UPDATE`",
      "write MATCH … SET …",
    ],
    [
      "INSERT ^INTO users",
      "expected `(` to open a node such as `(n:Label {key: value})`, found `INTO`",
      "write INSERT (:Label {key: value})",
    ],
    [
      "SELECT * FROM a ^JOIN b",
      "expected AS, WHERE, GROUP BY, ORDER BY or the end of the query after the label, found `JOIN`",
      "match a path instead: SELECT … FROM MATCH (a)-[…]->(b)",
    ],
    [
      "MATCH (n) WHERE n.x ^LIKE 'a%' RETURN n",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found `LIKE`",
      "write STARTS WITH, ENDS WITH, CONTAINS, or =~ with a regular expression",
    ],
    [
      "RETURN [1 ^2]",
      "expected `,`, or `]` to close the list opened at line 1, column 8, found `2`",
    ],
    ["MATCH (n) WHERE ^RETURN *", "expected an expression, found `RETURN`"],
    ["MATCH (n) WHERE ^MATCH (m) RETURN m", "expected an expression, found `MATCH`"],
    [
      "MATCH (n) WHERE n.x =^= 1 RETURN n",
      "expected an expression, found `=`",
      "equality is written `=`",
    ],
    [
      "MATCH (n) WHERE ^!n.x RETURN n",
      "expected an expression, found `!`",
      "negation is written NOT",
    ],
    [
      "MATCH (n) WHERE n.x ^&& n.y RETURN n",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found `&`",
      "conjunction is written AND",
    ],
    [
      "MATCH (n) ^{ RETURN 1 }",
      "expected another clause, the last one being RETURN, FINISH or a change of data, found `{`",
    ],
    [
      "{ RETURN 1 } ^RETURN 2",
      "a query in braces ends a query, so `RETURN` cannot follow it",
      "write WITH or LET instead to go on, or NEXT before it",
    ],
    ["RETURN 1 +^", "expected an expression, found the end of the text"],
    ["RETURN a ^b", "expected another clause or the end of the query, found `b`"],
    [
      "RETURN 1; ^RETURN 2",
      "expected the end of the text: one statement at a time, found `RETURN`",
    ],
    [
      "RETURN 1 ^MATCH (n) RETURN n",
      "RETURN ends a query, so `MATCH` cannot follow it",
      "write WITH or LET instead to go on, or NEXT before it",
    ],
    [
      "MATCH (n) ^SELECT n",
      "SELECT is a query of its own, it cannot follow another clause",
      "write RETURN, or NEXT before it",
    ],
    [
      "RETURN 1 LIMIT 1 ^OFFSET 1",
      "`OFFSET` stands too late",
      "their order is ORDER BY, OFFSET (or SKIP), LIMIT",
    ],
    [
      "SELECT * FROM metrics ^m",
      "expected AS, WHERE, GROUP BY, ORDER BY or the end of the query after the label, found `m`",
      "to name the rows write AS m",
    ],
    ["LET x = 1 ^WHERE x RETURN x", "expected another clause, found `WHERE`", "write FILTER"],
    [
      "^BEGIN",
      "expected a statement, found `BEGIN`",
      "a transaction begins with START TRANSACTION",
    ],
    [
      "RETURN 1 AS a UNION RETURN 1 AS a ^UNION ALL RETURN 1 AS a",
      "different set operators cannot be mixed",
      "put one of them into braces: { … UNION … } UNION ALL …",
    ],
    [
      "MATCH (n) WITH ^n.x RETURN 1",
      "an expression in WITH needs a name",
      "write AS and a name after it",
    ],
    [
      "MATCH (n ^$p) RETURN n",
      "a parameter cannot stand for all properties of a pattern",
      "compare the properties one by one: {name: $name}",
    ],
    [
      "MERGE (n ^$p)",
      "a parameter cannot stand for all properties of a pattern in MERGE",
      "name the properties one by one: {name: $name}",
    ],
    [
      "MATCH (n) RETURN ^(n)-->()",
      "a pattern is not a value, so it cannot stand here",
      "ask with EXISTS { … } whether it matches, or with COUNT { … } how often",
    ],
    [
      "MATCH (n) WHERE size(^(n)-->()) > 1 RETURN n",
      "a pattern is not a value, so it cannot stand here",
      "ask with EXISTS { … } whether it matches, or with COUNT { … } how often",
    ],
    ["INSERT (a)^-->(b)", "an edge that is written needs exactly one label", "write -[:LABEL]->"],
    [
      "INSERT (a)^-[e]->(b)",
      "an edge that is written needs exactly one label",
      "write -[:LABEL]->",
    ],
    ["INSERT (a)-[:A&^B]->(b)", "an edge has exactly one label"],
    [
      "INSERT (a)-[:A^|B]->(b)",
      "`|` leaves open which labels are written; only `&` may join them here",
    ],
    [
      "INSERT (a)-[:A^*2]->(b)",
      "an edge that is written has no quantifier",
      "write every edge of the path",
    ],
    [
      "INSERT (a)^-[:A]-(b)",
      "an edge that is written has one direction",
      "write -[:LABEL]-> or <-[:LABEL]-",
    ],
    [
      "MERGE (a)^<-[:A]->(b)",
      "an edge that is written has one direction",
      "write -[:LABEL]-> or <-[:LABEL]-",
    ],
    [
      "MATCH (a)-->^{3,1}(b) RETURN a",
      "the quantifier repeats at least 3 and at most 1 times, which is never",
    ],
    [
      "MATCH (a)-[*]->^+(b) RETURN a",
      "the edge pattern already has a quantifier inside of its brackets",
    ],
    [
      "MATCH (a)-[:A^..]->(b) RETURN a",
      "expected `]` to close the edge pattern opened at line 1, column 11, found `..`",
    ],
    [
      "MATCH (a)-[:A*^-2]->(b) RETURN a",
      "expected `]` to close the edge pattern opened at line 1, column 11, found `-`",
    ],
    [
      "MATCH SHORTEST ^(a) RETURN a",
      "expected a number of paths or GROUPS after SHORTEST, found `(`",
      "write ANY SHORTEST, ALL SHORTEST, SHORTEST 3 or SHORTEST 3 GROUPS",
    ],
    ["MATCH ANY ^1.5 (a) RETURN a", "expected how many paths, a whole number from 1, found `1.5`"],
    ["MATCH (a) |+| (b) ^| (c) RETURN a", "`|` and `|+|` cannot be mixed without parentheses"],
    ["MATCH (^``) RETURN 1", "a variable cannot be empty"],
    ["RETURN {a: 1, ^a: 2}", "the key `a` stands twice in one record"],
    ["RETURN {^1: 2}", "expected a key, found `1`"],
    ["RETURN ^9223372036854775808", "the integer `9223372036854775808` does not fit in 64 bits"],
    ["RETURN -^0x8000000000000001", "the integer `0x8000000000000001` does not fit in 64 bits"],
    ["SET ^n", "SET needs a property or a label, as in n.key = value, n = {…} or n:Label"],
    ["REMOVE ^f(n)", "REMOVE needs a property or a label, as in n.key or n:Label"],
    [
      "MATCH (n) DELETE ^n:A",
      "DELETE deletes elements, not labels",
      "labels are taken away by REMOVE n:Label",
    ],
    [
      "MATCH (n) WHERE EXISTS { MATCH (m) ^SET m.x = 1 } RETURN n",
      "SET cannot stand inside of an expression: it only reads",
    ],
    [
      "RETURN VALUE { CALL { ^INSERT (n) } RETURN 1 }",
      "INSERT cannot stand inside of an expression: it only reads",
    ],
    [
      "^CALL f() YIELD * RETURN a",
      "YIELD * stands only in a CALL that is the whole query",
      "name what it yields",
    ],
    [
      "^CALL f YIELD a RETURN a",
      "CALL without parentheses stands only as a whole query",
      "write the arguments, or ()",
    ],
    ["RETURN SAME^(a)", "SAME compares at least two elements"],
    ["RETURN PATH ^[a, e]", "a path alternates nodes and edges and ends with a node"],
    ["CREATE INDEX FOR (n:A) ON (^m.x)", "expected a property of `n`, found `m`"],
    ["^CREATE OR REPLACE GRAPH IF NOT EXISTS g", "OR REPLACE and IF NOT EXISTS exclude each other"],
    [
      "CREATE GRAPH g TYPED ^t",
      "expected ANY: closed graph types are not supported, found `t`",
      "write CREATE GRAPH name ANY; CREATE CONSTRAINT says what elements with a label have",
    ],
    ["EXPLAIN ^EXPLAIN RETURN 1", "expected a statement after EXPLAIN, found `EXPLAIN`"],
    ["RETURN '^\ud83d'", "half of a surrogate pair is not a character"],
  ])("%s", (marked, message, hint) => {
    expectFailure(marked, message, hint);
  });
});

describe("a position", () => {
  test.each([
    ["abc", 0, 1, 1],
    ["abc", 3, 1, 4],
    ["a\nb", 2, 2, 1],
    ["a\r\nb", 3, 2, 1],
    ["a\rb", 2, 2, 1],
    ["\n\n", 2, 3, 1],
    ["'😀'", 3, 1, 4],
    ["abc", 99, 1, 4],
    ["abc", -1, 1, 1],
  ])("in %j at %i is line %i, column %i", (text, offset, line, column) => {
    expect(positionAt(text, offset)).toMatchObject({ line, column });
  });
});

describe("the word that was probably meant", () => {
  test.each([
    ["RETRUN", "RETURN"],
    ["slect", "SELECT"],
    ["FORM", "FROM"],
    ["RETURN", undefined],
    ["users", undefined],
    ["name", undefined],
    ["x", undefined],
  ])("by %s is %s", (word, meant) => {
    expect(nearestWord(word, ["FOR", "FROM", "RETURN", "SELECT", "USE"])).toBe(meant);
  });

  test.each([
    ["Persno", "Person"],
    ["person", "Person"],
    ["by_nmae", "by_name"],
    ["Person", undefined],
    ["by_name", undefined],
  ])("of names, whatever their case, by %s is %s", (word, meant) => {
    expect(nearestWord(word, ["by_name", "Person", "Room"])).toBe(meant);
  });

  test("is not looked for when the word is long", () => {
    expect(nearestWord("R".repeat(100_000), ["R".repeat(100_001)])).toBeUndefined();
  });
});

test("a long token is shown shortened", () => {
  const name = "x".repeat(1000);
  expect(failure(`RETURN 1 ${name}`).message).toBe(
    `expected another clause or the end of the query, found \`${name.slice(0, 40)}…\``,
  );
});
