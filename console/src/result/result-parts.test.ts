import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { PlainValue } from "@geode/client";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnLayout, grownLayout } from "./column-width.ts";
import { rowsJson } from "./json-text.ts";
import { RateMeter } from "./rate.ts";
import { rowWindow } from "./row-window.ts";
import { Series, SPAN_MS } from "./series.ts";
import { sparkline } from "./sparkline.ts";
import { statsText, summaryOf } from "./summary.ts";
import { valueText, valueType } from "./value-text.ts";
import type { ResultView } from "./view.ts";
import { NO_FLASHES } from "./flash.ts";

const ada = new GraphNode("1", ["Person", "Poet"], { name: "Ada" });
const knows = new GraphEdge({ id: "9", from: "1", to: "2" }, "KNOWS", { since: 1842 });

describe("values in text", () => {
  test.each([
    [null, "null", "NULL"],
    ["it's", "it's", "STRING"],
    [42, "42", "INTEGER"],
    [2n ** 60n, "1152921504606846976", "INTEGER"],
    [1.5, "1.5", "FLOAT"],
    [new Float(2), "2.0", "FLOAT"],
    [new Float(Number.NaN), "NaN", "FLOAT"],
    [new Float(1e300), "1e+300", "FLOAT"],
    [true, "true", "BOOLEAN"],
    [[1, "two", null], '[1, "two", null]', "LIST"],
    [{ a: { b: "c" } }, '{a: {b: "c"}}', "RECORD"],
    [new Uint8Array([0, 255]), "0x00ff", "BYTES"],
    [new Uint8Array(40), `0x${"00".repeat(16)}… (40 bytes)`, "BYTES"],
    [ada, '(:Person&Poet {name: "Ada"})', "NODE"],
    [knows, "[:KNOWS {since: 1842}]", "EDGE"],
    [
      new GraphPath([ada, knows, ada]),
      '(:Person&Poet {name: "Ada"})–[:KNOWS {since: 1842}]–(:Person&Poet {name: "Ada"})',
      "PATH",
    ],
  ] as readonly (readonly [PlainValue, string, string])[])("%o", (value, text, type) => {
    expect(valueText(value)).toBe(text);
    expect(valueType(value)).toBe(type);
  });

  test("as JSON they keep what JSON has no form for", () => {
    const row = {
      i: 2n ** 60n,
      f: new Float(2),
      b: new Uint8Array([1, 2]),
      n: ada,
      e: knows,
      r: { $x: 1 },
    };
    expect(JSON.parse(rowsJson([row]))).toEqual([
      {
        i: { $int: "1152921504606846976" },
        f: { $float: "2.0" },
        b: { $bytes: "AQI=" },
        n: { $id: "1", $labels: ["Person", "Poet"], name: "Ada" },
        e: { $id: "9", $labels: ["KNOWS"], $from: "1", $to: "2", since: 1842 },
        r: { $$x: 1 },
      },
    ]);
  });
});

describe("a long table", () => {
  test("always has the rows that one sees, and the height of all", () => {
    const rowHeight = 30;
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.nat(3_000_000),
        fc.integer({ min: 1, max: 3_000 }),
        (rows, scrollTop, viewHeight) => {
          const { from, to, aboveHeight, belowHeight } = rowWindow(
            rows,
            rowHeight,
            scrollTop,
            viewHeight,
          );
          expect(aboveHeight + (to - from) * rowHeight + belowHeight).toBe(rows * rowHeight);
          expect(to - from).toBeLessThan(viewHeight / rowHeight + 50);
          const firstSeen = Math.floor(scrollTop / rowHeight);
          const lastSeen = Math.min(rows, Math.ceil((scrollTop + viewHeight) / rowHeight));
          if (firstSeen < rows) {
            expect(from).toBeLessThanOrEqual(firstSeen);
            expect(to).toBeGreaterThanOrEqual(lastSeen);
          }
        },
      ),
    );
  });

  test("puts numbers to the right, and gives each column what it needs within bounds", () => {
    const columns = ["n", "mixed", "text", "empty"].map((name) => ({
      name,
      text: name,
      type: "ANY",
    }));
    const rows = [
      { n: 1, mixed: 1, text: "x".repeat(500), empty: null },
      { n: null, mixed: "a", text: "", empty: null },
    ];
    expect(columnLayout(columns, rows).map(({ width, numeric }) => [width, numeric])).toEqual([
      [7, true],
      [8, false],
      [42, false],
      [8, false],
    ]);
  });
});

