import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import type { Binding } from "./scope.ts";

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
  | {
      readonly kind: "repeated";
      readonly part: ast.EdgePattern | ast.ParenthesizedPath;
      readonly quantifier: ast.Quantifier;
    }
  /** Nodes and edges in turn, at least one node. */
  | { readonly kind: "fixed"; readonly elements: readonly ast.PathElement[] };

export function searchedPath(binding: Binding, expression: ast.PathExpression): SearchedPath {
  const wheres: ast.Expression[] = [];
  /** The patterns of each node of the path, and what stands between two of them. */
  const nodes: ast.NodePattern[][] = [[]];
  const between: (ast.EdgePattern | ast.ParenthesizedPath)[] = [];
  const flatten = (path: ast.PathExpression): void => {
    if (path.kind === "pathAlternation")
      throw binding.notAvailable("A path pattern union", path.span.start);
    for (const part of path.elements) {
      switch (part.kind) {
        case "nodePattern":
          nodes.at(-1)?.push(part);
          break;
        case "edgePattern":
          between.push(part);
          nodes.push([]);
          break;
        case "parenthesizedPath":
          if (part.quantifier) {
            between.push(part);
            nodes.push([]);
            break;
          }
          if (part.mode || part.variable)
            throw binding.notAvailable("A mode or a name inside of a path", part.span.start);
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
    if (part.quantifier) {
      // A node between two repetitions belongs to neither of them.
      if (index > 0 && fixed === null && inside.some(asksForSomething)) fixed = inside;
      else if (fixed) (fixed as ast.PathElement[]).push(...inside);
      endFixed();
      links.push({ kind: "repeated", part, quantifier: part.quantifier });
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

function asksForSomething({ variable, labels, properties, where }: ast.NodePattern): boolean {
  return variable !== null || labels !== null || properties !== null || where !== null;
}

function anyNode(span: ast.Span): ast.NodePattern {
  return { kind: "nodePattern", variable: null, labels: null, properties: null, where: null, span };
}
