import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { copyState } from "@geode/engine";
import { tokenSource, type AccessOptions } from "../cli/access.ts";
import { askServer, reasonOf, refusalOf } from "../cli/ask-server.ts";
import { CommandError, EXIT } from "../cli/exit.ts";
import type { Terminal } from "../cli/terminal.ts";
import { progress } from "../import/progress.ts";

export interface CopySourceOptions extends AccessOptions {
  readonly url: string;
  /** Read the data directory itself instead of asking its server. */
  readonly offline: boolean;
}

/** Writes the whole state of a database, as of one commit, to a file. */
export type WriteState = (file: string) => Promise<void>;

/** Where a copy comes from: a running server, or a data directory. Aborting the signal ends it with the signal's reason. */
export function copySource(
  options: CopySourceOptions,
  terminal: Terminal,
  signal: AbortSignal,
): WriteState {
  return options.offline
    ? fromDirectory(options.data, terminal, signal)
    : (file) => download(options, file, terminal, signal);
}

export function fromDirectory(
  directory: string,
  terminal: Terminal,
  signal: AbortSignal,
): WriteState {
  return async (file) => {
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() !== true)
      throw new CommandError(EXIT.usage, `${directory} is not a directory`);
    let bar: ReturnType<typeof progress> | undefined;
    let done = 0;
    try {
      await copyState(directory, file, {
        onProgress: async (entries, entryCount) => {
          bar ??= progress("Reading", entryCount, terminal);
          bar.advance(entries - done);
          done = entries;
          // A turn of the event loop, in which an interruption is heard.
          await turn();
          signal.throwIfAborted();
        },
      });
    } finally {
      bar?.end();
    }
    signal.throwIfAborted();
  };
}

async function download(
  options: CopySourceOptions,
  file: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const token = await (await tokenSource(options, terminal))();
  const { url } = options;
  const hint = "Is a server running there? With --offline, the data directory itself is read.";
  const response = await askServer({ url, path: "backup", token, signal, hint });
  if (response.status !== 200 || response.body === null)
    throw await refusalOf(url, response, "cannot be copied");
  const bar = progress("Copying", Number(response.headers.get("content-length") ?? 0), terminal);
  try {
    await pipeline(
      response.body,
      async function* counted(pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          bar.advance(piece.length);
          yield piece;
        }
      },
      createWriteStream(file, { flags: "wx", mode: 0o600 }),
      { signal },
    );
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(EXIT.failed, `the copy broke off: ${reasonOf(cause)}`, {
      hint: "Nothing is left of it. Try again.",
      cause,
    });
  } finally {
    bar.end();
  }
}
