import {
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
  type TracerProvider,
} from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { RunningServer } from "../../test/running-server.ts";

interface Recorded {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
  status?: number;
  ended: boolean;
}

const spans: Recorded[] = [];
/** A tracer that keeps what it is told, in place of an exporter. */
const provider: TracerProvider = {
  getTracer: () =>
    ({
      startSpan(name, options) {
        const recorded: Recorded = { name, attributes: { ...options?.attributes }, ended: false };
        spans.push(recorded);
        return {
          setAttribute: (key: string, value: unknown) => void (recorded.attributes[key] = value),
          setStatus: ({ code }: { code: number }) => void (recorded.status = code),
          end: () => void (recorded.ended = true),
        } as unknown as Span;
      },
    }) as Tracer,
};
beforeAll(() => void trace.setGlobalTracerProvider(provider));
afterAll(() => trace.disable());

let running: RunningServer;
afterEach(() => running.close());

test("each request is a span that says how it went, and nothing of what was asked", async () => {
  running = await RunningServer.start();
  const peer = await running.peer();
  const asked = { parameters: { p: "secret" }, graph: "g" };
  await peer.ask({ type: "QUERY", id: 1, query: "value secret", ...asked });
  await peer.ask({ type: "QUERY", id: 2, query: "write secret" });
  await peer.ask({ type: "QUERY", id: 3, query: "fail secret" });
  await peer.ask({ type: "SUBSCRIBE", id: 4, query: "secret" });
  peer.send({ type: "QUERY", id: 5, query: "fail hold secret" });
  await peer.ask({ type: "PING" });
  running.database.release();
  await peer.next();
  const geode = { "db.system.name": "geode", "db.namespace": "default" };
  expect(spans).toEqual([
    { name: "geode.read", attributes: { ...geode, "db.namespace": "g" }, ended: true },
    { name: "geode.write", attributes: geode, ended: true },
    {
      name: "geode.read",
      attributes: { ...geode, "error.type": "42001" },
      status: SpanStatusCode.ERROR,
      ended: true,
    },
    { name: "geode.subscribe", attributes: geode, ended: true },
    {
      name: "geode.read",
      attributes: { ...geode, "error.type": "42001" },
      status: SpanStatusCode.ERROR,
      ended: true,
    },
  ]);
});

test("what is answered at once is measured as what is waited for", async () => {
  running = await RunningServer.start();
  const peer = await running.peer();
  await peer.ask({ type: "QUERY", id: 1, query: "value 1" });
  await peer.ask({ type: "QUERY", id: 2, query: "fail" });
  peer.send({ type: "QUERY", id: 3, query: "value hold" });
  await peer.ask({ type: "PING" });
  running.database.release();
  await peer.next();
  const text = await running.server.metrics();
  expect(text).toContain('geode_query_seconds_count{class="read"} 3');
  expect(text).toContain("geode_queue_seconds_count 3");
});
