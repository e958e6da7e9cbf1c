import { GeodeError, unreachable, type Value } from "@geode/values";
import type { Withdrawal } from "../withdrawal.ts";
import { Budget, type BudgetLimits } from "../execute/budget.ts";
import { placeOf } from "../execute/reach.ts";
import type { Result, Statement } from "../execute/statement.ts";
import type { WriteStats } from "../execute/write-stats.ts";
import { Writer } from "../execute/writer.ts";
import type { GraphName, Patch } from "../graph/effect.ts";
import { Undo } from "../graph/undo.ts";
import type { Grantee } from "../policy/policies.ts";
import type { Claims } from "./claims.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Door } from "./door.ts";
import type { Environment } from "./environment.ts";
import { faultOf } from "./fault.ts";
import { composed } from "./net-patch.ts";
import type { Replica } from "./replica.ts";
import { patchWeight } from "./weight.ts";

export type TransactionAccess = "readWrite" | "readOnly";

/**
 * "lost": nothing of it will be committed, and its statements say why; it waits for its ROLLBACK, so that statements which were sent
 * behind the one that was told do not run on their own.
 */
export type TransactionStatus = "open" | "lost" | "committing" | "committed" | "rolledBack";

export interface TransactionOptions {
  readonly replica: Replica;
  readonly door: Pick<Door, "submit" | "ids">;
  readonly conflicts: Conflicts;
  readonly environment: Environment;
  readonly hashKey: (text: string) => string;
  /** Whom the log names as the author. */
  readonly principal: string;
  readonly access: TransactionAccess;
  readonly durationMs: number;
  readonly effectsMax: number;
  /** Counts bytes that it holds, negative when it lets go of them. Throws UNAVAILABLE when there are too many. */
  readonly hold: (bytes: number) => void;
  /** It is committed or rolled back; called once. */
  readonly onOver: () => void;
}

/** A statement to be run in a transaction. */
export interface TransactionStatement {
  readonly statement: Statement;
  readonly graph: GraphName;
  readonly parameters: ReadonlyMap<string, Value>;
  /** What the clock is read in; null: UTC. */
  readonly timeZone?: string | null;
  readonly budget: BudgetLimits;
  /** Whom the policy judges; null: the database itself. */
  readonly grantee: Grantee | null;
}

export interface TransactionResult {
  readonly result: Result;
  /** The durable commit that it was run on top of. */
  readonly seq: number;
  /** Of a write. */
  readonly stats?: WriteStats;
}

export interface CommitRequest {
  readonly idempotencyKey?: string;
  /** Takes the commit back while it waits in the queue. */
  readonly signal?: Withdrawal;
}

/**
 * Statements that happen together or not at all. Each one runs in one synchronous go on the graph as it is now: what the transaction
 * has changed so far is applied, the statement is run on it, and everything is undone, so nobody else ever sees any of it.
 * {@link Conflicts} makes sure that what was read before still holds; committing is then one write like others, of the net changes.
 *
 * A statement that fails is undone alone; the transaction goes on.
 */
export class OpenTransaction {
  readonly #options: TransactionOptions;
  readonly #claims: Claims;
  readonly #forgetDeadline: () => void;
  #over: Exclude<TransactionStatus, "open" | "lost"> | null = null;
  /** The net changes. */
  #patch: Patch = [];
  #heldBytes = 0;
  #wrote = false;
  /** Whether a statement was refused because the transaction has lost. */
  #toldLost = false;
  /** The commit on top of which it read last. */
  #seq: number;

