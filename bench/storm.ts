import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "@geode/client";
import { percentile, plot, type Second } from "./storm/report.ts";
import type { Kept, SubjectNews } from "./storm/subject.ts";
import type { News, Order } from "./storm/watchers.ts";

/*
 * Ten thousand connections at once: they come in a storm, each with a subscription; a hundred updates a second reach a hundred of them
 * each; one in twenty reads slowly; fifty are killed every second and resume. Then every copy is held against the query, run again.
 *
 *   node --conditions=source bench/storm.ts [--connections 10000] [--seconds 120]
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
const GROUPS = CONNECTIONS / REACHED;

const children: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
const start = (file: string): ChildProcess => {
  const child = fork(new URL(`./storm/${file}`, import.meta.url), [], {
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
subject.on("message", (news: SubjectNews) => {
  if (news.kept !== undefined) return;
  seconds.push({ ...now, residentMiB: news.residentMiB ?? 0, heapMiB: news.heapMiB ?? 0 });
  now = newSecond();
});

function newSecond() {
  return { updates: 0, delaysMs: [] as number[], broken: 0, resumed: 0, reset: 0 };
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
  for (let turn = 0; turn < forSeconds * UPDATES_PER_SECOND; turn++) {
    const dueMs = startMs + (turn * 1000) / UPDATES_PER_SECOND;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const id = Math.floor(Math.random() * GROUPS * ITEMS_PER_GROUP);
    const write = geode.query("MATCH (n:Item {id: $id}) SET n.value = n.value + 1, n.at = $at", {
      id,
      at: Date.now(),
    });
    writes.push(write);
    if (turn % UPDATES_PER_SECOND === 0)
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

// First without kills, for the time that an update takes when nothing goes wrong.
await update(Math.min(20, SECONDS), 0);
const keptCalm = await kept();
const calm = seconds.length;
await update(SECONDS, KILLED_PER_SECOND);
const keptStormy = await kept();
const stormy = seconds.slice(calm);
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
const calmMs = seconds.slice(0, calm).flatMap(({ delaysMs }) => delaysMs);
const stormyMs = stormy.flatMap(({ delaysMs }) => delaysMs);
const report = [
  `copies that differ from the query, run again: ${lost} of ${copies.length}`,
  `broken chains: ${sum("broken")}; resumed without rows: ${sum("resumed")}; sent anew: ${sum("reset")}`,
  `updates heard: ${sum("updates")}`,
  `from a write to its update, p99: calm ${percentile(calmMs, 99)} ms, in the storm ${percentile(stormyMs, 99)} ms`,
  `resident memory: ${stormy[0]?.residentMiB.toFixed(0)} MiB at first, ${stormy.at(-1)?.residentMiB.toFixed(0)} MiB at the end`,
  `without what was let go of: ${keptText(keptCalm)} at first, ${keptText(keptStormy)} at the end`,
];
process.stdout.write(`${report.join("\n")}\n`);
const results = new URL("./results/", import.meta.url);
mkdirSync(results, { recursive: true });
writeFileSync(new URL("storm.svg", results), plot(seconds, calm));
process.exit(lost === 0 && sum("broken") === 0 ? 0 : 1);
