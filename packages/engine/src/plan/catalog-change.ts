import type { ElementKind, Requirement } from "../graph/effect.ts";

/** A change of what there is beside the data, with its names resolved as far as they can be without a graph. */
export type CatalogChange =
  | (NewIndex & { readonly kind: "createIndex" })
  | (NewConstraint & { readonly kind: "createConstraint" })
  | {
      readonly kind: "dropIndex" | "dropConstraint";
      readonly name: string;
      readonly ifExists: boolean;
    };

export interface NewIndex {
  /** Null for one that is made of what it is on. */
  readonly name: string | null;
  readonly ifNotExists: boolean;
  readonly element: ElementKind;
  readonly label: string;
  /** Each once. */
  readonly properties: readonly string[];
}

export interface NewConstraint extends NewIndex {
  readonly requirement: Requirement;
}
