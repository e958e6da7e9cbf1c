import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeDurably, writeDurably } from "../durable-files.ts";

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

export function writeClosedMark(directory: string, last: number): void {
  writeDurably(directory, CLOSED_FILE, `${last}\n`);
}

export function removeClosedMark(directory: string): void {
  removeDurably(directory, CLOSED_FILE);
}
