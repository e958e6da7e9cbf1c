import { expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { silentLog } from "../log.ts";
import type { DocumentRow, Shown } from "./document-store.ts";
import { OpenDocument } from "./open-document.ts";
import { Showing } from "./showing.ts";

/** A document of JSON with so many edits, and a graph in which it shows, unless that fails. */
class Fixture {
  readonly clock = new ManualClock();
  readonly rows: number[] = [];
  version = 1;
  fails = false;
  readonly showing = new Showing({
    clock: this.clock,
    log: silentLog,
    store: {
      show: ({ version }: DocumentRow): Promise<Shown> => {
        if (this.fails) return Promise.reject(new Error("the disk is full"));
        this.rows.push(version);
        return Promise.resolve({ element: 1, text: "" });
      },
      shownVersions: () => Promise.resolve(new Map()),
    },
    stored: () => ({ format: "json", version: this.version, editBytes: 0, editsBehind: () => [] }),
    open: (id) => new OpenDocument(id, undefined),
    onShown: () => undefined,
  });

  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("many edits are shown once, a little later", async () => {
  const { showing, rows, ...fixture } = new Fixture();
  for (let n = 0; n < 10; n++) showing.touch("d");
  fixture.clock.pass(299);
  expect(rows).toEqual([]);
  expect(showing.isDue("d")).toBe(true);
  await showing.close();
  expect(rows).toEqual([1]);
});

test("what could not be shown is tried again, with what is there by then", async () => {
  const fixture = new Fixture();
  fixture.fails = true;
  fixture.showing.touch("d");
  await fixture.pass(300);
  expect(fixture.showing.isDue("d")).toBe(true);
  fixture.fails = false;
  fixture.version = 2;
  await fixture.pass(4_999);
  expect(fixture.rows).toEqual([]);
  await fixture.pass(1);
  expect(fixture.rows).toEqual([2]);
  expect(fixture.showing.isDue("d")).toBe(false);
});

test("what fails when the server closes is left for the next start", async () => {
  const fixture = new Fixture();
  fixture.fails = true;
  fixture.showing.touch("d");
  await fixture.showing.close();
  expect(fixture.showing.isDue("d")).toBe(false);
  fixture.fails = false;
  await fixture.showing.catchUp(["d"]);
  expect(fixture.rows).toEqual([1]);
});
