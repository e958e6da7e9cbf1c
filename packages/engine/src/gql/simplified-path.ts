import type {
  EdgeOrientation,
  EdgePattern,
  LabelExpression,
  NodePattern,
  PathConcatenation,
  PathElement,
  Quantifier,
  Span,
} from "./ast.ts";
import { parseAlternatives } from "./alternatives.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { acceptQuantifier } from "./quantifier.ts";

/**
 * A part of a simplified path: what it stands for, once it is known which way its edges go where it does not say so itself. `label` is
 * there while it is no more than one edge with those labels.
 */
interface Part {
  readonly elements: (orientation: EdgeOrientation) => readonly PathElement[];
  readonly label: LabelExpression | null;
  readonly span: Span;
}

/** Whether `-/`, `<-/`, `~/` or `<~/` stands here. */
export function startsSimplifiedPath(cursor: Cursor): boolean {
  const ahead = cursor.isSymbol("<") ? 1 : 0;
  const line = cursor.peek(ahead);
  return (
    (isSymbolToken(line, "-") || isSymbolToken(line, "~")) &&
    isSymbolToken(cursor.peek(ahead + 1), "/")
  );
}

/**
 * <simplified path pattern expression> (§16.12): `-/A B|C+/->`. It is shorthand: what comes out are the edges and parenthesised paths that
 * say the same.
 */
export function parseSimplifiedPath(cursor: Cursor): readonly PathElement[] {
  const left = cursor.acceptSymbol("<");
  const line = cursor.isSymbol("~") ? "~" : "-";
  cursor.advance();
  const opening = cursor.advance();
  const contents = parseContents(cursor);
  cursor.expectClosing("/", "the simplified path", opening);
  cursor.expectSymbol(line, "after `/`: the line of the path goes on");
  const right = cursor.acceptSymbol(">");
  return contents.elements(orientationOf(left, line, right));
}

function orientationOf(left: boolean, line: "-" | "~", right: boolean): EdgeOrientation {
  if (line === "~") return left ? "leftOrUndirected" : right ? "undirectedOrRight" : "undirected";
  if (left) return right ? "leftOrRight" : "left";
  return right ? "right" : "any";
}

/** <simplified contents>: `a`, `a | b`, `a |+| b` */
function parseContents(cursor: Cursor): Part {
  const { start } = cursor.token;
  const { choices: parts, multiset } = parseAlternatives(cursor, parseTerm);
  const [first] = parts;
  if (multiset === undefined) return first!;
  const span = cursor.spanFrom(start);
  const labels = multiset === true ? null : allLabels(parts);
  if (labels !== null) return edgeOf({ kind: "labelOr", operands: labels, span });
  return {
    elements: (orientation) => [
      {
        kind: "parenthesizedPath",
        variable: null,
        mode: null,
        expression: {
          kind: "pathAlternation",
          multiset: multiset ?? false,
          alternatives: parts.map((part) => concatenation(part.elements(orientation), part.span)),
          span,
        },
        where: null,
        quantifier: null,
        span,
      },
    ],
    label: null,
    span,
  };
}

/** <simplified term>: one after the other. */
function parseTerm(cursor: Cursor): Part {
  const { start } = cursor.token;
  const parts = [parseConjunction(cursor)];
  while (startsFactor(cursor)) parts.push(parseConjunction(cursor));
  const [only, ...others] = parts;
  if (only && others.length === 0) return only;
  return {
    elements: (orientation) => parts.flatMap((part) => part.elements(orientation)),
    label: null,
    span: cursor.spanFrom(start),
  };
}

function startsFactor(cursor: Cursor): boolean {
  return (
    cursor.isName() || ["(", "!", "<", "~", "-", "%"].some((symbol) => cursor.isSymbol(symbol))
  );
}

/** <simplified conjunction>: labels that one edge has. */
function parseConjunction(cursor: Cursor): Part {
  const { start } = cursor.token;
  const parts = [parseFactor(cursor)];
  while (cursor.isSymbol("&")) {
    const { start: at } = cursor.advance();
    parts.push(parseFactor(cursor));
    if (allLabels(parts) === null)
      throw cursor.errorAt(at, "`&` joins the labels of one edge; here stands more than labels");
  }
  const [only, ...others] = parts;
  if (only && others.length === 0) return only;
  return edgeOf({
    kind: "labelAnd",
    operands: allLabels(parts) ?? [],
    span: cursor.spanFrom(start),
  });
}

