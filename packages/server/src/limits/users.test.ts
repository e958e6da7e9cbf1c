import { expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { Bucket } from "./bucket.ts";
import { Users } from "./users.ts";

test("a bucket lets a burst through, then its rate, and says when to come back", () => {
  const bucket = new Bucket({ burst: 3, perSecond: 2 }, 0);
  expect([0, 0, 0].map((ms) => bucket.take(ms))).toEqual([0, 0, 0]);
  expect(bucket.take(0)).toBe(500);
  expect(bucket.take(499)).toBe(1);
  expect(bucket.take(500)).toBe(0);
  expect(bucket.take(500)).toBe(500);
  expect(bucket.fullInMs(500)).toBe(1500);
});

test("a clock that is set back gives nothing away", () => {
  const bucket = new Bucket({ burst: 1, perSecond: 1 }, 10_000);
  expect(bucket.take(10_000)).toBe(0);
  expect(bucket.take(0)).toBe(1000);
  expect(bucket.take(999)).toBe(1);
});

const users = (clock = new ManualClock()) =>
  new Users({ clock, connectionsPerUserMax: 2, rates: { burst: 2, perSecond: 1 } });
const member = (name: string, gone: string[]) => ({ replaced: () => void gone.push(name) });

test("PROTOCOL 1.6: the oldest connection of the same user gives way, nobody else's", () => {
  const all = users();
  const gone: string[] = [];
  all.enter("ann", member("ann 1", gone));
  all.enter("bob", member("bob 1", gone));
  all.enter("ann", member("ann 2", gone));
  expect(gone).toEqual([]);
  all.enter("ann", member("ann 3", gone));
  expect(gone).toEqual(["ann 1"]);
});

test("requests are counted per user, over all of its connections", () => {
  const all = users();
  all.enter("ann", member("1", []));
  all.enter("ann", member("2", []));
  all.enter("bob", member("3", []));
  expect([all.charge("ann", "query"), all.charge("ann", "query")]).toEqual([0, 0]);
  expect(all.charge("ann", "query")).toBe(1000);
  expect(all.charge("bob", "query")).toBe(0);
});

test("each class of messages has a rate of its own, unless there is one for everything", () => {
  const clock = new ManualClock();
  const rates = { query: { burst: 1, perSecond: 1 }, realtime: { burst: 2, perSecond: 2 } };
  const apart = new Users({ clock, connectionsPerUserMax: 2, rates });
  apart.enter("ann", member("1", []));
  expect(apart.charge("ann", "query")).toBe(0);
  expect(apart.charge("ann", "query")).toBe(1000);
  expect([apart.charge("ann", "realtime"), apart.charge("ann", "realtime")]).toEqual([0, 0]);
  expect(apart.charge("ann", "realtime")).toBe(500);
  const together = users();
  together.enter("ann", member("1", []));
  expect([together.charge("ann", "query"), together.charge("ann", "realtime")]).toEqual([0, 0]);
  expect(together.charge("ann", "query")).toBe(1000);
  expect(together.charge("ann", "realtime")).toBe(1000);
});

test("a user who left is forgotten, but not before the bucket is full again", () => {
  const clock = new ManualClock();
  const all = users(clock);
  const first = member("1", []);
  all.enter("ann", first);
  all.charge("ann", "query");
  all.charge("ann", "query");
  all.leave("ann", first);
  const second = member("2", []);
  all.enter("ann", second);
  expect(all.charge("ann", "query")).toBeGreaterThan(0);
  all.leave("ann", second);
  clock.pass(10_000);
  expect(all.count).toBe(0);
});

test("names that JavaScript knows are ordinary users", () => {
  const all = users();
  all.enter("__proto__", member("1", []));
  expect([all.charge("__proto__", "query"), all.charge("__proto__", "query")]).toEqual([0, 0]);
  expect(all.charge("__proto__", "query")).toBe(1000);
  expect(all.charge("constructor", "query")).toBe(0);
});
