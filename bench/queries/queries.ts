import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, median } from "../figure.ts";
import { type BenchQuery, benchQueries } from "./bench-query.ts";
import type { Engine, Row } from "./engine.ts";
import { Geode } from "./geode.ts";
import { Grafeo } from "./grafeo.ts";
import { Kuzu } from "./kuzu.ts";
import { Planning } from "./planning.ts";
import { plot } from "./plot.ts";
import { socialGraph } from "./social-graph.ts";

const PERSONS = 100_000;
const EDGES = 1_000_000;
/** How long one query is asked of one engine, over and over, in milliseconds. */
const ASKED_MS = 1_500;
const RUNS_MAX = 100_000;
/** Each of them leaves something behind. */
const WRITES_MAX = 2_000;
/** Texts that an engine has not seen before. */
const MET = 2_000;
/** Runs whose results are held against each other, if they ask for different things. */
const COMPARED = 3;

/** One-shot queries and a durable write, against embedded databases over the same graph, in the same process. */
export async function queries(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-bench-"));
  try {
    const graph = socialGraph(PERSONS, EDGES);
    const geode = await Geode.open(join(directory, "geode"));
    const engines: readonly Engine[] = [geode, ...peers(directory)];
    const figures: Figure[] = [];
    const loads = new Map<string, number>();
    for (const engine of engines) loads.set(engine.name, await timeMs(() => engine.load(graph)));
    figures.push(...against("load 100,000 persons and 1,000,000 edges", loads, "ms"), {
      name: "read it back from disk",
      value: await timeMs(() => geode.reopen()),
      unit: "ms",
      peer: { name: "Geode's own load", value: loads.get(geode.name) ?? Number.NaN },
    });
    const planning = new Planning(graph);
    for (const query of benchQueries(PERSONS)) {
      // Where running it takes no time to speak of.
      if (query.parameter?.name !== "id" || query.writes) continue;
      const [readyMs, runMs] = [new Map<string, number>(), new Map<string, number>()];
      for (const engine of engines) {
        const times = await newTextMs(engine, query);
        if (times.ready !== null) readyMs.set(engine.name, times.ready);
        runMs.set(engine.name, times.run);
      }
      const planned = new Map([[geode.name, newPlansMs(planning, query)]]);
      const kuzu = readyMs.get("Kuzu");
      if (kuzu !== undefined) planned.set("Kuzu", kuzu);
      figures.push(
        ...against(`${query.name}, a new text parsed and planned, p50`, planned, "ms"),
        ...against(`${query.name}, a new text made ready, p50`, readyMs, "ms"),
        ...against(`${query.name}, a new text run, p50`, runMs, "ms"),
      );
    }
    for (const query of benchQueries(PERSONS)) {
      const times = new Map<string, number>();
      const results = new Map<string, string>();
      for (const engine of engines) {
        try {
          const { p50Ms, result } = await measure(engine, query);
          times.set(engine.name, p50Ms);
          results.set(engine.name, result);
        } catch (error) {
          // A peer may have a limit that a slow machine reaches. Ours may not fail.
          if (engine === geode) throw error;
          process.stderr.write(
            `${engine.name} gave no answer to: ${query.name}. ${String(error)}\n`,
          );
        }
      }
      requireSame(query, results);
      if (query.writes) {
        // Waiting for the disk is held against waiting for the disk.
        const [synced, handed] = [true, false].map((syncs) =>
          engines.filter((engine) => engine.syncs === syncs).map(({ name }) => name),
        ) as [string[], string[]];
        figures.push(...against(`${query.name}, p50`, only(times, synced), "ms"));
        if (handed.length === 0) continue;
        const relaxed = await Geode.open(join(directory, "relaxed"), false);
        times.set(geode.name, (await measure(relaxed, query)).p50Ms);
        await relaxed.close();
        const name = `${query.name.replace("durable", "not waiting for the disk")}, p50`;
        figures.push(...against(name, only(times, [geode.name, ...handed]), "ms"));
        continue;
      }
      figures.push(...against(`${query.name}, p50`, times, "ms"));
    }
    for (const engine of engines) await engine.close();
    if (engines.length > 1) draw(figures);
    return figures;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The plot that the repository holds: nothing without a peer. */
function draw(figures: readonly Figure[]): void {
  const results = join(import.meta.dirname, "../results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "queries.svg"), plot(figures));
}

/** Those that are installed: `npm install --prefix bench`. */
function peers(directory: string): Engine[] {
  return [() => new Kuzu(directory), () => new Grafeo(directory)].flatMap((open) => {
    try {
      return [open()];
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      process.stderr.write(`A peer is missing (npm install --prefix bench): ${String(reason)}\n`);
      return [];
    }
  });
}

async function timeMs(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/**
 * The middle times of what an engine has to do for texts that it has never seen: before it could run them, and with running them. The texts
 * differ in a name; nothing that was prepared is used again.
 */
async function newTextMs(
  engine: Engine,
  { text, parameter }: BenchQuery,
): Promise<{ readonly ready: number | null; readonly run: number }> {
  const named = (name: string): string => text.replaceAll(/\bp\b(?=[.:])/g, name);
  const ready: number[] = [];
  const run: number[] = [];
  for (let turn = 0; turn < MET; turn += 1) {
    const parameters = parameter ? { [parameter.name]: parameter.at(turn) } : {};
    const [prepared, asked] = [named(`p${turn}`), named(`q${turn}`)];
    let startMs = performance.now();
    engine.ready?.(prepared);
    ready.push(performance.now() - startMs);
    startMs = performance.now();
    await engine.runNew(asked, parameters);
    run.push(performance.now() - startMs);
  }
  return { ready: engine.ready === undefined ? null : median(ready), run: median(run) };
}

/** The middle time of parsing and planning a text that was never seen. */
function newPlansMs(planning: Planning, { text }: BenchQuery): number {
  const times = Array.from({ length: MET }, (_, turn) => {
    const unseen = text.replaceAll(/\bp\b(?=[.:])/g, `r${turn}`);
    const startMs = performance.now();
    planning.plan(unseen);
    return performance.now() - startMs;
  });
  return median(times);
}

/** The middle time of one run, and what the first runs gave. */
async function measure(
  engine: Engine,
  query: BenchQuery,
): Promise<{ readonly p50Ms: number; readonly result: string }> {
  const run = engine.prepare(query);
  const times: number[] = [];
  let result = "";
  const compared = query.parameter ? COMPARED : 1;
  const endMs = performance.now() + ASKED_MS;
  const runs = query.writes ? WRITES_MAX : RUNS_MAX;
  for (let turn = 0; turn < runs; turn += 1) {
    if (turn >= compared && performance.now() > endMs) break;
    const startMs = performance.now();
    const rows = await run(query.parameter?.at(turn) ?? 0);
    times.push(performance.now() - startMs);
    if (turn < compared && !query.writes) result += `${printed(rows, query.ordered)};`;
  }
  return { p50Ms: median(times), result };
}

function printed(rows: readonly Row[], ordered: boolean): string {
  const lines = rows.map((row) => row.map(String).join("|"));
  return (ordered ? lines : lines.toSorted()).join("\n");
}

/** Throws when the engines do not agree: then their times mean nothing. */
function requireSame({ name }: BenchQuery, results: ReadonlyMap<string, string>): void {
  const [[first, expected] = ["", ""], ...others] = results;
  for (const [other, result] of others) {
    if (result !== expected)
      throw new Error(`${name}: ${first} and ${other} give different results.`);
  }
}

function only(
  values: ReadonlyMap<string, number>,
  names: readonly string[],
): ReadonlyMap<string, number> {
  return new Map([...values].filter(([name]) => names.includes(name)));
}

/** One figure per peer; one without, if there is none. */
function against(name: string, values: ReadonlyMap<string, number>, unit: string): Figure[] {
  const [[, value] = ["", Number.NaN], ...others] = values;
  if (others.length === 0) return [{ name, value, unit }];
  return others.map(([peer, theirs]) => ({
    name,
    value,
    unit,
    peer: { name: peer, value: theirs },
  }));
}
