/** What a session does from here on (ISO/IEC 39075:2024 §7). */
export type SessionCommand =
  /** null: the graph that it is in. */
  | { readonly action: "setGraph"; readonly graph: string | null }
  | { readonly action: "setTimeZone" }
  /** There is one schema. */
  | { readonly action: "setSchema" }
  | { readonly action: "setParameter"; readonly name: string; readonly ifNotExists: boolean }
  | { readonly action: "resetParameter"; readonly name: string }
  | { readonly action: "resetGraph" | "resetTimeZone" | "resetParameters" | "resetAll" | "close" };
