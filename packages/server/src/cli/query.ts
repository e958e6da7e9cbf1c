import { connect, Geode, GeodeError, type AnyRow } from "@geode/client";
import { tokenSource, type AccessOptions } from "./access.ts";
import { counted } from "./counted.ts";
import { CommandError, EXIT } from "./exit.ts";
import { formatRows, jsonOf, readable, type Format } from "./format.ts";
import { printable, type Terminal } from "./terminal.ts";

export interface QueryOptions extends AccessOptions {
  readonly url: string;
  readonly param?: ReadonlyMap<string, unknown>;
  readonly live: boolean;
  readonly format: Format;
  readonly graph?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Runs one statement on a server and prints its rows; with `live`, every change until it is interrupted. */
export async function runQuery(
  text: string,
  options: QueryOptions,
  terminal: Terminal,
): Promise<void> {
  const geode = await connectTo(options, terminal);
  try {
    await (options.live
      ? follow(geode, text, options, terminal)
      : ask(geode, text, options, terminal));
  } catch (error) {
    throw error instanceof GeodeError ? statementFailed(text, error) : error;
  } finally {
    geode.close();
  }
}

/** A connection to the server, or an error that says why there is none. */
export async function connectTo(
  options: AccessOptions & { readonly url: string },
  terminal: Terminal,
): Promise<Geode> {
  const token = await tokenSource(options, terminal);
  try {
    return await connect(options.url, { token, reconnect: false, floats: "exact" });
  } catch (cause) {
    if (!(cause instanceof GeodeError)) throw cause;
    throw new CommandError(EXIT.unreachable, `no connection to ${options.url}: ${cause.message}`, {
      hint:
        cause.code === "FORBIDDEN"
          ? "The token is not one of this server's, or has ended: `geode token` makes one where the server's secret is."
          : "Is a server running there? `geode serve` starts one.",
      cause,
    });
  }
}

async function ask(
  geode: Geode,
  text: string,
  options: QueryOptions,
  terminal: Terminal,
): Promise<void> {
  const { format, graph, param = new Map<string, unknown>(), timeout } = options;
  const result = await geode.query(text, param, {
    ...(graph === undefined ? {} : { graph }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  });
  const columns = result.columns.map((column) => column.name);
  terminal.out(formatRows(format, columns, result.data));
  for (const { message, hint } of result.notices) {
    terminal.err(`${message}${hint === undefined ? "" : ` ${hint}`}\n`);
  }
  const changes = Object.entries(result.stats ?? {}).filter(([, count]) => count > 0);
  if (changes.length > 0) {
    terminal.err(
      `${changes.map(([what, count]) => counted(count, what.replaceAll("_", " "))).join(", ")}\n`,
    );
  } else if (format === "table") {
    terminal.err(`${counted(result.data.length, "rows")}\n`);
  }
}

async function follow(
  geode: Geode,
  text: string,
  options: QueryOptions,
  terminal: Terminal,
): Promise<void> {
  const { format, graph, param = new Map<string, unknown>() } = options;
  const live = geode.live(text, param, graph === undefined ? {} : { graph });
  void terminal.interrupted().then(() => live.close());
  for await (const commit of live) {
    // A table of changes would need its widths before its rows: people and programs both read lines.
    for (const { op, row } of commit.changes) {
      terminal.out(
        `${changeLine(
          format,
          op,
          commit.seq,
          live.columns.map((column) => column.name),
          row,
        )}\n`,
      );
    }
  }
}

function changeLine(
  format: Format,
  op: "insert" | "update" | "delete",
  seq: number,
  columns: readonly string[],
  row: AnyRow,
): string {
  switch (format) {
    case "table":
      return `${op === "insert" ? "+" : op === "update" ? "~" : "-"} ${printable(readable(row))}`;
    case "json":
      return `{"op":"${op}","seq":${seq},"data":${jsonOf(row)}}`;
    case "csv":
      return formatRows("csv", ["op", "seq", ...columns], [{ ...row, op, seq }])
        .split("\r\n")
        .slice(1)
        .join("\r\n")
        .trimEnd();
  }
}

/** The error with the place in the text, as a person wants to see it. */
function statementFailed(text: string, error: GeodeError): CommandError {
  const { position } = error;
  let message = `${error.message} (${error.code})`;
  if (position !== undefined) {
    const line = text.split("\n")[position.line - 1] ?? "";
    message += `\n\n  ${line}\n  ${" ".repeat(Math.max(0, position.column - 1))}^ line ${position.line}, column ${position.column}`;
  }
  const exitCode = error.code === "UNAVAILABLE" ? EXIT.unreachable : EXIT.failed;
  return new CommandError(exitCode, message, { hint: error.hint, cause: error });
}
