import { randomBytes } from "node:crypto";
import { appendFile, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CommandError, EXIT } from "../cli/exit.ts";

/** Text held back before it is written, in characters: of one file, and of all together. */
const FILE_LENGTH_MAX = 64 * 1024;
const TOTAL_LENGTH_MAX = 16 * 1024 * 1024;

/** Where an export goes. It appears complete at `finish`, or not at all. */
export interface Output {
  write(file: string, text: string): Promise<void>;
  finish(): Promise<void>;
  /** Takes away what was written so far. */
  abandon(): Promise<void>;
}

/** Onto the terminal, as it comes. */
export function streamOutput(out: (text: string) => void): Output {
  return {
    write: (_file, text) => Promise.resolve(out(text)),
    finish: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  };
}

/** Into a file, or with `isDirectory` into the files of a directory. Throws CommandError if there is something already. */
export async function fileOutput(path: string, isDirectory: boolean): Promise<Output> {
  const target = resolve(path);
  await requireNothing(target, isDirectory);
  const partial = `${target}.partial-${randomBytes(3).toString("hex")}`;
  await mkdir(isDirectory ? partial : dirname(partial), { recursive: true, mode: 0o700 });
  return new Files(target, partial, isDirectory);
}

class Files implements Output {
  readonly #target: string;
  readonly #partial: string;
  readonly #isDirectory: boolean;
  /** By path: what is not written yet. */
  readonly #held = new Map<string, string>();
  readonly #paths = new Set<string>();
  #heldLength = 0;

  constructor(target: string, partial: string, isDirectory: boolean) {
    this.#target = target;
    this.#partial = partial;
    this.#isDirectory = isDirectory;
  }

  async write(file: string, text: string): Promise<void> {
    const path = this.#isDirectory ? join(this.#partial, file) : this.#partial;
    const held = (this.#held.get(path) ?? "") + text;
    this.#held.set(path, held);
    this.#heldLength += text.length;
    if (held.length >= FILE_LENGTH_MAX) await this.#flush(path, held);
    if (this.#heldLength >= TOTAL_LENGTH_MAX) await this.#flushAll();
  }

  async finish(): Promise<void> {
    if (!this.#isDirectory && this.#paths.size === 0)
      this.#held.set(this.#partial, this.#held.get(this.#partial) ?? "");
    await this.#flushAll();
    for (const path of this.#paths) await sync(path);
    await requireNothing(this.#target, this.#isDirectory);
    if (this.#isDirectory) await rmdir(this.#target).catch(() => undefined);
    await rename(this.#partial, this.#target);
  }

  async abandon(): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true });
  }

  async #flushAll(): Promise<void> {
    for (const [path, held] of this.#held) await this.#flush(path, held);
  }

  async #flush(path: string, held: string): Promise<void> {
    this.#held.delete(path);
    this.#heldLength -= held.length;
    this.#paths.add(path);
    await appendFile(path, held, { mode: 0o600 });
  }
}

async function requireNothing(path: string, isDirectory: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (isDirectory && found.isDirectory() && (await readdir(path)).length === 0) return;
  throw new CommandError(EXIT.usage, `${path} exists, and nothing is overwritten`, {
    hint: "Give another name with --out.",
  });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
