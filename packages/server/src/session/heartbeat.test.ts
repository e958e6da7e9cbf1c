import { expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { alive, beat, type Pulse } from "./heartbeat.ts";

function harness(listening: () => boolean = () => true) {
  const clock = new ManualClock();
  const told: string[] = [];
  let pulse: Pulse = "resting";
  const options = {
    pingMs: 30_000,
    pongMsMax: 10_000,
    ping: () => told.push("ping"),
    listening,
    onDead: () => told.push("dead"),
  };
  const next = (): void => {
    const after = beat(pulse, options);
    pulse = after.pulse;
    if (after.nextMs !== undefined) clock.timer(after.nextMs, next);
  };
  clock.timer(30_000, next);
  return { clock, signOfLife: () => void (pulse = alive(pulse)), told };
}

test("PROTOCOL 1.7: a ping every 30 seconds, answered ones for ever", () => {
  const { clock, signOfLife, told } = harness();
  for (let minute = 0; minute < 10; minute++) {
    clock.pass(30_000);
    signOfLife();
  }
  expect(told).toEqual(Array.from({ length: 10 }, () => "ping"));
});

test("PROTOCOL 1.7: two unanswered pings in a row are the end", () => {
  const { clock, told } = harness();
  clock.pass(40_000);
  expect(told).toEqual(["ping"]);
  clock.pass(29_999);
  expect(told).toEqual(["ping", "ping"]);
  clock.pass(1);
  expect(told).toEqual(["ping", "ping", "dead"]);
  clock.pass(600_000);
  expect(told).toHaveLength(3);
});

test("an answer after the first missed one starts the count again", () => {
  const { clock, signOfLife, told } = harness();
  clock.pass(45_000);
  signOfLife();
  clock.pass(30_000);
  expect(told).toEqual(["ping", "ping"]);
  clock.pass(24_999);
  expect(told).toEqual(["ping", "ping", "ping"]);
  clock.pass(1);
  expect(told.at(-1)).toBe("dead");
});

test("silence proves nothing while the connection is not read", () => {
  let reading = false;
  const { clock, told } = harness(() => reading);
  clock.pass(600_000);
  expect(told).not.toContain("dead");
  reading = true;
  clock.pass(90_000);
  expect(told.at(-1)).toBe("dead");
});
