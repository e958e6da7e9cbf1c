import type * as ast from "../gql/ast.ts";
import type { Binding } from "./scope.ts";

/**
 * The names of the result's columns: the alias; else the variable; else, for one function call, its name in lower case; else the source
 * text. Where two would be the same, those without an alias take their source text.
 */
export function columnNames(
  binding: Binding,
  items: readonly ast.ProjectionItem[],
  taken: readonly string[] = [],
): string[] {
  const preferred = items.map(preferredName);
  const count = new Map<string, number>(taken.map((name) => [name, 1]));
  for (const name of preferred) count.set(name, (count.get(name) ?? 0) + 1);
  const names = items.map((item, index) => {
    const name = preferred[index] ?? item.text;
    return item.alias === null && (count.get(name) ?? 0) > 1 ? item.text : name;
  });
  const seen = new Set<string>(taken);
  for (const [index, name] of names.entries()) {
    const item = items[index];
    if (seen.has(name) && item)
      throw binding.invalidSyntax(
        `Two columns are named \`${name}\`.`,
        item.span.start,
        "Give one of them another name with AS.",
      );
    seen.add(name);
  }
  return names;
}

function preferredName(item: ast.ProjectionItem): string {
  if (item.alias) return item.alias.name;
  switch (item.expression.kind) {
    case "variable":
      return item.expression.name;
    case "functionCall":
      return item.expression.name.toLowerCase();
    default:
      return item.text;
  }
}
