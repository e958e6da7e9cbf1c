/** What the clients' process is told. */
export type Order =
  | {
      readonly kind: "connect";
      readonly url: string;
      readonly token: string;
      readonly count: number;
      /** Topics that the connections watch, each as many as the others. */
      readonly topics: number;
      /** Connections that are being opened at a time. */
      readonly opening: number;
    }
  /** From now on some connections read nothing, and every second some are cut off and come back. */
  | { readonly kind: "roughen"; readonly slowShare: number; readonly killedPerSecond: number }
  /** Everybody reads again, nobody is cut off. */
  | { readonly kind: "calm" }
  /** Asks for what was seen since the last time. */
  | { readonly kind: "report" }
  /** Asks how many do not have these values, by topic. */
  | { readonly kind: "verify"; readonly values: readonly number[] };

export type Answer =
  | { readonly kind: "connected"; readonly tookMs: number; readonly failures: number }
  | { readonly kind: "report"; readonly report: Report }
  | { readonly kind: "verified"; readonly open: number; readonly wrong: number };

export interface Report {
  /** Updates that arrived at connections that read all the time, and how late after their write was sent. */
  readonly delivered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Updates that did not follow on what the connection had. */
  readonly broken: number;
  readonly killed: number;
  /** How those that came back were received. */
  readonly resumed: number;
  readonly reset: number;
  /** Connections that the server ended, by close code. */
  readonly closed: Readonly<Record<string, number>>;
}
