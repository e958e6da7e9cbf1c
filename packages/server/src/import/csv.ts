import { pipeline, Readable } from "node:stream";
import { CsvError, parse, type Parser } from "csv-parse";
import type { Value } from "@geode/values";
import { columnsOf, type CsvColumns } from "./csv-header.ts";
import { cellValue, type CellType } from "./csv-cell.ts";
import type { ExternalId, Item, Located } from "./item.ts";
import { labelFault, propertyFault } from "./names.ts";
import { ImportProblem, type Problems } from "./problem.ts";
import { ITEM_LENGTH_MAX, type Source } from "./source.ts";

type CsvSource = Extract<Source, { kind: "csv" }>;
/** What csv-parse gives with `info`: the record, and the line that it ends on. */
interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** The elements of a CSV file, one per record, as many at once as have been parsed. */
export async function* readCsv(
  source: CsvSource,
  pieces: AsyncIterable<string>,
  problems: Problems,
): AsyncGenerator<readonly Located[]> {
  const { delimiter, file, role } = source;
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    // Counted here, so that the error names the file and both numbers.
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: ITEM_LENGTH_MAX,
  });
  // What goes wrong on the way comes out of the loop below.
  pipeline(Readable.from(pieces), parser, () => undefined);
  let columns: CsvColumns | undefined;
  try {
    for await (const records of parsed(parser)) {
      const found: Located[] = [];
      for (const { record, info } of records) {
        const line = info.lines - lineBreaksIn(record);
        if (columns === undefined) {
          columns = columnsOf(record, role, file, line, problems);
          if (columns === undefined) return;
          continue;
        }
        const item = itemOf(record, columns, (what) =>
          problems.add(new ImportProblem(file, line, what)),
        );
        if (item !== undefined) found.push({ line, item });
        if (problems.enough) break;
      }
      yield found;
      if (problems.enough) return;
    }
    if (columns === undefined)
      problems.add(new ImportProblem(file, 1, "the file is empty; it needs a header line"));
  } catch (error) {
    if (error instanceof ImportProblem) problems.add(error);
    else if (error instanceof CsvError)
      problems.add(new ImportProblem(file, lineOf(error), csvFault(error)));
    else throw error;
  }
}

/** The records, as many at once as the parser has; what it fails with is thrown behind those before. */
async function* parsed(parser: Parser): AsyncGenerator<readonly ParsedRecord[]> {
  for await (const first of parser as AsyncIterable<ParsedRecord>) {
    const records = [first];
    for (;;) {
      const next = parser.read() as ParsedRecord | null;
      if (next === null) break;
      records.push(next);
    }
    yield records;
  }
}

const JSON_CELL: CellType = { name: "json", element: "json", isList: false };

function itemOf(
  record: readonly string[],
  columns: CsvColumns,
  fault: (what: string) => void,
): Item | undefined {
  if (record.length !== columns.all.length) {
    fault(`${record.length} cells, but the header has ${columns.all.length}`);
    return undefined;
  }
  let sound = true;
  let unlabelled = false;
  const properties = new Map<string, Value>();
  const labels = new Set<string>();
  let id: ExternalId | undefined;
  let from: ExternalId | undefined;
  let to: ExternalId | undefined;
  if (columns.label !== undefined) labels.add(columns.label);
  for (const [index, column] of columns.all.entries()) {
    const cell = record[index]!;
    const wrong = (what: string): void => {
      fault(`column ${index + 1} (${column.text}): ${what}`);
      sound = false;
    };
    switch (column.kind) {
      case "property": {
        if (cell === "") break;
        const value = cellValue(cell, column.type);
        if (value === undefined) wrong(`${JSON.stringify(cell)} is no ${column.type.name}`);
        else properties.set(column.name, value);
        break;
      }
      case "id":
        if (cell === "") wrong("the id is missing");
        id = { space: column.space, value: cell, property: column.name };
        properties.set(column.name, cell);
        break;
      case "reference":
        if (cell === "") wrong("the reference is missing");
        id = { space: column.space, value: cell, property: null };
        break;
      case "start":
        if (cell === "") wrong("the id of the node that the edge leaves is missing");
        from = { space: column.space, value: cell, property: "" };
        break;
      case "end":
        if (cell === "") wrong("the id of the node that the edge enters is missing");
        to = { space: column.space, value: cell, property: "" };
        break;
      case "properties": {
        const more = cell === "" ? new Map<string, Value>() : cellValue(cell, JSON_CELL);
        if (!(more instanceof Map)) wrong("the cell is no JSON object");
        else
          for (const [name, value] of more as ReadonlyMap<string, Value>) {
            const what =
              propertyFault(name, "json") ??
              (properties.has(name)
                ? `the property ${JSON.stringify(name)} has a column already`
                : undefined);
            if (what !== undefined) wrong(what);
            else if (value !== null) properties.set(name, value);
          }
        break;
      }
      case "label": {
        const names = column.isJson
          ? jsonLabels(cell)
          : cell.split(";").filter((name) => name !== "");
        if (names === undefined) wrong("the cell is no JSON list of labels");
        else if (column.isJson && names.length === 0) unlabelled = true;
        for (const label of names ?? []) {
          const what = labelFault(label, column.isJson ? "json" : "plain");
          if (what !== undefined) wrong(what);
          labels.add(label);
        }
        break;
      }
      case "ignored":
        break;
    }
  }
  if (!sound) return undefined;
  if (from === undefined || to === undefined) {
    if (labels.size > 0 || unlabelled)
      return { kind: "node", labels: [...labels].sort(), id, properties };
    fault(
      "the node has no label; fill in the column :LABEL, or import the file with --nodes Label=file",
    );
    return undefined;
  }
  // A type in the row is more particular than the one for the whole file.
  const label = [...labels].at(-1);
  if (label !== undefined) return { kind: "edge", label, from, to, properties };
  fault(
    "the edge has no label; fill in the column :TYPE, or import the file with --edges LABEL=file",
  );
  return undefined;
}

/** A label, or a list of them, that is possibly empty. */
function jsonLabels(cell: string): readonly string[] | undefined {
  const value = cellValue(cell, JSON_CELL);
  const labels = typeof value === "string" ? [value] : value;
  return Array.isArray(labels) && labels.every((label) => typeof label === "string")
    ? (labels as readonly string[])
    : undefined;
}

/** Records may span lines; csv-parse counts to the last one. */
function lineBreaksIn(record: readonly string[]): number {
  let breaks = 0;
  for (const cell of record)
    if (cell.includes("\n") || cell.includes("\r"))
      breaks += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
  return breaks;
}

function lineOf(error: CsvError): number {
  const { lines } = error as CsvError & { lines?: number };
  return lines ?? 1;
}

function csvFault(error: CsvError): string {
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quoted cell is not closed before the end of the file";
    case "CSV_MAX_RECORD_SIZE":
      return `the record is longer than ${ITEM_LENGTH_MAX} characters; is a quote missing?`;
    case "CSV_INVALID_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return 'a quote stands where none may be; a quote inside a quoted cell is written twice: ""';
    default:
      return error.message;
  }
}
