import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, median } from "../figure.ts";
import type { BenchQuery } from "../queries/bench-query.ts";
import type { Engine } from "../queries/engine.ts";
import { Geode } from "../queries/geode.ts";
import { Kuzu } from "../queries/kuzu.ts";
import { JOIN_QUERIES } from "./join-queries.ts";
import { type Network, network } from "./network.ts";

const PERSONS = 4_000;
/** How long one query is asked of one engine, over and over, in milliseconds. */
const ASKED_MS = 1_500;
const RUNS_MAX = 50;

/** Counts over joins of many edges in a social network, held against an engine that is made for them. */
export async function joins(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-bench-"));
  try {
    const graph = network(PERSONS);
    const geode = await Geode.open(join(directory, "geode"));
    await fillGeode(geode, graph);
    const kuzu = kuzuIn(directory);
    if (kuzu) fillKuzu(kuzu, graph);
    const figures: Figure[] = [];
    for (const { name, text, kuzu: theirs = text } of JOIN_QUERIES) {
      const ours = await measure(geode, text);
      const peer = kuzu && (await measure(kuzu, theirs));
      if (peer && peer.count !== ours.count)
        throw new Error(`${name}: Geode counts ${ours.count}, Kuzu ${peer.count}.`);
      figures.push({
        name: `join ${name}, p50`,
        value: ours.p50Ms,
        unit: "ms",
        ...(peer ? { peer: { name: "Kuzu", value: peer.p50Ms } } : {}),
      });
    }
    await geode.close();
    await kuzu?.close();
    return figures;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function kuzuIn(directory: string): Kuzu | null {
  try {
    return new Kuzu(directory);
  } catch (error) {
    process.stderr.write(`A peer is missing (npm install --prefix bench): ${String(error)}\n`);
    return null;
  }
}

/** The middle time of one run, and the count. */
async function measure(
  engine: Engine,
  text: string,
): Promise<{ readonly p50Ms: number; readonly count: string }> {
  const query: BenchQuery = { name: text, text, parameter: null, ordered: false, writes: false };
  const run = engine.prepare(query);
  const times: number[] = [];
  let count = "";
  const endMs = performance.now() + ASKED_MS;
  while (times.length === 0 || (times.length < RUNS_MAX && performance.now() < endMs)) {
    const startMs = performance.now();
    const [row] = await run(0);
    times.push(performance.now() - startMs);
    count = String(row?.[0]);
  }
  return { p50Ms: median(times), count };
}

/** Posts and comments are messages as well. */
function labelsOf(label: string): string {
  return label === "Post" || label === "Comment" ? `${label}&Message` : label;
}

async function fillGeode(geode: Geode, { nodes, edges }: Network): Promise<void> {
  for (const [label, count] of nodes) {
    await geode.run(`CREATE INDEX FOR (n:${label}) ON (n.id)`);
    await geode.insert(`FOR id IN $rows INSERT (:${labelsOf(label)} {id: id})`, count, (at) => at);
  }
  for (const { label, from, to, pairs } of edges) {
    await geode.insert(
      `FOR row IN $rows MATCH (a:${from} {id: row[0]}), (b:${to} {id: row[1]}) INSERT (a)-[:${label}]->(b)`,
      pairs.length,
      (at) => pairs[at]!,
    );
  }
}

function fillKuzu(kuzu: Kuzu, { nodes, edges }: Network): void {
  for (const [label, count] of nodes) {
    kuzu.run(`CREATE NODE TABLE ${label}(id INT64, PRIMARY KEY(id))`);
    kuzu.copy(
      label,
      Array.from({ length: count }, (_, id) => String(id)),
    );
  }
  for (const label of new Set(edges.map((table) => table.label))) {
    const tables = edges.filter((table) => table.label === label);
    const ends = tables.map(({ from, to }) => `FROM ${from} TO ${to}`).join(", ");
    kuzu.run(`CREATE REL TABLE ${label}(${ends})`);
    for (const { from, to, pairs } of tables) {
      const which = tables.length > 1 ? `, from='${from}', to='${to}'` : "";
      kuzu.copy(
        label,
        pairs.map((pair) => pair.join(",")),
        which,
      );
    }
  }
}
