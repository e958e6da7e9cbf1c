import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { bindExpression } from "./bind-expression.ts";
import { graphScope } from "./bind-graph.ts";
import type { Query } from "./operators.ts";
import { type Binding, EMPTY_SCOPE } from "./scope.ts";
import type { SessionCommand } from "./session-command.ts";

/** SESSION SET, RESET and CLOSE. `offset` is where the command stands, or the graph that it names. */
export interface BoundSession {
  readonly kind: "session";
  readonly command: SessionCommand;
  /** Gives the value that is set. */
  readonly query: Query | null;
  readonly offset: number;
}

export function bindSession(
  binding: Binding,
  statement: ast.SessionSet | ast.SessionReset | ast.SessionClose,
): BoundSession {
  const offset = statement.span.start;
  switch (statement.kind) {
    case "sessionSet":
      return bindSet(binding, statement.target, offset);
    case "sessionReset":
      return { kind: "session", command: resetOf(statement.target), query: null, offset };
    case "sessionClose":
      return { kind: "session", command: { action: "close" }, query: null, offset };
    default:
      return unreachable(statement);
  }
}

function bindSet(binding: Binding, target: ast.SessionSetTarget, offset: number): BoundSession {
  switch (target.kind) {
    case "graph": {
      const graph = graphScope(target.graph, null);
      const { start } = target.graph.span;
      return {
        kind: "session",
        command: { action: "setGraph", graph },
        query: null,
        offset: start,
      };
    }
    case "schema":
      return { kind: "session", command: { action: "setSchema" }, query: null, offset };
    case "timeZone": {
      const query = valueQuery(binding, target.timeZone);
      return { kind: "session", command: { action: "setTimeZone" }, query, offset };
    }
    case "parameter": {
      const { ifNotExists, name, value } = target;
      const command = { action: "setParameter", name: name.name, ifNotExists } as const;
      return { kind: "session", command, query: valueQuery(binding, value), offset };
    }
    default:
      return unreachable(target);
  }
}

function resetOf(target: ast.SessionResetTarget): SessionCommand {
  switch (target.kind) {
    case "all":
      return { action: "resetAll" };
    case "graph":
      return { action: "resetGraph" };
    case "timeZone":
      return { action: "resetTimeZone" };
    case "schema":
      return { action: "setSchema" };
    case "parameters":
      return { action: "resetParameters" };
    case "parameter":
      return { action: "resetParameter", name: target.name.name };
    default:
      return unreachable(target);
  }
}

/** The expression as the only value of a result. */
function valueQuery(binding: Binding, node: ast.Expression): Query {
  const expression = bindExpression(binding, node, { scope: EMPTY_SCOPE });
  const variable = binding.variable(null, "value");
  return {
    operators: [{ kind: "let", items: [{ variable, expression }] }],
    output: { kind: "rows", columns: [{ name: "value", text: "value", variable }] },
  };
}
