import { Digest, float, GeodeError, LocalDate } from "@geode/values";
import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedEnvironment } from "../../test/simulated.ts";
import { namesOf, readOf } from "../../test/statements.ts";
import { IdempotencyKeys } from "../commit/idempotency.ts";
import { Replica } from "../commit/replica.ts";
import type { Grant } from "../execute/sight.ts";
import type { PatternReads, Statement } from "../execute/statement.ts";
import type { Effect, Patch } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { LOG_START } from "../log/chain.ts";
import type { LiveCommit } from "./change.ts";
import type { GroupSpec } from "./group.ts";
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from "./limits.ts";
import { type Known, LiveQueries, type Watch } from "./live-queries.ts";
import type { Viewer } from "./watcher.ts";

const graph = "default";
let environment: SimulatedEnvironment;
let replica: Replica;
let live: LiveQueries;

beforeEach(() => open());

function open(limits: Partial<LiveLimits> = {}): void {
  environment = new SimulatedEnvironment();
  replica = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
  live = new LiveQueries(
    replica.store,
    () => replica.seq,
    (text) => text,
    environment,
    { ...DEFAULT_LIVE_LIMITS, ...limits },
  );
  replica.follow(live);
}

/** Brings in one entry with these commits. */
function commit(...patches: Patch[]): void {
  const { number, seq, hash } = replica.position;
  const entry = {
    format: 1,
    number: number + 1,
    firstSeq: seq + 1,
    prevHash: hash,
    writer: new Uint8Array(8),
    nonce: new Uint8Array(16),
    timeMs: 0,
    commits: patches.map((patch) => ({ principal: "ann", patch })),
  };
  replica.bringIn({ entry, hash });
}

const insert = (id: number, name: string, label = "User"): Effect => ({
  kind: "insertNode",
  graph,
  id,
  labels: [label],
  properties: new Map([["name", name]]),
});
const rename = (id: number, name: string): Effect => ({
  kind: "updateNode",
  graph,
  id,
  set: new Map([["name", name]]),
});
const remove = (id: number): Effect => ({ kind: "deleteNode", graph, id });

const COLUMNS = [{ name: "name", text: "n.name", type: "STRING" }];
const USERS = readOf(namesOf("User"), {
  columns: COLUMNS,
  footprint: {
    nodeLabels: new Set(["User"]),
    edgeLabels: new Set(),
    nodeKeys: new Set(["name"]),
    edgeKeys: new Set(),
  },
});

interface Subscriber extends Watch {
  readonly close: () => void;
  readonly commits: LiveCommit[];
  readonly errors: GeodeError[];
}

function watch(
  statement: Statement = USERS,
  spec: Partial<GroupSpec> = {},
  known: Known | null = null,
  viewer?: Viewer,
): Subscriber {
  const commits: LiveCommit[] = [];
  const errors: GeodeError[] = [];
  const watched = live.watch(
    {
      statement,
      graph,
      parameters: new Map(),
      before: false,
      frozen: { timeMs: 0, random: 0 },
      ...spec,
    },
    {
      onChange: (change) => commits.push(change),
      onEnd: (error) => errors.push(error),
    },
    known,
    viewer,
  );
  return { ...watched, close: () => watched.watcher.close(), commits, errors };
}

const brief = ({ seq, prevSeq, changes }: LiveCommit): unknown => ({
  seq,
  prevSeq,
  changes: changes.map(({ op, key, data }) => `${op} ${key} ${data}`),
});

