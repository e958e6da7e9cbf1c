import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect, type Geode } from "@geode/client";
import { Clients } from "./clients-process.ts";
import type { Report } from "./messages.ts";
import { plot } from "./plot.ts";

/*
 * Many connections on one server: a storm of connects, a live query each, steady updates of which each reaches a hundredth of them; then
 * the same with readers that have stopped and connections that are cut off every second. Clients are in a process of their own. Says what
 * was lost (nothing should be), how late updates were for everybody else, and what the server held in memory; writes a report and a plot.
 */

const HELP = `npm run bench:crowd -- [options]
  --connections N    how many (default 10000)
  --seconds N        of each part, undisturbed and disturbed (default 120)
  --rate N           updates a second (default 100)
  --slow SHARE       of the connections that stop reading (default 0.05)
  --killed N         connections cut off every second (default 50)
`;

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "10000" },
    seconds: { type: "string", default: "120" },
    rate: { type: "string", default: "100" },
    slow: { type: "string", default: "0.05" },
    killed: { type: "string", default: "50" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const CONNECTIONS = Number(values.connections);
const SECONDS = Number(values.seconds);
const RATE = Number(values.rate);
const SLOW_SHARE = Number(values.slow);
const KILLED = Number(values.killed);
const TOPICS = Math.max(1, Math.round(CONNECTIONS / 100));
const OPENING = 100;
/** What every update carries beside its numbers. */
const PADDING = "x".repeat(500);
const SAMPLE_MS = 2_000;
const QUIET_MS = 5_000;

const geode = fileURLToPath(new URL("../../packages/server/bin/geode.mjs", import.meta.url));
const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-crowd-"));

/** What is looked at every few seconds. */
export interface Sample {
  readonly atS: number;
  readonly rough: boolean;
  readonly serverMiB: number;
  readonly report: Report;
}

const samples: Sample[] = [];
const sent = Array.from({ length: TOPICS }, () => 0);

const server = await startServer();
const clients = new Clients();
try {
  const writer = await connect(server.url, { token: () => server.token });
  await fill(writer);
  const { tookMs, failures } = await clients.connect({
    url: server.url,
    token: server.token,
    count: CONNECTIONS,
    topics: TOPICS,
    opening: OPENING,
  });
  say(
    `${CONNECTIONS - failures} connections with a live query each after ${(tookMs / 1000).toFixed(1)} s`,
  );
  const startMs = nowMs();
  const calm = await part(writer, startMs, false);
  clients.tell({ kind: "roughen", slowShare: SLOW_SHARE, killedPerSecond: KILLED });
  const rough = await part(writer, startMs, true);
  clients.tell({ kind: "calm" });
  await pause(QUIET_MS);
  const end = await clients.verify(sent);
  const last = await clients.report();
  writer.close();
  const report = summary({ tookMs, failures, calm, rough, end, last });
  const results = new URL("../results/", import.meta.url);
  writeFileSync(new URL("crowd.md", results), report);
  writeFileSync(new URL("crowd.svg", results), plot(samples));
  process.stdout.write(report);
  if (end.wrong > 0 || broken([...samples.map((sample) => sample.report), last]) > 0)
    process.exitCode = 1;
} finally {
  clients.end();
  await server.end();
  rmSync(directory, { recursive: true, force: true });
}

async function startServer() {
  const most = CONNECTIONS + 100;
  const limits = `--max-connections=${most} --connections-per-user=${most} --connections-per-address=${most}`;
  const more = `--handshakes-per-second=10000 --port=0 --readers=0 --log-level=error`;
  const child = spawn(
    process.execPath,
    [geode, "serve", "--data", directory, ...limits.split(" "), ...more.split(" ")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    text += piece.toString();
    if (text.includes("Ctrl+C")) break;
  }
  const url = /ws:\/\/\S+/.exec(text)?.[0];
  const token = /#token=(\S+)/.exec(text)?.[1];
  if (url === undefined || token === undefined)
    throw new Error(`the server did not start: ${text}`);
  return {
    url,
    token,
    /** Resident memory, in MiB. */
    memoryMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    end: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
}

async function fill(writer: Geode): Promise<void> {
  await writer.query("CREATE INDEX topics FOR (t:Topic) ON (t.id)");
  await writer.query(
    "FOR id IN range(0, $last) INSERT (:Topic {id: id, value: 0, sent: 0, padding: $padding})",
    { last: TOPICS - 1, padding: PADDING },
  );
}

/** Updates at a steady rate for a while; sums up what arrived. */
async function part(writer: Geode, startMs: number, rough: boolean): Promise<readonly Sample[]> {
  await clients.report();
  const endMs = nowMs() + SECONDS * 1000;
  const found: Sample[] = [];
  let sampleMs = nowMs() + SAMPLE_MS;
  let dueMs = nowMs();
  let topic = 0;
  while (nowMs() < endMs) {
    for (; dueMs <= nowMs(); dueMs += 1000 / RATE) {
      topic = (topic + 1) % TOPICS;
      sent[topic]! += 1;
      void writer
        .query("MATCH (t:Topic {id: $id}) SET t.value = $value, t.sent = $sent", {
          id: topic,
          value: sent[topic]!,
          sent: nowMs(),
        })
        .catch((error: unknown) => say(`an update failed: ${String(error)}`));
    }
    if (nowMs() >= sampleMs) {
      const atS = (nowMs() - startMs) / 1000;
      found.push({ atS, rough, serverMiB: server.memoryMiB(), report: await clients.report() });
      sampleMs += SAMPLE_MS;
    }
    await pause(2);
  }
  samples.push(...found);
  return found;
}

interface Found {
  readonly tookMs: number;
  readonly failures: number;
  readonly calm: readonly Sample[];
  readonly rough: readonly Sample[];
  readonly end: { readonly open: number; readonly wrong: number };
  readonly last: Report;
}

function summary({ tookMs, failures, calm, rough, end, last }: Found): string {
  const sum = (parts: readonly Sample[], of: (report: Report) => number): number =>
    parts.reduce((total, { report }) => total + of(report), 0);
  const middle = (parts: readonly Sample[], of: (sample: Sample) => number): number =>
    parts.map(of).toSorted((a, b) => a - b)[parts.length >> 1] ?? Number.NaN;
  const line = (name: string, of: (parts: readonly Sample[]) => string): string =>
    `| ${name} | ${of(calm)} | ${of(rough)} |`;
  const p99 = (parts: readonly Sample[]): number => middle(parts, ({ report }) => report.p99Ms);
  const closed = new Map<string, number>();
  for (const { report } of rough)
    for (const [code, count] of Object.entries(report.closed))
      closed.set(code, (closed.get(code) ?? 0) + count);
  return `# ${CONNECTIONS} connections on one server

${RATE} updates a second, each to ${CONNECTIONS / TOPICS} connections, for ${SECONDS} s undisturbed, then for ${SECONDS} s while
${(SLOW_SHARE * 100).toFixed(0)} % of the connections read nothing and ${KILLED} a second are cut off and come back.

- All connected and subscribed after ${(tookMs / 1000).toFixed(1)} s, ${failures} failures.
- In the end ${end.open} connections were open, and ${end.wrong} had another value than the last one written.
- ${broken([...samples.map((sample) => sample.report), last])} updates did not follow on what a connection had.
- Of those that came back, ${sum(rough, ({ resumed }) => resumed)} had missed nothing and ${sum(rough, ({ reset }) => reset)} got the result afresh.
- Connections that the server ended: ${[...closed].map(([code, count]) => `${count} with ${code}`).join(", ") || "none"}.

| | undisturbed | disturbed |
|---|---|---|
${line("updates that arrived at the others, a second", (parts) => (sum(parts, ({ delivered }) => delivered) / SECONDS).toFixed(0))}
${line("from the write to the reader, p50 (middle of the samples), ms", (parts) => middle(parts, ({ report }) => report.p50Ms).toFixed(1))}
${line("the same, p99, ms", (parts) => p99(parts).toFixed(1))}
${line("memory of the server, MiB: first, largest, last sample", (parts) =>
  [
    parts[0]?.serverMiB ?? 0,
    Math.max(...parts.map(({ serverMiB }) => serverMiB)),
    parts.at(-1)?.serverMiB ?? 0,
  ]
    .map((value) => value.toFixed(0))
    .join(", "),
)}

p99 disturbed / undisturbed: × ${(p99(rough) / p99(calm)).toFixed(2)}
`;
}

function broken(reports: readonly Report[]): number {
  return reports.reduce((total, report) => total + report.broken, 0);
}

/** The clock that all processes of a machine share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
