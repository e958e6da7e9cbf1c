import type { Step } from "../../plan/order-match.ts";
import type { Generator } from "./generator.ts";
import {
  type Around,
  groupType,
  hasPartsInside,
  hopCode,
  isAmbiguous,
  type StepsCode,
} from "./hop.ts";

/**
 * A repetition, depth first. `hop` goes through the part once from a node and yields where it ends; the stack of hops is the way so far.
 * No recursion: a way may be as long as the graph.
 */
export function repeatCode(
  g: Generator,
  { repeat, reverse, endKnown, different }: Step & { kind: "repeat" },
  around: Around,
  stepsCode: StepsCode,
  rest: () => void,
): void {
  const { code } = g;
  const trail = around.trail ?? code.fresh("trail");
  const { groups } = repeat;
  const [start, end] = reverse ? [repeat.to, repeat.from] : [repeat.from, repeat.to];
  const [hops, node, depth, visited, seen, emitted] = [
    "hops",
    "node",
    "depth",
    "visited",
    "seen",
    "emitted",
  ].map((name) => code.fresh(name)) as [string, string, string, string, string, string];
  // What parts inside are on is on the trail already.
  const [edges, stride] = hasPartsInside(repeat) ? ["own", 1] : ["steps", 2];
  const emit = (): void => {
    if (endKnown) code.line(`if(${node}!==${g.local(end)})break ${emitted};`);
    if (isAmbiguous(repeat))
      code.line(
        `if(!F.isNew(${seen},F.identityOf(F.hopsOf(${hops},${reverse})),B))break ${emitted};`,
      );
    if (!endKnown) g.bind(end, node);
    for (const [index, { outer }] of groups.entries())
      g.bind(outer, `F.groupOf(${hops},${index},${reverse},"${groupType(repeat, outer)}")`);
    if (repeat.taken) g.bind(repeat.taken, `F.takenOf(${hops},${groups.length},${reverse})`);
    g.bind(repeat.steps, `F.stepsOf(${hops},${reverse})`);
    if (repeat.max === null) code.line("B.matched();");
    rest();
  };
  const loop = (): void => {
    code.line(`const ${hops}=[];let ${node}=${g.local(start)},${depth}=0;`);
    if (repeat.trail && around.trail === null) code.line(`const ${trail}=F.trail();`);
    if (repeat.acyclic) code.line(`const ${visited}=new Set([${node}]);`);
    if (isAmbiguous(repeat)) code.line(`const ${seen}=new Set();`);
    const inside: Around = {
      trail: repeat.trail ? trail : null,
      different: [...around.different, ...different],
    };
    const hop = hopCode(g, repeat, reverse, inside, stepsCode, (way) => [
      ...(repeat.trail
        ? way.elements.flatMap((element) =>
            element.type === "edge" ? [`!${trail}.has(${g.local(element)})`] : [],
          )
        : []),
      ...(repeat.acyclic ? [`!${visited}.has(${g.local(reverse ? way.first : way.last)})`] : []),
    ]);
    code.block("for(;;)", () => {
      g.step();
      code.block(`${emitted}: if(${depth}>=${repeat.min})`, emit);
      const deeper = repeat.max === null ? "true" : `${depth}<${repeat.max}`;
      code.line(`if(${deeper})${hops}.push({ways:${hop}(${node}),way:null});`);
      code.block(`while(${hops}.length>0)`, () => {
        const [top, next] = [code.fresh("top"), code.fresh("next")];
        code.line(`const ${top}=${hops}[${hops}.length-1];`);
        // The way taken from here before is taken back, if there was one.
        code.block(`if(${top}.way!==null)`, () => {
          if (repeat.trail) code.line(`${trail}.pop(${top}.way.${edges}.length/${stride});`);
          if (repeat.acyclic) code.line(`${visited}.delete(${top}.way.to);`);
          code.line(`${top}.way=null;${depth}--;`);
        });
        code.line(`const ${next}=${top}.ways.next();`);
        code.block(`if(!${next}.done)`, () => {
          code.line(`${top}.way=${next}.value;${node}=${next}.value.to;${depth}++;`);
          if (repeat.acyclic) code.line(`${visited}.add(${node});`);
          if (repeat.trail) code.line(`${trail}.push(${next}.value.${edges},${stride});`);
          code.line("break;");
        });
        code.line(`${hops}.pop();`);
      });
      code.line(`if(${hops}.length===0)break;`);
    });
  };
  code.block(g.isNullable(start) ? `if(${g.local(start)}!==-1)` : "", loop);
}
