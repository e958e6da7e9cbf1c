import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Figure } from "../figure.ts";
import { CONTESTANTS, type ContestantName } from "./contestant.ts";
import { freePorts } from "./free-ports.ts";
import type { Outcome } from "./ledger.ts";
import type { RaceNews, RaceOrder, RaceStart } from "./race.ts";
import { percentOf, plot, table, type Standing } from "./report.ts";
import type { Race } from "./schedule.ts";

const HELP = `Chatters whose networks drop and whose pages are reloaded, on a server that is killed every ten seconds:
what of all they say is delivered, once and in order? All contestants get the same, one after another.

  --seconds N   how long (120)
  --chatters N  how many (200)
  --seed N      of everything that happens (1)
  --help
`;

/**
 * What is delivered of what was said, in percent, when everything fails again and again. Sets the exit code if Geode loses, doubles or
 * misplaces anything.
 */
export async function delivery(): Promise<readonly Figure[]> {
  const { values } = parseArgs({
    strict: false,
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "120" },
      chatters: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const race = {
    seconds: Number(values.seconds),
    chatters: Number(values.chatters),
    seed: Number(values.seed),
  };
  process.stdout.write(
    `${race.chatters} chatters, ${race.seconds} s, seed ${race.seed}: ${CONTESTANTS.join("; ")}\n`,
  );
  const standings = await runAll(race);
  process.stdout.write(`${table(standings)}\n`);
  for (const { name, outcome } of standings)
    for (const error of outcome.errors) process.stdout.write(`${name}: ${error}\n`);
  const results = new URL("../results/", import.meta.url);
  mkdirSync(results, { recursive: true });
  const record = {
    ...race,
    standings: standings.map(({ name, outcome }) => ({
      name,
      percent: percentOf(outcome),
      ...outcome,
    })),
  };
  writeFileSync(new URL("delivery.json", results), `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(new URL("delivery.svg", results), plot(standings, race));
  const [first, ...others] = standings;
  if (!isFlawless(first!.outcome)) process.exitCode = 1;
  return others.map(({ name, outcome }) => ({
    name: "messages delivered through drops, reloads and kills",
    value: percentOf(first!.outcome),
    unit: "%",
    peer: { name, value: percentOf(outcome) },
  }));
}

function isFlawless({ delivered, due, duplicates, outOfOrder }: Outcome): boolean {
  return delivered === due && duplicates === 0 && outOfOrder === 0;
}

/** One after another: together they would take the machine from each other, most of all when all servers start again at once. */
async function runAll(race: Race): Promise<readonly Standing[]> {
  const ports = await freePorts(CONTESTANTS.length);
  const standings: Standing[] = [];
  for (const [place, name] of CONTESTANTS.entries())
    standings.push(await run({ ...race, name, port: ports[place]! }));
  return standings;
}

async function run(order: RaceOrder): Promise<Standing> {
  const racer = new Racer(order);
  const stop = (): void => racer.stop();
  process.once("exit", stop);
  await racer.joined;
  racer.start();
  const startMs = performance.now();
  const bar = setInterval(() => {
    const share = Math.min(1, (performance.now() - startMs) / (order.seconds * 1_000));
    progress(share, `${order.name}: ${racer.shown} shown`);
  }, 1_000);
  try {
    return await racer.standing;
  } finally {
    clearInterval(bar);
    process.off("exit", stop);
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}

/** On a terminal, one line that is written over. */
function progress(share: number, what: string): void {
  if (!process.stderr.isTTY) return;
  const width = 30;
  const full = Math.round(share * width);
  process.stderr.write(
    `\r[${"#".repeat(full)}${".".repeat(width - full)}] ${Math.round(share * 100)} %  ${what} `,
  );
}

/** A contestant's process, as its parent sees it. */
class Racer {
  readonly #child: ChildProcess;
  readonly #name: ContestantName;
  readonly #shownPerSecond: number[] = [];
  readonly #joined = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<Standing>();
  shown = 0;

  constructor(order: RaceOrder) {
    this.#name = order.name;
    this.#child = fork(new URL("race.ts", import.meta.url), [], {
      execArgv: ["--conditions=source"],
    });
    this.#child.on("message", (news: RaceNews) => this.#hear(news));
    this.#child.on("exit", (code) => {
      const error = new Error(`${order.name} ended with ${code}`);
      this.#joined.reject(error);
      this.#over.reject(error);
    });
    this.#child.send(order);
  }

  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  get standing(): Promise<Standing> {
    return this.#over.promise;
  }

  start(): void {
    this.#child.send({ kind: "start" } satisfies RaceStart);
  }

  stop(): void {
    this.#child.kill();
  }

  #hear(news: RaceNews): void {
    switch (news.kind) {
      case "joined":
        return this.#joined.resolve();
      case "second":
        this.#shownPerSecond.push(news.shown);
        this.shown += news.shown;
        return;
      case "over":
        return this.#over.resolve({
          name: this.#name,
          outcome: news.outcome,
          shownPerSecond: this.#shownPerSecond,
        });
    }
  }
}
