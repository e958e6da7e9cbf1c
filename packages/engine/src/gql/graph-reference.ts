import type { GraphReference } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { acceptSchemaOfGraph } from "./schema-reference.ts";

/** <graph expression> (§11.1): the name of a graph or of a variable that stands for one, or that of the session. */
export function parseGraphReference(cursor: Cursor): GraphReference {
  const { keyword, start, end } = cursor.token;
  switch (keyword) {
    case "CURRENT_GRAPH":
    case "CURRENT_PROPERTY_GRAPH":
      cursor.advance();
      return { kind: "currentGraph", span: { start, end } };
    case "HOME_GRAPH":
    case "HOME_PROPERTY_GRAPH":
      cursor.advance();
      return { kind: "homeGraph", span: { start, end } };
    default: {
      acceptSchemaOfGraph(cursor);
      const name = cursor.expectName("the name of a graph");
      const { span } = name;
      const known = cursor.graphs.get(name.name);
      return known === undefined ? { kind: "namedGraph", name, span } : { ...known, span };
    }
  }
}
