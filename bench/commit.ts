import { DatabaseSync } from "node:sqlite";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 5;
const ALONE = 200;
const WRITERS = 64;
const WRITES_EACH = 800;
const TEXT = "INSERT (:Reading {sensor: $sensor, value: $value, unit: 'mA'})";
const principal = { id: "bench", roles: [], claims: new Map() };

/**
 * Durable commits through the facade: alone, against a bare file that appends about as many bytes and calls fdatasync; and from many
 * writers at once, who share entries.
 */
export async function commit(): Promise<readonly Figure[]> {
  // Not in /tmp, which may be memory: beside the data that a server would have.
  const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-bench-"));
  try {
    const bare = openSync(join(directory, "bare"), "a");
    const sqliteMs = sqlite(join(directory, "sqlite"));
    const database = await Database.open({ directory: join(directory, "data") });
    const write = async (sensor: number, value: number): Promise<void> => {
      await database.query({
        text: TEXT,
        parameters: new Map([
          ["sensor", sensor],
          ["value", value],
        ]),
        principal,
      });
    };
    for (let warm = 0; warm < 1000; warm += 1) await write(0, warm);
    const bareTimesMs: number[] = [];
    const aloneMs: number[] = [];
    // In turns, so that both have the same disk.
    for (let round = 0; round < ROUNDS; round += 1) {
      bareTimesMs.push(...bareFdatasync(bare));
      for (let turn = 0; turn < ALONE; turn += 1) {
        const startMs = performance.now();
        await write(1, turn);
        aloneMs.push(performance.now() - startMs);
      }
    }
    closeSync(bare);
    const bareMs = median(bareTimesMs);
    const together = async (writesEach: number): Promise<void> => {
      const one = async (sensor: number): Promise<void> => {
        for (let turn = 0; turn < writesEach; turn += 1) await write(sensor, turn);
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, sensor) => one(sensor)));
    };
    await together(WRITES_EACH / 2);
    const startMs = performance.now();
    await together(WRITES_EACH);
    const rate = (WRITERS * WRITES_EACH) / ((performance.now() - startMs) / 1000);
    await database.close();
    return [
      {
        name: "durable commit, one writer, p50",
        value: median(aloneMs),
        unit: "ms",
        peer: { name: "bare fdatasync", value: bareMs },
      },
      {
        name: "durable commit, one writer, p50",
        value: median(aloneMs),
        unit: "ms",
        peer: { name: "SQLite, WAL, synchronous=FULL", value: sqliteMs },
      },
      {
        name: `durable commits, ${WRITERS} writers`,
        value: rate,
        unit: "1/s",
        peer: { name: "bare fdatasync, one after the other", value: 1000 / bareMs },
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The times of appending 200 bytes with fdatasync, in milliseconds. */
function bareFdatasync(file: number): number[] {
  const bytes = new Uint8Array(200);
  const times: number[] = [];
  for (let turn = 0; turn < ALONE; turn += 1) {
    const startMs = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    times.push(performance.now() - startMs);
  }
  return times;
}

/** The middle time of one insert as a transaction of its own, durable as ours are, in milliseconds. */
function sqlite(path: string): number {
  const database = new DatabaseSync(path);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE reading (sensor INTEGER, value INTEGER, unit TEXT)",
  );
  const insert = database.prepare("INSERT INTO reading VALUES (?, ?, 'mA')");
  const times: number[] = [];
  for (let turn = 0; turn < ROUNDS * ALONE; turn += 1) {
    const startMs = performance.now();
    insert.run(1, turn);
    times.push(performance.now() - startMs);
  }
  database.close();
  return median(times);
}
