import { LIMITS, limitsWith } from "@geode/protocol";
import { expect, test } from "vitest";
import { FakeDatabase } from "../../test/fake-database.ts";
import { Query, type QueryHost } from "./query.ts";
import { Reply } from "./reply.ts";
import { Statements } from "./statements.ts";
import { plainVoice } from "./voice.ts";

const principal = { id: "ann", roles: [], claims: new Map() };

function harness() {
  const database = new FakeDatabase();
  const said: string[] = [];
  const statements = new Statements({ database, onSessionClose: () => undefined });
  const host: QueryHost = {
    database,
    statements,
    bounds: limitsWith(),
    failure: (_about, error) => `failed: ${(error as Error).message}`,
    answer: (_query, frame) => void said.push(frame),
  };
  const reply = new Reply(plainVoice({ encoding: "json", numbers: "exact" }), {
    answer: () => undefined,
  });
  const query = (text: string, more = {}) =>
    new Query(host, { type: "QUERY", id: 1, query: text, ...more }, principal, reply);
  return { database, query, said };
}

test("what the database answers at once is answered at once, and so is what it throws", () => {
  const { query, said } = harness();
  expect(query("value 1").run()).toBeUndefined();
  expect(query("fail").run()).toBeUndefined();
  expect(said).toEqual([expect.stringContaining('"RESULT"'), "failed: expected `)`"]);
});

test("what has to be waited for is answered then", async () => {
  const { database, query, said } = harness();
  const value = query("value hold").run();
  const fail = query("fail hold").run();
  expect(said).toEqual([]);
  database.release();
  database.release();
  await value;
  await fail;
  expect(said).toEqual([expect.stringContaining('"RESULT"'), "failed: expected `)`"]);
});

test("asks for what its message says, and for no more time than there is", () => {
  const { database, query } = harness();
  void query("value", { graph: "g", min_seq: 3, idempotency_key: "k", timeout_ms: 5 }).run();
  void query("value", { timeout_ms: Number.MAX_SAFE_INTEGER, parameters: { a: 1 } }).run();
  expect(database.requests).toMatchObject([
    { text: "value", graph: "g", minSeq: 3, idempotencyKey: "k", timeoutMs: 5, principal },
    { timeoutMs: LIMITS.queryMsMax.default, parameters: new Map([["a", 1]]) },
  ]);
});

test("taken back, it tells whoever listens, once; who stopped listening hears nothing", () => {
  const query = harness().query("value");
  const heard: string[] = [];
  const first = (): void => {
    heard.push("first");
    query.removeEventListener("abort", first);
  };
  const second = (): void => void heard.push("second");
  query.addEventListener("abort", first);
  query.addEventListener("abort", second);
  query.addEventListener("abort", () => heard.push("third"));
  query.removeEventListener("abort", second);
  expect(query.aborted).toBe(false);
  query.abort();
  query.abort();
  expect(query.aborted).toBe(true);
  expect(heard).toEqual(["first", "third"]);
});
