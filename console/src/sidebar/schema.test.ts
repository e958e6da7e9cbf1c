import { expect, test } from "vitest";
import { countLabels, quoted } from "./schema.ts";

test("a node with several labels counts for each, the most frequent first", () => {
  const rows = [
    { labels: ["Person"], number: 3 },
    { labels: ["Person", "Poet"], number: 2 },
    { labels: [], number: 9 },
    { labels: ["Town"], number: 5 },
  ];
  expect(countLabels(rows)).toEqual([
    { name: "Person", count: 5 },
    { name: "Town", count: 5 },
    { name: "Poet", count: 2 },
  ]);
});

test("names are quoted when they have to be", () => {
  expect([quoted("Person"), quoted("two words"), quoted("a`b"), quoted("1st")]).toEqual([
    "Person",
    "`two words`",
    "`a``b`",
    "`1st`",
  ]);
});
