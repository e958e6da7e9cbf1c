import { decodeJwt } from "jose";
import { CommandError, EXIT } from "./exit.ts";
import { localSecret } from "./access.ts";
import { signToken } from "../auth/token.ts";
import { systemClock } from "../clock.ts";
import type { Terminal } from "./terminal.ts";

export interface TokenOptions {
  readonly user: string;
  readonly name?: string;
  readonly role?: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  readonly data: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
}

/** Prints a token, alone on the last line. */
export async function runToken(options: TokenOptions, terminal: Terminal): Promise<void> {
  const secret = await localSecret(options.data, terminal);
  if (secret === undefined) {
    throw new CommandError(EXIT.usage, `there is no secret to sign with in ${options.data}`, {
      hint: "Set JWT_SECRET to the server's, or name its data directory with --data. The first `geode serve` makes one.",
    });
  }
  const roles = options.role ?? [];
  const token = await signToken(
    {
      user: options.user,
      name: options.name,
      roles,
      ttlMs: options.ttl,
      issuer: options.jwtIssuer,
      audience: options.jwtAudience,
    },
    secret,
    systemClock,
  );
  const endsAt = new Date(systemClock.nowMs() + options.ttl).toISOString();
  const withRoles = roles.length === 0 ? "no roles" : `the roles ${roles.join(", ")}`;
  const { jti } = decodeJwt(token);
  terminal.err(`A token for ${options.user} with ${withRoles}, valid until ${endsAt}.\n`);
  terminal.err(`An administrator can revoke it by its id: ${jti}\n`);
  terminal.out(`${token}\n`);
}
