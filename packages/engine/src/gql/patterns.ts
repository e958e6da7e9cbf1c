import type {
  EdgeOrientation,
  EdgePattern,
  Expression,
  LabelExpression,
  Name,
  NodePattern,
  ParenthesizedPath,
  PathConcatenation,
  PathElement,
  PathExpression,
  PathPattern,
  Quantifier,
  RecordConstructor,
} from "./ast.ts";
import { parseAlternatives } from "./alternatives.ts";
import { PLAIN } from "./context.ts";
import { type Cursor, isNameToken, isSymbolToken } from "./cursor.ts";
import { parseLabelExpression } from "./labels.ts";
import { acceptPathMode, acceptPathOrPaths, acceptPathPrefix, PATH_MODES } from "./path-prefix.ts";
import { acceptQuantifier, acceptStarRange } from "./quantifier.ts";
import {
  impliedNode,
  parseSimplifiedPath,
  startsSimplifiedPath,
  withNodes,
} from "./simplified-path.ts";
import { parseRecord } from "./records.ts";

/** <path pattern> (§16.4): `[variable =] [prefix] path`; Cypher's `shortestPath(…)` is the prefix ANY SHORTEST. */
export function parsePathPattern(cursor: Cursor): PathPattern {
  const { start } = cursor.token;
  const variable = acceptPathVariable(cursor);
  const shortest = acceptShortestPathCall(cursor, variable, start);
  if (shortest !== null) return shortest;
  const prefix = acceptPathPrefix(cursor);
  const expression = parsePathExpression(cursor);
  return { kind: "pathPattern", variable, prefix, expression, span: cursor.spanFrom(start) };
}

/** <path variable declaration> (§16.4): `p =` */
export function acceptPathVariable(cursor: Cursor): Name | null {
  if (!cursor.isName() || !isSymbolToken(cursor.peek(), "=")) return null;
  const variable = cursor.expectName("a path variable");
  cursor.advance();
  return variable;
}

function acceptShortestPathCall(
  cursor: Cursor,
  variable: Name | null,
  start: number,
): PathPattern | null {
  const { keyword, start: prefixStart } = cursor.token;
  if (keyword !== "SHORTESTPATH" && keyword !== "ALLSHORTESTPATHS") return null;
  cursor.advance();
  const prefixSpan = cursor.spanFrom(prefixStart);
  const opening = cursor.expectSymbol(
    "(",
    `after ${keyword === "SHORTESTPATH" ? "shortestPath" : "allShortestPaths"}`,
  );
  const expression = parsePathExpression(cursor);
  cursor.expectClosing(")", "the path", opening);
  return {
    kind: "pathPattern",
    variable,
    prefix: {
      kind: "pathPrefix",
      selector: { kind: keyword === "SHORTESTPATH" ? "anyShortest" : "allShortest" },
      mode: null,
      span: prefixSpan,
    },
    expression,
    span: cursor.spanFrom(start),
  };
}

/** <path pattern expression> (§16.7): `a`, `a | b`, `a |+| b` */
function parsePathExpression(cursor: Cursor): PathExpression {
  const { start } = cursor.token;
  if (cursor.context.barEnds) return parsePathTerm(cursor);
  const { choices, multiset } = parseAlternatives(cursor, parsePathTerm);
  const [first] = choices;
  if (multiset === undefined) return first!;
  return { kind: "pathAlternation", multiset, alternatives: choices, span: cursor.spanFrom(start) };
}

/** <path term> (§16.7): nodes, edges and parenthesised paths, one after the other. Nodes that edges imply are filled in. */
function parsePathTerm(cursor: Cursor): PathConcatenation {
  const { start } = cursor.token;
  const elements: PathElement[] = [];
  for (;;) {
    if (cursor.isSymbol("(")) {
      elements.push(
        isParenthesizedPath(cursor) ? parseParenthesizedPath(cursor) : parseNodePattern(cursor),
      );
    } else if (startsSimplifiedPath(cursor)) {
      elements.push(
        ...withNodes(parseSimplifiedPath(cursor), elements, true).slice(elements.length),
      );
    } else if (cursor.isSymbol("-") || cursor.isSymbol("<") || cursor.isSymbol("~")) {
      if (
        elements.at(-1)?.kind !== "nodePattern" &&
        elements.at(-1)?.kind !== "parenthesizedPath"
      ) {
        elements.push(impliedNode(cursor.token.start));
      }
      elements.push(parseEdgePattern(cursor));
    } else {
      break;
    }
  }
  if (elements.length === 0) throw cursor.expected("a node pattern such as `(n:Label)`");
  if (elements.at(-1)!.kind === "edgePattern") elements.push(impliedNode(cursor.previousEnd));
  return { kind: "pathConcatenation", elements, span: cursor.spanFrom(start) };
}

