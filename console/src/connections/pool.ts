/** A connection of the server, as `GET /admin/connections` tells of it (PROTOCOL.md 15). */
export interface PoolConnection {
  readonly session: string;
  readonly user?: string;
  readonly remote_address: string;
  readonly opened_at: string;
  readonly expires_at?: string;
  readonly subscriptions: number;
  readonly in_flight: number;
}

/** All connections of the server, as far as they are shown. */
export interface Pool {
  readonly total_connections: number;
  readonly capacity_used: string;
  readonly errors: number;
  readonly messages: { readonly sent: number; readonly received: number };
  readonly found: number;
  readonly connections: readonly PoolConnection[];
}

const SHOWN_MAX = 200;

/** Throws with what the server said when it does not tell. */
export async function loadPool(token: string): Promise<Pool> {
  const response = await asked(`admin/connections?limit=${SHOWN_MAX}`, "GET", token);
  return (await response.json()) as Pool;
}

/** Ends a connection. One that is gone already is as good. Throws with what the server said. */
export async function endConnection(session: string, token: string): Promise<void> {
  await asked(`admin/connections/${encodeURIComponent(session)}`, "DELETE", token, [404]);
}

async function asked(
  path: string,
  method: string,
  token: string,
  expected: readonly number[] = [],
): Promise<Response> {
  const address = new URL(path, window.location.origin);
  const response = await fetch(address, { method, headers: { authorization: `Bearer ${token}` } });
  if (response.ok || expected.includes(response.status)) return response;
  throw new Error((await response.text()).trim() || `HTTP ${response.status}`);
}