  constructor(options: TransactionOptions) {
    const { conflicts, durationMs, environment, replica } = options;
    this.#options = options;
    this.#claims = conflicts.open();
    this.#seq = replica.seq;
    this.#forgetDeadline = environment.after(durationMs, () => {
      this.#letGo();
      conflicts.lose(
        this.#claims,
        new GeodeError(
          "TIMEOUT",
          `The transaction was open longer than ${durationMs} ms; it is rolled back.`,
          {
            hint: "Send ROLLBACK, then the whole transaction again.",
            limit: "transactionTime",
          },
        ),
      );
    });
  }

  get status(): TransactionStatus {
    return this.#over ?? (this.#claims.lost === null ? "open" : "lost");
  }

  /**
   * Throws what the statement throws; 40000 when another write touched what the transaction rests on, TIMEOUT when it was open too
   * long, 25G03 for a write in a transaction that only reads, 25000 for what cannot be part of one or when it is over, LIMIT and
   * UNAVAILABLE by {@link TransactionLimits}.
   */
  run(request: TransactionStatement): TransactionResult {
    const { statement, graph, parameters, timeZone = null, budget, grantee } = request;
    this.#refuseUnlessOpen();
    const { access, conflicts, door, environment, hashKey, replica } = this.#options;
    const { store } = replica;
    const writes = statement.access === "write";
    if (writes && access === "readOnly")
      throw new GeodeError("25G03", "This transaction only reads; the statement writes.", {
        hint: "Begin it with START TRANSACTION, without READ ONLY.",
      });
    if (statement.changesCatalog === true)
      throw new GeodeError("25000", "This statement cannot be part of a transaction.", {
        hint: "Send it on its own, after COMMIT or ROLLBACK.",
      });
    const grant = grantee && replica.policies.grantTo(grantee);
    const place = placeOf(statement, graph, store.graphs, replica.policies.reachOf(grantee));
    conflicts.addReads(this.#claims, graph, statement, grant, parameters);
    this.#seq = replica.seq;
    const undo = new Undo();
    try {
      for (const effect of this.#patch) store.apply(effect, undo);
      const writer = writes
        ? new Writer(store, graph, door.ids, undo, { system: grantee === null })
        : null;
      const result = statement.run({
        ...place,
        parameters,
        timeZone,
        timeMs: environment.nowMs(),
        random: environment.random,
        budget: new Budget(budget, environment.monotonicMs),
        keyed: false,
        grant,
        hashKey,
        ...(writer === null ? {} : { writer }),
      });
      if (writer === null) return { result, seq: this.#seq };
      this.#keep(writer.patch());
      return { result, seq: this.#seq, stats: writer.stats };
    } catch (error) {
      // What made a write fail may be more than its plan names, e.g. the edges of a node that was to be deleted.
      if (writes)
        for (const name of [graph, ...statement.otherGraphs.keys()])
          conflicts.addReadOfEverything(this.#claims, name);
      throw faultOf(error, environment);
    } finally {
      store.rollback(undo, 0);
    }
  }

  /** Takes what a statement did into the transaction. */
  #keep(patch: Patch): void {
    const { conflicts, effectsMax, hold } = this.#options;
    if (patch.length === 0) return;
    const net = composed(this.#patch, patch);
    if (net.length > effectsMax)
      throw new GeodeError("LIMIT", `A transaction changes at most ${effectsMax} elements.`, {
        hint: "Commit in smaller parts.",
        limit: "transactionChanges",
      });
    const bytes = patchWeight(net);
    hold(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
    this.#patch = net;
    this.#wrote = true;
    conflicts.addWrites(this.#claims, patch);
  }

  /**
   * Ends the transaction, whatever comes of it. Answers the seq of its commit; when it wrote nothing, that of the state it read last.
   * Throws 40000, TIMEOUT, and what a write may be answered with.
   */
  async commit({ idempotencyKey, signal }: CommitRequest = {}): Promise<{ readonly seq: number }> {
    this.#refuseOver("commit");
    const { door, principal } = this.#options;
    const { lost } = this.#claims;
    if (idempotencyKey === undefined) {
      if (lost !== null && (this.#wrote || this.#toldLost)) {
        this.#end("rolledBack");
        throw lost;
      }
      // What only read has its place in the serial order where it read last, whatever came later.
      if (!this.#wrote) {
        this.#end("committed");
        return { seq: this.#seq };
      }
    }
    const patch = this.#patch;
    this.#over = "committing";
    this.#forgetDeadline();
    try {
      const { seq } = await door.submit({
        kind: "transaction",
        patch,
        claims: this.#claims,
        principal,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(signal === undefined ? {} : { signal }),
      });
      this.#end("committed");
      return { seq };
    } catch (error) {
      this.#end("rolledBack");
      throw error;
    }
  }

  /** Nothing of it happens. What is over or being committed already stays as it is. */
  rollback(): void {
    if (this.#over === null) this.#end("rolledBack");
  }

  #refuseUnlessOpen(): void {
    this.#refuseOver("query");
    if (this.#claims.lost === null) return;
    this.#toldLost = true;
    throw this.#claims.lost;
  }

  #refuseOver(asked: "query" | "commit"): void {
    const { status } = this;
    switch (status) {
      case "open":
      case "lost":
        return;
      case "committing":
      case "committed":
      case "rolledBack":
        throw asked === "commit"
          ? new GeodeError("2D000", `The transaction is over (${status}).`)
          : new GeodeError("25000", `The transaction is over (${status}).`);
      default:
        unreachable(status);
    }
  }

  #end(status: "committed" | "rolledBack"): void {
    this.#over = status;
    this.#forgetDeadline();
    this.#letGo();
    this.#options.conflicts.release(this.#claims);
    this.#options.onOver();
  }

  /** Of the changes, whose memory others may want. */
  #letGo(): void {
    this.#options.hold(-this.#heldBytes);
    this.#heldBytes = 0;
    this.#patch = [];
  }
}
