import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { choiceOf } from "./part-shape.ts";

/** A path for a search, which knows repetitions only: what lies between two of them is gone through once. */
export interface SearchedPath {
  /** What is asked of the first node; several patterns side by side are one node. */
  readonly first: readonly ast.NodePattern[];
  /** Empty when the path is one node. */
  readonly last: readonly ast.NodePattern[];
  readonly links: readonly Link[];
  /** Conditions on the whole path. */
  readonly wheres: readonly ast.Expression[];
}

export type Link =
  /** A repetition, or a part with a choice, a mode or a name of its own. */
  | { readonly kind: "apart"; readonly part: ast.EdgePattern | ast.ParenthesizedPath }
  /** Nodes and edges in turn, at least one node. */
  | { readonly kind: "fixed"; readonly elements: readonly ast.PathElement[] };

export function searchedPath(expression: ast.PathExpression): SearchedPath {
  const wheres: ast.Expression[] = [];
  /** The patterns of each node of the path, and what stands between two of them. */
  const nodes: ast.NodePattern[][] = [[]];
  const between: (ast.EdgePattern | ast.ParenthesizedPath)[] = [];
  const flatten = (path: ast.PathExpression): void => {
    const parts = path.kind === "pathAlternation" ? [choiceOf(path)] : path.elements;
    for (const part of parts) {
      switch (part.kind) {
        case "nodePattern":
          nodes.at(-1)?.push(part);
          break;
        case "edgePattern":
          between.push(part);
          nodes.push([]);
          break;
        case "parenthesizedPath":
          if (isApart(part)) {
            between.push(part);
            nodes.push([]);
            break;
          }
          flatten(part.expression);
          if (part.where) wheres.push(part.where);
          break;
        default:
          unreachable(part);
      }
    }
  };
  flatten(expression);
  const nodeAt = (index: number): ast.NodePattern[] => {
    const patterns = nodes[index] ?? [];
    return patterns.length > 0 ? patterns : [anyNode(expression.span)];
  };
  const links: Link[] = [];
  let fixed: ast.PathElement[] | null = null;
  const endFixed = (): void => {
    if (fixed) links.push({ kind: "fixed", elements: fixed });
    fixed = null;
  };
  for (const [index, part] of between.entries()) {
    const inside = index > 0 ? nodeAt(index) : [anyNode(part.span)];
    if (isApart(part)) {
      // A node between two repetitions belongs to neither of them.
      if (index > 0 && fixed === null && inside.some(asksForSomething)) fixed = inside;
      else if (fixed) (fixed as ast.PathElement[]).push(...inside);
      endFixed();
      links.push({ kind: "apart", part });
    } else {
      fixed = [...(fixed ?? []), ...inside, part];
    }
  }
  if (fixed) (fixed as ast.PathElement[]).push(anyNode(expression.span));
  endFixed();
  return {
    first: nodeAt(0),
    last: between.length > 0 ? nodeAt(between.length) : [],
    links,
    wheres,
  };
}

function isApart(part: ast.EdgePattern | ast.ParenthesizedPath): boolean {
  if (part.kind === "edgePattern") return part.quantifier !== null;
  const { quantifier, mode, variable, expression } = part;
  return (quantifier ?? mode ?? variable) !== null || expression.kind === "pathAlternation";
}

function asksForSomething({ variable, labels, properties, where }: ast.NodePattern): boolean {
  return variable !== null || labels !== null || properties !== null || where !== null;
}

function anyNode(span: ast.Span): ast.NodePattern {
  return { kind: "nodePattern", variable: null, labels: null, properties: null, where: null, span };
}
