import type { BenchQuery } from "./bench-query.ts";
import type { SocialGraph } from "./social-graph.ts";

/** A database in this process, on disk. */
export interface Engine {
  readonly name: string;
  /** Whether a write is answered when the disk has it. Otherwise the operating system has it, and a power cut may take it. */
  readonly syncs: boolean;
  /** Fills it, with an index on the persons' ids; resolves when all of it is answered. */
  load(graph: SocialGraph): Promise<void>;
  /** Makes a query ready to be run many times, and how to run it. */
  prepare(query: BenchQuery): (parameter: number) => readonly Row[] | Promise<readonly Row[]>;
  /** Parses, binds and plans a text that it has not seen before, and does not run it. Absent where there is no way to. */
  ready?(text: string): void;
  /** Runs a text that it has not seen before. */
  runNew(text: string, parameters: Readonly<Record<string, number>>): void | Promise<void>;
  close(): Promise<void>;
}

/** The cells of a row, in the order of the columns. Counts may be bigint. */
export type Row = readonly unknown[];
