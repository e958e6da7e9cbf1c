import { once } from "node:events";
import { unreachable } from "@geode/values";
import { WebSocket } from "ws";
import { random } from "../random.ts";
import type { RoomServer } from "./room-server.ts";

/* The members of all rooms, in a process of their own. They speak to every server with bare frames, so that none pays for its client. */

export type LoadOrder =
  | {
      readonly kind: "join";
      readonly server: RoomServer;
      readonly url: string;
      readonly rooms: number;
      readonly membersPerRoom: number;
      readonly connections: number;
    }
  /** So many messages a second, evenly, for so long; those of the first seconds are not counted. */
  | {
      readonly kind: "talk";
      readonly seed: number;
      readonly perSecond: number;
      readonly seconds: number;
      readonly warmSeconds: number;
    }
  /** `durable`: when each seq was. */
  | { readonly kind: "delays"; readonly durable: readonly (readonly [number, number])[] };

export type LoadReport =
  | { readonly kind: "joined"; readonly seconds: number }
  | { readonly kind: "talked"; readonly due: number; readonly heard: number }
  /** Milliseconds, from each message to each member, in order of size. */
  | {
      readonly kind: "delays";
      readonly sinceSent: readonly number[];
      readonly sinceDurable: readonly number[];
    };

/** How a server is spoken to. */
interface Tongue {
  readonly hello: readonly string[];
  readonly greeted: (text: string) => boolean;
  join(room: string): string;
  readonly joined: (text: string) => boolean;
  say(room: string, at: number): string;
}

const TEXT = "A message as people write them in a chat, of some eighty characters or a few more.";

function tongueOf(server: RoomServer): Tongue {
  switch (server) {
    case "Geode":
      return {
        hello: [],
        greeted: () => true,
        join: (room) => JSON.stringify({ type: "JOIN_ROOM", room_id: room }),
        joined: (text) => text.startsWith('{"type":"ROOM_JOINED"'),
        say: (room, at) =>
          JSON.stringify({ type: "MESSAGE", room_id: room, text: TEXT, data: { at } }),
      };
    case "Socket.IO":
      return {
        hello: ["40"],
        greeted: (text) => text.startsWith("40"),
        join: (room) => `42${JSON.stringify(["join", room])}`,
        joined: (text) => text === '42["joined"]',
        say: (room, at) => `42${JSON.stringify(["message", { room, text: TEXT, at }])}`,
      };
    case "ws, one text in a loop":
      return {
        hello: [],
        greeted: () => true,
        join: (room) => JSON.stringify({ join: room }),
        joined: (text) => text === '"joined"',
        say: (room, at) => JSON.stringify({ room, text: TEXT, at }),
      };
    default:
      return unreachable(server);
  }
}

const nowMs = (): number => performance.timeOrigin + performance.now();
/** What was heard: when it was sent, its seq (0: it has none), and when it came. */
const heard: (readonly [number, number, number])[] = [];
let heardCount = 0;
let countedFromMs = Infinity;
let tongue: Tongue;
let roomsOf: readonly (readonly string[])[] = [];
const sockets: WebSocket[] = [];

process.on("disconnect", () => process.exit(0));
process.on("message", (order: LoadOrder) => {
  void carryOut(order).then((report) => process.send!(report));
});

async function carryOut(order: LoadOrder): Promise<LoadReport> {
  switch (order.kind) {
    case "join":
      return join(order);
    case "talk":
      return talk(order);
    case "delays": {
      const durable = new Map(order.durable);
      const sinceDurable = heard.flatMap(([, seq, at]) =>
        durable.has(seq) ? [at - durable.get(seq)!] : [],
      );
      const sinceSent = heard.map(([sent, , at]) => at - sent);
      return { kind: "delays", sinceSent: sorted(sinceSent), sinceDurable: sorted(sinceDurable) };
    }
    default:
      return unreachable(order);
  }
}

function sorted(values: readonly number[]): readonly number[] {
  return [...Float64Array.from(values).sort()];
}

async function join(order: Extract<LoadOrder, { kind: "join" }>): Promise<LoadReport> {
  const { connections, membersPerRoom, rooms, server, url } = order;
  tongue = tongueOf(server);
  const perConnection = (rooms * membersPerRoom) / connections;
  roomsOf = Array.from({ length: connections }, (_, place) =>
    Array.from({ length: perConnection }, (__, nth) => `room ${(place + nth * 97) % rooms}`),
  );
  const startMs = nowMs();
  for (let first = 0; first < connections; first += 50) {
    await Promise.all(
      roomsOf.slice(first, first + 50).map((own, place) => open(url, own, first + place)),
    );
  }
  return { kind: "joined", seconds: (nowMs() - startMs) / 1000 };
}

async function open(url: string, rooms: readonly string[], place: number): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  sockets[place] = socket;
  const greeted = Promise.withResolvers<void>();
  const joined = Promise.withResolvers<void>();
  let missing = rooms.length;
  socket.on("message", (data: Buffer) => {
    const text = data.toString();
    // Engine.IO asks whether its peer is there.
    if (text === "2") return socket.send("3");
    if (tongue.joined(text) && --missing === 0) joined.resolve();
    else if (missing > 0 && tongue.greeted(text)) greeted.resolve();
    else hear(text);
  });
  await once(socket, "open");
  for (const text of tongue.hello) socket.send(text);
  if (tongue.hello.length > 0) await greeted.promise;
  for (const room of rooms) socket.send(tongue.join(room));
  await joined.promise;
}

const AT = /"at":([\d.]+)/;
const SEQ = /"seq":(\d+)/;

function hear(text: string): void {
  const at = AT.exec(text)?.[1];
  if (at === undefined) return;
  const sentMs = Number(at);
  if (sentMs < countedFromMs) return;
  heardCount++;
  heard.push([sentMs, Number(SEQ.exec(text)?.[1] ?? 0), nowMs()]);
}

const TICK_MS = 10;

async function talk(order: Extract<LoadOrder, { kind: "talk" }>): Promise<LoadReport> {
  const { perSecond, seconds, seed, warmSeconds } = order;
  const next = random(seed);
  const startMs = nowMs();
  countedFromMs = startMs + warmSeconds * 1000;
  const members = new Map<string, number>();
  for (const room of roomsOf.flat()) members.set(room, (members.get(room) ?? 0) + 1);
  let due = 0;
  let said = 0;
  while (nowMs() - startMs < (warmSeconds + seconds) * 1000) {
    for (; said < ((nowMs() - startMs) / 1000) * perSecond; said++) {
      const speaker = Math.floor(next() * sockets.length);
      const rooms = roomsOf[speaker]!;
      const room = rooms[Math.floor(next() * rooms.length)]!;
      const at = nowMs();
      if (at >= countedFromMs) due += members.get(room)!;
      sockets[speaker]!.send(tongue.say(room, at));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const untilMs = nowMs() + 10_000;
  while (heardCount < due && nowMs() < untilMs) await new Promise((wake) => setTimeout(wake, 50));
  return { kind: "talked", due, heard: heardCount };
}
