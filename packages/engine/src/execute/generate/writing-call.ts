import type { Variable } from "../../plan/expression.ts";
import type { CallOperator } from "../../plan/operators.ts";
import { replaces } from "../../plan/writing.ts";
import { isElement } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import type { Buffer } from "./query.ts";

/** What repetitions bind: lists of slots, or null. */
const LISTS: ReadonlySet<Variable["type"]> = new Set(["nodes", "edges", "steps"] as const);

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
  for (const [variable, array] of waiting) {
    if (isElement(variable)) code.line(`${array}=rt.${variable.type}Ids(${array});`);
    if (LISTS.has(variable.type)) code.line(`${array}=rt.listIds("${variable.type}",${array});`);
    if (isElement(variable) && replaces(query)) g.makeNullable(variable);
  }
  const kept = [...waiting.map(([variable]) => variable), ...columns].map(
    (variable) => [variable, g.state("b", "[]")] as const,
  );
  const count = g.state("n", "0");
  const at = code.fresh("i");
  const runs = g.pipeline(() =>
    code.block(`for(let ${at}=0;${at}<${buffer.count};${at}++)`, () => {
      g.step();
      for (const [variable, array] of waiting) {
        code.line(`const ${g.local(variable)}=${fromId(variable, `${array}[${at}]`)};`);
        g.bound.add(variable);
      }
      const keep = (row: string): void => {
        for (const [index, [, array]] of kept.entries()) {
          const own = waiting[index];
          const value = own ? `${own[1]}[${at}]` : `${row}[${index - waiting.length}]`;
          code.line(`${array}.push(${value});`);
        }
        code.line(`${count}++;B.keep();`);
      };
      const rows = code.fresh("rows");
      const text = g.writingSubquery(() =>
        rowsOf((found, column) =>
          isElement(columns[column]!) ? `rt.${columns[column]!.type}Ids([${found}])[0]` : found,
        ),
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
  for (const [variable, array] of kept) {
    if (isElement(variable)) code.line(`${array}=rt.${variable.type}Slots(${array});`);
    if (LISTS.has(variable.type)) code.line(`${array}=rt.listSlots("${variable.type}",${array});`);
    buffer.columns.set(variable, array);
  }
  code.line(`${buffer.count}=${count};`);
}

/** The slot of an element, or the slots of a list, as of now. */
function fromId(variable: Variable, id: string): string {
  if (isElement(variable)) return `rt.${variable.type}Slots([${id}])[0]`;
  if (LISTS.has(variable.type)) return `rt.listSlots("${variable.type}",[${id}])[0]`;
  return id;
}
