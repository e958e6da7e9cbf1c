import { unreachable } from "@geode/values";
import type { ChatPage, Contestant, ContestantName, Entry } from "./contestant.ts";
import { geode } from "./geode.ts";
import { Ledger, type Outcome } from "./ledger.ts";
import { Link } from "./link.ts";
import { DROP_MS, roomsOf, schedule, type Race } from "./schedule.ts";
import { socketIo } from "./socket-io.ts";

/* One contestant's race, in a process of its own: its chatters, their networks, its server, and whatever befalls them. */

export interface RaceOrder extends Race {
  readonly name: ContestantName;
  readonly port: number;
}

export type RaceNews =
  | { readonly kind: "joined" }
  | { readonly kind: "second"; readonly shown: number }
  | { readonly kind: "over"; readonly outcome: Outcome };

/** It begins when everybody is there. */
export interface RaceStart {
  readonly kind: "start";
}

/** What waits to be delivered has so long, at most, when nothing happens any more. */
const CALM_MS = 20_000;

process.on("disconnect", () => process.exit(1));
process.once("message", (order: RaceOrder) => {
  void run(order).then(() => process.exit(0));
});
const say = (news: RaceNews): void => void process.send!(news);

async function enter(name: ContestantName, entry: Entry): Promise<Contestant> {
  switch (name) {
    case "Geode":
      return geode(entry);
    case "Socket.IO":
      return socketIo({ recovery: false, retries: false }, entry);
    case "Socket.IO, recovery":
      return socketIo({ recovery: true, retries: false }, entry);
    case "Socket.IO, recovery and retries":
      return socketIo({ recovery: true, retries: true }, entry);
    default:
      return unreachable(name);
  }
}

async function run(order: RaceOrder): Promise<void> {
  const { chatters, name, port } = order;
  const ledger = new Ledger();
  const contestant = await enter(name, { chatters, port, onFailure: (what) => ledger.error(what) });
  process.once("exit", () => void contestant.server.close());
  const links = await Promise.all(
    Array.from({ length: chatters }, () => Link.open(contestant.server.port)),
  );
  const pages: ChatPage[] = [];
  const turnPage = (chatter: number): void => {
    ledger.turnPage(chatter);
    const page: ChatPage = contestant.open({
      chatter,
      rooms: roomsOf(chatter, chatters),
      port: links[chatter]!.port,
      show: (message, seq) => {
        // What a page that is gone still hears is shown to nobody.
        if (pages[chatter] === page) ledger.show(chatter, message, seq);
      },
      onError: (what) => ledger.error(what),
    });
    pages[chatter] = page;
  };
  for (let chatter = 0; chatter < chatters; chatter++) turnPage(chatter);
  await Promise.all(pages.map((page) => page.joined));
  const started = new Promise((resolve) => process.once("message", resolve));
  say({ kind: "joined" });
  await started;

  let shown = 0;
  const seconds = setInterval(() => {
    say({ kind: "second", shown: ledger.shownCount - shown });
    shown = ledger.shownCount;
  }, 1_000);
  const counts = pages.map(() => 0);
  const startMs = performance.now();
  for (const happening of schedule(order)) {
    const waitMs = startMs + happening.atMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    switch (happening.kind) {
      case "say": {
        const { chatter: sender, room } = happening;
        const message = { sender, room, n: counts[sender]!++ };
        ledger.say(message);
        pages[sender]!.say(message);
        break;
      }
      case "drop":
        links[happening.chatter]!.cut(DROP_MS);
        break;
      case "reload": {
        const { chatter } = happening;
        ledger.forget(pages[chatter]!.uncertain);
        pages[chatter]!.close();
        turnPage(chatter);
        break;
      }
      case "kill":
        await contestant.server.kill();
        break;
      default:
        unreachable(happening);
    }
  }
  const membersOf = members(chatters);
  const calmMs = performance.now() + CALM_MS;
  const missing = (): boolean => {
    const { delivered, due } = ledger.outcome(membersOf);
    return delivered < due;
  };
  while (performance.now() < calmMs && missing())
    await new Promise((resolve) => setTimeout(resolve, 500));
  // Something may come twice, or late.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  clearInterval(seconds);
  const outcome = ledger.outcome(membersOf);
  for (const page of pages) page.close();
  for (const link of links) link.close();
  await contestant.close();
  await new Promise<void>((resolve) => {
    process.send!({ kind: "over", outcome } satisfies RaceNews, () => resolve());
  });
}

function members(chatters: number): (room: number) => readonly number[] {
  const byRoom = new Map<number, number[]>();
  for (let chatter = 0; chatter < chatters; chatter++) {
    for (const room of roomsOf(chatter, chatters)) {
      const known = byRoom.get(room);
      if (known === undefined) byRoom.set(room, [chatter]);
      else known.push(chatter);
    }
  }
  return (room) => byRoom.get(room) ?? [];
}
