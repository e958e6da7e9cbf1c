import type { ElementId, Properties } from "@geode/values";
import type { Environment } from "./environment.ts";
import { isReserved } from "../graph/reserved.ts";
import { DEFAULT_GRAPH } from "../graph/effect.ts";
import type { Commit, Follower } from "./replica.ts";

/** A node of the server's own that has come into the default graph. */
export interface ReservedNode {
  readonly label: string;
  readonly id: ElementId;
  readonly properties: Properties;
}

/** What a commit brought of them; never empty. */
export interface ReservedCommit {
  readonly seq: number;
  readonly nodes: readonly ReservedNode[];
}

type Listener = (commit: ReservedCommit) => void;

/**
 * Tells the server of elements of its own that became durable, whoever wrote them, commit by commit: in a turn of its own, after their
 * writers were answered.
 */
export class ReservedFeed implements Follower {
  readonly #environment: Pick<Environment, "later" | "report">;
  readonly #listeners = new Set<Listener>();
  #commits: ReservedCommit[] = [];

  constructor(environment: Pick<Environment, "later" | "report">) {
    this.#environment = environment;
  }

  /** Returns how to stop. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  afterCommit({ seq, patch }: Commit): void {
    if (this.#listeners.size === 0) return;
    const nodes = patch.flatMap((effect): ReservedNode[] => {
      if (effect.kind !== "insertNode" || effect.graph !== DEFAULT_GRAPH) return [];
      const { id, properties } = effect;
      return effect.labels.filter(isReserved).map((label) => ({ label, id, properties }));
    });
    if (nodes.length === 0) return;
    if (this.#commits.push({ seq, nodes }) === 1) this.#environment.later(() => this.#tell());
  }

  #tell(): void {
    const commits = this.#commits;
    this.#commits = [];
    for (const commit of commits) {
      for (const listener of this.#listeners) {
        try {
          listener(commit);
        } catch (error) {
          this.#environment.report(error);
        }
      }
    }
  }
}
