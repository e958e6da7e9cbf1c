import type { CountedHop } from "../../plan/counted-hop.ts";
import type { EdgeAtom } from "../../plan/operators.ts";
import type { Generator } from "./generator.ts";

/**
 * Counts the edges at the node that the hop starts from, as soon as that is known, and runs `between` around what the other edges need.
 * `inner` runs with the text of a number above 0: how often the row counts.
 */
export function countedHopCode(
  g: Generator,
  hop: CountedHop,
  between: (final: () => void) => void,
  inner: (times: string) => void,
): void {
  const { code } = g;
  const [hops, at] = [code.fresh("hops"), code.fresh("d")];
  const way = hop.reverse ? "in" : "out";
  const adjacencies = g.lookup("a", `rt.adjacencies(${code.constant(hop.edge.labels)},"${way}")`);
  const start = g.local(hop.from);
  const every = hop.labels ? g.everyNodeHas(hop.labels) : null;
  const mask = hop.labels && g.labelMask(hop.labels, every);
  code.line(`let ${hops}=0;`);
  code.block(`for(let ${at}=0;${present(g, hop)}${at}<${adjacencies}.length;${at}++)`, () => {
    const adjacency = code.fresh("adj");
    code.line(`const ${adjacency}=${adjacencies}[${at}];`);
    if (hop.labels && every) {
      code.line(`if(${every})${hops}+=${adjacency}.degree(${start});`);
      code.block("else", () => countAdmitted(g, hop, mask, adjacency, hops));
    } else {
      code.line(`${hops}+=${adjacency}.degree(${start});`);
    }
  });
  code.block(`if(${hops}!==0)`, () =>
    between(() => {
      const counted = (times: string): void => {
        for (const step of hop.counted) g.countRow(step, times);
        inner(times);
      };
      const taken = hop.different.map((edge) => takenCode(g, hop, edge, every, mask));
      if (taken.length === 0) {
        counted(hops);
        return;
      }
      const times = code.fresh("times");
      code.line(`const ${times}=${[hops, ...taken].join("-")};`);
      code.block(`if(${times}!==0)`, () => counted(times));
    }),
  );
}

/** Adds the edges that lead to a node with the labels. */
function countAdmitted(
  g: Generator,
  hop: CountedHop,
  mask: string | null,
  adjacency: string,
  hops: string,
): void {
  const { code } = g;
  const start = g.local(hop.from);
  const [pool, offset, degree, at] = ["pool", "off", "deg", "i"].map((name) => code.fresh(name));
  code.line(`const ${degree}=${adjacency}.degree(${start});`);
  code.line(`const ${pool}=${adjacency}.pool(${start}),${offset}=${adjacency}.offset(${start});`);
  code.block(`for(let ${at}=0;${at}<${degree};${at}++)`, () => {
    g.step();
    code.line(`if(${admitted(mask, `${pool}[${offset}+2*${at}]`)})${hops}++;`);
  });
}

/** 1 if an edge that was bound before is one of those counted. */
function takenCode(
  g: Generator,
  hop: CountedHop,
  edge: EdgeAtom,
  every: string | null,
  mask: string | null,
): string {
  const e = g.local(edge.variable);
  const known = edge.direction === "out";
  const from = known ? g.local(edge.from) : `E.from(${e})`;
  const to = known ? g.local(edge.to) : `E.to(${e})`;
  const [near, far] = hop.reverse ? [to, from] : [from, to];
  const test = `${near}===${g.local(hop.from)}`;
  const sameLabel =
    edge.labels?.kind === "label" && hop.edge.labels?.kind === "label"
      ? edge.labels.name === hop.edge.labels.name
      : false;
  if (!sameLabel) return "0";
  return every ? `(${test}&&(${every}||${admitted(mask, far)})?1:0)` : `(${test}?1:0)`;
}

function admitted(mask: string | null, node: string): string {
  return mask === null ? "true" : `${mask}[N.labelSetId(${node})]===1`;
}

function present(g: Generator, { from }: CountedHop): string {
  return g.isNullable(from) ? `${g.local(from)}!==-1&&` : "";
}
