import { random } from "../random.ts";

/** What happens, and when, in milliseconds from the start. The same for everybody who is in the race. */
export type Happening =
  | { readonly atMs: number; readonly kind: "say"; readonly chatter: number; readonly room: number }
  /** The network of a chatter is gone for {@link DROP_MS}. */
  | { readonly atMs: number; readonly kind: "drop"; readonly chatter: number }
  /** The page forgets everything but what its client is called. */
  | { readonly atMs: number; readonly kind: "reload"; readonly chatter: number }
  /** The server gets a SIGKILL, and is started again at once. */
  | { readonly atMs: number; readonly kind: "kill" };

export interface Race {
  readonly seed: number;
  readonly chatters: number;
  readonly seconds: number;
}

export const DROP_MS = 2_000;
const KILL_EVERY_MS = 10_000;
/** From and to, in milliseconds: the next of a kind comes after something in between. */
const SAY_MS = [1_000, 3_000] as const;
const FIRST_DROP_MS = 1_000;
const DROP_EVERY_MS = [10_000, 20_000] as const;
const RELOAD_EVERY_MS = [20_000, 40_000] as const;

const ROOMS_PER_CHATTER = 2;
const MEMBERS_PER_ROOM = 10;

/** How many rooms there are for so many chatters. */
export function roomCount(chatters: number): number {
  return Math.max(ROOMS_PER_CHATTER, Math.ceil((chatters * ROOMS_PER_CHATTER) / MEMBERS_PER_ROOM));
}

/** The rooms that a chatter is in; each has about ten members. */
export function roomsOf(chatter: number, chatters: number): readonly number[] {
  const rooms = roomCount(chatters);
  const first = chatter % rooms;
  // The second is another one, and not with the same people.
  const step = 1 + (Math.floor(chatter / rooms) % (rooms - 1));
  return [first, (first + step) % rooms];
}

/** Everything that happens in a race, in order of time. */
export function schedule({ chatters, seconds, seed }: Race): readonly Happening[] {
  const next = random(seed);
  const endMs = seconds * 1_000;
  const between = ([from, to]: readonly [number, number]): number => from + next() * (to - from);
  const happenings: Happening[] = [];
  for (let chatter = 0; chatter < chatters; chatter++) {
    const rooms = roomsOf(chatter, chatters);
    for (let atMs = next() * SAY_MS[1]; atMs < endMs; atMs += between(SAY_MS))
      happenings.push({
        atMs,
        kind: "say",
        chatter,
        room: rooms[Math.floor(next() * rooms.length)]!,
      });
    const firstMs = FIRST_DROP_MS + next() * DROP_EVERY_MS[1];
    for (let atMs = firstMs; atMs < endMs; atMs += DROP_MS + between(DROP_EVERY_MS))
      happenings.push({ atMs, kind: "drop", chatter });
    for (let atMs = next() * RELOAD_EVERY_MS[1]; atMs < endMs; atMs += between(RELOAD_EVERY_MS))
      happenings.push({ atMs, kind: "reload", chatter });
  }
  for (let atMs = KILL_EVERY_MS; atMs < endMs; atMs += KILL_EVERY_MS)
    happenings.push({ atMs, kind: "kill" });
  return happenings.sort((a, b) => a.atMs - b.atMs);
}
