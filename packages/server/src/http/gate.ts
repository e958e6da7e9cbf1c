import { GeodeError } from "@geode/values";
import { bearerOf } from "../auth/credentials.ts";
import type { Identity, TokenVerifier } from "../auth/token.ts";
import type { Audit } from "../audit.ts";
import type { HttpRates } from "../limits/http-rates.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import { plainText, tooManyRequests } from "./plain-text.ts";

export interface GateOptions {
  readonly verifier: Pick<TokenVerifier, "verify">;
  readonly audit: Audit;
  readonly rates: Pick<HttpRates, "ofUser">;
}

export type Passage =
  | { readonly kind: "passed"; readonly identity: Identity }
  | { readonly kind: "refused"; readonly answer: HttpAnswer };

/** Who may ask over HTTP for what is not for everybody: a token in the header, as on the WebSocket, and one of some roles. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** `roles` has one that is enough each; `what` names the thing in the refusal and in the audit. */
  async pass(request: HttpRequest, what: string, ...roles: readonly string[]): Promise<Passage> {
    const { audit, rates, verifier } = this.#options;
    const { authorization, clientAddress: remoteAddress } = request;
    if (authorization === undefined) return refused(401, "Authentication required");
    let identity: Identity;
    try {
      identity = await verifier.verify(bearerOf(authorization));
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      if (error.code === "UNAVAILABLE") return refused(503, error.message);
      audit.record({ event: "token refused", remoteAddress, why: error.message });
      return refused(401, "Invalid token");
    }
    const waitMs = rates.ofUser(identity.principal.id);
    if (waitMs > 0) return { kind: "refused", answer: tooManyRequests(waitMs) };
    if (roles.some((role) => identity.principal.roles.includes(role)))
      return { kind: "passed", identity };
    audit.record({ event: "forbidden", user: identity.principal.id, remoteAddress, what });
    return refused(403, `${what} needs the role ${roles.join(" or ")}`);
  }
}

function refused(status: number, message: string): Passage {
  const headers: Record<string, string> =
    status === 401
      ? { "www-authenticate": "Bearer" }
      : status === 503
        ? { "retry-after": "10" }
        : {};
  return { kind: "refused", answer: plainText(status, message, headers) };
}
