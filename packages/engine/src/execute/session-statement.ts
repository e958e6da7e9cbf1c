import { GeodeError } from "@geode/values";
import type { GraphName } from "../graph/effect.ts";
import { NO_GRAPHS, type Reads, READS_NOTHING } from "../plan/footprint.ts";
import { graphIn } from "./graphs.ts";
import { withPosition } from "./located.ts";
import type {
  Column,
  Footprint,
  Result,
  RunContext,
  SessionCommand,
  Statement,
} from "./statement.ts";

/** SESSION SET, RESET and CLOSE: running it computes the value that it sets, if there is one, and changes nothing. */
export class SessionStatement implements Statement {
  readonly text: string;
  readonly access = "read";
  readonly liveForm = null;
  readonly volatile = true;
  readonly shape = "columns";
  readonly columns: readonly Column[];
  readonly ordered = false;
  readonly footprint: Footprint;
  readonly otherGraphs: ReadonlyMap<GraphName, Footprint>;
  readonly sessionCommand: SessionCommand;
  readonly #value: Statement | null;
  readonly #offset: number;

  /** `value`: a statement whose one cell is what is set. */
  constructor(text: string, command: SessionCommand, value: Statement | null, offset: number) {
    this.text = text;
    this.sessionCommand = command;
    this.columns = value?.columns ?? [];
    this.footprint = value?.footprint ?? READS_NOTHING;
    const graph = command.action === "setGraph" ? command.graph : null;
    const named: ReadonlyMap<GraphName, Reads> =
      graph === null ? NO_GRAPHS : new Map([[graph, READS_NOTHING]]);
    this.otherGraphs = value?.otherGraphs ?? named;
    this.#value = value;
    this.#offset = offset;
  }

  run(context: RunContext): Result {
    try {
      for (const name of this.otherGraphs.keys()) graphIn(context, name, this.#offset);
    } catch (error) {
      throw withPosition(error, this.text);
    }
    return this.#value?.run(context) ?? { columns: [], rows: [], keys: [], notices: [] };
  }
}

/** What a session command is told that came as if it were a query. */
export function noSession(): GeodeError {
  return new GeodeError("42000", "A SESSION command is for a connection; there is none here.", {
    hint: "Send it as a QUERY of its own over the connection that it is for.",
  });
}
