import { unreachable } from "@geode/values";
import type { Expression, Variable } from "../../plan/expression.ts";
import type { Generator } from "./generator.ts";

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
        g.queryCode(g, query, ([column]) => {
          const value = column ? variableCode(g, column) : "null";
          code.line(`B.keep(0);${list}.add(${value}${g.keyed ? `,${g.rowKey()}` : ""});`);
        });
        answer(`${list}.result()`);
        return;
      }
      default:
        unreachable(form);
    }
  });
}
