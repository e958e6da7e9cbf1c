import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Figure } from "../figure.ts";
import type { LoadOrder, LoadReport } from "./load.ts";
import { percentile, plot, type Measured } from "./report.ts";
import { ROOM_SERVERS, type RoomServer } from "./room-server.ts";
import type { SubjectOrder, SubjectReport } from "./subject.ts";

const HELP = `A thousand rooms of ten members each, and a thousand messages a second: how long until every member has a message?

  --seconds N      how long (30)
  --rate N         messages a second (1000)
  --rooms N        how many (1000)
  --members N      of each room (10)
  --connections N  that they share (1000)
  --seed N         of who says what where (1)
  --help
`;

const WARM_SECONDS = 5;

interface Load {
  readonly seconds: number;
  readonly perSecond: number;
  readonly rooms: number;
  readonly membersPerRoom: number;
  readonly connections: number;
  readonly seed: number;
}

/** Rooms under load: how long a message takes to its members, what it costs the server, and what a member costs it. */
export async function rooms(): Promise<readonly Figure[]> {
  const { values } = parseArgs({
    strict: false,
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "30" },
      rate: { type: "string", default: "1000" },
      rooms: { type: "string", default: "1000" },
      members: { type: "string", default: "10" },
      connections: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const load: Load = {
    seconds: Number(values.seconds),
    perSecond: Number(values.rate),
    rooms: Number(values.rooms),
    membersPerRoom: Number(values.members),
    connections: Number(values.connections),
    seed: Number(values.seed),
  };
  const title = `${load.rooms} rooms × ${load.membersPerRoom} members, ${load.connections} connections, ${load.perSecond} messages a second`;
  process.stdout.write(`${title}, ${load.seconds} s, seed ${load.seed}\n`);
  const all: Measured[] = [];
  // What others do on the machine decides about delays as much as the server does.
  const [machineLoad] = loadavg();
  process.stdout.write(`load of the machine beforehand: ${machineLoad!.toFixed(1)}\n`);
  for (const server of ROOM_SERVERS) {
    const measured = await measure(server, load);
    all.push(measured);
    process.stdout.write(`${lineOf(measured)}\n`);
  }
  const results = new URL("../results/", import.meta.url);
  mkdirSync(results, { recursive: true });
  const record = all.map(({ sinceDurable, sinceSent, ...rest }) => ({
    ...rest,
    sinceSentMs: percentiles(sinceSent),
    sinceDurableMs: percentiles(sinceDurable),
  }));
  writeFileSync(
    new URL("rooms.json", results),
    `${JSON.stringify({ ...load, machineLoad, servers: record }, null, 2)}\n`,
  );
  writeFileSync(new URL("rooms.svg", results), plot(all, title));
  return figures(all);
}

function percentiles(sorted: readonly number[]): object | null {
  if (sorted.length === 0) return null;
  return Object.fromEntries([50, 95, 99, 99.9].map((p) => [`p${p}`, percentile(sorted, p)]));
}

function lineOf({ heard, due, server, sinceDurable, sinceSent, ...rest }: Measured): string {
  const text = (sorted: readonly number[]): string =>
    [50, 99, 99.9].map((p) => `p${p} ${percentile(sorted, p).toFixed(1)}`).join(", ");
  return [
    `${server}: ${heard} of ${due} heard; ms from send: ${text(sinceSent)}`,
    ...(sinceDurable.length === 0 ? [] : [`from durability: ${text(sinceDurable)}`]),
    `${rest.cpuMicroseconds.toFixed(1)} µs per message and member`,
    `${rest.bytesPerMember.toFixed(0)} bytes per member`,
    `joined in ${rest.joinSeconds.toFixed(1)} s`,
  ].join("; ");
}

function figures(all: readonly Measured[]): readonly Figure[] {
  const [geode, ...peers] = all;
  return peers.flatMap((peer) => {
    const figure = (name: string, unit: string, of: (measured: Measured) => number): Figure => ({
      name,
      value: of(geode!),
      unit,
      peer: { name: peer.server, value: of(peer) },
    });
    return [
      figure("rooms: p99 from send to a member", "ms", (of) => percentile(of.sinceSent, 99)),
      figure("rooms: processor time", "µs per message and member", (of) => of.cpuMicroseconds),
      figure("rooms: memory", "bytes per member of a room", (of) => of.bytesPerMember),
    ];
  });
}

async function measure(server: RoomServer, load: Load): Promise<Measured> {
  const subject = start("subject.ts", server);
  const loader = start("load.ts");
  try {
    const [{ url }] = (await once(subject, "message")) as [{ url: string }];
    const empty = await ask(subject, { kind: "figures" }, "figures");
    const joined = await ask(loader, { kind: "join", server, url, ...load }, "joined");
    const full = await ask(subject, { kind: "figures" }, "figures");
    const { due, heard } = await ask(
      loader,
      { kind: "talk", warmSeconds: WARM_SECONDS, ...load },
      "talked",
    );
    const done = await ask(subject, { kind: "figures" }, "figures");
    const { times: durable } = await ask(subject, { kind: "durable" }, "durable");
    const { sinceDurable, sinceSent } = await ask(loader, { kind: "delays", durable }, "delays");
    // The first seconds are not counted, but cost the same.
    const deliveries = (heard * (load.seconds + WARM_SECONDS)) / load.seconds;
    return {
      server,
      joinSeconds: joined.seconds,
      bytesPerMember: (full.bytes - empty.bytes) / (load.rooms * load.membersPerRoom),
      due,
      heard,
      cpuMicroseconds: ((done.cpuMs - full.cpuMs) * 1000) / deliveries,
      sinceSent,
      sinceDurable,
    };
  } finally {
    loader.disconnect();
    subject.disconnect();
    await Promise.all([once(loader, "exit"), once(subject, "exit")]);
  }
}

function start(file: string, ...args: string[]): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: ["--conditions=source", "--expose-gc"],
    serialization: "advanced",
  });
  process.once("exit", () => child.kill());
  return child;
}

type Report = SubjectReport | LoadReport;

async function ask<Kind extends Report["kind"]>(
  child: ChildProcess,
  order: SubjectOrder | LoadOrder,
  kind: Kind,
): Promise<Extract<Report, { kind: Kind }>> {
  const answered = once(child, "message") as Promise<[Report]>;
  child.send(order);
  const [report] = await answered;
  if (report.kind !== kind) throw new Error(`${report.kind} is no answer to ${order.kind}`);
  return report as Extract<Report, { kind: Kind }>;
}
