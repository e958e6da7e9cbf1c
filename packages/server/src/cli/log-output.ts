import { pino, type Logger } from "pino";
import { CommandError, EXIT } from "./exit.ts";

/** Lines that cannot be written at present are kept up to this, in bytes; what is beyond is lost. */
const KEPT_BYTES_MAX = 1024 * 1024;

/** The log on standard error, a line of JSON per event. A disk that is full, or a reader that is gone, ends the log and not the server. */
export function standardLog(level: string): Logger {
  const output = pino.destination({ dest: 2, sync: true, maxLength: KEPT_BYTES_MAX });
  output.on("error", () => undefined);
  return pino({ level, base: null }, output);
}

/** A log in a file of its own. */
export interface FileLog {
  readonly log: Logger;
  /** Goes on in a new file of that name, after somebody has moved the present one away. */
  reopen(): void;
}

/** Throws CommandError when the file cannot be opened. `onFailure` is called when lines cannot be written, once until they can again. */
export function fileLog(path: string, onFailure: (why: string) => void): FileLog {
  let failing = false;
  try {
    const output = pino.destination({
      dest: path,
      sync: true,
      mode: 0o600,
      maxLength: KEPT_BYTES_MAX,
    });
    output.on("error", (error: Error) => {
      if (!failing) onFailure(error.message);
      failing = true;
    });
    output.on("write", () => {
      failing = false;
    });
    return { log: pino({ base: null }, output), reopen: () => output.reopen() };
  } catch (cause) {
    throw new CommandError(EXIT.usage, `cannot write ${path}: ${String(cause)}`, { cause });
  }
}
