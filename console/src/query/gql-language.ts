import { StreamLanguage, StringStream } from "@codemirror/language";
import type { StreamParser } from "@codemirror/language";
import { tags } from "@lezer/highlight";

/** Where the tokenizer stands between two tokens. */
interface GqlState {
  /** Inside a block comment, which may span lines. */
  comment: boolean;
  /** Whether a name that comes now is a label ("next"), or the last one was ("after": `|` and `&` lead to another). */
  label: "no" | "next" | "after";
  /** The brackets that are open, innermost last. */
  open: string;
}

/** The words that GQL reserves and the ones that people know from Cypher and SQL. */
export const KEYWORDS: readonly string[] = (
  "MATCH OPTIONAL WHERE FILTER RETURN DISTINCT ORDER BY ASC DESC ASCENDING DESCENDING NULLS FIRST LAST LIMIT OFFSET SKIP GROUP HAVING " +
  "INSERT CREATE MERGE ON SET REMOVE DELETE DETACH NODETACH LET FOR IN UNWIND WITH ORDINALITY AS FINISH SELECT FROM SUBSCRIBE TO " +
  "EMIT CHANGES UNION EXCEPT INTERSECT OTHERWISE ALL NEXT YIELD CALL USE GRAPH IF NOT EXISTS DROP INDEX CONSTRAINT SHOW EXPLAIN " +
  "PROFILE START TRANSACTION READ ONLY WRITE COMMIT ROLLBACK SESSION RESET CLOSE AND OR XOR IS LABELED TYPED DIRECTED SOURCE " +
  "DESTINATION OF CASE WHEN THEN ELSE END CAST VALUE COUNT STARTS ENDS CONTAINS ANY SHORTEST WALK TRAIL ACYCLIC SIMPLE KEEP " +
  "DIFFERENT REPEATABLE EDGES ELEMENTS"
).split(" ");

const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS);
const CONSTANTS: ReadonlySet<string> = new Set(["NULL", "TRUE", "FALSE", "UNKNOWN"]);

const NUMBER =
  /^(?:0x[\da-f_]+|0o[0-7_]+|0b[01_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:e[+-]?\d+)?|\d[\d_]*\.?(?:e[+-]?\d+)?)[a-z]?/i;
const NAME = /^[\p{L}_][\p{L}\p{N}_]*/u;

/** GQL for the editor: one token at a time, never failing, so that a half-written query is coloured too. */
export const gqlParser: StreamParser<GqlState> = {
  name: "gql",
  startState: () => ({ comment: false, label: "no", open: "" }),
  copyState: (state) => ({ ...state }),
  token(stream, state) {
    if (state.comment) return blockComment(stream, state);
    if (stream.eatSpace()) return null;
    const style = token(stream, state);
    const said = stream.current();
    if (style !== "comment") follow(state, said, style);
    return style;
  },
  tokenTable: {
    parameter: tags.special(tags.variableName),
    function: tags.function(tags.variableName),
  },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"', "`"] },
  },
};

export const gqlLanguage = StreamLanguage.define(gqlParser);

function token(stream: StringStream, state: GqlState): string | null {
  if (stream.match("/*")) {
    state.comment = true;
    return blockComment(stream, state);
  }
  // `--` is a comment only before white space: anywhere else it is an edge.
  if (stream.match("//") || stream.match(/^--(?=\s|$)/)) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match(/^'(?:[^'\\]|\\.|'')*'?/) || stream.match(/^"(?:[^"\\]|\\.|"")*"?/))
    return "string";
  if (stream.match(/^`(?:[^`]|``)*`?/)) return state.label === "next" ? "typeName" : "variableName";
  if (stream.match(/^\$(?:`(?:[^`]|``)*`?|[\p{L}\p{N}_]+)/u)) return "parameter";
  // A range such as 1..3 is two numbers with two dots between them.
  if (stream.match("..")) return "punctuation";
  if (stream.match(/^\d+(?=\.\.)/) || stream.match(NUMBER)) return "number";
  if (stream.match(NAME)) return nameStyle(stream, state);
  if (stream.match(/^(?:<-|->|-|~|<=|>=|<>|\|\||\+=|[=<>+*/%^|&!?])/)) return "operator";
  if (stream.match(/^[()[\]{}]/)) return "bracket";
  stream.next();
  return "punctuation";
}

function nameStyle(stream: StringStream, state: GqlState): string {
  if (state.label === "next") return "typeName";
  if (stream.string.charAt(stream.start - 1) === ".") return "propertyName";
  const word = stream.current().toUpperCase();
  if (CONSTANTS.has(word)) return "atom";
  const called = /^\s*\(/.test(stream.string.slice(stream.pos));
  if (KEYWORD_SET.has(word) && !(called && word === "COUNT")) return "keyword";
  return called ? "function" : "variableName";
}

function blockComment(stream: StringStream, state: GqlState): string {
  if (stream.skipTo("*/")) {
    stream.match("*/");
    state.comment = false;
  } else {
    stream.skipToEnd();
  }
  return "comment";
}

/** Brackets beyond this many are no longer told apart, so that a pasted file costs nothing. */
const DEPTH_MAX = 200;

function follow(state: GqlState, said: string, style: string | null): void {
  state.label = labelAfter(state, said, style);
  if (style !== "bracket") return;
  if ("([{".includes(said)) state.open = (state.open + said).slice(-DEPTH_MAX);
  else state.open = state.open.slice(0, -1);
}

function labelAfter(state: GqlState, said: string, style: string | null): GqlState["label"] {
  // Between the name and the value of a record's field, `:` introduces no label.
  if (said === ":") return state.open.endsWith("{") ? "no" : "next";
  if (style === "keyword") return /^(?:FROM|TO|LABELED)$/i.test(said) ? "next" : "no";
  if (state.label === "next")
    return style === "typeName" ? "after" : said === "(" || said === "!" ? "next" : "no";
  if (state.label === "after") return said === "|" || said === "&" ? "next" : "no";
  return "no";
}

export interface Token {
  readonly text: string;
  readonly style: string | null;
}

/** All tokens of a text but the white space. */
export function tokenize(text: string): readonly Token[] {
  const state = gqlParser.startState?.(2) as GqlState;
  const tokens: Token[] = [];
  for (const line of text.split("\n")) {
    const stream = new StringStream(line, 2, 2);
    while (!stream.eol()) {
      stream.start = stream.pos;
      const style = gqlParser.token(stream, state);
      if (stream.current().trim() !== "") tokens.push({ text: stream.current(), style });
    }
  }
  return tokens;
}

/** The names of the parameters that a text uses, in order, each once. */
export function parametersIn(text: string): readonly string[] {
  const names = tokenize(text)
    .filter(({ style }) => style === "parameter")
    .map(({ text: said }) =>
      said.startsWith("$`") ? said.slice(2).replace(/`$/, "").replaceAll("``", "`") : said.slice(1),
    );
  return [...new Set(names)];
}

/** Whether the text itself says that its result is live, so that it can only be subscribed. */
export function saysLive(text: string): boolean {
  const words = tokenize(text)
    .filter(({ style, text: said }) => style !== "comment" && said !== ";")
    .map(({ text: said }) => said.toUpperCase());
  return words[0] === "SUBSCRIBE" || (words.at(-2) === "EMIT" && words.at(-1) === "CHANGES");
}
