import { ID_BYTES_MAX } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type { Audit } from "./audit.ts";
import { credentialsOf, RPC_SUBPROTOCOL, SUBPROTOCOL } from "./auth/credentials.ts";
import { originAllowed } from "./auth/origin.ts";
import type { TokenVerifier } from "./auth/token.ts";
import type { Clock } from "./clock.ts";
import { Bucket, type Rate } from "./limits/bucket.ts";
import type { Source, TrustedProxies } from "./limits/proxies.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { SessionStart, SessionWishes } from "./session/session.ts";
import type {
  Admission,
  Connection,
  ConnectionListener,
  Handshake,
} from "./transport/connection.ts";

export interface HandshakesOptions {
  readonly verifier: TokenVerifier;
  readonly proxies: TrustedProxies;
  readonly rate: Rate;
  /** See {@link originAllowed}. */
  readonly allowedOrigins: readonly string[] | undefined;
  /** Whether the server is about to stop. */
  readonly stopping: () => boolean;
  /** Whether one more connection may come from there. */
  readonly hasRoom: (source: Source) => boolean;
  readonly open: (
    connection: Connection,
    source: Source,
    start: SessionStart,
    wishes: SessionWishes,
  ) => ConnectionListener;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly audit: Audit;
}

/** Where those who speak y-websocket connect. */
const DOCUMENT_PATH = "/yjs/";
/** When an address with too many connections may ask again. */
const ADDRESS_RETRY_SECONDS = 10;
/** When to ask again if tokens cannot be checked. */
const TOKEN_RETRY_SECONDS = 10;

/** Decides on handshakes, from the cheapest question to the dearest: nobody's token is checked before there is room for them. */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #rate: Bucket;

  constructor(options: HandshakesOptions) {
    this.#options = options;
    this.#rate = new Bucket(options.rate, options.clock.nowMs());
  }

  async admit(handshake: Handshake): Promise<Admission> {
    const admission = await this.#decide(handshake);
    if (admission.kind === "refused") this.#options.metrics.refused(admission.status);
    return admission;
  }

  async #decide(handshake: Handshake): Promise<Admission> {
    const { allowedOrigins, clock, hasRoom, metrics, open, proxies, stopping } = this.#options;
    const { host, origin, path, protocols } = handshake;
    const document = documentIn(path);
    if (path !== "/ws" && document === undefined)
      return refused(404, "Not found: WebSocket connections go to /ws, or to /yjs/<document>");
    if (stopping()) return busy("Service restart", 1);
    if (!originAllowed(origin, host, allowedOrigins)) return refused(403, "Origin not allowed");
    const source = proxies.sourceOf(handshake.remoteAddress, handshake.forwardedFor);
    if (!hasRoom(source)) {
      metrics.limitReached("connectionsPerAddressMax");
      return busy("Too many connections from this address", ADDRESS_RETRY_SECONDS);
    }
    // What has no room anyway must not use up what others may need.
    const waitMs = this.#rate.take(clock.nowMs());
    if (waitMs > 0) {
      metrics.limitReached("handshakesPerSecond");
      return busy("Too many new connections", Math.ceil(waitMs / 1000));
    }
    const start = await this.#startOf(handshake, source);
    if (start.kind === "refused") return start;
    const protocol = protocols.find((name) => name === SUBPROTOCOL || name === RPC_SUBPROTOCOL);
    const wishes = {
      channels: channelsOf(handshake),
      room: nameIn(handshake, "room"),
      document,
      client: nameIn(handshake, "client"),
      rpc: protocol === RPC_SUBPROTOCOL,
    };
    return {
      kind: "accepted",
      protocol,
      open: (connection) => open(connection, source, start, wishes),
    };
  }

  async #startOf(
    handshake: Handshake,
    { address }: Source,
  ): Promise<SessionStart | Extract<Admission, { kind: "refused" }>> {
    const { audit, verifier } = this.#options;
    const credentials = credentialsOf(handshake);
    switch (credentials.place) {
      case "none":
        return { kind: "waiting" };
      case "url":
        return { kind: "token", token: credentials.token };
      case "header":
        try {
          return { kind: "identity", identity: await verifier.verify(credentials.token) };
        } catch (error) {
          if (!(error instanceof GeodeError)) throw error;
          if (error.code === "UNAVAILABLE") return busy(error.message, TOKEN_RETRY_SECONDS);
          audit.record({ event: "token refused", remoteAddress: address, why: error.message });
          return refused(401, "Invalid token");
        }
    }
  }
}

/** What stands there, unless it is too long for a name. */
function nameIn({ search }: Handshake, parameter: string): string | undefined {
  return named(search.get(parameter) ?? "");
}

/** `/yjs/<document>`; what stands there may have slashes of its own. */
function documentIn(path: string): string | undefined {
  if (!path.startsWith(DOCUMENT_PATH)) return undefined;
  try {
    return named(decodeURIComponent(path.slice(DOCUMENT_PATH.length)));
  } catch {
    return undefined;
  }
}

function named(name: string): string | undefined {
  return name === "" || Buffer.byteLength(name) > ID_BYTES_MAX ? undefined : name;
}

/** `?channels=a,b`. */
function channelsOf({ search }: Handshake): readonly string[] {
  return (search.get("channels") ?? "").split(",").filter((name) => name !== "");
}

function refused(status: number, message: string): Extract<Admission, { kind: "refused" }> {
  return { kind: "refused", status, message };
}

function busy(message: string, retryAfterSeconds: number): Extract<Admission, { kind: "refused" }> {
  return { kind: "refused", status: 503, message, retryAfterSeconds };
}
