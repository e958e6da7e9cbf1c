import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Adjacency } from "../graph/adjacency.ts";
import { NeighbourFilter } from "./neighbour-filter.ts";

/** Far enough apart that some share a bit. */
const nodes = fc.nat({ max: 20 }).map((node) => (node % 3) * 65_536 + node);

describe("a filter of neighbours", () => {
  test("lets every node through that an edge joins with the anchor, whatever was asked before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(nodes, nodes), { maxLength: 40 }),
        fc.array(fc.tuple(nodes, nodes), { maxLength: 60 }),
        (edges, questions) => {
          const [out, into] = [new Adjacency(), new Adjacency()];
          for (const [edge, [from, to]] of edges.entries()) {
            out.push(from, to, edge);
            into.push(to, from, edge);
          }
          const filter = new NeighbourFilter([out], [into]);
          for (const [anchor, node] of questions) {
            const joined = edges.some(([from, to]) => from === anchor && to === node);
            if (joined) expect(filter.mayJoin(anchor, node)).toBe(true);
            else filter.mayJoin(anchor, node);
          }
        },
      ),
    );
  });

  test("stops the others once going over their edges has cost as much as noting the anchor's", () => {
    const [out, into] = [new Adjacency(), new Adjacency()];
    for (let node = 10; node < 14; node++) {
      out.push(1, node, node);
      into.push(node, 1, node);
      into.push(node + 10, 2, node + 10);
    }
    const filter = new NeighbourFilter([out], [into]);
    const asked = [20, 21, 22, 23, 20, 21, 10].map((node) => filter.mayJoin(1, node));
    expect(asked).toEqual([true, true, true, true, false, false, true]);
  });
});
