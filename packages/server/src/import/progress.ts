import { SingleBar } from "cli-progress";
import type { Terminal } from "../cli/terminal.ts";

/** How far a phase has come; on a terminal as a bar, elsewhere silent. */
export interface Progress {
  readonly advance: (by: number) => void;
  readonly end: () => void;
}

export function progress(title: string, total: number, terminal: Terminal): Progress {
  if (!terminal.interactive || total === 0)
    return { advance: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: `${title} [{bar}] {percentage}% {value}/{total} | {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: true,
    // Whoever shows it hears of interruptions, and ends it.
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { advance: (by) => bar.increment(by), end: () => bar.stop() };
}
