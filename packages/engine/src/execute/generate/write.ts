import { unreachable } from "@geode/values";
import type { Expression, Variable } from "../../plan/expression.ts";
import type {
  InsertEdgeAtom,
  InsertNodeAtom,
  SetItem,
  WriteOperator,
} from "../../plan/operators.ts";
import { looksAround } from "../../plan/unseen-insert.ts";
import { holdIds, holdSlots } from "./by-id.ts";
import { bytesCode } from "./bytes.ts";
import { isElement, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import { matchCode } from "./match.ts";
import type { Buffer } from "./query.ts";

type Loop = (body: () => void) => void;
type Of<Kind extends WriteOperator["kind"]> = Extract<WriteOperator, { kind: Kind }>;

/**
 * INSERT: per kept row, nodes and then edges; what is new is kept beside the row, unless nobody sees it. Properties that look around in
 * the graph are computed for all rows first, so that no row sees what another one inserts.
 */
export function insertCode(
  g: Generator,
  operator: Of<"insert">,
  buffer: Buffer,
  reading: Loop,
  loop: Loop,
  unseen: boolean,
): void {
  const { code } = g;
  if (unseen) {
    const perRow = operator.nodes.length + operator.edges.length;
    const labels = {
      node: operator.nodes.flatMap((node) => node.labels),
      edge: operator.edges.map((edge) => edge.label),
    };
    code.line(`rt.writer.insertUnseen(${buffer.count}*${perRow},${code.constant(labels)});`);
    loop(() => insertAtoms(g, operator.nodes, operator.edges, "propertyMap"));
    return;
  }
  const fresh = [...operator.nodes, ...operator.edges].map(
    ({ variable }) => [variable, g.state("b", "[]")] as const,
  );
  const early = new Map<Expression, string>();
  for (const { properties } of [...operator.nodes, ...operator.edges])
    if (properties && looksAround(properties)) early.set(properties, g.state("b", "[]"));
  if (early.size > 0)
    reading(() => {
      for (const [record, array] of early) {
        const made = code.fresh("record");
        code.line(`const ${made}=${valueCode(g, record)};`);
        code.line(`${array}.push(${made});B.hold(F.bytesOf(${made}));`);
      }
    });
  const row = early.size > 0 ? g.state("row", "-1") : "";
  loop(() => {
    if (early.size > 0) code.line(`${row}++;`);
    insertAtoms(g, operator.nodes, operator.edges, "propertyMap", (record) => {
      const array = early.get(record);
      return array === undefined ? valueCode(g, record) : `${array}[${row}]`;
    });
    for (const [variable, array] of fresh) code.line(`${array}.push(${g.local(variable)});`);
  });
  for (const [variable, array] of fresh) buffer.columns.set(variable, array);
}

/** Inserts nodes and edges, and binds their variables. `properties` is what makes properties of a record. */
function insertAtoms(
  g: Generator,
  nodes: readonly InsertNodeAtom[],
  edges: readonly InsertEdgeAtom[],
  properties: "propertyMap" | "mergedProperties",
  recordCode: (record: Expression) => string = (record) => valueCode(g, record),
): void {
  const { code } = g;
  const mapOf = (record: Expression | null, offset: number): string =>
    record ? `F.${properties}(${recordCode(record)},${offset})` : "F.noProperties";
  for (const node of nodes) {
    const labels = code.constant(node.labels);
    const map = mapOf(node.properties, node.offset);
    g.bind(node.variable, `rt.insertNode(${labels},${map},${node.offset})`);
  }
  for (const edge of edges) {
    const ends = [edge.from, edge.to].map((end) =>
      g.isNullable(end)
        ? `rt.presentNode(${g.local(end)},${code.constant(end.name ?? "a node")},${edge.offset})`
        : g.local(end),
    );
    const label = code.constant(edge.label);
    const map = mapOf(edge.properties, edge.offset);
    const parts = [label, ...ends, map, edge.offset];
    g.bind(edge.variable, `rt.insertEdge(${parts.join(",")})`);
  }
}

/**
 * MERGE: per kept row, the pattern is matched, or inserted if nothing matches; a row sees what the rows before it inserted. The rows
 * that come out replace those that went in.
 */
export function mergeCode(g: Generator, operator: Of<"merge">, buffer: Buffer, loop: Loop): void {
  const { code } = g;
  const { match, nodes, edges } = operator;
  const out = new Map<Variable, string>();
  for (const variable of [...buffer.columns.keys(), ...match.introduces])
    out.set(variable, g.state("b", "[]"));
  const count = g.state("n", "0");
  const keep = (): void => {
    for (const [variable, array] of out) code.line(`${array}.push(${g.local(variable)});`);
    code.line(`${count}++;B.keep(${bytesCode(g, out.keys())});`);
  };
  loop(() => {
    const first = code.fresh("first");
    code.line(`const ${first}=${count};`);
    const outer = new Set(g.bound);
    g.freshBlock("", () => matchCode(g, match, new Set(), keep));
    g.bound = new Set(outer);
    const inserted = code.fresh("inserted");
    code.line(`const ${inserted}=${count}===${first};`);
    // What properties look up may have been written by the row before.
    g.freshBlock(`if(${inserted})`, () => {
      insertAtoms(g, nodes, edges, "mergedProperties");
      keep();
    });
    g.bound = new Set(outer);
    const assign = (items: readonly SetItem[], condition: string): void => {
      if (items.length === 0) return;
      g.freshBlock(`if(${condition})`, () => {
        const [assignments, at] = [code.fresh("set"), code.fresh("i")];
        code.line(`const ${assignments}=rt.assignments();`);
        code.block(`for(let ${at}=${first};${at}<${count};${at}++)`, () => {
          for (const variable of match.introduces) g.bind(variable, `${out.get(variable)}[${at}]`);
          setItems(g, items, assignments);
        });
        code.line(`${assignments}.apply();`);
      });
    };
    assign(operator.onCreate, inserted);
    assign(operator.onMatch, `!${inserted}`);
  });
  code.line(`${buffer.count}=${count};`);
  for (const [variable, array] of out) buffer.columns.set(variable, array);
}

/** SET: all right sides of all rows first, then the assignments. */
export function setCode(g: Generator, operator: Of<"set">, loop: Loop): void {
  const assignments = g.state("set", "rt.assignments()");
  loop(() => setItems(g, operator.items, assignments));
  g.code.line(`${assignments}.apply();`);
}

/** Notes what is to be assigned. */
function setItems(g: Generator, items: readonly SetItem[], assignments: string): void {
  const { code } = g;
  for (const item of items) {
    const note = (call: (element: string) => string): void =>
      target(g, item.target, item.offset, (element) =>
        code.line(`${assignments}.${call(element)};`),
      );
    switch (item.kind) {
      case "property": {
        const { key, value, offset } = item;
        note(
          (element) =>
            `property(${element},${code.constant(key)},${valueCode(g, value)},${offset})`,
        );
        break;
      }
      case "properties": {
        const { value, replace, offset } = item;
        note((element) => `properties(${element},${valueCode(g, value)},${replace},${offset})`);
        break;
      }
      case "computedLabels": {
        const { value, offset } = item;
        note(
          (element) =>
            `addLabels(${element},F.labelNames(${valueCode(g, value)},${offset}),${offset})`,
        );
        break;
      }
      case "labels": {
        const { labels, offset } = item;
        note((element) => `addLabels(${element},${code.constant(labels)},${offset})`);
        break;
      }
      default:
        unreachable(item);
    }
  }
}

export function removeCode(g: Generator, operator: Of<"remove">, loop: Loop): void {
  const { code } = g;
  const assignments = g.state("set", "rt.assignments()");
  loop(() => {
    for (const item of operator.items) {
      switch (item.kind) {
        case "property":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.property(${element},${code.constant(item.key)},null,${item.offset});`,
            ),
          );
          break;
        case "computedLabels":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.removeLabels(${element},F.labelNames(${valueCode(g, item.value)},${item.offset}),${item.offset});`,
            ),
          );
          break;
        case "properties":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.properties(${element},${valueCode(g, item.value)},false,${item.offset});`,
            ),
          );
          break;
        case "labels":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.removeLabels(${element},${code.constant(item.labels)},${item.offset});`,
            ),
          );
          break;
        default:
          unreachable(item);
      }
    }
  });
  code.line(`${assignments}.apply();`);
}

