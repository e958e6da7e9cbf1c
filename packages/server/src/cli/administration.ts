import { tokenSource, type AccessOptions } from "./access.ts";
import { askServer, refusalOf } from "./ask-server.ts";
import { CommandError, EXIT } from "./exit.ts";
import { formatRows, type Format } from "./format.ts";
import type { Terminal } from "./terminal.ts";

export interface ConnectionsOptions extends AccessOptions {
  readonly url: string;
  readonly user?: string;
  readonly format: Format;
}

export interface RevokeOptions extends AccessOptions {
  readonly url: string;
  readonly user?: string;
  readonly tokenId?: string;
  readonly session?: string;
}

/** What `GET /admin/connections` answers, as far as it is shown. */
interface Pool {
  readonly total_connections: number;
  readonly capacity_used: string;
  readonly found: number;
  readonly connections: readonly Readonly<Record<string, string | number | undefined>>[];
}

const SHOWN_MAX = 1_000;
const COLUMNS = [
  "session",
  "user",
  "remote_address",
  "opened_at",
  "expires_at",
  "subscriptions",
  "in_flight",
  "token_id",
];
const NO_SERVER = "Is a server running there? Only a running one has connections.";

/** Prints who is connected. */
export async function runConnections(
  options: ConnectionsOptions,
  terminal: Terminal,
): Promise<void> {
  const { format, user } = options;
  const search = new URLSearchParams({ limit: String(SHOWN_MAX) });
  if (user !== undefined) search.set("user", user);
  const pool = (await answered(
    options,
    terminal,
    "GET",
    `admin/connections?${search.toString()}`,
  )) as Pool;
  const rows = pool.connections.map((connection) =>
    Object.fromEntries(COLUMNS.map((column) => [column, connection[column] ?? null])),
  );
  terminal.out(formatRows(format, COLUMNS, rows));
  const open = `${pool.total_connections} open, ${pool.capacity_used} of what is allowed`;
  const more = pool.found > rows.length ? `; ${pool.found - rows.length} more are not shown` : "";
  terminal.err(`${open}${more}\n`);
}

/** Takes access back, and ends the connections that rest on it. */
export async function runRevoke(options: RevokeOptions, terminal: Terminal): Promise<void> {
  const { session, tokenId, user } = options;
  const asked = [
    ["PUT", "admin/revocations/users/", user],
    ["PUT", "admin/revocations/tokens/", tokenId],
    ["DELETE", "admin/connections/", session],
  ] as const;
  const [first, ...others] = asked.filter(([, , target]) => target !== undefined);
  if (first === undefined || others.length > 0) {
    throw new CommandError(EXIT.usage, "give one of --user, --token-id and --session", {
      hint: "`geode connections` shows all three.",
    });
  }
  const [method, place, target] = first;
  const path = `${place}${encodeURIComponent(target!)}`;
  const { closed } = (await answered(options, terminal, method, path)) as { closed: number };
  terminal.err(`Done; ${closed} ${closed === 1 ? "connection" : "connections"} ended.\n`);
}

async function answered(
  options: AccessOptions & { readonly url: string },
  terminal: Terminal,
  method: string,
  path: string,
): Promise<unknown> {
  const { url } = options;
  const token = await (await tokenSource(options, terminal))();
  const response = await askServer({ url, path, method, token, hint: NO_SERVER });
  if (response.status !== 200) throw await refusalOf(url, response, "cannot do that");
  return response.json();
}
