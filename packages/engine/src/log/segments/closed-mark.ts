import { closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "./disk.ts";

/*
 * The mark of a log that was closed: the number of its last entry, in a file beside the segments, there until it is opened again. A log
 * that ends earlier has lost something, however whole what is left may look.
 */
const CLOSED_FILE = "closed";

/** Null if the log was not closed. */
export function readClosedMark(directory: string): number | null {
  let text: string;
  try {
    text = readFileSync(join(directory, CLOSED_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const last = Number.parseInt(text, 10);
  return Number.isNaN(last) ? null : last;
}

export async function writeClosedMark(disk: Disk, directory: string, last: number): Promise<void> {
  const path = join(directory, CLOSED_FILE);
  const file = disk.create(`${path}.tmp`);
  try {
    await disk.write(file, [Buffer.from(`${last}\n`)], 0);
    await disk.sync(file);
  } finally {
    closeSync(file);
  }
  disk.rename(`${path}.tmp`, path);
  disk.syncNames(directory);
}

/** Takes the mark away if there is one. All names in the directory are durable then. */
export async function removeClosedMark(disk: Disk, directory: string): Promise<void> {
  await disk.remove(join(directory, CLOSED_FILE));
  disk.syncNames(directory);
}
