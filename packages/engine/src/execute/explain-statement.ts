import { float, GeodeError, type Value } from "@geode/values";
import { writes } from "../plan/writing.ts";
import type { GraphName } from "../graph/effect.ts";
import { graphIn } from "./graphs.ts";
import { EVERYTHING, type Reads, readsElsewhere, readsHere, readsOf } from "../plan/footprint.ts";
import type { Query } from "../plan/operators.ts";
import { generate } from "./generate/query.ts";
import { withPosition } from "./located.ts";
import { tooComplex } from "./too-complex.ts";
import { PlanRecorder } from "./plan-recorder.ts";
import { Profile } from "./profile.ts";
import { Run } from "./run.ts";
import type { Column, Result, RunContext, Statement } from "./statement.ts";

const PLAN_COLUMNS = [
  ["operator", "STRING"],
  ["details", "STRING"],
  ["estimatedRows", "FLOAT"],
] as const;

const PROFILE_COLUMNS = [...PLAN_COLUMNS, ["rows", "INTEGER"], ["timeMs", "FLOAT"]] as const;

/**
 * EXPLAIN and PROFILE: the plan as rows, in the order of execution, the operator indented by how deep it stands. PROFILE runs the
 * statement, leaves out its result, and tells how many rows came out of each line and how long it took with those below it, in
 * milliseconds: that of the lines that are not indented adds up to the whole.
 */
export class ExplainStatement implements Statement {
  readonly text: string;
  readonly access: "read" | "write";
  readonly liveForm = null;
  readonly volatile: boolean;
  readonly definedHere = true;
  readonly shape = "columns";
  readonly columns: readonly Column[];
  readonly footprint: Reads;
  readonly otherGraphs: ReadonlyMap<GraphName, Reads>;
  readonly ordered = true;
  readonly #mode: "explain" | "profile";
  readonly #query: Query;

  constructor(text: string, mode: "explain" | "profile", query: Query) {
    this.text = text;
    this.#mode = mode;
    this.#query = query;
    this.access = mode === "profile" && writes(query) ? "write" : "read";
    this.volatile = mode === "profile";
    const reads = readsOf(query);
    this.footprint = mode === "profile" ? readsHere(reads) : EVERYTHING; // A plan follows the counts of whatever there is.
    this.otherGraphs = readsElsewhere(reads, mode === "profile" ? null : EVERYTHING);
    this.columns = (mode === "profile" ? PROFILE_COLUMNS : PLAN_COLUMNS).map(([name, type]) => ({
      name,
      text: name,
      type,
    }));
  }

  run(context: RunContext): Result {
    if (context.keyed && this.#mode === "profile") {
      throw new GeodeError("42000", "PROFILE runs once; it cannot be live.", {
        hint: "EXPLAIN can.",
      });
    }
    if (context.grant) {
      throw new GeodeError("FORBIDDEN", "A plan tells how much there is; that is not permitted.");
    }
    const recorder = new PlanRecorder();
    let profile: Profile | null = null;
    try {
      const compiled = generate(
        this.#query,
        (scope, offset) => graphIn(context, scope, offset),
        false,
        { recorder },
      );
      if (this.#mode === "profile") {
        profile = new Profile(recorder.lines.length, () => context.budget.elapsedMs);
        compiled(new Run(context, undefined, profile));
        context.writer?.finish();
        profile.end();
      }
    } catch (error) {
      context.writer?.rollback();
      throw withPosition(tooComplex(error), this.text);
    }
    const depths = recorder.lines.map(({ depth }) => depth);
    const rows = recorder.lines.map(({ depth, operator, details, rows: estimated }, number) => {
      const plan: Value[] = [
        "  ".repeat(depth) + operator,
        details,
        estimated === null ? null : float(Math.round(estimated * 10) / 10),
      ];
      if (profile === null) return plan;
      return [...plan, profile.rows(number), float(profile.timeMs(number, depths))];
    });
    const keys = context.keyed ? rows.map((_, number) => String(number)) : [];
    return { columns: this.columns, rows, keys, notices: [] };
  }
}
