import { Histogram, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { Durations } from "./durations.ts";

const bounds = [0.001, 0.01, 0.1];
const about = { name: "some_seconds", help: "Some." };
/** On a bound, between two, below and above all. */
const observed = [0.001, 0.0010001, 0, 0.05, 0.1, 7, 0.01];

describe("what it tells is what prom-client tells", () => {
  test("of durations without classes", async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const durations = new Durations({ ...about, bounds, registers: [ours] });
    const histogram = new Histogram({ ...about, buckets: bounds, registers: [theirs] });
    expect(await ours.metrics()).toBe(await theirs.metrics());
    for (const seconds of observed) {
      durations.add(seconds);
      histogram.observe(seconds);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
  });

  test("of several classes, each from its first on", async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const durations = new Durations<"read" | "write">({
      ...about,
      bounds,
      label: "class",
      registers: [ours],
    });
    const histogram = new Histogram({
      ...about,
      buckets: bounds,
      labelNames: ["class"],
      registers: [theirs],
    });
    expect(await ours.metrics()).toBe(await theirs.metrics());
    for (const [place, seconds] of observed.entries()) {
      const ofClass = place % 3 === 0 ? "write" : "read";
      durations.add(seconds, ofClass);
      histogram.observe({ class: ofClass }, seconds);
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }
  });
});
