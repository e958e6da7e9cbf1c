import { encode, GeodeError, type Value } from "@geode/values";
import { catalogStatement } from "./catalog.ts";
import type { Anchor } from "./item.ts";
import type { Manifest } from "./manifest.ts";
import { Problems } from "./problem.ts";
import { read } from "./read.ts";
import {
  dropIndexStatement,
  forgetStatement,
  type Group,
  indexStatement,
  type Insertion,
  Insertions,
  type Row,
} from "./statements.ts";
import type { Target } from "./target.ts";

export interface WriteOptions {
  /** Elements per commit. */
  readonly batch: number;
  /** Told after each commit. What it throws ends the import. */
  readonly onWritten: (elements: number) => void;
}

/** What an import did. */
export interface Written {
  readonly created: number;
  /** Were there already: left as they are. */
  readonly present: number;
}

/** An import that stopped on the way. */
export class ImportStopped extends Error {
  override readonly name = "ImportStopped";
  readonly elementsWritten: number;
  constructor(elementsWritten: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.elementsWritten = elementsWritten;
  }
}

/** A batch's rows as a message, at most; well below the frame limit. */
const BATCH_BYTES_MAX = 512 * 1024;
/** Statements of different kinds whose rows are being collected at once. */
const GROUPS_MAX = 1000;

/**
 * Creates indexes and constraints, then writes nodes, then edges, in batches of one commit each. A batch has a key made of the content of
 * all files and its number, so one that a former run wrote is not written again. Throws ImportStopped.
 */
export async function write(
  manifest: Manifest,
  target: Target,
  options: WriteOptions,
): Promise<Written> {
  const writer = new BatchWriter(manifest, target, options);
  try {
    for (const item of manifest.catalog)
      await target.run(catalogStatement(item, { ifNotExists: true }), [], undefined);
    for (const anchor of manifest.anchors) await target.run(indexStatement(anchor), [], undefined);
    const { references } = manifest;
    if (references !== null)
      await target.run(indexStatement(references, references.label), [], undefined);
    await writeAll(manifest, "node", writer);
    await writeAll(manifest, "edge", writer);
    if (references !== null) await forget(manifest, references, target, options);
    return { created: writer.created, present: writer.present };
  } catch (cause) {
    throw new ImportStopped(writer.created + writer.present, cause);
  }
}

async function writeAll(
  manifest: Manifest,
  kind: "node" | "edge",
  writer: BatchWriter,
): Promise<void> {
  await manifest.verifyUnchanged();
  const insertions = new Insertions(manifest);
  for (const source of kind === "node" ? manifest.nodeSources : manifest.edgeSources) {
    const problems = new Problems();
    for await (const located of read(source, problems)) {
      for (const { item } of located) {
        if (item.kind !== kind) continue;
        const written = writer.add(
          item.kind === "node" ? insertions.node(item) : insertions.edge(item),
        );
        if (written !== null) await written;
      }
    }
    // The file was sound when it was inspected.
    if (problems.found.length > 0) throw problems.found[0]!;
  }
  await writer.flush();
}

/** Takes the references from the nodes that have them. */
async function forget(
  manifest: Manifest,
  references: Anchor,
  target: Target,
  { batch, onWritten }: WriteOptions,
): Promise<void> {
  const text = forgetStatement(references);
  let rows: Row[] = [];
  let number = 0;
  const run = async (): Promise<void> => {
    await target.run(text, rows, `${keyPrefix(manifest, batch)}:forget:${number++}`);
    rows = [];
    onWritten(0);
  };
  await manifest.verifyUnchanged();
  for (const source of manifest.nodeSources) {
    for await (const located of read(source, new Problems())) {
      for (const { item } of located) {
        if (item.kind !== "node" || item.id === undefined) continue;
        const { anchor, value } = manifest.find(item.id);
        if (anchor !== references) continue;
        if (rows.push(new Map([["id", value]])) === batch) await run();
      }
    }
  }
  if (rows.length > 0) await run();
  await target.run(dropIndexStatement(references.label), [], undefined);
}

/** Other batch sizes cut other batches. */
function keyPrefix(manifest: Manifest, batch: number): string {
  return `import:${manifest.hash.slice(0, 32)}:${batch}`;
}

interface Batch {
  readonly group: Group;
  readonly rows: Row[];
  bytes: number;
}

class BatchWriter {
  readonly #keyPrefix: string;
  readonly #target: Target;
  readonly #options: WriteOptions;
  readonly #batches = new Map<Group, Batch>();
  #number = 0;
  created = 0;
  present = 0;

  constructor(manifest: Manifest, target: Target, options: WriteOptions) {
    this.#keyPrefix = keyPrefix(manifest, options.batch);
    this.#target = target;
    this.#options = options;
  }

  /** Null when it waits for more; else what has to be waited for before the next. */
  add({ group, row }: Insertion): Promise<void> | null {
    const bytes = sizeOf(row);
    const batch = this.#batches.get(group);
    const isFull =
      batch !== undefined &&
      (batch.rows.length >= this.#options.batch || batch.bytes + bytes > BATCH_BYTES_MAX);
    if (batch !== undefined && !isFull) {
      batch.rows.push(row);
      batch.bytes += bytes;
      return null;
    }
    const others = batch === undefined && this.#batches.size >= GROUPS_MAX;
    const written = isFull ? this.#run(batch) : others ? this.flush() : null;
    this.#batches.set(group, { group, rows: [row], bytes });
    return written;
  }

  async flush(): Promise<void> {
    const batches = [...this.#batches.values()];
    this.#batches.clear();
    for (const batch of batches) await this.#run(batch);
  }

  async #run({ group, rows }: Batch): Promise<void> {
    const key = `${this.#keyPrefix}:${this.#number++}`;
    const created = await this.#target.run(group.text, rows, key);
    // A batch that a former run wrote is not carried out again, and answers nothing.
    if (created !== undefined && created !== rows.length && !group.leavesPresent) {
      throw wrongEnds(rows.length, created);
    }
    this.created += created ?? 0;
    this.present += rows.length - (created ?? 0);
    this.#options.onWritten(rows.length);
  }
}

/** The length of a row in a message, about. */
function sizeOf(row: Row): number {
  let size = 2;
  for (const [name, value] of row)
    size += name.length + 4 + (value instanceof Map ? sizeOf(value as Row) : lengthOf(value));
  return size;
}

function lengthOf(value: Value): number {
  if (typeof value === "number") return NUMBER_LENGTH_MAX;
  // What needs escapes gets longer by them.
  return typeof value === "string" && !NEEDS_ESCAPES.test(value)
    ? value.length + 2
    : encode(value).length;
}

const NUMBER_LENGTH_MAX = 24;
const NEEDS_ESCAPES = /[^ !#-[\]-~]/;

function wrongEnds(wanted: number, created: number): GeodeError {
  return new GeodeError("40002", `a batch of ${wanted} edges became ${created} in the graph`, {
    hint:
      created < wanted
        ? "Nodes were deleted while the import ran."
        : "The graph holds several nodes with the same label and id, and edges were made to each of them.",
  });
}
