import type { CallOperator } from "../../plan/operators.ts";
import { replaces } from "../../plan/writing.ts";
import { holdIds, holdSlots, idCode, slotCode } from "./by-id.ts";
import { isElement } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import type { Buffer } from "./query.ts";

/**
 * CALL of a query that writes. All rows wait for it; then the query is run for one after the other, and each run sees what those before
 * it wrote. Meanwhile elements are held by id: what one run deletes, another one must not meet in its place. `rowsOf` is the text of
 * the rows of one run, given as one text per column.
 */
export function writingCallCode(
  g: Generator,
  { query, columns, optional }: CallOperator,
  buffer: Buffer,
  rowsOf: (columnCode: (slotOrValue: string, at: number) => string) => string,
): void {
  const { code } = g;
  const waiting = [...buffer.columns];
  holdIds(g, waiting);
  if (replaces(query))
    for (const [variable] of waiting) if (isElement(variable)) g.makeNullable(variable);
  const kept = [...waiting.map(([variable]) => variable), ...columns].map(
    (variable) => [variable, g.state("b", "[]")] as const,
  );
  const count = g.state("n", "0");
  const at = code.fresh("i");
  const runs = g.pipeline(() =>
    code.block(`for(let ${at}=0;${at}<${buffer.count};${at}++)`, () => {
      g.step();
      for (const [variable, array] of waiting) {
        code.line(`const ${g.local(variable)}=${slotCode(variable, `${array}[${at}]`)};`);
        g.bound.add(variable);
      }
      const keep = (row: string): void => {
        for (const [index, [, array]] of kept.entries()) {
          const own = waiting[index];
          const value = own ? `${own[1]}[${at}]` : `${row}[${index - waiting.length}]`;
          code.line(`${array}.push(${value});`);
        }
        const bytes = kept.map(([, array]) => `F.bytesOf(${array}[${count}])`).join("+");
        code.line(`B.keep(${bytes || "0"});${count}++;`);
      };
      const rows = code.fresh("rows");
      const text = g.writingSubquery(() =>
        rowsOf((found, column) => idCode(columns[column]!, found)),
      );
      code.line(`const ${rows}=${text};`);
      if (query.output.kind === "nothing") {
        keep(rows);
        return;
      }
      if (optional) {
        const nothing = columns.map((column) => (isElement(column) ? "-1" : "null"));
        code.line(`if(${rows}.length===0)${rows}.push([${nothing.join(",")}]);`);
      }
      const row = code.fresh("row");
      code.block(`for(const ${row} of ${rows})`, () => keep(row));
    }),
  );
  code.line(`${runs}();`);
  holdSlots(g, kept);
  for (const [variable, array] of kept) buffer.columns.set(variable, array);
  code.line(`${buffer.count}=${count};`);
}
