import { CLIENT_MESSAGES, type ClientMessageType } from "@geode/protocol";

/** A method of JSON-RPC: a message, its parameters by position, and names of the specification's samples for its fields. */
export interface Method {
  readonly type: ClientMessageType;
  readonly positions: readonly string[];
  readonly otherNames: ReadonlyMap<string, string>;
}

const NO_OTHER_NAMES: ReadonlyMap<string, string> = new Map();
/** `query {gql, params}`. */
const STATEMENT_NAMES: ReadonlyMap<string, string> = new Map([
  ["gql", "query"],
  ["params", "parameters"],
]);

/** One method per message, of its name in lower case. A BATCH is JSON-RPC's own. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  (Object.keys(CLIENT_MESSAGES) as ClientMessageType[])
    .filter((type) => type !== "BATCH")
    .map((type) => [type.toLowerCase(), methodOf(type)]),
);

function methodOf(type: ClientMessageType): Method {
  switch (type) {
    case "QUERY":
      return { type, positions: ["query", "parameters"], otherNames: STATEMENT_NAMES };
    case "SUBSCRIBE":
      return { type, positions: ["query", "parameters", "id"], otherNames: STATEMENT_NAMES };
    default: {
      const fields = Object.keys(CLIENT_MESSAGES[type].properties);
      return {
        type,
        positions: fields.filter((field) => field !== "type"),
        otherNames: NO_OTHER_NAMES,
      };
    }
  }
}
