import { GeodeError } from "@geode/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Act, ScriptedLog } from "../../test/scripted-log.ts";
import { SimulatedEnvironment } from "../../test/simulated.ts";
import { writeOf } from "../../test/statements.ts";
import type { Effect } from "../graph/effect.ts";
import { violations } from "../graph/invariants.ts";
import { Store } from "../graph/store.ts";
import { Routes } from "../live/routes.ts";
import { LOG_START, readChain } from "../log/chain.ts";
import { Conflicts } from "./conflicts.ts";
import { Door } from "./door.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { DEFAULT_DOOR_LIMITS } from "./limits.ts";
import { Replica } from "./replica.ts";
import type { StatementWrite } from "./write.ts";

/** Far from the blocks that are leased here. */
const FOREIGN_ID = 2 ** 40;

type Move =
  | { readonly kind: "write"; readonly fails: boolean; readonly key: string | null }
  | {
      readonly kind: "act";
      readonly act: "hold" | "lose" | "keepInSilence" | "overtake" | "overtakeInSilence" | "fail";
    }
  | { readonly kind: "turn"; readonly durationMs: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      fails: fc.constantFrom(false, false, true),
      key: fc.option(fc.constantFrom("k1", "k2"), { nil: null, freq: 3 }),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("act" as const),
      act: fc.constantFrom(
        "hold",
        "hold",
        "lose",
        "keepInSilence",
        "overtake",
        "overtakeInSilence",
        "fail",
      ),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("turn" as const),
      durationMs: fc.constantFrom(0, 0, 1, 1000),
    }),
    weight: 3,
  },
);

/** What became of one write. */
interface Outcome {
  readonly n: number;
  readonly key: string | null;
  readonly seq: number | null;
  readonly error: GeodeError | null;
}

function insertNumbered(n: number, fails: boolean, key: string | null): StatementWrite {
  return writeOf(
    ({ writer }) => {
      writer?.insertNode(["Numbered"], new Map([["n", n]]));
      if (fails) throw new GeodeError("22012", "division by zero");
    },
    key === null ? {} : { idempotencyKey: key },
  );
}

/** The numbers inserted by each commit of the log, by seq. */
function numbersBySeq(log: ScriptedLog): ReadonlyMap<number, readonly unknown[]> {
  const numbers = new Map<number, unknown[]>();
  for (const { entry } of readChain(log, LOG_START)) {
    for (const [place, { patch }] of entry.commits.entries()) {
      const inserted = patch.flatMap((effect) =>
        effect.kind === "insertNode" ? [effect.properties.get("n")] : [],
      );
      numbers.set(entry.firstSeq + place, inserted);
    }
  }
  return numbers;
}

test("whatever the log does: no write is lost or done twice, and memory is what the log says", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 1, maxLength: 40, size: "max" }),
      async (moves) => {
        const environment = new SimulatedEnvironment();
        const log = new ScriptedLog();
        const replica = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
        const door = new Door(
          replica,
          log,
          new Conflicts(replica.store, new Routes(replica.store)),
          environment,
          (text) => text,
          {
            ...DEFAULT_DOOR_LIMITS,
            batchWrites: 3,
          },
        );
        const outcomes: Promise<Outcome>[] = [];
        let foreign = 0;

        for (const step of moves) {
          switch (step.kind) {
            case "write": {
              const { fails, key } = step;
              const n = outcomes.length;
              outcomes.push(
                door.submit(insertNumbered(n, fails, key)).then(
                  ({ seq }) => ({ n, key, seq, error: null }),
                  (error: GeodeError) => ({ n, key, seq: null, error }),
                ),
              );
              break;
            }
            case "act": {
              foreign += 1;
              log.script.push(actOf(step.act, foreign));
              break;
            }
            case "turn":
              environment.pass(step.durationMs);
              await environment.settle();
              log.release();
              break;
          }
        }
        // Whatever was begun comes to its end.
        for (let turn = 0; turn < 100; turn += 1) {
          environment.pass(10_000);
          await environment.settle();
          log.release();
        }

        const numbers = numbersBySeq(log);
        const firstByKey = new Map<string, number>();
        for (const { n, key, seq, error } of await Promise.all(outcomes)) {
          const places = [...numbers]
            .filter(([, inserted]) => inserted.includes(n))
            .map(([place]) => place);
          if (seq !== null && key !== null && firstByKey.has(key)) {
            expect([seq, places]).toEqual([firstByKey.get(key), []]);
          } else if (seq !== null) {
            expect(places).toEqual([seq]);
            if (key !== null) firstByKey.set(key, seq);
          } else if (error?.code === "UNAVAILABLE") {
            // Its outcome may be unknown, but it is not there twice.
            expect(places.length).toBeLessThanOrEqual(1);
          } else {
            expect(["22012", "40000"]).toContain(error?.code);
            expect(places).toEqual([]);
          }
        }
        const acts = moves.flatMap((step) => (step.kind === "act" ? [step.act] : []));
        const lost = acts.filter((act) => act === "lose").length;
        if (!acts.includes("fail") && lost < DEFAULT_DOOR_LIMITS.appendAttempts)
          expect(door.failure).toBeNull();
        expect(door.queuedWrites).toBe(0);
        expect(violations(replica.store)).toEqual([]);
        if (door.failure === null) expect(stateOf(replica)).toEqual(replayed(log, environment));
      },
    ),
    { numRuns: 300 },
  );
});

function actOf(kind: Extract<Move, { kind: "act" }>["act"], foreign: number): Act {
  const commits = [
    {
      principal: "zoe",
      patch: [
        {
          kind: "insertNode",
          graph: "default",
          id: FOREIGN_ID + foreign,
          labels: [],
          properties: new Map(),
        },
      ] satisfies Effect[],
    },
  ];
  switch (kind) {
    case "overtake":
      return { kind, commits };
    case "overtakeInSilence":
      return { kind: "overtake", commits, silent: true };
    case "fail":
      return { kind, error: new Error("the disk is full") };
    default:
      return { kind };
  }
}

function stateOf({ store }: Replica): Effect[] {
  return [...store.effects()].flat();
}

function replayed(log: ScriptedLog, environment: SimulatedEnvironment): Effect[] {
  const other = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
  for (const next of readChain(log, LOG_START)) other.bringIn(next);
  return stateOf(other);
}
