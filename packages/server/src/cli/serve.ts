import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Database } from "@geode/engine";
import { LIMIT_NAMES, LIMITS, limitsWith, type LimitName } from "@geode/protocol";
import type { Logger } from "pino";
import { configuredSecret, keptSecret } from "../auth/secret.ts";
import type { Secret } from "../auth/keys.ts";
import { revocationFile } from "../auth/revocation-file.ts";
import { signToken } from "../auth/token.ts";
import { systemClock } from "../clock.ts";
import { Demo } from "../demo/demo.ts";
import type { Rate } from "../limits/bucket.ts";
import { databaseLimits } from "../limits/database-limits.ts";
import { inFile } from "../policy/file.ts";
import { Server, type ServerOptions } from "../server.ts";
import type { TlsFiles } from "../transport/listener.ts";
import { LOCAL_USER } from "./access.ts";
import { CommandError, EXIT } from "./exit.ts";
import { fileLog, standardLog } from "./log-output.ts";
import { tokenKeysOf, type ReloadableKeys } from "./token-keys.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly demo: boolean;
  readonly demoLock?: string;
  readonly durability: "durable" | "relaxed";
  readonly readers: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure: boolean;
  readonly allowedOrigins?: readonly string[];
  readonly invalidMessages: "close" | "tolerate";
  readonly rateLimit?: Rate;
  readonly trustedProxies?: readonly string[];
  readonly metricsPublic: boolean;
  readonly policy?: string;
  readonly jwtPublicKey?: string;
  readonly jwks?: string;
  readonly jwtAlgorithms?: readonly string[];
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly auditLog?: string;
  readonly logLevel?: string;
  /** Limits by their attribute names; see {@link limitAttribute}. */
  readonly [limit: string]: unknown;
}

const LINK_TOKEN_MS = 3_600_000;
/** From the end of draining to the end of the process, whatever happens. */
const SHUTDOWN_MS = 3_000;
const SAME_SIGNAL_MS = 500;

/** Runs the server until it is told to stop. */
export async function runServe(options: ServeOptions, terminal: Terminal): Promise<void> {
  // From the first moment on: until it serves, the process just ends, which loses nothing.
  let serving = false;
  const interrupted = terminal.interrupted();
  void interrupted.then(() => serving || process.exit(EXIT.interrupted));
  const tls = await readTls(options);
  const secret = await secretOf(options, terminal);
  const log = standardLog(options.logLevel ?? (terminal.interactive ? "warn" : "info"));
  const audit =
    options.auditLog === undefined
      ? undefined
      : fileLog(options.auditLog, (why) => log.error({ why }, "audit not written"));
  const keys = await tokenKeysOf(options, log);
  const directory = resolve(options.data);
  const { durability, readers } = options;
  const database = await Database.open({
    directory,
    durability,
    readers,
    ...databaseLimits(limitsWith(givenLimits(options))),
  });
  let server: Server | undefined;
  let demo: Demo | undefined;
  try {
    if (options.policy !== undefined) await applyPolicyFile(database, options.policy, log);
    server = await Server.start(
      serverOptions(options, { database, secret, tls, log, auditLog: audit?.log, keys }),
    );
    const reload = (): void => {
      void reloadTls(options, server!, log);
      void keys?.reload();
      audit?.reopen();
    };
    process.on("SIGHUP", reload);
    if (options.demo) demo = await Demo.start({ database, lockFile: options.demoLock, log });
    const text = await greeting(options, { server, secret, directory, demo });
    serving = true;
    terminal.out(text);
    const signal = await interrupted;
    log.info({ signal }, "stopping");
    endOnSecondSignal();
    setTimeout(
      () => process.exit(EXIT.failed),
      limitsWith(givenLimits(options)).drainMsMax + SHUTDOWN_MS,
    ).unref();
    process.off("SIGHUP", reload);
  } finally {
    await demo?.close();
    await server?.close();
    await database.close();
  }
}

