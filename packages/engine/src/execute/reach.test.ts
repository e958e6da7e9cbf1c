import { expect, test } from "vitest";
import type { GraphName } from "../graph/effect.ts";
import { Graph } from "../graph/graph.ts";
import { placeOf } from "./reach.ts";

const statement = { otherGraphs: new Map() };

test("whoever asks again with the same reach finds the graphs of now, also new ones under a known name", () => {
  const graphs = new Map<GraphName, Graph>();
  const put = (name: GraphName) => graphs.set(name, new Graph(name)).get(name);
  const graphsOf = (reach: ReadonlySet<GraphName>) => [
    ...placeOf(statement, "default", graphs, reach).graphs,
  ];
  const reach = new Set(["default", "tenant"]);
  const first = put("default");
  put("beyond");
  expect(graphsOf(reach)).toEqual([["default", first]]);
  expect(placeOf(statement, "default", graphs, reach).graphs).toBe(
    placeOf(statement, "default", graphs, reach).graphs,
  );
  const tenant = put("tenant");
  expect(graphsOf(reach)).toEqual([
    ["default", first],
    ["tenant", tenant],
  ]);
  expect(graphsOf(new Set(["default"]))).toEqual([["default", first]]);
  const again = put("tenant");
  expect(graphsOf(reach).at(-1)?.[1]).toBe(again);
  graphs.delete("tenant");
  expect(graphsOf(reach)).toEqual([["default", first]]);
});
