import { expect, test } from "vitest";
import { withNames } from "./graphs.ts";

test("the graph in use stays while there is one of its name", () => {
  const before = { names: ["default", "travel"], inUse: "travel" };
  expect(withNames(before, ["default", "other", "travel"]).inUse).toBe("travel");
  expect(withNames(before, ["default", "other"])).toEqual({
    names: ["default", "other"],
    inUse: "default",
  });
});
