import { readCsv } from "./csv.ts";
import type { Located } from "./item.ts";
import { readJsonLines } from "./json-lines.ts";
import type { Problems } from "./problem.ts";
import type { Source } from "./source.ts";
import { textOf } from "./text.ts";

/**
 * All elements of a file, streamed: as many at once as are there, since waiting for each would take longer than reading it. What is wrong
 * goes to `problems`, and reading goes on where it can.
 */
export function read(
  source: Source,
  problems: Problems,
  onBytes: (bytes: Uint8Array) => void = () => undefined,
): AsyncGenerator<readonly Located[]> {
  const pieces = textOf(source.file, onBytes);
  return source.kind === "csv"
    ? readCsv(source, pieces, problems)
    : readJsonLines(source.file, pieces, problems);
}
