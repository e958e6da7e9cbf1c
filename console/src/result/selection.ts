import type { PlainValue } from "@geode/client";
import { Store } from "../store.ts";

/** What the inspector shows: an element of the graph (by id, so that it follows a live result) or any other value. */
export type Selection =
  | { readonly kind: "none" }
  | { readonly kind: "element"; readonly id: string }
  | { readonly kind: "value"; readonly title: string; readonly value: PlainValue };

export const selection = new Store<Selection>({ kind: "none" });

export function select(next: Selection): void {
  selection.set(next);
}