/** Before anybody is let in. */
async function applyPolicyFile(database: Database, file: string, log: Logger): Promise<void> {
  const { seq } = database;
  const applied = await inFile(file, (document) => database.applyPolicy(document));
  if (applied.seq > seq) log.info({ file, seq: applied.seq }, "policy applied");
}

/** A person who asks again wants it to end now. One Ctrl+C may arrive twice: from the terminal, and from whoever started us. */
function endOnSecondSignal(): void {
  const firstMs = systemClock.nowMs();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (systemClock.nowMs() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
    });
  }
}

/** The name under which commander keeps a limit's value. */
export function limitAttribute(name: LimitName): string {
  return LIMITS[name].option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function givenLimits(options: ServeOptions): NonNullable<ServerOptions["limits"]> {
  return Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, options[limitAttribute(name)] as number | undefined]),
  );
}

function serverOptions(
  options: ServeOptions,
  parts: {
    database: Database;
    secret: Secret;
    tls: TlsFiles | undefined;
    log: Logger;
    auditLog: Logger | undefined;
    keys: ReloadableKeys | undefined;
  },
): ServerOptions {
  const { auditLog, database, keys, secret, tls, log } = parts;
  const { allowedOrigins, host, insecure, invalidMessages, port, rateLimit, trustedProxies } =
    options;
  return {
    database,
    secret,
    host,
    port,
    insecure,
    invalidMessages,
    limits: givenLimits(options),
    log,
    auditLog,
    metricsPublic: options.metricsPublic,
    tokenKeys: keys === undefined ? [] : [keys],
    tokenIssuer: options.jwtIssuer,
    tokenAudience: options.jwtAudience,
    revocationStore: revocationFile(resolve(options.data)),
    ...(tls === undefined ? {} : { tls }),
    ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
    ...(rateLimit === undefined ? {} : { rate: rateLimit }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  };
}

async function secretOf({ data }: ServeOptions, { env }: Terminal): Promise<Secret> {
  const configured = env["JWT_SECRET"];
  return configured === undefined || configured === ""
    ? keptSecret(data)
    : configuredSecret(configured);
}

async function readTls({ tlsCert, tlsKey }: ServeOptions): Promise<TlsFiles | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CommandError(EXIT.usage, "TLS needs both --tls-cert and --tls-key");
  }
  try {
    return { cert: await readFile(tlsCert), key: await readFile(tlsKey) };
  } catch (cause) {
    throw new CommandError(EXIT.usage, `cannot read the certificate or its key: ${String(cause)}`, {
      cause,
    });
  }
}

/** A certificate that does not load leaves the present one in place. */
async function reloadTls(options: ServeOptions, server: Server, log: Logger): Promise<void> {
  try {
    const tls = await readTls(options);
    if (tls === undefined) return;
    server.replaceTls(tls);
    log.info("certificate reloaded");
  } catch (error) {
    log.error({ error: String(error) }, "certificate not reloaded; the present one stays");
  }
}

async function greeting(
  options: ServeOptions,
  parts: { server: Server; secret: Secret; directory: string; demo: Demo | undefined },
): Promise<string> {
  const { server, secret, directory, demo } = parts;
  const claims = {
    user: LOCAL_USER,
    roles: ["admin"],
    ttlMs: LINK_TOKEN_MS,
    issuer: options.jwtIssuer,
    audience: options.jwtAudience,
  };
  const token = await signToken(claims, secret, systemClock);
  const page = reachable(server.url);
  const lines = [
    "Geode is running.",
    "",
    `  Console    ${page}/#token=${token}`,
    `             The link signs you in as ${LOCAL_USER} for an hour; \`geode token\` makes others.`,
    `  WebSocket  ${page.replace(/^http/, "ws")}/ws`,
    `  Data       ${directory}${options.durability === "relaxed" ? " (relaxed: the last moments may be lost in a power cut)" : ""}`,
  ];
  if (demo !== undefined) lines.push(`  Demo       ${demo.summary}`);
  return `${[...lines, "", "Stop it with Ctrl+C."].join("\n")}\n`;
}

/** An address to click on: a server on all addresses is reached by the loopback one. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}
