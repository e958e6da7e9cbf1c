import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { schema } from "../sidebar/schema.ts";
import { KEYWORDS, tokenize } from "./gql-language.ts";

const FUNCTIONS: readonly string[] = (
  "count sum avg min max collect_list coalesce nullif upper lower trim char_length substring replace split left right abs floor ceil " +
  "round sqrt labels type properties keys nodes edges path_length element_id size cast"
).split(" ");

const WORDS: readonly Completion[] = [
  ...KEYWORDS.map((label) => ({ label, type: "keyword", boost: -1 })),
  ...FUNCTIONS.map((label) => ({ label, type: "function", apply: `${label}(`, boost: -2 })),
];

/** Offers what can stand here: labels of the graph after a `:`, property names after a `.`, otherwise keywords, functions and names. */
export function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*/u);
  const from = word?.from ?? context.pos;
  const before = context.state.sliceDoc(Math.max(0, from - 1), from);
  if (word === null && !context.explicit && before !== ":") return null;
  const text = context.state.doc.toString();
  const typed = word?.text.toUpperCase();
  // A word that is complete needs no offer of itself.
  const options = candidates(before, text).filter(({ label }) => label.toUpperCase() !== typed);
  return { from, options };
}

function candidates(before: string, text: string): readonly Completion[] {
  if (before === ":") return labels();
  if (before === ".") return named(text, "propertyName", "property");
  return [...WORDS, ...named(text, "variableName", "variable")];
}

function labels(): readonly Completion[] {
  const { labels: nodes, edgeLabels: edges } = schema.get();
  return [
    ...nodes.map(({ name, count }) => ({ label: name, type: "class", detail: String(count) })),
    ...edges.map(({ name, count }) => ({ label: name, type: "interface", detail: String(count) })),
  ];
}

/** The names that the text already uses in that role. */
function named(text: string, style: string, type: string): readonly Completion[] {
  const names = new Set(
    tokenize(text)
      .filter((token) => token.style === style)
      .map((token) => token.text),
  );
  return [...names].map((label) => ({ label, type }));
}
