import { describe, expect, test } from "vitest";
import { BrokenFrame } from "./broken-frame.ts";
import { readFrame } from "./read.ts";

describe("frames", () => {
  test("a BATCH is its messages; what a newer server adds is left out", () => {
    const batch = {
      type: "BATCH",
      seq: 3,
      messages: [
        { type: "PONG", seq: 3 },
        { type: "WEATHER", sky: "blue" },
      ],
    };
    expect(readFrame(JSON.stringify(batch))).toEqual([{ type: "PONG" }]);
    expect(readFrame('{"type":"WEATHER"}')).toEqual([]);
  });

  test.each([
    ["no JSON", "hello"],
    ["no object", "[1]"],
    ["a RESULT without id", '{"type":"RESULT","data":[]}'],
    [
      "an UPDATE of an unknown kind",
      '{"type":"UPDATE","subscription":"s","op":"upsert","key":"k","data":{},"seq":1,"prev_seq":0,"last":true}',
    ],
    ["data that is no list", '{"type":"RESULT","id":"q1","data":{}}'],
  ])("%s is not taken for a message", (_title, text) => {
    expect(() => readFrame(text)).toThrow(BrokenFrame);
  });
});
