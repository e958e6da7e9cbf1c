import { cellType, TYPE_NAMES, type CellType } from "./csv-cell.ts";
import { labelFault, propertyFault } from "./names.ts";
import { ImportProblem, type Problems } from "./problem.ts";
import type { CsvRole } from "./source.ts";

/** A column, as its header cell says in the convention of neo4j-admin: `name:type`, `id:ID(Space)`, `:START_ID`, `:LABEL`, … */
export type CsvColumn = { readonly text: string } & (
  | { readonly kind: "property"; readonly name: string; readonly type: CellType }
  | { readonly kind: "id"; readonly name: string; readonly space: string }
  /** An id that is not kept. */
  | { readonly kind: "reference"; readonly space: string }
  | { readonly kind: "start"; readonly space: string }
  | { readonly kind: "end"; readonly space: string }
  /** Names separated by semicolons, or as JSON. */
  | { readonly kind: "label"; readonly isJson: boolean }
  /** More properties, as a JSON object. */
  | { readonly kind: "properties" }
  | { readonly kind: "ignored" }
);

export interface CsvColumns {
  readonly all: readonly CsvColumn[];
  /** The label that the command line gave to all rows. */
  readonly label: string | undefined;
}

/** Where an id goes if its column has no name. */
const ID_PROPERTY = "id";

/** Reads the header. Answers undefined, with the problems told, if the file cannot be read by it. */
export function columnsOf(
  header: readonly string[],
  role: CsvRole,
  file: string,
  line: number,
  problems: Problems,
): CsvColumns | undefined {
  const faults: string[] = [];
  const all = header.map((text, index) =>
    columnOf(text.trim(), `header, column ${index + 1}`, faults),
  );
  const kinds = all.map((column) => column?.kind);
  for (const kind of ["id", "reference", "start", "end", "properties"] as const) {
    if (kinds.filter((each) => each === kind).length > 1)
      faults.push(`the header has more than one ${MARKS[kind]} column`);
  }
  const names = all.flatMap((column) =>
    column?.kind === "property" || column?.kind === "id" ? [column.name] : [],
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    faults.push(`the header has the property ${JSON.stringify(twice)} twice`);
  const isEdges = kinds.includes("start") || kinds.includes("end");
  if (isEdges !== (kinds.includes("start") && kinds.includes("end"))) {
    faults.push("edges need both a :START_ID and an :END_ID column");
  }
  if (isEdges && (kinds.includes("id") || kinds.includes("reference")))
    faults.push("edges have no :ID or :REF column");
  if (kinds.includes("id") && kinds.includes("reference"))
    faults.push("nodes have an :ID column, which is kept, or a :REF column, which is not");
  if (role.kind === "edges" && !isEdges)
    faults.push("a file of --edges needs the columns :START_ID and :END_ID");
  if (role.kind === "nodes" && isEdges)
    faults.push("a file of --nodes has no :START_ID and :END_ID columns; give it to --edges");
  if (role.kind === "header" && !kinds.includes("label")) {
    faults.push(
      "the header has no :LABEL (nodes) or :TYPE (edges) column; add one, or use --nodes Label=file or --edges LABEL=file",
    );
  }
  const label = role.kind === "header" ? undefined : role.label;
  const what = label === undefined ? undefined : labelFault(label);
  if (what !== undefined) faults.push(what);
  for (const fault of faults) problems.add(new ImportProblem(file, line, fault));
  return faults.length > 0
    ? undefined
    : { all: all.filter((column) => column !== undefined), label };
}

const MARKS = {
  id: ":ID",
  reference: ":REF",
  start: ":START_ID",
  end: ":END_ID",
  properties: ":PROPERTIES",
} as const;

function columnOf(text: string, place: string, faults: string[]): CsvColumn | undefined {
  const colon = text.lastIndexOf(":");
  const name = colon === -1 ? text : text.slice(0, colon);
  const type = colon === -1 ? "string" : text.slice(colon + 1);
  const [, mark = "", space = ""] = /^([A-Z_]+)(?:\(([^()\p{Cc}]*)\))?$/u.exec(type) ?? [];
  switch (mark) {
    case "ID":
      return { kind: "id", text, name: name === "" ? ID_PROPERTY : name, space };
    case "START_ID":
      return { kind: "start", text, space };
    case "END_ID":
      return { kind: "end", text, space };
    case "REF":
      return { kind: "reference", text, space };
    case "LABEL":
    case "TYPE":
      return { kind: "label", text, isJson: space === "json" };
    case "PROPERTIES":
      return { kind: "properties", text };
    case "IGNORE":
      return { kind: "ignored", text };
    default: {
      const known = cellType(type);
      const fault =
        propertyFault(name) ??
        (known === undefined
          ? `the type ${JSON.stringify(type)} is not known; there are ${TYPE_NAMES}`
          : undefined);
      if (fault === undefined && known !== undefined)
        return { kind: "property", text, name, type: known };
      faults.push(`${place} (${text}): ${fault}`);
      return undefined;
    }
  }
}
