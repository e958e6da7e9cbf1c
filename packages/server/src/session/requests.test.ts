import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import type { Access } from "../port.ts";
import { Requests, type RequestsOptions } from "./requests.ts";

/** Requests with the order in which they were started, and a way to end each. */
function harness(options: Partial<RequestsOptions> = {}) {
  const started: string[] = [];
  const full: boolean[] = [];
  const ends = new Map<string, () => void>();
  const requests = new Requests({
    clock: new ManualClock(),
    inFlightMax: 64,
    ready: () => true,
    onStart: () => undefined,
    onFull: (value) => full.push(value),
    ...options,
  });
  return {
    requests,
    started,
    full,
    submit: (access: Access, name: string) => {
      requests.submit({
        access,
        run: () => {
          started.push(name);
          return new Promise((resolve) => ends.set(name, resolve));
        },
      });
    },
    end: async (name: string) => {
      ends.get(name)!();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("PROTOCOL 4.4: a request sees the writes before it", () => {
  test("a read waits for every write before it, and nothing overtakes it", async () => {
    const { end, started, submit } = harness();
    submit("write", "w1");
    submit("write", "w2");
    submit("read", "r1");
    submit("write", "w3");
    expect(started).toEqual(["w1", "w2"]);
    await end("w1");
    expect(started).toEqual(["w1", "w2"]);
    await end("w2");
    expect(started).toEqual(["w1", "w2", "r1", "w3"]);
  });

  test("reads do not wait for each other, nor a write for reads", () => {
    const { started, submit } = harness();
    submit("read", "r1");
    submit("read", "r2");
    submit("write", "w1");
    expect(started).toEqual(["r1", "r2", "w1"]);
  });

  test("what may be either waits like a read and is waited for like a write", async () => {
    const { end, started, submit } = harness();
    submit("unknown", "u1");
    submit("unknown", "u2");
    submit("read", "r1");
    expect(started).toEqual(["u1"]);
    await end("u1");
    expect(started).toEqual(["u1", "u2"]);
    await end("u2");
    expect(started).toEqual(["u1", "u2", "r1"]);
  });
});

describe("PROTOCOL 3.8: unanswered requests are bounded", () => {
  test("at the limit it says that it is full, below it that it is not; no request is lost", async () => {
    const { end, full, started, submit } = harness({ inFlightMax: 2 });
    submit("read", "r1");
    expect(full).toEqual([]);
    submit("read", "r2");
    expect(full).toEqual([true]);
    submit("read", "r3");
    expect(started).toEqual(["r1", "r2"]);
    await end("r1");
    expect(started).toEqual(["r1", "r2", "r3"]);
    expect(full).toEqual([true]);
    await end("r2");
    expect(full).toEqual([true, false]);
  });

  test("while answers pile up nothing is started", () => {
    let ready = false;
    const { requests, started, submit } = harness({ ready: () => ready });
    submit("read", "r1");
    expect(started).toEqual([]);
    ready = true;
    requests.startMore();
    expect(started).toEqual(["r1"]);
  });
});

test("eight reads of a connection in a turn, then others have theirs", async () => {
  const { started, submit } = harness();
  for (let n = 1; n <= 20; n++) submit("read", `r${n}`);
  expect(started).toHaveLength(8);
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toHaveLength(16);
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toEqual(Array.from({ length: 20 }, (_, index) => `r${index + 1}`));
});

describe("reads that are answered quickly", () => {
  /** Twenty reads, each of which takes so long; which of them were started in the first turn. */
  const firstTurn = async (readMs: number) => {
    const clock = new ManualClock();
    const { requests, started } = harness({ clock });
    for (let n = 1; n <= 20; n++) {
      requests.submit({
        access: "read",
        run: () => {
          started.push(`r${n}`);
          clock.pass(readMs);
          return Promise.resolve();
        },
      });
    }
    // Within a turn, promises are kept one after the other.
    for (let step = 0; step < 100; step++) await Promise.resolve();
    return started.length;
  };

  test("make room for more in the same turn", async () => {
    expect(await firstTurn(0)).toBe(20);
  });

  test("but not for longer than two milliseconds", async () => {
    expect(await firstTurn(0.25)).toBe(8);
  });
});

describe("what is answered at once", () => {
  /** Twenty, each of which takes so long. */
  const atOnce = (readMs: number) => {
    const clock = new ManualClock();
    const { full, requests, started } = harness({ clock, inFlightMax: 2 });
    for (let n = 1; n <= 20; n++) {
      requests.submit({
        access: n % 2 === 0 ? "unknown" : "read",
        run: () => {
          started.push(`r${n}`);
          clock.pass(readMs);
          return undefined;
        },
      });
    }
    return { clock, full, requests, started };
  };

  test("is over when it was started: nothing waits for it, and nothing counts it", () => {
    const { full, requests, started } = atOnce(0);
    expect(started).toHaveLength(20);
    expect(full).toEqual([]);
    expect(requests.count).toBe(0);
  });

  test("has the same two milliseconds of a turn, and then others have theirs", async () => {
    const { requests, started } = atOnce(0.25);
    expect(started).toHaveLength(8);
    expect(requests.count).toBe(12);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toHaveLength(16);
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toHaveLength(20);
    expect(requests.count).toBe(0);
  });
});

test("once closed, what waits is not started", async () => {
  const { end, requests, started, submit } = harness({ inFlightMax: 1 });
  submit("read", "r1");
  submit("read", "r2");
  requests.close();
  await end("r1");
  submit("read", "r3");
  expect(started).toEqual(["r1"]);
});
