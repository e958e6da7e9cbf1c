import { unreachable } from "@geode/values";
import type { Expression, Variable } from "../../plan/expression.ts";
import type { Query } from "../../plan/operators.ts";
import type { Generator } from "./generator.ts";

/** Whether the rows come in the order of an ORDER BY. */
function endsSorted({ operators }: Query): boolean {
  const last = operators.findLast(({ kind }) => kind !== "let" && kind !== "slice");
  return last?.kind === "sort" && last.keys.length > 0;
}

/** A query as an expression: a function that is called at once, with pipelines of its own inside. */
export function subqueryCode(
  g: Generator,
  { form, query, offset }: Expression & { kind: "subquery" },
  variableCode: (g: Generator, variable: Variable) => string,
): string {
  const { code } = g;
  return g.subquery(() => {
    // What it keeps is gone when it has answered.
    const before = g.state("before", "B.kept");
    const answer = (text: string): void => code.line(`B.release(${before});return ${text};`);
    switch (form) {
      case "exists": {
        const found = g.state("found", "false");
        g.queryCode(g, query, () => code.line(`${found}=true;return true;`));
        answer(found);
        return;
      }
      case "count": {
        const count = g.state("count", "0");
        g.queryCode(g, query, (_, times) => code.line(`${count}+=${times};`), true);
        answer(`F.exactCount(${count})`);
        return;
      }
      case "value": {
        const [count, value] = [g.state("count", "0"), g.state("value", "null")];
        g.queryCode(g, query, ([column]) =>
          code.line(
            `if(++${count}>1)rt.refuseManyRows(${offset});${value}=${column ? variableCode(g, column) : "null"};`,
          ),
        );
        answer(value);
        return;
      }
      case "list": {
        const list = g.state("list", "F.keptList(B)");
        // In a live query the order of a list has to be defined: by the ORDER BY that the rows come in, else by row key.
        const needsKey = g.keyed && !endsSorted(query);
        g.queryCode(g, query, ([column]) => {
          const value = column ? variableCode(g, column) : "null";
          code.line(`B.keep(0);${list}.add(${value}${needsKey ? `,${g.rowKey()}` : ""});`);
        });
        answer(`${list}.result()`);
        return;
      }
      default:
        unreachable(form);
    }
  });
}