/** <simplified factor high>: quantified, or questioned. */
function parseFactor(cursor: Cursor): Part {
  const { start } = cursor.token;
  const part = parseDirected(cursor);
  const quantifier = acceptQuantifier(cursor);
  return quantifier === null ? part : repeated(part, quantifier, cursor.spanFrom(start));
}

function repeated(part: Part, quantifier: Quantifier, span: Span): Part {
  return {
    elements: (orientation) => {
      const inside = part.elements(orientation);
      const [edge, ...others] = inside;
      if (edge?.kind === "edgePattern" && edge.quantifier === null && others.length === 0)
        return [{ ...edge, quantifier, span }];
      return [
        {
          kind: "parenthesizedPath",
          variable: null,
          mode: null,
          expression: concatenation(inside, part.span),
          where: null,
          quantifier,
          span,
        },
      ];
    },
    label: null,
    span,
  };
}

/** <simplified direction override>: `<A`, `~A`, `A>`, `<~A`, `~A>`, `<A>`, `-A` */
function parseDirected(cursor: Cursor): Part {
  const left = cursor.acceptSymbol("<");
  const undirected = cursor.acceptSymbol("~");
  const any = !left && !undirected && cursor.acceptSymbol("-");
  const part = parseSecondary(cursor);
  const right = !any && cursor.acceptSymbol(">");
  if (!left && !undirected && !any && !right) return part;
  const own = any ? "any" : orientationOf(left, undirected ? "~" : "-", right);
  return { elements: () => part.elements(own), label: null, span: part.span };
}

/** <simplified secondary>: a label, a wildcard, a negation, or something in parentheses. */
function parseSecondary(cursor: Cursor): Part {
  const token = cursor.token;
  if (cursor.acceptSymbol("!")) {
    const { label } = parseSecondary(cursor);
    if (label === null)
      throw cursor.errorAt(token.start, "`!` stands before labels; here stands more than labels");
    return edgeOf({ kind: "labelNot", operand: label, span: cursor.spanFrom(token.start) });
  }
  if (cursor.acceptSymbol("%"))
    return edgeOf({ kind: "labelWildcard", span: cursor.spanFrom(token.start) });
  if (cursor.acceptSymbol("(")) {
    cursor.enter();
    const contents = parseContents(cursor);
    cursor.leave();
    cursor.expectClosing(")", "the simplified path", token);
    return contents;
  }
  const { name, span } = cursor.expectName("a label");
  return edgeOf({ kind: "labelName", name, span });
}

function edgeOf(label: LabelExpression): Part {
  const { span } = label;
  const edge = (orientation: EdgeOrientation): EdgePattern => ({
    kind: "edgePattern",
    orientation,
    variable: null,
    labels: label,
    properties: null,
    where: null,
    quantifier: null,
    span,
  });
  return { elements: (orientation) => [edge(orientation)], label, span };
}

/** null unless each of them is no more than labels. */
function allLabels(parts: readonly Part[]): readonly LabelExpression[] | null {
  const labels = parts.flatMap(({ label }) => label ?? []);
  return labels.length === parts.length ? labels : null;
}

/** With the nodes that edges imply. */
function concatenation(elements: readonly PathElement[], span: Span): PathConcatenation {
  return { kind: "pathConcatenation", elements: withNodes(elements, []), span };
}

/** Appends the elements to those before, with a node between two of them where only a border would be. */
export function withNodes(
  elements: readonly PathElement[],
  before: readonly PathElement[],
  isOpen = false,
): PathElement[] {
  const all = [...before];
  for (const element of elements) {
    const last = all.at(-1);
    if (
      element.kind === "edgePattern" &&
      last?.kind !== "nodePattern" &&
      last?.kind !== "parenthesizedPath"
    )
      all.push(impliedNode(element.span.start));
    all.push(element);
  }
  const last = all.at(-1);
  if (!isOpen && last?.kind === "edgePattern") all.push(impliedNode(last.span.end));
  return all;
}

/** A node that is not written, between or beside edges. */
export function impliedNode(offset: number): NodePattern {
  const span = { start: offset, end: offset };
  return { kind: "nodePattern", variable: null, labels: null, properties: null, where: null, span };
}
