import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "@geode/client";
import type { ProberNews } from "./storm/prober.ts";
import { medianOfTurns, percentile, plot, wait99, type Second } from "./storm/report.ts";
import type { Kept, SubjectNews } from "./storm/subject.ts";
import type { News, Order } from "./storm/watchers.ts";

/*
 * Ten thousand connections at once: they come in a storm, each with a subscription; a hundred updates a second reach a hundred of them
 * each; one in twenty reads slowly; fifty are killed every second and resume, ten seconds long, and then nobody for ten. Somebody else
 * asks meanwhile, from a process that does nothing else. Then every copy is held against the query, run again.
 *
 *   node --conditions=source bench/storm.ts [--connections 10000] [--seconds 120]
 *
 * Server and crowd share the machine, and others may use it too: so calm and storm take turns, and each figure is the median of those of
 * its turns.
 */

const option = (name: string, standard: number): number => {
  const place = process.argv.indexOf(`--${name}`);
  return place === -1 ? standard : Number(process.argv[place + 1]);
};
const CONNECTIONS = option("connections", 10_000);
const SECONDS = option("seconds", 120);
const REACHED = 100;
const UPDATES_PER_SECOND = 100;
const KILLED_PER_SECOND = 50;
const ITEMS_PER_GROUP = 10;
const CLIENT_PROCESSES = 2;
const TURN_SECONDS = 10;
const GROUPS = CONNECTIONS / REACHED;

const children: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
const start = (file: string, ...args: string[]): ChildProcess => {
  const child = fork(new URL(`./storm/${file}`, import.meta.url), args, {
    execArgv: ["--conditions=source", "--expose-gc"],
  });
  child.on("exit", (code) => {
    if (code === null) return;
    process.stderr.write(`${file} ended with ${code}\n`);
    process.exit(1);
  });
  children.push(child);
  return child;
};

const subject = start("subject.ts");
const [{ url }] = (await once(subject, "message")) as [Required<SubjectNews>];
const seconds: Second[] = [];
let now = newSecond();
/** The present turn: even ones are calm. Undefined before the first and behind the last. */
let turn: number | undefined;
subject.on("message", (news: SubjectNews) => {
  if (news.kept !== undefined) return;
  const { heapMiB = 0, mainThreadMs = 0, residentMiB = 0, stretchesMs = [] } = news;
  seconds.push({ ...now, turn, heapMiB, mainThreadMs, residentMiB, stretchesMs });
  now = newSecond();
});

function newSecond() {
  return {
    updates: 0,
    delaysMs: [] as number[],
    waitsMs: [] as number[],
    crowdStallMs: 0,
    proberStallMs: 0,
    broken: 0,
    resumed: 0,
    reset: 0,
  };
}

const geode = await connect(url);
await geode.query("CREATE INDEX FOR (n:Item) ON (n.group)");
await geode.query(
  "FOR id IN range(0, $last) INSERT (:Item {id: id, group: id % $groups, value: 0, at: 0})",
  { last: GROUPS * ITEMS_PER_GROUP - 1, groups: GROUPS },
);
await geode.query("CREATE INDEX FOR (n:Item) ON (n.id)");

const clients = Array.from({ length: CLIENT_PROCESSES }, () => start("watchers.ts"));
const told = <Kind extends News["kind"]>(client: ChildProcess, kind: Kind) =>
  new Promise<Extract<News, { kind: Kind }>>((resolve) => {
    const listen = (news: News): void => {
      if (news.kind !== kind) return;
      client.off("message", listen);
      resolve(news as Extract<News, { kind: Kind }>);
    };
    client.on("message", listen);
  });
for (const client of clients) {
  client.on("message", (news: News) => {
    if (news.kind !== "second") return;
    now.updates += news.updates;
    now.broken += news.broken;
    now.resumed += news.resumed;
    now.reset += news.reset;
    now.crowdStallMs = Math.max(now.crowdStallMs, news.stallMs);
    now.delaysMs.push(...news.delaysMs);
  });
}
const order = (client: ChildProcess, what: Order): void => void client.send(what);

const share = CONNECTIONS / CLIENT_PROCESSES;
const connected = clients.map((client, place) => {
  const done = told(client, "connected");
  order(client, {
    kind: "connect",
    url,
    from: place * share,
    to: (place + 1) * share,
    groups: GROUPS,
  });
  return done;
});
const connectSeconds = Math.max(...(await Promise.all(connected)).map((news) => news.seconds));
process.stdout.write(
  `${CONNECTIONS} connections with a subscription each in ${connectSeconds.toFixed(1)} s\n`,
);

