import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { openCheckpoint } from "@geode/engine";
import { unreachable } from "@geode/values";
import { CommandError, EXIT } from "../cli/exit.ts";
import { withInterruption } from "../cli/interruption.ts";
import type { Terminal } from "../cli/terminal.ts";
import { copySource, type CopySourceOptions } from "../copy/source.ts";
import { progress } from "../import/progress.ts";
import { ITEM_LENGTH_MAX } from "../import/source.ts";
import { contentsOf, DEFAULT_GRAPH, type Contents } from "./contents.ts";
import { csv, type CsvPiece } from "./csv.ts";
import { gql } from "./gql.ts";
import { jsonLines } from "./json-lines.ts";
import { fileOutput, streamOutput, type Output } from "./output.ts";

export const EXPORT_FORMATS = ["jsonl", "csv", "gql"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions extends CopySourceOptions {
  readonly format: ExportFormat;
  /** A file; for CSV a directory. Default: the terminal. */
  readonly out?: string;
  readonly graph?: string;
}

/** Pieces between two turns of the event loop, in which an interruption is heard. */
const PIECES_PER_TURN = 1_000;

/** Writes one graph as of one commit. */
export async function runExport(options: ExportOptions, terminal: Terminal): Promise<void> {
  const { format, out } = options;
  if (format === "csv" && out === undefined) {
    throw new CommandError(EXIT.usage, "an export to CSV is several files", {
      hint: "Name a directory for them with --out.",
    });
  }
  await withInterruption(terminal, "nothing was exported", async (signal) => {
    const output =
      out === undefined
        ? streamOutput((text) => terminal.out(text))
        : await fileOutput(out, format === "csv");
    try {
      const summary = await exported(options, output, terminal, signal);
      await output.finish();
      terminal.err(summary);
    } catch (error) {
      await output.abandon();
      throw error;
    }
  });
}

async function exported(
  options: ExportOptions,
  output: Output,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  const { format, graph = DEFAULT_GRAPH, out } = options;
  const directory = await temporaryBeside(out);
  try {
    const file = join(directory, "state");
    await copySource(options, terminal, signal)(file);
    const contents = contentsOf(openCheckpoint(file), graph);
    requireGraph(contents, graph);
    const longCount = await writeAll(contents, format, output, terminal, signal);
    return summaryOf(contents, format, longCount, out);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The copy takes about as much room as the export: it lies on the same disk. */
async function temporaryBeside(out: string | undefined): Promise<string> {
  const place = out === undefined ? tmpdir() : dirname(resolve(out));
  await mkdir(place, { recursive: true });
  return mkdtemp(join(place, ".geode-export-"));
}

/** Answers how many elements are longer than an import takes. */
async function writeAll(
  contents: Contents,
  format: ExportFormat,
  output: Output,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const bar = progress("Writing", contents.nodeCount + contents.edgeCount, terminal);
  let [longCount, written] = [0, 0];
  try {
    for (const { file, text } of pieces(contents, format)) {
      if (format !== "gql" && text.length > ITEM_LENGTH_MAX) longCount += 1;
      await output.write(file, text);
      bar.advance(1);
      written += 1;
      if (written % PIECES_PER_TURN !== 0) continue;
      await turn();
      signal.throwIfAborted();
    }
  } finally {
    bar.end();
  }
  signal.throwIfAborted();
  return longCount;
}

function* pieces(contents: Contents, format: ExportFormat): Iterable<CsvPiece> {
  switch (format) {
    case "csv":
      return yield* csv(contents);
    case "jsonl":
      for (const text of jsonLines(contents)) yield { file: "", text };
      return;
    case "gql":
      for (const text of gql(contents)) yield { file: "", text };
      return;
    default:
      return unreachable(format);
  }
}

function requireGraph({ exists }: Contents, graph: string): void {
  if (exists) return;
  throw new CommandError(EXIT.usage, `there is no graph ${JSON.stringify(graph)}`, {
    hint: 'See `geode query "SHOW GRAPHS"`.',
  });
}

function summaryOf(
  { catalog, edgeCount, nodeCount, reservedCount, seq }: Contents,
  format: ExportFormat,
  longCount: number,
  out: string | undefined,
): string {
  const lines = [
    `Exported ${nodeCount} nodes and ${edgeCount} edges as of commit ${seq}${out === undefined ? "" : ` to ${out}`}.`,
  ];
  if (format === "csv" && catalog.length > 0)
    lines.push(
      `${catalog.length} indexes and constraints are left out; the formats jsonl and gql have them.`,
    );
  if (reservedCount > 0)
    lines.push(
      `${reservedCount} elements with labels of the server's own (Geode…) are left out; \`geode backup\` has them.`,
    );
  if (longCount > 0)
    lines.push(
      `${longCount} elements are longer than the ${ITEM_LENGTH_MAX} characters that an import takes; \`geode backup\` has them too.`,
    );
  return `${lines.join("\n")}\n`;
}
