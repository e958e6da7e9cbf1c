import { expect, test } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import { Agenda, Agendas, type Appointment } from "./agenda.ts";

function harness() {
  const clock = new ManualClock();
  const agendas = new Agendas(clock);
  const told: string[] = [];
  const agenda = (name: string, due: (what: Appointment) => void = () => undefined): Agenda =>
    new Agenda(agendas, {
      due(what) {
        told.push(`${name} ${what}`);
        due(what);
      },
    });
  return { clock, told, agenda };
}

test("one timer stands for the times of all, and none for nothing", () => {
  const { agenda, clock } = harness();
  const [a, b] = [agenda("a"), agenda("b")];
  expect(clock.armed).toBe(0);
  a.set("idle", 1_000);
  a.set("heartbeat", 100);
  b.set("idle", 50);
  expect(clock.armed).toBe(1);
  a.close();
  b.cancel("idle");
  expect(clock.armed).toBe(0);
});

test("everybody is due at their time, in order, and a time that is set again counts alone", () => {
  const { agenda, clock, told } = harness();
  const [a, b] = [agenda("a"), agenda("b")];
  a.set("idle", 300);
  b.set("auth", 200);
  a.set("heartbeat", 100);
  a.set("idle", 150);
  clock.pass(149);
  expect(told).toEqual(["a heartbeat"]);
  clock.pass(51);
  expect(told).toEqual(["a heartbeat", "a idle", "b auth"]);
  clock.pass(10_000);
  expect(told).toHaveLength(3);
});

test("who is due may make the next appointment, or end all of them", () => {
  const { agenda, clock, told } = harness();
  const pulse = agenda("pulse", () => pulse.set("heartbeat", 10));
  const ending = agenda("ending", () => ending.close());
  pulse.set("heartbeat", 10);
  ending.set("idle", 20);
  ending.set("expired", 20);
  clock.pass(35);
  expect(told.filter((what) => what === "pulse heartbeat")).toHaveLength(3);
  expect(told.filter((what) => what.startsWith("ending"))).toEqual(["ending expired"]);
  expect(clock.armed).toBe(1);
});

test("a thousand agendas that change at random are due as a list of them sorted by time would be", () => {
  const { agenda, clock, told } = harness();
  let state = 7;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const dueMs = new Map<string, number>();
  const agendas = Array.from({ length: 1_000 }, (_, place) => agenda(String(place)));
  for (let step = 0; step < 5_000; step++) {
    const place = random(agendas.length);
    // No two at once, so that there is one order.
    const delayMs = random(1_000_000) * 5_000 + step;
    if (random(4) === 0) {
      agendas[place]!.close();
      dueMs.delete(String(place));
    } else {
      agendas[place]!.set("idle", delayMs);
      dueMs.set(String(place), delayMs);
    }
  }
  clock.pass(6_000_000_000);
  const sorted = [...dueMs].sort(([, a], [, b]) => a - b).map(([name]) => `${name} idle`);
  expect(told).toEqual(sorted);
});
