import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Puts a small file on the disk, whole or not at all, under a name that survives a power cut. */
export function writeDurably(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  const file = openSync(`${path}.tmp`, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
  syncDirectory(directory);
}

/** Takes a file away if it is there, so that it does not come back. */
export function removeDurably(directory: string, name: string): void {
  rmSync(join(directory, name), { force: true });
  syncDirectory(directory);
}

/** fsync of a directory makes the names in it durable. Windows has no such thing and needs none. */
export function syncDirectory(directory: string): void {
  if (process.platform === "win32") {
    return;
  }
  const file = openSync(directory, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
