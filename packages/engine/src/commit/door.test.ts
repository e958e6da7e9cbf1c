import { GeodeError } from "@geode/values";
import { beforeEach, describe, expect, test } from "vitest";
import { ScriptedLog } from "../../test/scripted-log.ts";
import { SimulatedEnvironment } from "../../test/simulated.ts";
import { count, insert, statementOf, writeOf } from "../../test/statements.ts";
import type { RunContext } from "../execute/statement.ts";
import type { Effect } from "../graph/effect.ts";
import { violations } from "../graph/invariants.ts";
import { Store } from "../graph/store.ts";
import { Routes } from "../live/routes.ts";
import { LOG_START, readChain } from "../log/chain.ts";
import { Conflicts } from "./conflicts.ts";
import { Door } from "./door.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./limits.ts";
import { Replica } from "./replica.ts";
import type { StatementWrite, WriteOutcome } from "./write.ts";

let environment: SimulatedEnvironment;
let log: ScriptedLog;
let store: Store;
let replica: Replica;
let door: Door;

beforeEach(() => {
  environment = new SimulatedEnvironment();
  log = new ScriptedLog();
  open();
});

function open(limits: Partial<DoorLimits> = {}): void {
  store = new Store();
  replica = new Replica(store, new IdempotencyKeys(), environment, LOG_START);
  door = new Door(
    replica,
    log,
    new Conflicts(replica.store, new Routes(replica.store)),
    environment,
    (text) => text,
    { ...DEFAULT_DOOR_LIMITS, ...limits },
  );
}

const submit = (
  run: Parameters<typeof writeOf>[0],
  more?: Partial<StatementWrite>,
): Promise<WriteOutcome> => door.submit(writeOf(run, more));

const valueOf = (outcome: WriteOutcome): unknown => outcome.result?.rows[0]?.[0];

const countIn = (label: string): number =>
  count(label)({ graph: store.graphs.get("default") } as RunContext);

/** A state that somebody builds from the log alone. */
function replay(): Effect[] {
  const other = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
  for (const next of readChain(log, LOG_START)) other.bringIn(next);
  return [...other.store.effects()].flat();
}

const state = (): Effect[] => [...store.effects()].flat();

describe("a write", () => {
  test("is answered with its seq and its rows once it is in the log", async () => {
    // The first entry begins with the lease of element ids, commit 1.
    const outcome = await submit(insert("User"));
    expect(outcome.seq).toBe(2);
    expect(valueOf(outcome)).toBe(1);
    expect(outcome.stats.nodesInserted).toBe(1);
    expect(log.entries).toHaveLength(1);
  });

  test("is not visible and not answered before it is durable", async () => {
    log.script.push({ kind: "hold" });
    let answered = false;
    const outcome = submit(insert("User")).then(() => (answered = true));
    await environment.settle();
    expect(countIn("User")).toBe(0);
    expect(answered).toBe(false);
    expect(violations(store)).toEqual([]);
    log.release();
    await outcome;
    expect(countIn("User")).toBe(1);
  });

  test("leaves a log from which the same state can be built", async () => {
    for (const label of ["A", "B", "C"]) await submit(insert(label));
    expect(replay()).toEqual(state());
  });

  test("that changes nothing makes no commit and answers with the seq that it saw", async () => {
    await submit(insert("User"));
    const outcome = await submit(count("User"));
    expect(outcome).toMatchObject({ seq: 2 });
    expect(valueOf(outcome)).toBe(1);
    expect(log.entries).toHaveLength(1);
  });

  test("carries the time of its entry, which does not go back when the clock does", async () => {
    await submit(insert("A"));
    const first = replica.timeMs;
    environment.pass(-500_000);
    await submit(insert("B"));
    expect(replica.timeMs).toBe(first);
  });
});

