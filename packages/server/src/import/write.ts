import { encode, GeodeError } from "@geode/values";
import type { Anchor } from "./item.ts";
import type { Manifest } from "./manifest.ts";
import { Problems } from "./problem.ts";
import { read } from "./read.ts";
import {
  dropIndexStatement,
  edgeGroup,
  edgeRow,
  forgetStatement,
  indexStatement,
  nodeGroup,
  nodeRow,
  type Group,
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
 * Writes nodes, then edges, in batches of one commit each. A batch has a key made of the content of all files and its number, so one
 * that a former run wrote is not written again. Throws ImportStopped.
 */
export async function write(
  manifest: Manifest,
  target: Target,
  options: WriteOptions,
): Promise<Written> {
  const writer = new BatchWriter(manifest, target, options);
  try {
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
  for (const source of manifest.sources) {
    const problems = new Problems();
    for await (const { item } of read(source, problems)) {
      if (item.kind !== kind) continue;
      if (item.kind === "node") await writer.add(nodeGroup(item, manifest), nodeRow(item));
      else await writer.add(edgeGroup(item, manifest), edgeRow(item, manifest));
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
  for (const source of manifest.sources) {
    for await (const { item } of read(source, new Problems())) {
      if (item.kind !== "node" || item.id === undefined) continue;
      const { anchor, value } = manifest.find(item.id);
      if (anchor !== references) continue;
      if (rows.push(new Map([["id", value]])) === batch) await run();
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
  readonly #batches = new Map<string, Batch>();
  #number = 0;
  created = 0;
  present = 0;

  constructor(manifest: Manifest, target: Target, options: WriteOptions) {
    this.#keyPrefix = keyPrefix(manifest, options.batch);
    this.#target = target;
    this.#options = options;
  }

  async add(group: Group, row: Row): Promise<void> {
    const bytes = encode(row).length;
    let batch = this.#batches.get(group.text);
    if (
      batch !== undefined &&
      (batch.rows.length >= this.#options.batch || batch.bytes + bytes > BATCH_BYTES_MAX)
    ) {
      this.#batches.delete(group.text);
      await this.#run(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      if (this.#batches.size >= GROUPS_MAX) await this.flush();
      batch = { group, rows: [], bytes: 0 };
      this.#batches.set(group.text, batch);
    }
    batch.rows.push(row);
    batch.bytes += bytes;
  }

  async flush(): Promise<void> {
    for (const batch of this.#batches.values()) await this.#run(batch);
    this.#batches.clear();
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

function wrongEnds(wanted: number, created: number): GeodeError {
  return new GeodeError("40002", `a batch of ${wanted} edges became ${created} in the graph`, {
    hint:
      created < wanted
        ? "Nodes were deleted while the import ran."
        : "The graph holds several nodes with the same label and id, and edges were made to each of them.",
  });
}
