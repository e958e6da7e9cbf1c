import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { configuredSecret } from "../auth/secret.ts";
import { signToken } from "../auth/token.ts";
import { systemClock } from "../clock.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Who a command is when it signs its own token, and who an import into a data directory is. */
export const LOCAL_USER = "cli";
const OWN_TOKEN_MS = 3_600_000;

export interface AccessOptions {
  readonly token?: string;
  readonly data: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
}

/**
 * The token for a server: the one given, or one made here by whoever may read the secret anyway (JWT_SECRET, or the file in the data
 * directory). A function, so that a long connection gets a fresh one.
 */
export async function tokenSource(
  options: AccessOptions,
  terminal: Terminal,
): Promise<() => Promise<string>> {
  const { token } = options;
  if (token !== undefined) return () => Promise.resolve(token);
  const secret = await localSecret(options.data, terminal);
  if (secret === undefined) {
    throw new CommandError(EXIT.usage, "no token to connect with", {
      hint: `Give --token or GEODE_TOKEN, set JWT_SECRET, or name the server's data directory with --data (${options.data} holds no secret).`,
    });
  }
  const claims = {
    user: LOCAL_USER,
    roles: ["admin"],
    ttlMs: OWN_TOKEN_MS,
    issuer: options.jwtIssuer,
    audience: options.jwtAudience,
  };
  return () => signToken(claims, secret, systemClock);
}

/** JWT_SECRET, or what the data directory keeps; undefined if there is neither. */
export async function localSecret(
  directory: string,
  terminal: Terminal,
): Promise<Uint8Array | undefined> {
  const configured = terminal.env["JWT_SECRET"];
  if (configured !== undefined && configured !== "") return configuredSecret(configured);
  try {
    return configuredSecret((await readFile(join(directory, "jwt-secret"), "utf8")).trim());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code !== "EACCES") throw cause;
    throw new CommandError(EXIT.usage, `the secret in ${directory} belongs to another user`, {
      hint: "Give --token, made by whoever runs the server with `geode token`.",
      cause,
    });
  }
}