describe("writes that come together", () => {
  test("become one entry, each executed on top of the one before", async () => {
    const outcomes = await Promise.all([
      submit(insert("User")),
      submit(insert("User")),
      submit(insert("User")),
    ]);
    expect(outcomes.map(valueOf)).toEqual([1, 2, 3]);
    expect(outcomes.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(log.entries).toHaveLength(1);
  });

  test("that wait for an entry in flight become the next one", async () => {
    log.script.push({ kind: "hold" });
    const first = submit(insert("User"));
    await environment.settle();
    const others = [submit(insert("User")), submit(insert("User"))];
    await environment.settle();
    log.release();
    await Promise.all([first, ...others]);
    expect(log.entries.map((entry) => entry.length)).toEqual([2, 2]);
  });

  test("fail alone: one that throws undoes what it did and nothing else", async () => {
    const fails = submit((context) => {
      insert("User")(context);
      insert("User")(context);
      throw new GeodeError("22012", "division by zero");
    });
    const outcomes = await Promise.allSettled([
      submit(insert("User")),
      fails,
      submit(insert("User")),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    // The third saw one user: the first one's.
    expect(outcomes[2]).toMatchObject({ value: { result: { rows: [[2]] } } });
    await expect(fails).rejects.toMatchObject({ code: "22012" });
    expect(countIn("User")).toBe(2);
    expect(replay()).toEqual(state());
  });

  test("do not learn before it is durable what they owe to the others, be it an error or that nothing changed", async () => {
    log.script.push({ kind: "hold" });
    const settled: string[] = [];
    const insertion = submit(insert("User"));
    const read = submit(count("User")).finally(() => settled.push("unchanged"));
    const failure = submit(({ graph }) => {
      if (graph.nodeCount > 0) throw new GeodeError("40002", "there is one already");
    }).finally(() => settled.push("failed"));
    await environment.settle();
    expect(settled).toEqual([]);
    log.release();
    expect(valueOf(await read)).toBe(1);
    expect((await read).seq).toBe((await insertion).seq);
    await expect(failure).rejects.toMatchObject({ code: "40002" });
  });

  test("are split into batches when one run takes too long, and others get a turn in between", async () => {
    const slow = (context: RunContext): number => {
      environment.pass(DEFAULT_DOOR_LIMITS.batchMs / 2);
      return insert("User")(context);
    };
    const outcomes = Promise.all([1, 2, 3, 4, 5].map(() => submit(slow)));
    await environment.settle();
    expect((await outcomes).map(valueOf)).toEqual([1, 2, 3, 4, 5]);
    expect(log.entries.map((entry) => entry.length)).toEqual([3, 2, 1]);
  });

  test("let others have a turn, however fast the log is and however soon the next write comes", async () => {
    let hadTurn = false;
    environment.later(() => (hadTurn = true));
    const written = (async () => {
      for (let turn = 0; turn < 10; turn += 1) {
        await submit((context) => {
          environment.pass(1);
          return insert("User")(context);
        });
      }
      return hadTurn;
    })();
    await environment.settle();
    expect(await written).toBe(true);
  });

  test("are split when an entry gets large", async () => {
    open({ batchBytes: 1000 });
    const large = (context: RunContext): void => {
      context.writer?.insertNode(["Text"], new Map([["text", "x".repeat(600)]]));
    };
    await Promise.all([1, 2, 3, 4].map(() => submit(large)));
    expect(log.entries.map((entry) => entry.length)).toEqual([3, 2]);
  });

  test("are split when they are many", async () => {
    open({ batchWrites: 2 });
    await Promise.all([1, 2, 3].map(() => submit(insert("User"))));
    expect(log.entries.map((entry) => entry.length)).toEqual([3, 1]);
  });

  test("are refused with UNAVAILABLE, which may be tried again, when too many wait", async () => {
    open({ queuedWritesMax: 2 });
    const accepted = [submit(insert("User")), submit(insert("User"))];
    const refused = submit(insert("User"));
    await expect(refused).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await Promise.all(accepted);
    await submit(insert("User"));
    expect(countIn("User")).toBe(3);
  });

  test("are refused when what waits is too large", async () => {
    open({ queuedBytesMax: 2000 });
    const parameters = new Map([["text", "x".repeat(1000)]]);
    const accepted = submit(insert("User"), { parameters });
    await expect(submit(insert("User"), { parameters })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await accepted;
    expect(door.queuedWrites).toBe(0);
    await submit(insert("User"), { parameters });
  });
});

describe("a write that is cancelled", () => {
  test("while it waits is taken back", async () => {
    log.script.push({ kind: "hold" });
    const first = submit(insert("User"));
    await environment.settle();
    const controller = new AbortController();
    const second = submit(insert("User"), { signal: controller.signal });
    const third = submit(insert("User"));
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "CANCELLED" });
    log.release();
    await Promise.all([first, third]);
    expect(countIn("User")).toBe(2);
    expect(door.queuedWrites).toBe(0);
  });

  test("once it is being committed is committed", async () => {
    log.script.push({ kind: "hold" });
    const controller = new AbortController();
    const write = submit(insert("User"), { signal: controller.signal });
    await environment.settle();
    controller.abort();
    log.release();
    await write;
    expect(countIn("User")).toBe(1);
  });

  test("before it is sent is refused", async () => {
    await expect(submit(insert("User"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});

describe("an idempotency key", () => {
  const keyed = { idempotencyKey: "k1" };

  test("used again answers with the first seq and does nothing", async () => {
    const first = await submit(insert("User"), keyed);
    await submit(insert("Other"));
    const again = await submit(insert("User"), keyed);
    expect(again.seq).toBe(first.seq);
    expect(again.result).toBeNull();
    expect(countIn("User")).toBe(1);
  });

  test("used twice in one batch is executed once", async () => {
    const [first, again] = await Promise.all([
      submit(insert("User"), keyed),
      submit(insert("User"), keyed),
    ]);
    expect(again.seq).toBe(first.seq);
    expect(countIn("User")).toBe(1);
  });

  test("belongs to the principal", async () => {
    await submit(insert("User"), keyed);
    await submit(insert("User"), { ...keyed, principal: "bob" });
    expect(countIn("User")).toBe(2);
  });

  test("of a write that failed is free", async () => {
    const failing = (): void => {
      throw new GeodeError("22012", "division by zero");
    };
    const outcomes = await Promise.allSettled([
      submit(failing, keyed),
      submit(insert("User"), keyed),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(countIn("User")).toBe(1);
  });

  test("is known to whoever reads the log", async () => {
    const first = await submit(insert("User"), keyed);
    const other = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
    for (const next of readChain(log, LOG_START)) other.bringIn(next);
    expect(other.idempotency.find("ann", "k1", environment.nowMs())).toBe(first.seq);
  });

  test("is forgotten after a day", async () => {
    await submit(insert("User"), keyed);
    environment.pass(24 * 60 * 60 * 1000);
    const again = submit(insert("User"), keyed);
    await environment.settle();
    await again;
    expect(countIn("User")).toBe(2);
  });
});

describe("when an append fails", () => {
  const broken = new GeodeError("UNAVAILABLE", "the disk is full");

  beforeEach(async () => {
    open({ batchWrites: 2 });
    await submit(insert("User"));
    log.script.push({ kind: "hold" }, { kind: "fail", error: broken });
  });

  test("every write in it, waiting, and to come is refused with the reason; reads go on", async () => {
    const before = submit(insert("User"));
    await environment.settle();
    const inFlight = [submit(insert("User")), submit(count("User"))];
    const waiting = submit(insert("User"));
    log.release();
    await before;
    const outcomes = await Promise.allSettled([...inFlight, waiting]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
    await expect(submit(insert("User"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("the disk is full"),
    });
    expect(door.failure?.cause).toBe(broken);
    expect(countIn("User")).toBe(2);
    expect(violations(store)).toEqual([]);
    expect(door.queuedWrites).toBe(0);
  });

  test("it is not tried again, even if the disk has recovered", async () => {
    log.script.splice(0, 2, { kind: "fail", error: broken });
    await expect(submit(insert("User"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(submit(insert("User"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(log.entries).toHaveLength(1);
  });
});

describe("when the outcome of an append is not known", () => {
  beforeEach(async () => {
    await submit(insert("User"));
  });

  test("our nonce in the log says that it is ours", async () => {
    log.script.push({ kind: "keepInSilence" });
    await submit(insert("User"));
    expect(countIn("User")).toBe(2);
    expect(log.entries).toHaveLength(2);
    expect(replay()).toEqual(state());
  });

  test("nothing in its place means that the same entry is sent again, with a pause", async () => {
    log.script.push({ kind: "lose" }, { kind: "lose" });
    const write = submit(insert("User"));
    await environment.settle();
    environment.pass(DEFAULT_DOOR_LIMITS.appendRetryMs);
    await environment.settle();
    environment.pass(2 * DEFAULT_DOOR_LIMITS.appendRetryMs);
    await environment.settle();
    await write;
    expect(log.entries).toHaveLength(2);
    expect(replay()).toEqual(state());
  });

  test("another's entry in its place means that it is executed again on top of that", async () => {
    log.script.push({ kind: "overtake", silent: true, commits: [foreign(BLOCK)] });
    const outcome = await submit(insert("User"));
    expect(valueOf(outcome)).toBe(3);
    expect(replay()).toEqual(state());
  });

  test("for good, writing ends: nobody is told that a write succeeded or failed", async () => {
    open({ appendAttempts: 2 });
    log = new ScriptedLog();
    open({ appendAttempts: 2 });
    log.script.push({ kind: "lose" }, { kind: "lose" });
    const write = submit(insert("User"));
    const refused = expect(write).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("not known"),
    });
    for (let turn = 0; turn < 2; turn += 1) {
      await environment.settle();
      environment.pass(1000);
    }
    await environment.settle();
    await refused;
    expect(door.failure).not.toBeNull();
  });
});

const BLOCK = 1_000_000;

/** A commit of another node: a user. */
function foreign(id: number): { principal: string; patch: Effect[] } {
  return {
    principal: "zoe",
    patch: [{ kind: "insertNode", graph: "default", id, labels: ["User"], properties: new Map() }],
  };
}

describe("when another node's entry comes first", () => {
  test("it is applied and the batch is executed again on top of it", async () => {
    await submit(insert("User"));
    log.script.push({ kind: "overtake", commits: [foreign(BLOCK), foreign(BLOCK + 1)] });
    const outcomes = await Promise.all([submit(insert("User")), submit(count("User"))]);
    expect(outcomes.map(valueOf)).toEqual([4, 4]);
    expect(outcomes.map(({ seq }) => seq)).toEqual([5, 5]);
    expect(replay()).toEqual(state());
  });

  test("writes keep their order, ahead of those that came meanwhile", async () => {
    await submit(insert("User"));
    log.script.push({ kind: "hold" }, { kind: "overtake", commits: [foreign(BLOCK)] });
    const first = submit(insert("A"));
    await environment.settle();
    const second = submit(insert("B"));
    await environment.settle();
    log.release();
    await environment.settle();
    const third = submit(insert("C"));
    const seqs = (await Promise.all([first, second, third])).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test("again and again, the write is given up with 40000, which may be tried again", async () => {
    open({ appendAttempts: 3 });
    for (const place of [0, 1, 2])
      log.script.push({ kind: "overtake", commits: [foreign(BLOCK + place)] });
    await expect(submit(insert("User"))).rejects.toMatchObject({ code: "40000", retryable: true });
    await submit(insert("User"));
    expect(countIn("User")).toBe(4);
    expect(replay()).toEqual(state());
  });

  test("and takes the same block of element ids, ids are taken from another block", async () => {
    log.script.push({
      kind: "overtake",
      commits: [{ principal: "", patch: [{ kind: "lease", firstBlock: 0, count: 1 }] }, foreign(1)],
    });
    await submit(insert("User"));
    expect(countIn("User")).toBe(2);
    expect(replay()).toEqual(state());
  });
});

describe("closing", () => {
  test("answers what is under way and refuses what comes later", async () => {
    const writes = [submit(insert("User")), submit(insert("User"))];
    const closing = door.close();
    await expect(submit(insert("User"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await closing;
    expect((await Promise.all(writes)).map(valueOf)).toEqual([1, 2]);
  });
});

test("a follower sees each commit in a durable state, with the state before each effect, and cannot hold up the writer", async () => {
  const seen: string[] = [];
  replica.follow({
    beforeEffect: (effect) => seen.push(`before ${effect.kind}: ${countIn("User")}`),
    afterCommit: ({ seq }) => {
      seen.push(`after ${seq}: ${countIn("User")}, ${log.entries.length} durable`);
      throw new Error("a follower's own mistake");
    },
    afterEntry: () => seen.push("entry"),
  });
  await Promise.all([submit(insert("User")), submit(insert("User"))]);
  expect(seen).toEqual([
    "before lease: 0",
    "after 1: 0, 1 durable",
    "before insertNode: 0",
    "after 2: 1, 1 durable",
    "before insertNode: 1",
    "after 3: 2, 1 durable",
    "entry",
  ]);
  expect(environment.reports).toHaveLength(3);
});

test("a mistake in the database is told to the caller as INTERNAL and reported, and takes nobody else along", async () => {
  const broken = {
    ...writeOf(() => {}),
    statement: statementOf(() => (undefined as unknown as string[]).length),
  };
  const outcomes = await Promise.allSettled([door.submit(broken), submit(insert("User"))]);
  expect(outcomes[0]).toMatchObject({ status: "rejected", reason: { code: "INTERNAL" } });
  expect(outcomes[1]?.status).toBe("fulfilled");
  expect(environment.reports).toHaveLength(1);
});
