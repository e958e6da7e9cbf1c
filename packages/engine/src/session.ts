import { article, GeodeError, toZone, typeName, unreachable, type Value } from "@geode/values";
import { propertiesWeight } from "./commit/weight.ts";
import type { SessionCommand } from "./execute/statement.ts";
import { DEFAULT_GRAPH, type GraphName } from "./graph/effect.ts";

/**
 * What the statements of one connection have in common (ISO/IEC 39075:2024 §7), as plain data: every request brings it along, so the
 * database itself keeps nothing for a connection. Replaced, never changed.
 */
export interface SessionState {
  /** The graph that statements work on until they name another one. */
  readonly graph: GraphName;
  /** What the clock is read in, e.g. `Europe/Bern` or `+02:00`; null: UTC. */
  readonly timeZone: string | null;
  /** Values for parameters that a request does not give itself. */
  readonly parameters: ReadonlyMap<string, Value>;
}

export const NEW_SESSION: SessionState = {
  graph: DEFAULT_GRAPH,
  timeZone: null,
  parameters: new Map(),
};

/** Parameters that a session holds, and about how many bytes they may take. */
export const SESSION_PARAMETERS_MAX = 100;
export const SESSION_BYTES_MAX = 1024 * 1024;

/** The name under which statements read who asks. */
export const AUTH_PARAMETER = "auth";

/** The session behind a command; `value` is what the command computed. Throws 22004, 22007, 22G03, 42002 and LIMIT. */
export function sessionAfter(
  state: SessionState,
  command: SessionCommand,
  value: Value,
): SessionState {
  switch (command.action) {
    case "setGraph":
      return { ...state, graph: command.graph ?? state.graph };
    case "setSchema":
      return state;
    case "setTimeZone":
      return { ...state, timeZone: timeZoneOf(value) };
    case "setParameter":
      return { ...state, parameters: withParameter(state.parameters, command, value) };
    case "resetGraph":
      return { ...state, graph: NEW_SESSION.graph };
    case "resetTimeZone":
      return { ...state, timeZone: null };
    case "resetParameters":
      return { ...state, parameters: NEW_SESSION.parameters };
    case "resetParameter": {
      const parameters = new Map(state.parameters);
      parameters.delete(command.name);
      return { ...state, parameters };
    }
    case "resetAll":
    case "close":
      return NEW_SESSION;
    default:
      return unreachable(command);
  }
}

function timeZoneOf(value: Value): string {
  if (value === null) throw new GeodeError("22004", "A time zone cannot be NULL.");
  if (typeof value !== "string")
    throw new GeodeError("22G03", `A time zone is a STRING, not ${article(typeName(value))}.`);
  toZone(value);
  return value;
}

function withParameter(
  before: ReadonlyMap<string, Value>,
  { name, ifNotExists }: SessionCommand & { action: "setParameter" },
  value: Value,
): ReadonlyMap<string, Value> {
  if (name === AUTH_PARAMETER)
    throw new GeodeError("42002", "The parameter $auth is who asks; it cannot be set.", {
      hint: "Choose another name.",
    });
  if (ifNotExists && before.has(name)) return before;
  const parameters = new Map(before).set(name, value);
  if (parameters.size > SESSION_PARAMETERS_MAX)
    throw new GeodeError("LIMIT", `A session has at most ${SESSION_PARAMETERS_MAX} parameters.`, {
      hint: "SESSION RESET PARAMETER $name forgets one.",
    });
  if (propertiesWeight(parameters) > SESSION_BYTES_MAX)
    throw new GeodeError(
      "LIMIT",
      `The parameters of a session take at most ${SESSION_BYTES_MAX} bytes.`,
      { hint: "Send large values with the statement, in `parameters`." },
    );
  return parameters;
}

/**
 * The parameters of a statement: its own, and those of the session that its text may name. Leaving the others out lets two users who
 * watch the same thing share one live result.
 */
export function withSession(
  text: string,
  given: ReadonlyMap<string, Value>,
  { parameters }: SessionState,
): ReadonlyMap<string, Value> {
  if (parameters.size === 0) return given;
  const named = [...parameters].filter(([name]) => !given.has(name) && mayName(text, name));
  return named.length === 0 ? given : new Map([...named, ...given]);
}

/** A quoted name may be written in many ways, and CALL without parentheses takes parameters by name alone. */
function mayName(text: string, name: string): boolean {
  return text.includes(`$${name}`) || /\$["`]|\bcall\b/i.test(text);
}