test("the columns of a live table grow when they must, never shrink, and stay the same when all fits", () => {
  const column = (name: string, width: number) => ({ name, width, numeric: false });
  const before = [column("a", 10), column("b", 20)];
  expect(grownLayout(before, [column("a", 8), column("b", 20)])).toBe(before);
  const grown = grownLayout(before, [column("a", 12), column("b", 5), column("c", 7)]);
  expect(grown).toEqual([column("a", 12), column("b", 20), column("c", 7)]);
  expect(grown[1]).toBe(before[1]);
});

describe("the recent past of a number", () => {
  test("is kept for results of one row only, and for a while only", () => {
    const series = new Series();
    series.record(0, [{ cpu: 1, host: "a" }]);
    series.record(1_000, [{ cpu: new Float(2), host: "a" }]);
    expect(series.points("cpu").map(({ value }) => value)).toEqual([1, 2]);
    expect(series.points("host")).toEqual([]);
    series.record(SPAN_MS + 500, [{ cpu: 3n }]);
    expect(series.points("cpu").map(({ value }) => value)).toEqual([2, 3]);
    series.record(SPAN_MS + 501, [{ cpu: 1 }, { cpu: 2 }]);
    expect(series.points("cpu")).toEqual([]);
  });

  test("is drawn from the oldest at the left to now at the right edge", () => {
    const shape = sparkline(
      [
        { atMs: 0, value: 10 },
        { atMs: 10_000, value: 20 },
      ],
      20_000,
    );
    expect(shape).toMatchObject({
      lowest: 10,
      highest: 20,
      line: "M0.00 92.00L50.00 8.00L100.00 8.00",
    });
    expect(sparkline([{ atMs: 0, value: 10 }], 5)).toBeNull();
  });

  test("that does not move is a line in the middle", () => {
    expect(
      sparkline(
        [
          { atMs: 0, value: 5 },
          { atMs: 10_000, value: 5 },
        ],
        10_000,
      )?.line,
    ).toBe("M0.00 50.00L100.00 50.00L100.00 50.00");
  });
});

test("a rate counts the last five seconds and falls when nothing comes", () => {
  const meter = new RateMeter();
  for (let i = 0; i < 10; i += 1) meter.record(i * 100);
  expect(meter.perSecond(1_000)).toBe(2);
  expect(meter.perSecond(10_000)).toBe(0);
});

describe("a result in a few words", () => {
  const view = (more: Partial<ResultView>): ResultView => ({
    columns: [],
    rows: [],
    keys: [],
    layout: [],
    seq: 1,
    stats: null,
    notices: [],
    maintenance: null,
    atMs: 0,
    flashes: NO_FLASHES,
    turn: 0,
    ...more,
  });
  const columns = [{ name: "x", text: "x", type: "ANY" }];

  test.each([
    [view({ columns, rows: [{ x: 1 }] }), "1 row"],
    [view({ columns, rows: Array.from({ length: 1_200 }, () => ({ x: 1 })) }), "1,200 rows"],
    [
      view({ stats: { nodesInserted: 1, edgesInserted: 0, propertiesSet: 3 } }),
      "1 node inserted, 3 properties set",
    ],
    [view({ stats: { nodesInserted: 0 } }), "Nothing changed"],
    [view({}), "0 rows"],
    [view({ columns, rows: [{ x: 1 }], stats: { indexes_created: 1 } }), "1 row · 1 index created"],
  ])("%#", (result, words) => {
    expect(summaryOf(result)).toBe(words);
  });

  test("names what was counted in plain words", () => {
    expect(statsText({ labelsAdded: 2, edgesDeleted: 1, propertiesSet: 1 })).toBe(
      "2 labels added, 1 edge deleted, 1 property set",
    );
  });
});
