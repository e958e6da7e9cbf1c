import { Edge, equivalent, GeodeError, Node, Path, typeName, type Value } from "@geode/values";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { values } from "../../../values/test/arbitrary.ts";
import { DEFAULT_BUDGET } from "../execute/budget.ts";
import type { Effect } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { DEFAULT_READER_LIMITS } from "./limits.ts";
import { fromPortable, toPortable } from "./portable.ts";
import { Readers } from "./readers.ts";

/*
 * Readers with their real threads. Whatever is told to the store is told to the readers as commits, as the database does.
 */

let store: Store;
let readers: Readers;
let reported: unknown[];
let restart: (() => void) | null;

function open(limits = DEFAULT_READER_LIMITS): void {
  readers = new Readers(store, 1, limits, {
    after: (_, task) => {
      restart = task;
      return () => {};
    },
    report: (error) => reported.push(error),
  });
}

beforeEach(() => {
  store = new Store();
  reported = [];
  restart = null;
});

afterEach(() => readers.close());

const person = (id: number, properties: Record<string, Value> = {}): Effect => ({
  kind: "insertNode",
  graph: "default",
  id,
  labels: ["Person"],
  properties: new Map(Object.entries(properties)),
});

function commit(...patch: Effect[]): void {
  for (const effect of patch) store.apply(effect);
  readers.afterCommit({ patch });
  readers.afterEntry();
}

const ask = (
  text: string,
  more: { parameters?: Map<string, Value>; timeMs?: number; signal?: AbortSignal } = {},
) =>
  readers.query({
    text,
    graph: "default",
    reach: null,
    parameters: new Map(
      [...(more.parameters ?? [])].map(([key, value]) => [key, toPortable(value)]),
    ),
    grantee: null,
    timeMs: 0,
    seed: 0.5,
    budget: { ...DEFAULT_BUDGET, timeMs: more.timeMs ?? 10_000 },
    signal: more.signal,
  });

/** So many rows that no machine comes to an end of them. */
const ENDLESS = "MATCH (a), (b), (c), (d), (e), (f) RETURN count(*) AS rows";

async function codeOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof GeodeError ? error.code : String(error);
}

describe("a reader", () => {
  test("answers from the graph that was there when it started", async () => {
    store.apply(person(1, { name: "Ada" }));
    open();
    const { rows, columns } = await ask("MATCH (p:Person) RETURN p.name AS name");
    expect(rows).toEqual([["Ada"]]);
    expect(columns.map((column) => column.name)).toEqual(["name"]);
  });

  test("answers at exactly the commit at which it was asked, however many follow", async () => {
    open();
    const answers: Promise<number>[] = [];
    for (let id = 1; id <= 200; id++) {
      commit(person(id));
      answers.push(
        ask("MATCH (p:Person) RETURN count(*) AS k").then(({ rows }) => Number(rows[0]?.[0])),
      );
    }
    expect(await Promise.all(answers)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  test("sends elements and paths as they are", async () => {
    store.apply(person(1, { name: "Ada" }));
    store.apply(person(2));
    store.apply({
      kind: "insertEdge",
      graph: "default",
      id: 3,
      label: "KNOWS",
      from: 1,
      to: 2,
      properties: new Map([["since", 1999]]),
    });
    open();
    const { rows } = await ask("MATCH p = (a)-[e]->(b) RETURN a, e, p");
    const [a, e, path] = rows[0] ?? [];
    expect(a).toEqual(new Node(1, ["Person"], new Map([["name", "Ada"]])));
    expect(e).toEqual(new Edge(3, "KNOWS", 1, 2, new Map([["since", 1999]])));
    expect(path).toBeInstanceOf(Path);
    expect((path as Path).elements.map((element) => element.id)).toEqual([1, 3, 2]);
  });

  test("refuses with the code, the message and the place of the error", async () => {
    open();
    await expect(ask("RETURN 1 / 0 AS x")).rejects.toMatchObject({
      code: "22012",
      position: { line: 1, column: 8 },
    });
  });

  test("stops when nobody wants the answer any more", async () => {
    for (let id = 1; id <= 300; id++) store.apply(person(id));
    open();
    const caller = new AbortController();
    const answer = codeOf(ask(ENDLESS, { signal: caller.signal }));
    caller.abort();
    expect(await answer).toBe("CANCELLED");
    expect((await ask("RETURN 1 AS x")).rows).toEqual([[1]]);
  });

  test("stops when the time is up", async () => {
    for (let id = 1; id <= 300; id++) store.apply(person(id));
    open();
    expect(await codeOf(ask(ENDLESS, { timeMs: 5 }))).toBe("TIMEOUT");
  });

  test("takes no more queries than its limit", async () => {
    open({ ...DEFAULT_READER_LIMITS, queriesMax: 2 });
    const first = [ask("RETURN 1 AS x"), ask("RETURN 1 AS x")];
    expect(await codeOf(ask("RETURN 1 AS x"))).toBe("UNAVAILABLE");
    await Promise.all(first);
    expect((await ask("RETURN 1 AS x")).rows).toEqual([[1]]);
  });

  test("that falls too far behind is given up, said so, and made anew", async () => {
    for (let id = 1; id <= 300; id++) store.apply(person(id));
    open({ ...DEFAULT_READER_LIMITS, backlogBytesMax: 1_000 });
    const stuck = codeOf(ask(ENDLESS));
    commit(person(1_000, { text: "x".repeat(2_000) }));
    expect(await stuck).toBe("UNAVAILABLE");
    expect(readers.available).toBe(false);
    expect(reported).toHaveLength(1);
    restart?.();
    expect((await ask("MATCH (p:Person) RETURN count(*) AS k")).rows).toEqual([[301]]);
  });

  test("that is closed refuses what it has", async () => {
    for (let id = 1; id <= 300; id++) store.apply(person(id));
    open();
    const stuck = codeOf(ask(ENDLESS));
    await readers.close();
    expect(await stuck).toBe("UNAVAILABLE");
    expect(reported).toEqual([]);
  });
});

test("every value crosses to another thread and back unchanged", () => {
  open();
  fc.assert(
    fc.property(values, (value) => {
      const back = fromPortable(structuredClone(toPortable(value)));
      expect(typeName(back)).toBe(typeName(value));
      expect(equivalent(back, value)).toBe(true);
    }),
  );
});
