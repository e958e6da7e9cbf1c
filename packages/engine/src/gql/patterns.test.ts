import { describe, expect, test } from "vitest";
import type { Match } from "./ast.ts";
import { parse } from "./parser.ts";

function matchOf(text: string): Match {
  const { statement } = parse(`MATCH ${text} RETURN 1`);
  if (statement.kind !== "queryStatement") throw new Error(statement.kind);
  const clause = statement.query.steps[0]!.first.clauses[0]!;
  if (clause.kind !== "match") throw new Error(clause.kind);
  return clause;
}

/** The elements of the first path, which is a concatenation. */
function elementsOf(text: string): readonly object[] {
  const { expression } = matchOf(text).paths[0]!;
  if (expression.kind !== "pathConcatenation") throw new Error(expression.kind);
  return expression.elements;
}

describe("the orientation of an edge", () => {
  test.each([
    ["<-[e]-", "left"],
    ["-[e]->", "right"],
    ["-[e]-", "any"],
    ["<-[e]->", "leftOrRight"],
    ["~[e]~", "undirected"],
    ["<~[e]~", "leftOrUndirected"],
    ["~[e]~>", "undirectedOrRight"],
    ["<-", "left"],
    ["->", "right"],
    ["-", "any"],
    ["<->", "leftOrRight"],
    ["~", "undirected"],
    ["<~", "leftOrUndirected"],
    ["~>", "undirectedOrRight"],
    ["<--", "left"],
    ["-->", "right"],
    ["--", "any"],
    ["<-->", "leftOrRight"],
    ["- [e] - >", "right"],
  ])("%s", (edge, orientation) => {
    expect(elementsOf(`(a)${edge}(b)`)[1]).toMatchObject({ kind: "edgePattern", orientation });
  });
});

describe("what an element pattern holds", () => {
  test.each<[string, object]>([
    ["()", { variable: null, labels: null, properties: null, where: null }],
    ["(n)", { variable: { name: "n" } }],
    ["(:A)", { variable: null, labels: { kind: "labelName", name: "A" } }],
    ["(n IS A)", { variable: { name: "n" }, labels: { name: "A" } }],
    ["(IS A)", { variable: null, labels: { name: "A" } }],
    ["(is)", { variable: { name: "is" }, labels: null }],
    ["(where)", { variable: { name: "where" }, where: null }],
    ["(is IS is)", { variable: { name: "is" }, labels: { name: "is" } }],
    ["(WHERE x.y)", { variable: null, where: { kind: "property" } }],
    [
      "(n:A {a: 1} WHERE n.b = 2)",
      { properties: { kind: "record" }, where: { kind: "comparison" } },
    ],
    ['("a b":"C D")', { variable: { name: "a b" }, labels: { name: "C D" } }],
    ["(match:Order)", { variable: { name: "match" }, labels: { name: "Order" } }],
  ])("%s", (node, expected) => {
    expect(elementsOf(node)).toMatchObject([{ kind: "nodePattern", ...expected }]);
  });

  test.each<[string, object]>([
    ["[e:A|B]", { variable: { name: "e" }, labels: { kind: "labelOr" } }],
    ["[:A|:B]", { labels: { kind: "labelOr", operands: [{ name: "A" }, { name: "B" }] } }],
    ["[e:A {a: 1} WHERE e.b]", { properties: { kind: "record" }, where: { kind: "property" } }],
    ["[*]", { quantifier: { kind: "starRange", min: 1, max: null } }],
    ["[e:A*2]", { variable: { name: "e" }, quantifier: { min: 2, max: 2 } }],
    ["[:A*1..3 {a: 1}]", { quantifier: { min: 1, max: 3 }, properties: { kind: "record" } }],
    ["[*..3]", { quantifier: { min: 1, max: 3 } }],
    ["[*0..]", { quantifier: { min: 0, max: null } }],
    ["[*3..1]", { quantifier: { min: 3, max: 1 } }],
  ])("-%s->", (filler, expected) => {
    expect(elementsOf(`()-${filler}->()`)[1]).toMatchObject({ kind: "edgePattern", ...expected });
  });
});

describe("a label expression", () => {
  test.each<[string, object]>([
    ["%", { kind: "labelWildcard" }],
    ["!A", { kind: "labelNot", operand: { name: "A" } }],
    ["A&B|C", { kind: "labelOr", operands: [{ kind: "labelAnd" }, { name: "C" }] }],
    ["A&(B|C)", { kind: "labelAnd", operands: [{ name: "A" }, { kind: "labelOr" }] }],
    ["A|B|C", { kind: "labelOr", operands: [{ name: "A" }, { name: "B" }, { name: "C" }] }],
    ["A:B:C", { kind: "labelAnd", operands: [{ name: "A" }, { name: "B" }, { name: "C" }] }],
    ["!!A&!%", { kind: "labelAnd", operands: [{ kind: "labelNot" }, { kind: "labelNot" }] }],
  ])("%s", (labels, expected) => {
    expect(elementsOf(`(:${labels})`)).toMatchObject([{ labels: expected }]);
  });
});

describe("a quantifier", () => {
  test.each<[string, object]>([
    ["*", { kind: "repetition", min: 0, max: null }],
    ["+", { kind: "repetition", min: 1, max: null }],
    ["?", { kind: "optional", min: 0, max: 1 }],
    ["{2}", { kind: "repetition", min: 2, max: 2 }],
    ["{1,3}", { kind: "repetition", min: 1, max: 3 }],
    ["{2,}", { kind: "repetition", min: 2, max: null }],
    ["{,3}", { kind: "repetition", min: 0, max: 3 }],
    ["{,}", { kind: "repetition", min: 0, max: null }],
  ])("%s repeats an edge or a path in parentheses", (quantifier, expected) => {
    expect(elementsOf(`(a)-[e]->${quantifier}(b)`)[1]).toMatchObject({
      kind: "edgePattern",
      quantifier: expected,
    });
    expect(elementsOf(`(a)-->${quantifier}(b)`)[1]).toMatchObject({
      kind: "edgePattern",
      quantifier: expected,
    });
    expect(elementsOf(`((a)-[e]->(b))${quantifier}`)[0]).toMatchObject({
      kind: "parenthesizedPath",
      quantifier: expected,
    });
  });
});

