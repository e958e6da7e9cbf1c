import { GeodeError } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RunningServer } from "../../test/running-server.ts";
import type { DatabaseState } from "../port.ts";

/** A state of so many pieces, each sent when `more` is called; all of them after `flow`. */
class SlowState implements DatabaseState {
  readonly seq = 7;
  readonly bytes: number;
  readonly closed = Promise.withResolvers<void>();
  readonly #pieces: number;
  #next = Promise.withResolvers<void>();
  #flowing = false;

  constructor(pieces: number) {
    this.#pieces = pieces;
    this.bytes = 3 * pieces;
  }

  more(): void {
    this.#next.resolve();
  }

  flow(): void {
    this.#flowing = true;
    this.more();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let n = 0; n < this.#pieces; n++) {
      await this.#next.promise;
      if (!this.#flowing) this.#next = Promise.withResolvers();
      yield Buffer.from(`${n}, `);
    }
  }

  close(): Promise<void> {
    this.closed.resolve();
    return Promise.resolve();
  }
}

let running: RunningServer;
let give: () => Promise<DatabaseState>;
let given: number;
beforeEach(async () => {
  running = await RunningServer.start();
  given = 0;
  give = () => Promise.resolve(new SlowState(0));
  Object.assign(running.database, {
    state: () => {
      given += 1;
      return give();
    },
  });
});
afterEach(() => running.close());

async function get(
  headers: Readonly<Record<string, string>>,
  more: RequestInit = {},
): Promise<Response> {
  return fetch(`${running.http}/backup`, { headers, ...more });
}
const as = async (roles: readonly string[]): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await running.token({ roles })}`,
});

describe("GET /backup", () => {
  test("sends the state from front to back, and closes it", async () => {
    const state = new SlowState(3);
    give = () => Promise.resolve(state);
    state.more();
    const response = await get(await as(["admin"]));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("9");
    expect(response.headers.get("cache-control")).toBe("no-store");
    let text = "";
    for await (const piece of response.body!) {
      text += Buffer.from(piece).toString();
      state.more();
    }
    expect(text).toBe("0, 1, 2, ");
    await state.closed.promise;
  });

  test("is for the role admin alone, whatever else is tried", async () => {
    const admin = await as(["admin"]);
    const token = await running.token({ roles: ["admin"] });
    const stranger = await as([]);
    const almost = await as(["Admin", "monitor", "administrator"]);
    const refusals: [() => Promise<Response>, number][] = [
      [() => get({}), 401],
      [() => get({ authorization: "Bearer nonsense" }), 401],
      [() => get({ authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` }), 401],
      [() => get(stranger), 403],
      [() => get(almost), 403],
      // A web page, even one with a token.
      [() => get({ ...admin, origin: "http://127.0.0.1" }), 403],
      [() => get(admin, { method: "HEAD" }), 405],
      [() => fetch(`${running.http}/backup?token=${token}`), 401],
    ];
    for (const [response, status] of refusals) expect((await response()).status).toBe(status);
    expect(given).toBe(0);
  });

  test("gives two at once and asks a third to wait, until one has ended", async () => {
    const states = [new SlowState(1), new SlowState(1), new SlowState(0)];
    give = () => Promise.resolve(states[given - 1]!);
    const admin = await as(["admin"]);
    const first = await get(admin);
    const second = await get(admin);
    const third = await get(admin);
    expect(third.status).toBe(503);
    expect(third.headers.get("retry-after")).toBe("60");
    states[0]!.more();
    expect(await first.text()).toBe("0, ");
    await states[0]!.closed.promise;
    expect((await get(admin)).status).toBe(200);
    states[1]!.more();
    await second.text();
  });

  test("closes the state when its peer goes away in the middle", async () => {
    const state = new SlowState(10_000_000);
    give = () => Promise.resolve(state);
    const going = new AbortController();
    const response = await get(await as(["admin"]), { signal: going.signal });
    expect(response.status).toBe(200);
    going.abort();
    state.flow();
    await state.closed.promise;
  });

  test("says why there is none, and is asked for again without harm", async () => {
    const admin = await as(["admin"]);
    for (const [error, status] of [
      [new GeodeError("UNAVAILABLE", "the disk is full"), 503],
      [new GeodeError("NOT_FOUND", "A database in memory cannot be copied."), 404],
      [new TypeError("secret internals"), 500],
      [new GeodeError("UNAVAILABLE", "the disk is full"), 503],
    ] as const) {
      give = () => Promise.reject(error);
      const response = await get(admin);
      expect(response.status).toBe(status);
      const text = await response.text();
      expect(text).toBe(status === 500 ? "Internal error\n" : `${error.message}\n`);
    }
    give = () => Promise.resolve(new SlowState(0));
    expect((await get(admin)).status).toBe(200);
  });

  test("is not there for a database that cannot be copied", async () => {
    Object.assign(running.database, { state: undefined });
    expect((await get(await as(["admin"]))).status).toBe(404);
  });
});
