import { Database } from "@geode/engine";
import { type Figure, median } from "./figure.ts";

const WRITES = 300;
const RESULTS = 1_000;
const principal = { id: "bench", roles: [], claims: new Map() };

/**
 * What live queries cost a writer, in memory: the time of one write while nobody watches, against the same write while somebody does.
 * And how long a watcher waits for it.
 */
export async function live(): Promise<readonly Figure[]> {
  const nobody = await writeMs(async () => {});
  const peer = { name: "nobody watches", value: nobody.writeMs };
  const other = await writeMs((database, heard) =>
    watch(database, "MATCH (r:Room {id: $id}) RETURN r.name AS name", heard),
  );
  const same = await writeMs((database, heard) =>
    watch(database, "MATCH (s:Sensor {id: $id}) RETURN s.value AS value", heard),
  );
  return [
    {
      name: `write, ${RESULTS} live results over another label, p50`,
      value: other.writeMs,
      unit: "ms",
      peer,
    },
    {
      name: `write, ${RESULTS} live results over its label, p50`,
      value: same.writeMs,
      unit: "ms",
      peer,
    },
    {
      name: "from write to watcher, p50",
      value: same.heardMs,
      unit: "ms",
      peer: { name: "the write's own answer", value: same.writeMs },
    },
  ];
}

async function watch(database: Database, text: string, heard: () => void): Promise<void> {
  for (let id = 0; id < RESULTS; id += 1) {
    await database.subscribe({ text, parameters: new Map([["id", id]]), principal }, heard);
  }
}

/** Writes to one sensor after the other, each of which one result shows, if any. */
async function writeMs(
  subscribe: (database: Database, heard: () => void) => Promise<void>,
): Promise<{ readonly writeMs: number; readonly heardMs: number }> {
  const database = await Database.open();
  await database.query({ text: "CREATE INDEX sensors FOR (s:Sensor) ON (s.id)", principal });
  for (let id = 0; id < RESULTS; id += 1) {
    await database.query({
      text: "INSERT (:Sensor {id: $id, value: 0})",
      parameters: new Map([["id", id]]),
      principal,
    });
  }
  let startMs = 0;
  const heardMs: number[] = [];
  await subscribe(database, () => heardMs.push(performance.now() - startMs));
  const times: number[] = [];
  for (let turn = 0; turn < WRITES; turn += 1) {
    startMs = performance.now();
    await database.query({
      text: "MATCH (s:Sensor {id: $id}) SET s.value = s.value + 1",
      parameters: new Map([["id", turn]]),
      principal,
    });
    times.push(performance.now() - startMs);
    // Whoever watches hears of it before the next.
    await new Promise<void>((resume) => {
      setImmediate(resume);
    });
  }
  await database.close();
  return { writeMs: median(times), heardMs: median(heardMs) };
}
