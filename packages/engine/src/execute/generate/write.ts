import { unreachable } from "@geode/values";
import type { Expression, Variable } from "../../plan/expression.ts";
import type { WriteOperator } from "../../plan/operators.ts";
import { isElement, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import type { Buffer } from "./query.ts";

type Loop = (body: () => void) => void;
type Of<Kind extends WriteOperator["kind"]> = Extract<WriteOperator, { kind: Kind }>;

/** INSERT: per kept row, nodes and then edges; what is new is kept beside the row. */
export function insertCode(g: Generator, operator: Of<"insert">, buffer: Buffer, loop: Loop): void {
  const { code } = g;
  const fresh = [...operator.nodes, ...operator.edges].map(
    ({ variable }) => [variable, g.state("b", "[]")] as const,
  );
  const arrays = new Map(fresh);
  loop(() => {
    for (const node of operator.nodes) {
      define(
        g,
        node.variable,
        `rt.writer.insertNode(${code.constant(node.labels)},${propertiesCode(g, node.properties)})`,
      );
      code.line(`${arrays.get(node.variable)}.push(${g.local(node.variable)});`);
    }
    for (const edge of operator.edges) {
      const ends = [edge.from, edge.to].map((end) =>
        g.isNullable(end)
          ? `rt.presentNode(${g.local(end)},${code.constant(end.name ?? "a node")})`
          : g.local(end),
      );
      define(
        g,
        edge.variable,
        `rt.writer.insertEdge(${code.constant(edge.label)},${ends.join(",")},${propertiesCode(g, edge.properties)})`,
      );
      code.line(`${arrays.get(edge.variable)}.push(${g.local(edge.variable)});`);
    }
  });
  for (const [variable, array] of fresh) buffer.columns.set(variable, array);
}

/** SET: all right sides of all rows first, then the assignments. */
export function setCode(g: Generator, operator: Of<"set">, loop: Loop): void {
  const { code } = g;
  const assignments = g.state("set", "rt.assignments()");
  loop(() => {
    for (const item of operator.items) {
      switch (item.kind) {
        case "property":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.property(${element},${code.constant(item.key)},${valueCode(g, item.value)},${item.offset});`,
            ),
          );
          break;
        case "properties":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.properties(${element},${valueCode(g, item.value)},${item.replace},${item.offset});`,
            ),
          );
          break;
        case "labels":
          target(g, item.target, item.offset, (element) =>
            code.line(
              `${assignments}.addLabels(${element},${code.constant(item.labels)},${item.offset});`,
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
      if (expression.kind === "variable" && expression.variable.type === "path") {
        for (const element of expression.variable.elements)
          target(g, { kind: "variable", variable: element }, offset, (found) =>
            code.line(`${deletions}.add(${found});`),
          );
      } else {
        target(g, expression, offset, (found) => code.line(`${deletions}.add(${found});`));
      }
    }
  });
  const elements = [...buffer.columns].filter(([variable]) => isElement(variable));
  for (const [variable, array] of elements) code.line(`${array}=rt.${variable.type}Ids(${array});`);
  code.line(`${deletions}.apply();`);
  for (const [variable, array] of elements) {
    code.line(`${array}=rt.${variable.type}Slots(${array});`);
    g.makeNullable(variable);
  }
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

function propertiesCode(g: Generator, properties: Expression | null): string {
  return properties ? `F.propertyMap(${valueCode(g, properties)})` : "F.noProperties";
}

function define(g: Generator, variable: Variable, expression: string): void {
  g.code.line(`const ${g.local(variable)}=${expression};`);
  g.bound.add(variable);
}
