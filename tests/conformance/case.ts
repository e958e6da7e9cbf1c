/** One case of a conformance file. */
export interface Case {
  readonly title: string;
  readonly line: number;
  readonly given: readonly string[];
  readonly statement: string;
  readonly parameters: unknown;
  readonly expected: Expected;
}

export interface Expected {
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  readonly ordered: boolean;
  readonly noRows: boolean;
  readonly changes: ReadonlyMap<string, number> | null;
  readonly notices: readonly string[];
  readonly error: {
    readonly code: string;
    readonly place: string | null;
    readonly message: string;
  } | null;
}

/** Reads the cases of a file. Throws with file and line when something in it would not be checked. */
export function parseCases(file: string, text: string): Case[] {
  const lines = text.split("\n");
  const cases: Case[] = [];
  let current: Draft | null = null;
  let index = 0;
  const fail = (message: string): never => {
    throw new Error(`${file}:${index + 1}: ${message}`);
  };
  const finish = (): void => {
    if (!current) return;
    const { statement, expected } = current;
    if (statement === null) fail(`the case "${current.title}" has no statement`);
    const says =
      expected.header !== null ||
      expected.noRows ||
      expected.changes !== null ||
      expected.error !== null ||
      expected.notices.length > 0;
    if (!says) fail(`the case "${current.title}" expects nothing`);
    cases.push({ ...current, statement: statement ?? "" });
  };
  for (; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (line.startsWith("## ")) {
      finish();
      current = {
        title: line.slice(3).trim(),
        line: index + 1,
        given: [],
        statement: null,
        parameters: {},
        expected: {
          header: null,
          rows: [],
          ordered: false,
          noRows: false,
          changes: null,
          notices: [],
          error: null,
        },
      };
      continue;
    }
    if (!current || line.trim() === "") continue;
    const { expected } = current;
    if (line.startsWith("```")) {
      const kind = line.slice(3).trim();
      const body: string[] = [];
      for (index++; index < lines.length && lines[index] !== "```"; index++)
        body.push(lines[index] ?? "");
      const block = body.join("\n");
      if (kind === "given") current.given = block.split(/^---$/m).map((part) => part.trim());
      else if (kind === "gql") current.statement = block;
      else fail(`a block is "given" or "gql", not "${kind}"`);
    } else if (line.startsWith("Parameters: ")) {
      current.parameters = JSON.parse(line.slice("Parameters: ".length));
    } else if (line === "In order.") {
      expected.ordered = true;
    } else if (line === "No rows.") {
      expected.noRows = true;
    } else if (line.startsWith("Changes: ")) {
      const parts = line.slice("Changes: ".length).replace(/\.$/, "").split(", ");
      expected.changes = new Map(
        parts
          .filter((part) => part !== "none")
          .map((part): [string, number] => [part.split(" ")[0] ?? "", Number(part.split(" ")[1])]),
      );
    } else if (line.startsWith("Notice: ")) {
      expected.notices.push(line.slice("Notice: ".length));
    } else if (line.startsWith("|")) {
      const cells = cellsOf(line);
      if (expected.header === null) expected.header = cells;
      else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) expected.rows.push(cells);
    } else {
      const error = /^Error (\w+)(?: at (\d+:\d+))?(?:: (.*))?$/.exec(line);
      if (!error) fail(`this line means nothing: ${line}`);
      else
        expected.error = { code: error[1] ?? "", place: error[2] ?? null, message: error[3] ?? "" };
    }
  }
  finish();
  return cases;
}

/** Splits at bars that are not escaped. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

interface Draft {
  title: string;
  line: number;
  given: string[];
  statement: string | null;
  parameters: unknown;
  expected: {
    header: string[] | null;
    rows: string[][];
    ordered: boolean;
    noRows: boolean;
    changes: Map<string, number> | null;
    notices: string[];
    error: Expected["error"];
  };
}
