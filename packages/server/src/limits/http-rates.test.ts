import { expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { HttpRates } from "./http-rates.ts";

function harness() {
  const clock = new ManualClock();
  let exceeded = 0;
  const rates = new HttpRates({
    clock,
    rate: { burst: 2, perSecond: 1 },
    onExceeded: () => exceeded++,
  });
  return { clock, rates, exceeded: () => exceeded };
}
const client = (address: string) => ({ address, isClient: true });

test("each address has its own rate, and one beyond it is told when to come again", () => {
  const { clock, exceeded, rates } = harness();
  expect([1, 2, 3].map(() => rates.ofAddress(client("203.0.113.5")))).toEqual([0, 0, 1_000]);
  expect(rates.ofAddress(client("203.0.113.6"))).toBe(0);
  expect(exceeded()).toBe(1);
  clock.pass(1_000);
  expect(rates.ofAddress(client("203.0.113.5"))).toBe(0);
});

test("the 2^64 addresses of one IPv6 network are one", () => {
  const { rates } = harness();
  const waits = ["::1", "::2", "::3"].map((tail) => rates.ofAddress(client(`2001:db8:1:2${tail}`)));
  expect(waits).toEqual([0, 0, 1_000]);
});

test("an address that stands for many is not limited, and a user is, from wherever they ask", () => {
  const { rates } = harness();
  for (let count = 0; count < 100; count++)
    expect(rates.ofAddress({ address: "127.0.0.1", isClient: false })).toBe(0);
  expect([1, 2, 3].map(() => rates.ofUser("ann"))).toEqual([0, 0, 1_000]);
  expect(rates.ofUser("__proto__")).toBe(0);
});

test("who does not ask any more is forgotten, and no timer stays", () => {
  const { clock, rates } = harness();
  for (let host = 0; host < 200; host++) rates.ofAddress(client(`203.0.113.${host}`));
  rates.ofUser("ann");
  expect(rates.count).toBe(201);
  clock.pass(4_000);
  expect(rates.count).toBe(0);
  expect(clock.armed).toBe(0);
});