/** Updates for so many seconds. */
async function update(forSeconds: number, killed: number): Promise<void> {
  const startMs = performance.now();
  const writes: Promise<unknown>[] = [];
  for (let count = 0; count < forSeconds * UPDATES_PER_SECOND; count++) {
    const dueMs = startMs + (count * 1000) / UPDATES_PER_SECOND;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const id = Math.floor(Math.random() * GROUPS * ITEMS_PER_GROUP);
    const write = geode.query("MATCH (n:Item {id: $id}) SET n.value = n.value + 1, n.at = $at", {
      id,
      at: Date.now(),
    });
    writes.push(write);
    if (killed > 0 && count % UPDATES_PER_SECOND === 0)
      for (const client of clients)
        order(client, { kind: "kill", count: killed / CLIENT_PROCESSES });
  }
  await Promise.all(writes);
}

/** What the server holds, without what it has let go of. */
function kept(): Promise<Kept> {
  return new Promise((resolve) => {
    const listen = (news: SubjectNews): void => {
      if (news.kept === undefined) return;
      subject.off("message", listen);
      resolve(news.kept);
    };
    subject.on("message", listen);
    subject.send("measure");
  });
}

const prober = start("prober.ts", url, String(GROUPS * ITEMS_PER_GROUP));
prober.on("message", (news: ProberNews) => {
  now.waitsMs.push(...news.waitsMs);
  now.proberStallMs = news.stallMs;
});
// What is made when things happen for the first time is made now.
await update(5, KILLED_PER_SECOND);
const keptFirst = await kept();
for (let place = 0; place < SECONDS / TURN_SECONDS; place++) {
  turn = 2 * place;
  await update(TURN_SECONDS, 0);
  turn++;
  await update(TURN_SECONDS, KILLED_PER_SECOND);
}
turn = undefined;
const keptLast = await kept();
// One write in every group, so that every copy has something to reach.
const seqs: number[] = [];
for (let group = 0; group < GROUPS; group++) {
  const text = "MATCH (n:Item {id: $id}) SET n.value = n.value + 1";
  seqs.push((await geode.query(text, { id: group })).seq);
}
const copies = (
  await Promise.all(
    clients.map((client) => {
      const done = told(client, "copies");
      order(client, { kind: "finish", seqs });
      return done;
    }),
  )
).flatMap((news) => news.copies);

let lost = 0;
for (let group = 0; group < GROUPS; group++) {
  const { data } = await geode.query<{ id: number; value: number }>(
    "MATCH (n:Item {group: $group}) RETURN n.id AS id, n.value AS value ORDER BY id",
    { group },
  );
  const rows = data.map(({ id, value }) => `${id}=${value}`).join();
  lost += copies.filter((copy) => copy.group === group && copy.rows !== rows).length;
}
geode.close();

const keptText = ({ external, heap, resident }: Kept): string =>
  `${heap.toFixed(0)} MiB of heap and ${external.toFixed(0)} MiB beside it (${resident.toFixed(0)} MiB resident)`;
const sum = (field: "updates" | "broken" | "resumed" | "reset") =>
  seconds.reduce((total, each) => total + each[field], 0);
const compared = (what: string, figure: (those: readonly Second[]) => number): string => {
  const [calm, storm] = medianOfTurns(seconds, figure);
  return `${what}: calm ${calm.toFixed(1)}, in the storm ${storm.toFixed(1)}, ${(storm / calm).toFixed(2)} times`;
};
const told99 = (what: string, of: (second: Second) => readonly number[]): string =>
  compared(`${what}, p99`, (those) => percentile(those.flatMap(of), 99));
const report = [
  `copies that differ from the query, run again: ${lost} of ${copies.length}`,
  `broken chains: ${sum("broken")}; resumed without rows: ${sum("resumed")}; sent anew: ${sum("reset")}`,
  `updates heard: ${sum("updates")}`,
  told99("somebody else's queries, ms", ({ waitsMs }) => waitsMs),
  told99("from a write to its update in the crowd, ms", ({ delaysMs }) => delaysMs),
  told99("late timers of the crowd, ms", ({ crowdStallMs }) => [crowdStallMs]),
  told99("late timers of somebody else, ms", ({ proberStallMs }) => [proberStallMs]),
  compared("wait for the server's thread, p99, ms of its processor time", (those) =>
    wait99(
      those.flatMap(({ stretchesMs }) => stretchesMs),
      those.length * 1_000,
    ),
  ),
  compared(
    "processor time of the server's thread, ms a second",
    (those) => those.reduce((sum, { mainThreadMs }) => sum + mainThreadMs, 0) / those.length,
  ),
  `resident memory: ${seconds.find((second) => second.turn === 0)?.residentMiB.toFixed(0)} MiB at first, ${seconds.at(-1)?.residentMiB.toFixed(0)} MiB at the end`,
  `without what was let go of: ${keptText(keptFirst)} at first, ${keptText(keptLast)} at the end`,
];
process.stdout.write(`${report.join("\n")}\n`);
const results = new URL("./results/", import.meta.url);
mkdirSync(results, { recursive: true });
writeFileSync(new URL("storm.svg", results), plot(seconds));
process.exit(lost === 0 && sum("broken") === 0 ? 0 : 1);
