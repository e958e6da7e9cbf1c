import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { CATALOG_ITEMS_MAX, type CatalogItem } from "./catalog.ts";
import { type Anchor, type EdgeItem, type ExternalId, type NodeItem, ownAnchor } from "./item.ts";
import { ImportProblem, type Problems } from "./problem.ts";
import { read } from "./read.ts";
import type { Source } from "./source.ts";

/** What the files hold, known to be sound. */
export interface Manifest {
  /** In an order that does not depend on how the files were named: those with nodes, and those with edges. */
  readonly nodeSources: readonly Source[];
  readonly edgeSources: readonly Source[];
  readonly nodes: number;
  readonly edges: number;
  readonly bytes: number;
  /** Of all contents: the same files are the same import, in whatever order they are named. */
  readonly hash: string;
  /** Indexes and constraints, to be there before the first element: what they forbid does not come in, and nothing is indexed twice. */
  readonly catalog: readonly CatalogItem[];
  /** Every anchor in use but that of references; nodes are found through an index on each. */
  readonly anchors: readonly Anchor[];
  /** What nodes have while this import runs whose references are not kept; null if there are none. */
  readonly references: Anchor | null;
  /** Where the node with this external id is found, and the value kept there. */
  find(id: ExternalId): { readonly anchor: Anchor; readonly value: string | number };
  /** Throws ImportProblem if a file is not what it was when it was read. */
  verifyUnchanged(): Promise<void>;
}

/** Told what has been read, e.g. for a progress bar. What it throws ends the reading. */
export type OnBytes = (bytes: number) => void;

/**
 * Reads every file twice without writing anything: all elements with their ids, then the ends of edges. Returns undefined when
 * something is wrong; `problems` has it. Memory: a table of the external ids, about 100 bytes each.
 */
export async function inspect(
  sources: readonly Source[],
  problems: Problems,
  onBytes: OnBytes,
): Promise<Manifest | undefined> {
  const ids = new IdTable();
  const stamps = new Map<string, Stamp>();
  const hashed: { readonly source: Source; readonly hash: string }[] = [];
  const withNodes = new Set<Source>();
  const withEdges = new Set<Source>();
  const catalog: CatalogItem[] = [];
  let nodes = 0;
  let edges = 0;
  let bytes = 0;
  for (const source of sources) {
    stamps.set(source.file, await stampOf(source.file));
    const hash = createHash("sha256");
    hash.update(
      JSON.stringify(
        source.kind === "csv" ? [source.kind, source.delimiter, source.role] : [source.kind],
      ),
    );
    const items = read(source, problems, (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
    });
    for await (const located of items) {
      for (const { line, item } of located) {
        if (item.kind === "edge") {
          edges++;
          withEdges.add(source);
          continue;
        }
        let fault: string | undefined;
        if (item.kind === "catalog") fault = noted(item, catalog);
        else {
          nodes++;
          withNodes.add(source);
          fault = ids.add(item);
        }
        if (fault !== undefined) problems.add(new ImportProblem(source.file, line, fault));
        if (problems.enough) return undefined;
      }
      if (problems.enough) return undefined;
    }
    hashed.push({ source, hash: hash.digest("hex") });
  }
  for (const source of withEdges) {
    for await (const located of read(source, problems, () => onBytes(0))) {
      for (const { line, item } of located) {
        const missing = item.kind === "edge" ? missingEnd(item, ids) : undefined;
        if (missing !== undefined) problems.add(new ImportProblem(source.file, line, missing));
        if (problems.enough) return undefined;
      }
      if (problems.enough) return undefined;
    }
  }
  if (problems.found.length > 0) return undefined;
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const hash = createHash("sha256")
    .update(hashed.map((each) => each.hash).join())
    .digest("hex");
  // Of this import alone: it meets neither a user's names nor another import's.
  const references = { label: `Import ${hash}`, property: `reference ${hash}` };
  return {
    nodeSources: hashed.map(({ source }) => source).filter((source) => withNodes.has(source)),
    edgeSources: hashed.map(({ source }) => source).filter((source) => withEdges.has(source)),
    nodes,
    edges,
    bytes,
    hash,
    catalog,
    anchors: ids.anchors.filter((anchor) => anchor !== null),
    references: ids.anchors.includes(null) ? references : null,
    find(id) {
      const { anchor, value } = ids.find(id)!;
      return { anchor: anchor ?? references, value };
    },
    async verifyUnchanged() {
      for (const [file, before] of stamps) {
        const { modifiedMs, size } = await stampOf(file);
        if (modifiedMs !== before.modifiedMs || size !== before.size) {
          throw new ImportProblem(file, 1, "the file changed while it was being imported");
        }
      }
    },
  };
}

/** Answers what is wrong, or undefined. */
function noted(item: CatalogItem, catalog: CatalogItem[]): string | undefined {
  if (catalog.length >= CATALOG_ITEMS_MAX)
    return `there are more than ${CATALOG_ITEMS_MAX} indexes and constraints`;
  catalog.push(item);
  return undefined;
}

/** Every external id, with what is needed to find its node again: as little as possible for each. */
class IdTable {
  /** By space and by id as text: twice the position in `anchors`, plus one if the id is a number. */
  readonly #entries = new Map<string, Map<string, number>>();
  /** Null stands for that of references. */
  readonly anchors: (Anchor | null)[] = [];
  readonly #anchorPositions = new Map<string, number>();

  /** Answers what is wrong, or undefined. */
  add(node: NodeItem): string | undefined {
    if (node.id === undefined) return undefined;
    const { space, value } = node.id;
    let entries = this.#entries.get(space);
    if (entries === undefined) this.#entries.set(space, (entries = new Map()));
    const key = String(value);
    if (entries.has(key)) return `the id ${JSON.stringify(value)} is used by an earlier node`;
    const position = this.#anchorPosition(ownAnchor(node));
    entries.set(key, position * 2 + (typeof value === "number" ? 1 : 0));
    return undefined;
  }

  has({ space, value }: Pick<ExternalId, "space" | "value">): boolean {
    return this.#entries.get(space)?.has(String(value)) ?? false;
  }

  find({
    space,
    value,
  }: Pick<ExternalId, "space" | "value">):
    | { anchor: Anchor | null; value: string | number }
    | undefined {
    const key = String(value);
    const entry = this.#entries.get(space)?.get(key);
    if (entry === undefined) return undefined;
    return { anchor: this.anchors[entry >> 1]!, value: entry % 2 === 1 ? Number(value) : key };
  }

  #anchorPosition(anchor: Anchor | null): number {
    const key = JSON.stringify(anchor);
    let position = this.#anchorPositions.get(key);
    if (position === undefined) {
      position = this.anchors.push(anchor) - 1;
      this.#anchorPositions.set(key, position);
    }
    return position;
  }
}

function missingEnd(edge: EdgeItem, ids: IdTable): string | undefined {
  const missing = [edge.from, edge.to].find((id) => !ids.has(id));
  if (missing === undefined) return undefined;
  const space = missing.space === "" ? "" : ` in the id space ${missing.space}`;
  return `there is no node with the id ${JSON.stringify(missing.value)}${space} in these files`;
}

interface Stamp {
  readonly size: number;
  readonly modifiedMs: number;
}

async function stampOf(file: string): Promise<Stamp> {
  const { mtimeMs, size } = await stat(file);
  return { modifiedMs: mtimeMs, size };
}
