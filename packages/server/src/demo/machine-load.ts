import { cpus, freemem, hostname, loadavg, totalmem } from "node:os";
import type { Database, Principal } from "@geode/engine";
import { float, type Value } from "@geode/values";

/** What the operating system says of this machine. */
export interface MachineReading {
  readonly host: string;
  /** Milliseconds since the machine's start, summed over its processors. */
  readonly busyMs: number;
  readonly totalMs: number;
  /** Fraction in use. */
  readonly memory: number;
  /** Average over a minute. */
  readonly load: number;
}

export function readMachine(): MachineReading {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.idle + times.irq;
    busyMs += all - times.idle;
    totalMs += all;
  }
  return {
    host: hostname(),
    busyMs,
    totalMs,
    memory: 1 - freemem() / totalmem(),
    load: loadavg()[0]!,
  };
}

/** One node (:metrics {host, cpu, memory, load, at}) of this machine, brought up to date whenever asked. */
export class MachineLoad {
  readonly #database: Database;
  readonly #principal: Principal;
  readonly #read: () => MachineReading;
  #before: MachineReading;

  constructor(database: Database, principal: Principal, read: () => MachineReading = readMachine) {
    this.#database = database;
    this.#principal = principal;
    this.#read = read;
    this.#before = read();
  }

  /** `cpu` is the share since the last time. */
  async update(nowMs: number): Promise<void> {
    const now = this.#read();
    const parameters = measures(this.#before, now, nowMs);
    this.#before = now;
    const set = "SET m.cpu = $cpu, m.memory = $memory, m.load = $load, m.at = $at";
    const updated = await this.#run(
      `MATCH (m:metrics {host: $host}) ${set} RETURN m.host AS host`,
      parameters,
    );
    if (updated > 0) return;
    await this.#run(
      "INSERT (:metrics {host: $host, cpu: $cpu, memory: $memory, load: $load, at: $at})",
      parameters,
    );
  }

  async #run(text: string, parameters: ReadonlyMap<string, Value>): Promise<number> {
    return (await this.#database.query({ text, parameters, principal: this.#principal })).rows
      .length;
  }
}

/** Percentages with one decimal, the load with two. */
export function measures(
  before: MachineReading,
  now: MachineReading,
  nowMs: number,
): ReadonlyMap<string, Value> {
  const passedMs = now.totalMs - before.totalMs;
  const busy = passedMs > 0 ? (now.busyMs - before.busyMs) / passedMs : 0;
  return new Map<string, Value>([
    ["host", now.host],
    ["cpu", rounded(Math.min(1, Math.max(0, busy)) * 100, 1)],
    ["memory", rounded(now.memory * 100, 1)],
    ["load", rounded(now.load, 2)],
    ["at", new Date(nowMs).toISOString()],
  ]);
}

function rounded(value: number, decimals: number): Value {
  return float(Number(value.toFixed(decimals)));
}
