import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { silentLog } from "../log.ts";
import { Cursors } from "./cursors.ts";
import type { StoredCursor } from "./room-store.ts";

/** A graph that keeps cursors, or refuses to. */
class Graph {
  readonly kept = new Map<string, number>();
  readonly commits: (readonly StoredCursor[])[] = [];
  broken = false;

  cursor(key: string): Promise<number | undefined> {
    return Promise.resolve(this.kept.get(key));
  }

  setCursors(cursors: readonly StoredCursor[]): Promise<void> {
    if (this.broken) return Promise.reject(new Error("the disk is full"));
    this.commits.push(cursors);
    for (const { key, seq } of cursors) this.kept.set(key, seq);
    return Promise.resolve();
  }
}

let graph: Graph;
let clock: ManualClock;
let cursors: Cursors;

beforeEach(() => {
  graph = new Graph();
  clock = new ManualClock();
  cursors = new Cursors(graph, clock, silentLog);
});

describe("16.6 the marks of readers", () => {
  test("move forward only, and are known at once", async () => {
    cursors.move("ann", "ann", "red", 5);
    cursors.move("ann", "ann", "red", 3);
    expect(await cursors.get("ann")).toBe(5);
    expect(await cursors.get("bob")).toBeUndefined();
  });

  test("are saved a second after the first has moved, all in one commit", async () => {
    for (const user of ["ann", "bob", "cid"]) cursors.move(user, user, "red", 5);
    cursors.move("ann", "ann", "red", 7);
    clock.pass(999);
    expect(clock.armed).toBe(1);
    clock.pass(1);
    await cursors.save();
    expect(graph.commits).toHaveLength(1);
    expect([...graph.kept]).toEqual([
      ["ann", 7],
      ["bob", 5],
      ["cid", 5],
    ]);
  });

  test("are not saved again while they stand still", async () => {
    cursors.move("ann", "ann", "red", 5);
    await cursors.save();
    await cursors.save();
    cursors.move("ann", "ann", "red", 5);
    await cursors.save();
    expect(graph.commits).toHaveLength(1);
  });

  test("after a restart, do not fall behind what the graph has", async () => {
    graph.kept.set("ann", 9);
    cursors.move("ann", "ann", "red", 5);
    await cursors.save();
    expect(graph.commits).toEqual([]);
    expect(await cursors.get("ann")).toBe(9);
  });

  test("that could not be saved are saved with the next", async () => {
    graph.broken = true;
    cursors.move("ann", "ann", "red", 5);
    await cursors.save();
    graph.broken = false;
    cursors.move("bob", "bob", "red", 6);
    clock.pass(1_000);
    await cursors.save();
    expect([...graph.kept]).toEqual([
      ["ann", 5],
      ["bob", 6],
    ]);
  });

  test("of very many readers go in commits of a thousand", async () => {
    for (let n = 0; n < 2_001; n++) cursors.move(`${n}`, "ann", "red", 5);
    await cursors.save();
    expect(graph.commits.map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
  });
});
