import { closeSync, openSync, readFileSync, ftruncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { GeodeError } from "@geode/values";

const LOCK_FILE = "lock";
/** The byte that is locked, behind what is written: on some systems a locked byte cannot be read. */
const LOCKED_BYTE = 1 << 20;

/**
 * What makes a directory one process's. The operating system holds it and lets go of it when the process ends, however it ends, so
 * nothing is left to clean up; it holds between containers that share a disk, too. In the file stands who has it, for the others to say.
 */
export class LogLock {
  readonly #file: number;

  /** Throws UNAVAILABLE if somebody has it, also if that is this process. */
  static take(directory: string): LogLock {
    const path = join(directory, LOCK_FILE);
    const file = openSync(path, "a+", 0o600);
    try {
      if (!tryLock(file, LOCKED_BYTE, 1)) throw inUse(directory, readFileSync(path, "utf8"));
      ftruncateSync(file, 0);
      writeSync(file, `${process.pid}\n`);
      return new LogLock(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  private constructor(file: number) {
    this.#file = file;
  }

  release(): void {
    closeSync(this.#file);
  }
}

function inUse(directory: string, owner: string): GeodeError {
  const pid = Number.parseInt(owner, 10);
  const who = pid === process.pid ? "this process" : `process ${pid}`;
  return new GeodeError(
    "UNAVAILABLE",
    `the log in ${directory} is in use by ${Number.isNaN(pid) ? "another process" : who}`,
    {
      hint: "Only one process at a time can open a data directory. Stop that one first, or talk to it.",
    },
  );
}
