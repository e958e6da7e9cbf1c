import { stat } from "node:fs/promises";
import { Database } from "@geode/engine";
import { LOCAL_USER, type AccessOptions } from "../cli/access.ts";
import { counted } from "../cli/counted.ts";
import { CommandError, EXIT } from "../cli/exit.ts";
import { connectTo } from "../cli/query.ts";
import type { Terminal } from "../cli/terminal.ts";
import { inspect, type Manifest } from "./manifest.ts";
import { Problems } from "./problem.ts";
import { progress } from "./progress.ts";
import { sourceOf, type CsvRole, type Source } from "./source.ts";
import { databaseTarget, serverTarget, type Target } from "./target.ts";
import { ImportStopped, write, type Written } from "./write.ts";

export interface ImportOptions extends AccessOptions {
  readonly url: string;
  /** `Label=file`. */
  readonly nodes?: readonly string[];
  readonly edges?: readonly string[];
  readonly offline: boolean;
  readonly dryRun: boolean;
  readonly batch: number;
  readonly graph?: string;
}

/** Imports files: everything is checked first, then written. */
export async function runImport(
  files: readonly string[],
  options: ImportOptions,
  terminal: Terminal,
): Promise<void> {
  const sources = await sourcesOf(files, options);
  const interruption = new AbortController();
  void terminal.interrupted().then(() => interruption.abort());
  const { signal } = interruption;
  const manifest = await checked(sources, terminal, signal);
  const found = `${counted(manifest.nodes, "nodes")} and ${counted(manifest.edges, "edges")}`;
  if (options.dryRun) return terminal.out(`The files are sound: ${found}.\n`);
  const { close, target } = await open(options, terminal);
  const bar = progress("Writing ", manifest.nodes + manifest.edges, terminal);
  try {
    const onWritten = (elements: number): void => {
      bar.advance(elements);
      signal.throwIfAborted();
    };
    const written = await write(manifest, target, { batch: options.batch, onWritten });
    bar.end();
    terminal.out(summary(written, found));
  } catch (error) {
    bar.end();
    throw error instanceof ImportStopped ? stopped(error, manifest, signal) : error;
  } finally {
    await close();
  }
}

async function checked(
  sources: readonly Source[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Manifest> {
  const problems = new Problems();
  let bytes = 0;
  for (const { file } of sources) bytes += (await stat(file)).size;
  const bar = progress("Checking", bytes, terminal);
  let manifest: Manifest | undefined;
  try {
    manifest = await inspect(sources, problems, (chunkBytes) => {
      signal.throwIfAborted();
      bar.advance(chunkBytes);
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandError(EXIT.interrupted, "interrupted; nothing was imported");
  } finally {
    bar.end();
  }
  if (manifest !== undefined) return manifest;
  const lines = problems.found.map((problem) => problem.message).join("\n");
  throw new CommandError(
    EXIT.usage,
    `nothing was imported, because the files have faults:\n${lines}`,
    {
      hint: problems.enough
        ? "There may be more. `geode import --dry-run` checks again."
        : "`geode import --dry-run` checks again.",
    },
  );
}

async function open(
  options: ImportOptions,
  terminal: Terminal,
): Promise<{ target: Target; close: () => Promise<void> }> {
  if (options.offline) {
    const database = await Database.open({ directory: options.data });
    const principal = { id: LOCAL_USER, roles: ["admin"], claims: new Map() };
    return {
      target: databaseTarget(database, principal, options.graph),
      close: () => database.close(),
    };
  }
  const geode = await connectTo(options, terminal);
  return {
    target: serverTarget(geode, options.graph),
    close: () => {
      geode.close();
      return Promise.resolve();
    },
  };
}

async function sourcesOf(
  files: readonly string[],
  options: ImportOptions,
): Promise<readonly Source[]> {
  const sources = [
    ...files.map((file) => sourceOf(file) ?? unknownEnding(file)),
    ...(options.nodes ?? []).map((text) => labelled("nodes", text)),
    ...(options.edges ?? []).map((text) => labelled("edges", text)),
  ];
  if (sources.length === 0) {
    throw new CommandError(EXIT.usage, "no files to import", {
      hint: "See `geode import --help`.",
    });
  }
  for (const { file } of sources) {
    const found = await stat(file).catch((cause: unknown) => {
      throw new CommandError(EXIT.usage, `cannot read ${file}: ${(cause as Error).message}`, {
        cause,
      });
    });
    if (!found.isFile()) throw new CommandError(EXIT.usage, `${file} is not a file`);
  }
  return sources;
}

function labelled(kind: "nodes" | "edges", text: string): Source {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new CommandError(
      EXIT.usage,
      `--${kind} ${text}: expected a label and a file, as in --${kind} Person=people.csv`,
    );
  }
  const file = text.slice(equals + 1);
  const role: CsvRole = { kind, label: text.slice(0, equals) };
  return { kind: "csv", file, delimiter: file.toLowerCase().endsWith(".tsv") ? "\t" : ",", role };
}

function unknownEnding(file: string): never {
  throw new CommandError(EXIT.usage, `${file}: the ending does not say what kind of file it is`, {
    hint: "It may be .csv, .tsv, .jsonl or .ndjson.",
  });
}

function summary({ created, present }: Written, found: string): string {
  if (present === 0) return `Imported ${found}.\n`;
  if (created === 0) return `Nothing to do: ${found} are there already.\n`;
  return `Imported ${found}; ${present} of them were there already and are left as they are.\n`;
}

function stopped(error: ImportStopped, manifest: Manifest, signal: AbortSignal): CommandError {
  const total = manifest.nodes + manifest.edges;
  const why = signal.aborted ? "it was interrupted" : error.message;
  return new CommandError(
    signal.aborted ? EXIT.interrupted : EXIT.failed,
    `the import stopped after ${error.elementsWritten} of ${total} elements: ${why}`,
    {
      hint: "What is written stays. Run the same command again within 24 hours, with unchanged files: it writes only what is missing.",
      cause: error,
    },
  );
}