describe("a path", () => {
  test.each<[string, object]>([
    ["p = (a)", { variable: { name: "p" }, prefix: null }],
    ["WALK (a)", { prefix: { selector: null, mode: "walk" } }],
    ["p = TRAIL PATHS (a)", { variable: { name: "p" }, prefix: { selector: null, mode: "trail" } }],
    ["ALL ACYCLIC (a)", { prefix: { selector: { kind: "all" }, mode: "acyclic" } }],
    ["ANY (a)", { prefix: { selector: { kind: "any", count: null }, mode: null } }],
    [
      "ANY 3 SIMPLE PATHS (a)",
      { prefix: { selector: { kind: "any", count: { value: 3 } }, mode: "simple" } },
    ],
    ["ANY SHORTEST (a)", { prefix: { selector: { kind: "anyShortest" } } }],
    [
      "ALL SHORTEST TRAIL PATHS (a)",
      { prefix: { selector: { kind: "allShortest" }, mode: "trail" } },
    ],
    ["SHORTEST 3 (a)", { prefix: { selector: { kind: "shortest", count: { value: 3 } } } }],
    [
      "SHORTEST $k PATHS (a)",
      { prefix: { selector: { kind: "shortest", count: { kind: "parameter", name: "k" } } } },
    ],
    [
      "SHORTEST 2 WALK PATH GROUPS (a)",
      { prefix: { selector: { kind: "shortestGroups", count: { value: 2 } }, mode: "walk" } },
    ],
    ["SHORTEST GROUP (a)", { prefix: { selector: { kind: "shortestGroups", count: null } } }],
    [
      "p = shortestPath((a)-[*]-(b))",
      { variable: { name: "p" }, prefix: { selector: { kind: "anyShortest" } } },
    ],
    ["allShortestPaths((a)-[*]-(b))", { prefix: { selector: { kind: "allShortest" } } }],
    ["any = (a)", { variable: { name: "any" }, prefix: null }],
    [
      "(a)-->(b) | (c)",
      { expression: { kind: "pathAlternation", multiset: false, alternatives: [{}, {}] } },
    ],
    [
      "(a) |+| (b) |+| (c)",
      { expression: { kind: "pathAlternation", multiset: true, alternatives: [{}, {}, {}] } },
    ],
  ])("%s", (path, expected) => {
    expect(matchOf(path).paths[0]).toMatchObject(expected);
  });

  test("in parentheses has its own variable, mode and condition", () => {
    expect(elementsOf("(q = TRAIL (x)-[e]->(y) WHERE x.a = y.a){1,3}")).toMatchObject([
      {
        kind: "parenthesizedPath",
        variable: { name: "q" },
        mode: "trail",
        expression: { kind: "pathConcatenation", elements: [{}, {}, {}] },
        where: { kind: "comparison" },
        quantifier: { min: 1, max: 3 },
      },
    ]);
  });

  test("gets the nodes that its edges imply", () => {
    const kinds = elementsOf("-[e]->->(b)<-").map((element) => (element as { kind: string }).kind);
    expect(kinds.join(" ")).toBe(
      "nodePattern edgePattern nodePattern edgePattern nodePattern edgePattern nodePattern",
    );
  });

  test("keeps the nodes around one in parentheses apart", () => {
    expect(elementsOf("(a)((x)-->(y))+(b)")).toMatchObject([
      { kind: "nodePattern" },
      { kind: "parenthesizedPath" },
      { kind: "nodePattern" },
    ]);
  });
});

describe("a match", () => {
  test.each<[string, object]>([
    ["(a), (b)", { mode: null, paths: [{}, {}], keep: null, where: null, yieldItems: null }],
    ["REPEATABLE ELEMENTS (a)", { mode: "repeatableElements" }],
    ["REPEATABLE ELEMENT BINDINGS (a)", { mode: "repeatableElements" }],
    ["DIFFERENT EDGES (a)", { mode: "differentEdges" }],
    ["DIFFERENT RELATIONSHIPS (a)", { mode: "differentEdges" }],
    ["different = (a)", { mode: null, paths: [{ variable: { name: "different" } }] }],
    [
      "(a)-->(b) KEEP ANY SHORTEST WALK WHERE a.x YIELD a, b AS c",
      {
        keep: { selector: { kind: "anyShortest" }, mode: "walk" },
        where: { kind: "property" },
        yieldItems: [
          { name: { name: "a" }, alias: null },
          { name: { name: "b" }, alias: { name: "c" } },
        ],
      },
    ],
  ])("%s", (text, expected) => {
    expect(matchOf(text)).toMatchObject(expected);
  });
});

test("every node spans its source", () => {
  const text = "MATCH p = (a:A)-[e {x: 1}]->+(b) RETURN 1";
  const { paths } = matchOf(text.slice(6, -9));
  const { expression, span } = paths[0]!;
  const of = ({ start, end }: { start: number; end: number }): string => text.slice(start, end);
  expect(of(span)).toBe("p = (a:A)-[e {x: 1}]->+(b)");
  expect(
    expression.kind === "pathConcatenation" &&
      expression.elements.map((element) => of(element.span)),
  ).toEqual(["(a:A)", "-[e {x: 1}]->+", "(b)"]);
});