describe("a subscriber", () => {
  test("gets the result as it is, and then what each commit changes in it", async () => {
    commit([insert(1, "Ann")]);
    const users = watch();
    expect(users.rows.texts).toEqual(['{"name":"Ann"}']);
    expect(users.seq).toBe(1);
    commit([insert(2, "Bob"), rename(1, "Anna")]);
    commit([remove(1)]);
    await environment.settle();
    expect(users.commits.map(brief)).toEqual([
      { seq: 2, prevSeq: 1, changes: ['update 1 {"name":"Anna"}', 'insert 2 {"name":"Bob"}'] },
      { seq: 3, prevSeq: 2, changes: ['delete 1 {"name":"Anna"}'] },
    ]);
  });

  test("sees every commit of an entry on its own", async () => {
    const users = watch();
    commit([insert(1, "Ann")], [rename(1, "Anna")], [remove(1)]);
    await environment.settle();
    expect(users.commits.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test("hears nothing of a commit that changes nothing in the result", async () => {
    commit([insert(1, "Ann")]);
    const users = watch();
    commit([insert(2, "Geode", "Project")]);
    commit([{ kind: "updateNode", graph, id: 1, set: new Map([["age", 30]]) }]);
    await environment.settle();
    expect(users.commits).toEqual([]);
  });

  test("is told by prev_seq which commit changed the result before, however many did not", async () => {
    const users = watch();
    commit([insert(1, "Ann")]);
    commit([insert(9, "Geode", "Project")]);
    commit([insert(2, "Bob")]);
    await environment.settle();
    expect(users.commits.map(({ seq, prevSeq }) => [prevSeq, seq])).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  test("can prove with the digest that its copy is right", async () => {
    const users = watch();
    commit([insert(1, "Ann"), insert(2, "Bob")]);
    commit([rename(2, "Bert"), remove(1)]);
    await environment.settle();
    const digest = new Digest();
    digest.add("2", '{"name":"Bert"}');
    expect(users.commits.at(-1)?.digest).toBe(digest.toString());
    expect(watch().digest).toBe(digest.toString());
  });

  test("hears of a commit in a turn of its own, after the writer was answered", async () => {
    const users = watch();
    commit([insert(1, "Ann")]);
    expect(users.commits).toEqual([]);
    await environment.settle();
    expect(users.commits).toHaveLength(1);
  });

  test("that comes between a commit and its delivery does not get what it has already", async () => {
    const early = watch();
    commit([insert(1, "Ann")]);
    const late = watch();
    await environment.settle();
    expect(early.commits).toHaveLength(1);
    expect(late.rows.keys).toEqual(["1"]);
    expect(late.commits).toEqual([]);
  });

  test("hears nothing after it left, not even what was on its way", async () => {
    const users = watch();
    commit([insert(1, "Ann")]);
    users.close();
    users.close();
    await environment.settle();
    expect(users.commits).toEqual([]);
  });

  test("that throws is reported and disturbs nobody", async () => {
    live.watch(
      {
        statement: USERS,
        graph,
        parameters: new Map(),
        before: false,
        frozen: { timeMs: 0, random: 0 },
      },
      {
        onChange: () => {
          throw new Error("a listener's own mistake");
        },
        onEnd: () => {},
      },
    );
    const other = watch();
    commit([insert(1, "Ann")]);
    await environment.settle();
    expect(other.commits).toHaveLength(1);
    expect(environment.reports).toHaveLength(1);
  });

  test("can leave, and make others leave, while it is being told", async () => {
    const others: Subscriber[] = [];
    live.watch(
      {
        statement: USERS,
        graph,
        parameters: new Map(),
        before: false,
        frozen: { timeMs: 0, random: 0 },
      },
      { onChange: () => others.forEach((other) => other.close()), onEnd: () => {} },
    );
    others.push(watch(), watch());
    commit([insert(1, "Ann")]);
    await environment.settle();
    expect(others.map(({ commits }) => commits)).toEqual([[], []]);
  });

  test("gets the row before an update only if it asked for it", async () => {
    commit([insert(1, "Ann")]);
    const plain = watch();
    const withBefore = watch(USERS, { before: true });
    commit([rename(1, "Anna")]);
    await environment.settle();
    expect(plain.commits[0]?.changes[0]).not.toHaveProperty("before");
    expect(withBefore.commits[0]?.changes[0]?.before).toBe('{"name":"Ann"}');
  });
});

describe("a result", () => {
  let runs: number;
  const counted = (patterns: PatternReads | null = null): Statement =>
    readOf(
      (context) => {
        runs += 1;
        return namesOf("User")(context);
      },
      {
        columns: COLUMNS,
        text: "MATCH (n:User) RETURN n.name",
        ...(patterns && { footprint: { ...USERS.footprint, patterns } }),
      },
    );

  beforeEach(() => {
    runs = 0;
  });

  test("is maintained once for all who watch the same text with the same parameters", async () => {
    const statement = counted();
    const watchers = [watch(statement), watch(statement), watch(statement)];
    expect(runs).toBe(1);
    commit([insert(1, "Ann")]);
    await environment.settle();
    expect(runs).toBe(2);
    expect(new Set(watchers.map(({ commits }) => commits[0])).size).toBe(1);
  });

  test("with other parameters is another result", () => {
    const statement = counted();
    watch(statement, { parameters: new Map([["x", 1]]) });
    watch(statement, { parameters: new Map([["x", 2]]) });
    expect(live.groupCount).toBe(2);
  });

  test("is left alone by changes that its parameters rule out, before them and after them", async () => {
    const statement = counted({
      nodes: [
        { labels: ["User"], pins: [{ key: "name", value: { kind: "parameter", name: "x" } }] },
      ],
      edges: [],
    });
    watch(statement, { parameters: new Map([["x", "Ann"]]) });
    const runsAfter = (...patch: Patch): number => {
      runs = 0;
      commit(patch);
      return runs;
    };
    expect(runsAfter(insert(1, "Bob"))).toBe(0);
    expect(runsAfter(rename(1, "Ann"))).toBe(1);
    expect(runsAfter(rename(1, "Bob"))).toBe(1);
    expect(runsAfter(remove(1))).toBe(0);
    expect(runsAfter(insert(2, "Ann"), remove(2))).toBe(1);
    // With another parameter, it is another result's change.
    watch(statement, { parameters: new Map([["x", "Bob"]]) });
    expect(runsAfter(insert(3, "Bob"))).toBe(1);
    expect(runsAfter(rename(3, "Ann"))).toBe(2);
  });

  test("with a parameter of another type is another result, though both are the same text", () => {
    const statement = counted();
    for (const x of ["2024-02-29", new LocalDate(19_782), 1, float(1)])
      watch(statement, { parameters: new Map([["x", x]]) });
    expect(live.groupCount).toBe(4);
  });

  test("that reads the clock or chance belongs to the moment of the subscription", () => {
    const statement = { ...counted(), volatile: true };
    watch(statement, { frozen: { timeMs: 1, random: 0 } });
    watch(statement, { frozen: { timeMs: 2, random: 0 } });
    expect(live.groupCount).toBe(2);
  });

  test("keeps the clock at that moment", async () => {
    const times: number[] = [];
    const statement = readOf(({ timeMs }) => {
      times.push(timeMs);
      return [];
    });
    watch(statement, { frozen: { timeMs: 42, random: 0 } });
    environment.pass(1000);
    commit([insert(1, "Ann")]);
    expect(times).toEqual([42, 42]);
  });

  test("is given up with the last who watched it", () => {
    const statement = counted();
    const [first, second] = [watch(statement), watch(statement)];
    first.close();
    expect(live.groupCount).toBe(1);
    second.close();
    expect(live.groupCount).toBe(0);
    commit([insert(1, "Ann")]);
    expect(runs).toBe(1);
  });

  test("that can no longer be computed ends with an error for who watches it; others and the writer go on", async () => {
    const fragile = readOf(
      (context) => {
        const rows = namesOf("User")(context);
        if (rows.length > 1) throw new GeodeError("22012", "division by zero");
        return rows;
      },
      { columns: COLUMNS, text: "fragile" },
    );
    const [broken, fine] = [watch(fragile), watch()];
    commit([insert(1, "Ann")], [insert(2, "Bob")], [insert(3, "Cem")]);
    await environment.settle();
    expect(broken.commits).toHaveLength(1);
    expect(broken.errors).toMatchObject([{ code: "22012" }]);
    expect(fine.commits).toHaveLength(3);
    expect(live.groupCount).toBe(1);
    broken.close();
    expect(live.groupCount).toBe(1);
  });

  test("whose run is a mistake of ours ends with INTERNAL and is reported", async () => {
    let works = true;
    const broken = watch(
      readOf(() => {
        if (works) return [];
        throw new TypeError("not a function");
      }),
    );
    works = false;
    commit([insert(1, "Ann")]);
    await environment.settle();
    expect(broken.errors).toMatchObject([{ code: "INTERNAL" }]);
    expect(environment.reports).toHaveLength(1);
  });

  test("with two rows of one key is refused rather than shown wrong", () => {
    expect(() =>
      watch(
        readOf(() => [
          ["k", 1],
          ["k", 2],
        ]),
      ),
    ).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    expect(live.groupCount).toBe(0);
  });
});

describe("a subscriber that comes back", () => {
  test("with the state that still holds is told so", async () => {
    const users = watch();
    commit([insert(1, "Ann")]);
    commit([insert(9, "Geode", "Project")]);
    expect(watch(USERS, {}, { seq: 1 }).unchanged).toBe(true);
    expect(watch(USERS, {}, { seq: 2 }).unchanged).toBe(true);
    users.close();
  });

  test("with an older state is not", () => {
    watch();
    commit([insert(1, "Ann")]);
    expect(watch(USERS, {}, { seq: 0 }).unchanged).toBe(false);
  });

  test("to a result that nobody watched meanwhile is believed if its digest is right", () => {
    commit([insert(1, "Ann")]);
    const { digest, close } = watch();
    close();
    commit([insert(9, "Geode", "Project")]);
    expect(watch(USERS, {}, { seq: 1 }).unchanged).toBe(false);
    expect(watch(USERS, {}, { seq: 1, digest }).unchanged).toBe(true);
    expect(watch(USERS, {}, { seq: 1, digest: "0123456789abcdef" }).unchanged).toBe(false);
  });

  test("to an ordered result is not believed by digest, which says nothing of order", () => {
    commit([insert(1, "Ann")]);
    const ordered = { ...USERS, ordered: true };
    const { digest, close } = watch(ordered);
    close();
    commit([insert(9, "Geode", "Project")]);
    expect(watch(ordered, {}, { seq: 1, digest }).unchanged).toBe(false);
  });

  test("with the digest of another result is not believed, whatever its seq", () => {
    commit([insert(1, "Ann")]);
    watch();
    expect(watch(USERS, {}, { seq: 1, digest: "0123456789abcdef" }).unchanged).toBe(false);
  });

  test("from the future is not believed", () => {
    expect(watch(USERS, {}, { seq: 99 }).unchanged).toBe(false);
  });
});

describe("what live queries cost", () => {
  /** A query whose every run takes so long. */
  const slow = (name: string, durationMs: number): Statement =>
    readOf(
      (context) => {
        environment.pass(durationMs);
        return namesOf("User")(context);
      },
      { columns: COLUMNS, text: name },
    );

  test("a slow result does not hold up the commit: it is run once, later, and jumps over commits", async () => {
    const users = watch(slow("slow", 50));
    const before = environment.nowMs();
    for (const id of [1, 2, 3]) commit([insert(id, "Ann")]);
    expect(environment.nowMs()).toBe(before);
    expect(live.behindCount).toBe(1);
    await environment.settle();
    expect(users.commits.map(({ seq, prevSeq }) => [prevSeq, seq])).toEqual([[0, 3]]);
    expect(live.behindCount).toBe(0);
  });

  test("who watches it hears from which commit on it is behind, and as of which one it is right again", async () => {
    const paces: string[] = [];
    const onPace = (pace: string, seq: number): void => void paces.push(`${pace} ${seq}`);
    const listener = { onChange: () => paces.push("change"), onEnd: () => {}, onPace };
    const spec = { graph, parameters: new Map(), before: false, frozen: { timeMs: 0, random: 0 } };
    live.watch({ ...spec, statement: slow("slow", 50) }, listener);
    live.watch({ ...spec, statement: USERS }, { onChange: () => {}, onEnd: () => {}, onPace });
    for (const id of [1, 2, 3]) commit([insert(id, "Ann")]);
    await environment.settle();
    expect(paces).toEqual(["behind 1", "change", "caught up 3"]);
  });

  test("many cheap results together hold up the commit for a bounded time; the rest follow in later turns", async () => {
    const users = [1, 2, 3, 4, 5, 6, 7, 8].map((place) => watch(slow(`cheap ${place}`, 1)));
    const before = environment.nowMs();
    commit([insert(1, "Ann")]);
    expect(environment.nowMs() - before).toBe(DEFAULT_LIVE_LIMITS.commitMs);
    await environment.settle();
    expect(users.map(({ commits }) => commits.map(({ seq }) => seq))).toEqual(users.map(() => [1]));
  });

  test("later turns leave others their share of the time", async () => {
    const users = watch(slow("slow", 50));
    commit([insert(1, "Ann")]);
    await environment.settle();
    commit([insert(2, "Bob")]);
    await environment.settle();
    expect(users.commits).toHaveLength(1);
    environment.pass(50);
    await environment.settle();
    expect(users.commits).toHaveLength(2);
  });

  test("one turn is bounded, and nobody is forgotten", async () => {
    const users = [1, 2, 3, 4].map((place) => watch(slow(`slow ${place}`, 5)));
    commit([insert(1, "Ann")]);
    const before = environment.nowMs();
    await environment.settle();
    expect(environment.nowMs() - before).toBe(10);
    environment.pass(10);
    await environment.settle();
    expect(users.map(({ commits }) => commits.length)).toEqual([1, 1, 1, 1]);
  });

  test("who subscribes to a result that is behind gets it up to date, and so do the others", async () => {
    const statement = slow("slow", 50);
    const early = watch(statement);
    commit([insert(1, "Ann")]);
    const late = watch(statement);
    expect(late.rows.keys).toEqual(["1"]);
    await environment.settle();
    expect(early.commits.map(({ seq }) => seq)).toEqual([1]);
    expect(late.commits).toEqual([]);
  });

  test("too many different results are refused with LIMIT", () => {
    open({ groupsMax: 1 });
    watch();
    watch();
    expect(() => watch(USERS, { parameters: new Map([["x", 1]]) })).toThrow(
      expect.objectContaining({ code: "LIMIT" }),
    );
  });

  test("too many rows are refused with LIMIT, and room is made by whoever leaves", () => {
    open({ rowsMax: 3 });
    commit([insert(1, "Ann"), insert(2, "Bob")]);
    const first = watch();
    const another = { parameters: new Map([["x", 1]]) };
    expect(() => watch(USERS, another)).toThrow(expect.objectContaining({ code: "LIMIT" }));
    first.close();
    watch(USERS, another);
  });

  test("a result that grows beyond what there is room for ends with LIMIT", async () => {
    open({ rowsMax: 1 });
    const users = watch();
    commit([insert(1, "Ann"), insert(2, "Bob")]);
    await environment.settle();
    expect(users.errors).toMatchObject([{ code: "LIMIT" }]);
    expect(live.groupCount).toBe(0);
  });
});

test("closing ends everything in silence", async () => {
  const users = watch();
  commit([insert(1, "Ann")]);
  live.close();
  await environment.settle();
  expect(users.commits).toEqual([]);
  expect(live.groupCount).toBe(0);
  expect(() => watch()).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
});

describe("another policy", () => {
  const POLICY: Effect = { kind: "setPolicy", policy: "another" };
  let members: "see" | "see nothing";
  const viewer: Viewer = {
    get grant(): Grant {
      return {
        key: members,
        hiddenKeys: new Set(),
        widen: (footprint) => footprint,
        sight: () => {
          throw new Error("these statements judge for themselves");
        },
      };
    },
    reach: null,
    parameters: (before) => before,
  };
  /** A query of members, each run of which takes a millisecond. */
  const millisecond = (name: string): Statement =>
    readOf(
      (context) => {
        environment.pass(1);
        const users = namesOf("User")(context);
        return context.grant?.key === "see" ? users : [];
      },
      { columns: COLUMNS, text: name, footprint: USERS.footprint },
    );
  const member = (name: string): Subscriber => watch(millisecond(name), {}, null, viewer);

  beforeEach(() => {
    members = "see";
    commit([insert(1, "Ann")]);
  });

  test("holds up its commit for a bounded time, and gives others their share of later turns", async () => {
    const all = Array.from({ length: 100 }, (_, place) => member(`query ${place}`));
    members = "see nothing";
    const before = environment.nowMs();
    commit([POLICY]);
    expect(environment.nowMs() - before).toBe(DEFAULT_LIVE_LIMITS.commitMs);
    expect(live.behindCount).toBe(96);
    const turnStart = environment.nowMs();
    await environment.settle();
    expect(environment.nowMs() - turnStart).toBe(DEFAULT_LIVE_LIMITS.turnMs);
    while (live.behindCount > 0) {
      environment.pass(DEFAULT_LIVE_LIMITS.turnMs);
      await environment.settle();
    }
    expect(all.map(({ commits }) => commits.map(({ changes }) => changes[0]?.op))).toEqual(
      all.map(() => ["delete"]),
    );
  });

  test("hides at once what it hides: until their turn comes, nobody hears of a later commit what they may not", async () => {
    const all = Array.from({ length: 20 }, (_, place) => member(`query ${place}`));
    members = "see nothing";
    commit([POLICY], [rename(1, "a secret")]);
    commit([insert(2, "another secret")]);
    const late = member("query 19");
    expect(late.rows.keys).toEqual([]);
    while (live.behindCount > 0) {
      environment.pass(DEFAULT_LIVE_LIMITS.turnMs);
      await environment.settle();
    }
    const told = all.flatMap(({ commits }) => commits).map(brief);
    expect(JSON.stringify(told)).not.toContain("secret");
    expect(told).toHaveLength(20);
    // From here on all of them are where those are who may see the same.
    members = "see";
    commit([POLICY]);
    while (live.behindCount > 0) {
      environment.pass(DEFAULT_LIVE_LIMITS.turnMs);
      await environment.settle();
    }
    expect(all.map(({ commits }) => commits.at(-1)!.changes.length)).toEqual(all.map(() => 2));
    expect(live.groupCount).toBe(20);
  });

  test("is followed by whoever leaves before their turn with silence, and leaves nothing behind", async () => {
    const all = Array.from({ length: 20 }, (_, place) => member(`query ${place}`));
    members = "see nothing";
    commit([POLICY]);
    for (const { close } of all) close();
    expect(live.groupCount).toBe(0);
    expect(live.behindCount).toBe(0);
    await environment.settle();
    expect(all.flatMap(({ commits }) => commits)).toEqual([]);
  });

  test("and another one before their turn: they go over to the last of them", async () => {
    const all = Array.from({ length: 20 }, (_, place) => member(`query ${place}`));
    members = "see nothing";
    commit([POLICY]);
    members = "see";
    commit([POLICY]);
    while (live.behindCount > 0) {
      environment.pass(DEFAULT_LIVE_LIMITS.turnMs);
      await environment.settle();
    }
    // Some had their turn in between; the others have what they had.
    for (const { commits } of all)
      expect([[], ["delete", "insert"]]).toContainEqual(
        commits.map(({ changes }) => changes[0]!.op),
      );
    expect(live.groupCount).toBe(20);
  });
});
