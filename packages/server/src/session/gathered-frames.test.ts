import fc from "fast-check";
import { expect, test } from "vitest";
import { SharedBody, SharedFrame, type OutFrame } from "../transport/out-frame.ts";
import { GatheredFrames } from "./gathered-frames.ts";

const shared = (text: string): OutFrame => new SharedFrame("", new SharedBody(text), "");

function gathered(frames: readonly OutFrame[]): readonly OutFrame[] {
  const gathering = new GatheredFrames();
  for (const frame of frames) gathering.add(frame);
  return gathering.list;
}

test("the same frames as before are the same list", () => {
  const frames = [shared("a"), shared("b")];
  const list = gathered(frames);
  expect(gathered(frames)).toBe(list);
  expect(gathered(frames.toReversed())).not.toBe(list);
});

test("whatever was gathered before, a list holds what was added to it, and goes on holding it", () => {
  const pool: OutFrame[] = [shared("a"), shared("b"), shared("c"), "text", "more", shared("a")];
  const list = fc.array(fc.nat(pool.length - 1), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(list, { maxLength: 20 }), (lists) => {
      const plain = lists.map((places) => places.map((place) => pool[place]!));
      const ours = plain.map(gathered);
      for (const [at, frames] of plain.entries()) {
        expect(ours[at]).toHaveLength(frames.length);
        for (const [place, frame] of frames.entries()) expect(ours[at]![place]).toBe(frame);
      }
    }),
  );
});