/** DELETE: first everything that is to go is found, then it goes. Slots of what went are -1 from here on. */
export function deleteCode(g: Generator, operator: Of<"delete">, buffer: Buffer, loop: Loop): void {
  const { code } = g;
  const deletions = g.state("del", `rt.deletions(${operator.detach})`);
  loop(() => {
    for (const { expression, offset } of operator.targets) {
      if (expression.kind === "variable" && isElement(expression.variable)) {
        target(g, expression, offset, (found) =>
          code.line(`${deletions}.add(${found},${offset});`),
        );
      } else {
        const found = code.fresh("el");
        code.block(
          `for(const ${found} of rt.elements(${valueCode(g, expression)},${offset}))`,
          () => code.line(`${deletions}.add(${found}.kind,${found}.slot,${offset});`),
        );
      }
    }
  });
  holdIds(g, buffer.columns);
  code.line(`${deletions}.apply();`);
  holdSlots(g, buffer.columns);
  for (const variable of buffer.columns.keys()) if (isElement(variable)) g.makeNullable(variable);
}

/** Calls `use` with code for `kind,slot` of the element, where there is one. */
function target(
  g: Generator,
  expression: Expression,
  offset: number,
  use: (element: string) => void,
): void {
  if (expression.kind === "variable" && isElement(expression.variable)) {
    const { variable } = expression;
    const call = (): void => use(`"${variable.type}",${g.local(variable)}`);
    if (g.isNullable(variable)) g.code.block(`if(${g.local(variable)}!==-1)`, call);
    else call();
    return;
  }
  const found = g.code.fresh("el");
  g.code.line(`const ${found}=rt.element(${valueCode(g, expression)},${offset});`);
  g.code.block(`if(${found}!==null)`, () => use(`${found}.kind,${found}.slot`));
}
