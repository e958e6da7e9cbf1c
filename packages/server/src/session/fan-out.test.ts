import { expect, test } from "vitest";
import { FanOut } from "./fan-out.ts";

/** A fan-out of three sockets a turn, turns by hand, and sockets that note when they are written to. */
function harness() {
  const turns: (() => void)[] = [];
  const fanOut = new FanOut({ endOfTurn: (due) => turns.push(due) }, 3);
  const written: string[] = [];
  const socket = (name: string) => ({ flush: () => void written.push(name) });
  const turn = () => {
    written.length = 0;
    for (const due of turns.splice(0)) due();
    return [...written];
  };
  return { fanOut, socket, turn, turns };
}

test("updates for many sockets leave in slices, one a turn", () => {
  const { fanOut, socket, turn, turns } = harness();
  for (const name of "abcdefg") fanOut.ask(socket(name), "update");
  expect([turn(), turn(), turn()]).toEqual([["a", "b", "c"], ["d", "e", "f"], ["g"]]);
  expect(turns).toEqual([]);
});

test("an answer waits for no slice", () => {
  const { fanOut, socket, turn } = harness();
  for (const name of "abcdef") fanOut.ask(socket(name), "update");
  expect(turn()).toEqual(["a", "b", "c"]);
  fanOut.ask(socket("asker"), "answer");
  expect(turn()).toEqual(["asker", "d", "e", "f"]);
});

test("a socket with an answer and updates is written to once", () => {
  const { fanOut, socket, turn, turns } = harness();
  const both = socket("both");
  fanOut.ask(both, "update");
  fanOut.ask(both, "answer");
  fanOut.ask(both, "update");
  expect(turn()).toEqual(["both"]);
  expect(turns).toEqual([]);
});

test("a socket that went is not written to", () => {
  const { fanOut, socket, turn } = harness();
  const gone = socket("gone");
  fanOut.ask(gone, "update");
  fanOut.ask(gone, "answer");
  fanOut.forget(gone);
  expect(turn()).toEqual([]);
});
