/** One file to import, and what its name or its flag says of it. */
export type Source =
  | {
      readonly kind: "csv";
      readonly file: string;
      readonly delimiter: string;
      readonly role: CsvRole;
    }
  | { readonly kind: "jsonLines"; readonly file: string };

/** What the rows of a CSV file are: what the header says, or elements with this label. */
export type CsvRole =
  | { readonly kind: "header" }
  | { readonly kind: "nodes"; readonly label: string }
  | { readonly kind: "edges"; readonly label: string };

/** An element's text in a file, at most; it must fit into a message. */
export const ITEM_LENGTH_MAX = 512 * 1024;

/** The source that a file name stands for, or undefined if its ending says nothing. */
export function sourceOf(file: string): Source | undefined {
  const ending = /\.([^./\\]+)$/.exec(file.toLowerCase())?.[1];
  switch (ending) {
    case "csv":
      return { kind: "csv", file, delimiter: ",", role: { kind: "header" } };
    case "tsv":
      return { kind: "csv", file, delimiter: "\t", role: { kind: "header" } };
    case "jsonl":
    case "ndjson":
      return { kind: "jsonLines", file };
    default:
      return undefined;
  }
}
