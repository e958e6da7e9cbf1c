import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Figure } from "./figure.ts";
import { Geode } from "./queries/geode.ts";
import { socialGraph } from "./queries/social-graph.ts";

const PERSONS = 100_000;
const EDGES = 1_000_000;

/** What one node and one edge take in memory, read back from disk: by the store's own account, and as the process shows it. */
export async function memory(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-bench-"));
  try {
    const graph = socialGraph(PERSONS, EDGES);
    const geode = await Geode.open(directory);
    const empty = await measured(geode);
    await geode.loadPersons(graph);
    const nodes = await measured(geode);
    await geode.loadEdges(graph);
    const all = await measured(geode);
    await geode.close();
    return [
      perElement("one of 100,000 nodes with 4 properties and an index", empty, nodes, PERSONS),
      perElement("one of 1,000,000 edges", nodes, all, EDGES),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly ownBytes: number;
  readonly processBytes: number;
}

/** After it was read back, so that nothing of the loading is left. */
async function measured(geode: Geode): Promise<Measured> {
  await geode.reopen();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What buffers held is given back some time after a collection.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { ownBytes: geode.ownBytes, processBytes: heapUsed + arrayBuffers };
}

function perElement(name: string, before: Measured, after: Measured, count: number): Figure {
  return {
    name: `memory of ${name}`,
    value: (after.processBytes - before.processBytes) / count,
    unit: "bytes",
    peer: { name: "its own account", value: (after.ownBytes - before.ownBytes) / count },
  };
}
