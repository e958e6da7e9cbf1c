import { parentPort } from "node:worker_threads";
import { GeodeError, unreachable } from "@geode/values";
import { Budget } from "../execute/budget.ts";
import { compile } from "../execute/compile.ts";
import { placeOf } from "../execute/reach.ts";
import type { Statement } from "../execute/statement.ts";
import { Store } from "../graph/store.ts";
import { decodePatch } from "../log/entry.ts";
import { Policies } from "../policy/policies.ts";
import type { QueryRequest, ReaderAnswer, ReaderRequest } from "./messages.ts";
import { toPortable, valueMap } from "./portable.ts";

/*
 * The thread of a reader: a replica of the graph, fed with the same patches as the graph of the main thread, in the same channel as the
 * queries. It does one thing after the other, so a query sees exactly the state in which it was sent.
 */
if (parentPort === null) throw new Error("this file is the main module of a worker thread");
const port = parentPort;
const store = new Store();
const policies = new Policies(store);

/** The statements used last; each keeps its generated code. */
const statements = new Map<string, Statement>();
const STATEMENTS_MAX = 200;

function statementOf(text: string): Statement {
  const known = statements.get(text);
  if (known) return known;
  const statement = compile(text);
  statements.set(text, statement);
  if (statements.size > STATEMENTS_MAX) {
    const [oldest] = statements.keys();
    if (oldest !== undefined) statements.delete(oldest);
  }
  return statement;
}

function run(request: QueryRequest): ReaderAnswer {
  const { id, text, graph, parameters, grantee, reach, timeMs, timeZone, seed, budget } = request;
  const cancelled = new Int32Array(request.cancelled);
  try {
    const statement = statementOf(text);
    const { columns, rows, notices } = statement.run({
      ...placeOf(statement, graph, store.graphs, reach),
      parameters: valueMap(parameters),
      timeMs,
      timeZone: timeZone ?? null,
      random: randomFrom(seed),
      budget: new Budget(
        budget,
        () => performance.now(),
        () => Atomics.load(cancelled, 0) !== 0,
      ),
      grant: grantee && policies.grantTo({ ...grantee, claims: valueMap(grantee.claims) }),
      keyed: false,
      // Row keys are for live queries, which no reader runs.
      hashKey: (key) => key,
    });
    return { kind: "result", id, columns, rows: rows.map((row) => row.map(toPortable)), notices };
  } catch (error) {
    if (error instanceof GeodeError) {
      const { code, message, position, hint, limit } = error;
      return { kind: "refused", id, code, message, position, hint, limit };
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { position: undefined, hint: undefined, limit: undefined };
    return { kind: "refused", id, code: "INTERNAL", message, ...nothing };
  }
}

/** Numbers in [0, 1) after G. Marsaglia, "Xorshift RNGs" (2003). */
function randomFrom(seed: number): () => number {
  let state = Math.floor(seed * 0xffff_fffe) + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

port.on("message", (request: ReaderRequest) => {
  switch (request.kind) {
    case "apply": {
      let bytes = 0;
      for (const patch of request.patches) {
        bytes += patch.byteLength;
        for (const effect of decodePatch(patch, "a patch for a reader")) store.apply(effect);
      }
      port.postMessage({ kind: "applied", bytes } satisfies ReaderAnswer);
      return;
    }
    case "query":
      port.postMessage(run(request));
      return;
    default:
      unreachable(request);
  }
});
