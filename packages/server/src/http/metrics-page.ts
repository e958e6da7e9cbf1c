import type { Metrics } from "../metrics/metrics.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import type { Gate } from "./gate.ts";

export interface MetricsPageOptions {
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  readonly gate: Gate;
  /** Whether everybody may read them. */
  readonly open: boolean;
  /** Whether a request was made on this machine, and not only handed on by it. */
  readonly isLocal: (request: HttpRequest) => boolean;
}

/** `GET /metrics`: for this machine, for the roles `admin` and `monitor`, and for others where the server is so configured. */
export class MetricsPage {
  readonly #options: MetricsPageOptions;

  constructor(options: MetricsPageOptions) {
    this.#options = options;
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    const { gate, isLocal, metrics, open } = this.#options;
    if (!open && !isLocal(request)) {
      const passage = await gate.pass(request, "/metrics", "admin", "monitor");
      if (passage.kind === "refused") return passage.answer;
    }
    return {
      status: 200,
      headers: { "content-type": metrics.contentType },
      body: await metrics.text(),
    };
  }
}
