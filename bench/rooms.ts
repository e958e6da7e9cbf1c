import { rooms } from "./rooms/rooms.ts";

/*
 * Rooms under load: delay, processor time and memory.
 *
 *   node --conditions=source bench/rooms.ts [--seconds 30] [--rate 1000] [--rooms 1000] [--members 10] [--connections 1000]
 */

await rooms();