function isParenthesizedPath(cursor: Cursor): boolean {
  const first = cursor.peek();
  const second = cursor.peek(2);
  if (first.kind === "symbol") return "(-<~".includes(first.text);
  if (!isNameToken(first)) return false;
  if (isSymbolToken(second, "=")) return true;
  if (!PATH_MODES.has(first.keyword)) return false;
  return second.kind === "symbol"
    ? "(-<~".includes(second.text)
    : second.keyword === "PATH" || second.keyword === "PATHS";
}

/** <parenthesized path pattern expression> (§16.7) */
function parseParenthesizedPath(cursor: Cursor): ParenthesizedPath {
  cursor.enter();
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  const variable = acceptPathVariable(cursor);
  const mode = acceptPathMode(cursor);
  if (mode !== null) acceptPathOrPaths(cursor);
  const expression = parsePathExpression(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  cursor.context = outer;
  cursor.expectClosing(")", "the path", opening);
  cursor.leave();
  const quantifier = acceptQuantifier(cursor);
  return {
    kind: "parenthesizedPath",
    variable,
    mode,
    expression,
    where,
    quantifier,
    span: cursor.spanFrom(opening.start),
  };
}

/** <node pattern> (§16.7) */
function parseNodePattern(cursor: Cursor): NodePattern {
  const opening = cursor.advance();
  const { variable, labels, properties, where } = parseFiller(cursor, false);
  cursor.expectClosing(")", "the node pattern", opening);
  return {
    kind: "nodePattern",
    variable,
    labels,
    properties,
    where,
    span: cursor.spanFrom(opening.start),
  };
}

/** <edge pattern> (§16.7): all seven orientations, full and abbreviated; Cypher's `-->`, `<--`, `--` and `<-->`. */
function parseEdgePattern(cursor: Cursor): EdgePattern {
  const { start } = cursor.token;
  const arrow = openArrow(cursor);
  const filler = arrow.opening === null ? EMPTY_FILLER : parseFiller(cursor, true);
  const orientation = closeArrow(cursor, arrow);
  const quantifier = acceptQuantifier(cursor);
  if (quantifier !== null && filler.quantifier !== null) {
    throw cursor.errorAt(
      quantifier.span.start,
      "the edge pattern already has a quantifier inside of its brackets",
    );
  }
  return {
    kind: "edgePattern",
    orientation,
    variable: filler.variable,
    labels: filler.labels,
    properties: filler.properties,
    where: filler.where,
    quantifier: quantifier ?? filler.quantifier,
    span: cursor.spanFrom(start),
  };
}

/** The left half of an edge pattern, up to and with the bracket. */
export interface Arrow {
  readonly left: boolean;
  readonly line: "-" | "~";
  /** null: the edge pattern is abbreviated. */
  readonly opening: { readonly start: number } | null;
}

export function openArrow(cursor: Cursor): Arrow {
  const left = cursor.acceptSymbol("<");
  const line = cursor.isSymbol("~") ? "~" : "-";
  cursor.expectSymbol(line, "of an edge pattern such as `<-[:LABEL]-`");
  return { left, line, opening: cursor.isSymbol("[") ? cursor.advance() : null };
}

export function closeArrow(cursor: Cursor, arrow: Arrow): EdgeOrientation {
  if (arrow.opening === null) {
    // Cypher draws the line of an abbreviated edge with two dashes.
    if (arrow.line === "-") cursor.acceptSymbol("-");
  } else {
    cursor.expectClosing("]", "the edge pattern", arrow.opening);
    cursor.expectSymbol(arrow.line, `after \`]\`: the line of the edge pattern goes on`);
  }
  const right = cursor.acceptSymbol(">");
  if (arrow.line === "~") {
    if (arrow.left && right)
      throw cursor.errorAt(
        cursor.previousEnd - 1,
        "`<~ ~>` is no edge pattern; write `-` for an edge of any direction",
      );
    return arrow.left ? "leftOrUndirected" : right ? "undirectedOrRight" : "undirected";
  }
  if (arrow.left) return right ? "leftOrRight" : "left";
  return right ? "right" : "any";
}

interface Filler {
  readonly variable: Name | null;
  readonly labels: LabelExpression | null;
  readonly quantifier: Quantifier | null;
  readonly properties: RecordConstructor | null;
  readonly where: Expression | null;
}

const EMPTY_FILLER: Filler = {
  variable: null,
  labels: null,
  quantifier: null,
  properties: null,
  where: null,
};

/** <element pattern filler> (§16.7): `variable IS label {properties} WHERE condition`, each part optional. */
function parseFiller(cursor: Cursor, isEdge: boolean): Filler {
  const outer = cursor.enterContext(PLAIN);
  const variable = acceptElementVariable(cursor);
  const labels =
    cursor.acceptSymbol(":") || cursor.acceptWord("IS") ? parseLabelExpression(cursor) : null;
  const quantifier = isEdge ? acceptStarRange(cursor) : null;
  const properties = acceptPropertyMap(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  cursor.context = outer;
  return { variable, labels, quantifier, properties, where };
}

/** <element variable declaration> (§16.7). `(is)` and `(where)` declare variables, `(IS Person)` and `(WHERE x)` do not. */
export function acceptElementVariable(cursor: Cursor): Name | null {
  if (!cursor.isName()) return null;
  if ((cursor.isWord("IS") || cursor.isWord("WHERE")) && !endsVariable(cursor)) return null;
  return cursor.expectName("a variable");
}

function endsVariable(cursor: Cursor): boolean {
  const next = cursor.peek();
  if (next.kind === "symbol") return ")]:{*".includes(next.text);
  return next.keyword === "IS" || next.keyword === "WHERE";
}

function acceptPropertyMap(cursor: Cursor): RecordConstructor | null {
  if (cursor.isSymbol("{")) return parseRecord(cursor, cursor.token.start);
  if (cursor.token.kind !== "parameter") return null;
  const hint = "compare the properties one by one: {name: $name}";
  throw cursor.errorAt(
    cursor.token.start,
    "a parameter cannot stand for all properties of a pattern",
    hint,
  );
}

/**
 * Whether the parenthesis that is `ahead` of the current token opens a pattern rather than an expression: it must hold what a node
 * pattern may hold, and be followed by an edge that is written with brackets or with an arrow that no operators make.
 */
export function looksLikePattern(cursor: Cursor, ahead = 0): boolean {
  if (!isSymbolToken(cursor.peek(ahead), "(") || !looksLikeFiller(cursor, ahead + 1)) return false;
  const close = matchingBracket(cursor, ahead);
  return close > 0 && looksLikeEdge(cursor, close + 1);
}

function looksLikeFiller(cursor: Cursor, ahead: number): boolean {
  const first = cursor.peek(ahead);
  if (first.kind === "symbol") return [")", "]", ":", "{", "*"].includes(first.text);
  if (!isNameToken(first)) return false;
  const second = cursor.peek(ahead + 1);
  if (second.kind === "symbol") return [")", "]", ":", "{", "*"].includes(second.text);
  return second.keyword === "IS" || second.keyword === "WHERE";
}

function looksLikeEdge(cursor: Cursor, ahead: number): boolean {
  const first = cursor.peek(ahead);
  const second = cursor.peek(ahead + 1);
  const third = cursor.peek(ahead + 2);
  if (first.kind !== "symbol" || second.kind !== "symbol") return false;
  const adjacent = first.end === second.start;
  switch (first.text) {
    case "~":
      return true;
    case "<":
      if (isSymbolToken(second, "~")) return true;
      if (!adjacent || second.text !== "-") return false;
      return isSymbolToken(third, "[") || (isSymbolToken(third, "-") && third.start === second.end);
    case "-": {
      if (second.text === "-")
        return adjacent && (isSymbolToken(third, ">") || isSymbolToken(third, "("));
      if (second.text === ">") return adjacent;
      if (second.text !== "[" || !looksLikeFiller(cursor, ahead + 2)) return false;
      const close = matchingBracket(cursor, ahead + 1);
      return close > 0 && isSymbolToken(cursor.peek(close + 1), "-");
    }
    default:
      return false;
  }
}

/** How far ahead the bracket closes that is `ahead`; 0 if it never does. */
function matchingBracket(cursor: Cursor, ahead: number): number {
  let depth = 0;
  for (let i = ahead; ; i++) {
    const token = cursor.peek(i);
    if (token.kind === "end") return 0;
    if (token.kind !== "symbol") continue;
    if (token.text === "(" || token.text === "[" || token.text === "{") depth++;
    else if (token.text === ")" || token.text === "]" || token.text === "}") {
      if (--depth === 0) return i;
    }
  }
}
