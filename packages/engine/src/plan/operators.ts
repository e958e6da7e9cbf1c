import type { AggregateName } from "./aggregate-name.ts";
import type { Expression, LabelExpression, Variable } from "./expression.ts";
import type { ProcedureSignature } from "./procedure.ts";

/**
 * The logical plan: what to do, as data. A part is a list of operators, each working on the rows of the one before; the first starts
 * from one empty row. Patterns stay atoms here; in which order they are matched is decided per graph by the planner.
 */
export interface Query {
  readonly operators: readonly Operator[];
  readonly output: Output;
}

export type Operator =
  | MatchOperator
  | { readonly kind: "filter"; readonly predicate: Expression }
  /** New variables beside those in scope. */
  | { readonly kind: "let"; readonly items: readonly Item[] }
  /** One row per item of a list; `ordinal` counts from `ordinalBase`. */
  | {
      readonly kind: "for";
      readonly list: Expression;
      readonly variable: Variable;
      readonly ordinal: Variable | null;
      readonly ordinalBase: 0 | 1;
      readonly hidden: Variable;
      readonly offset: number;
    }
  | {
      readonly kind: "distinct";
      readonly variables: readonly Variable[];
      readonly rowKey: Variable;
    }
  /** The scope becomes keys and aggregates. Without keys there is always one row. */
  | {
      readonly kind: "aggregate";
      readonly keys: readonly Item[];
      readonly aggregates: readonly Aggregate[];
      readonly rowKey: Variable;
    }
  | CallOperator
  | ProcedureOperator
  | CombineOperator
  /** The element that a value is, to match from: `variable` is its slot; NULL for what is no such element. */
  | {
      readonly kind: "element";
      readonly variable: Variable;
      readonly of: Variable;
      /** Whether an edge is to be drawn to it, which it has to be in this graph for. */
      readonly asEnd: boolean;
      readonly offset: number;
    }
  | UseOperator
  | { readonly kind: "sort"; readonly keys: readonly SortKey[] }
  | { readonly kind: "slice"; readonly offset: Bound | null; readonly limit: Bound | null }
  | WriteOperator;

/**
 * What follows works on another graph (ISO/IEC 39075:2024 §16.2). Nodes and edges are held by their place in one graph, so whatever of
 * them is looked at behind it goes on as values: no variable of another graph crosses.
 */
export interface UseOperator {
  readonly kind: "use";
  /** null: the graph that the statement is run in. */
  readonly graph: GraphScope;
  readonly carried: readonly Item[];
  /** The key of the row so far. */
  readonly rowKey: Variable;
  readonly offset: number;
}

/** A graph by name; null for the one that the statement is run in. */
export type GraphScope = string | null;

/** A query per row, over the row's variables: each of its rows is put beside the row. */
export interface CallOperator {
  readonly kind: "call";
  readonly query: Query;
  /** Keeps a row for which the query has none. */
  readonly optional: boolean;
  /** The columns of the query, in order, as variables of this one; elements of another graph as values. */
  readonly columns: readonly Variable[];
  readonly rowKey: Variable;
}

/** A procedure per row: each of its rows is put beside the row. */
export interface ProcedureOperator {
  readonly kind: "procedure";
  readonly procedure: ProcedureSignature;
  readonly args: readonly Expression[];
  readonly columns: readonly { readonly index: number; readonly variable: Variable }[];
  /** Keeps a row for which the procedure has none. */
  readonly optional: boolean;
  /** Which row of the procedure it is. */
  readonly hidden: Variable;
  readonly offset: number;
}

/** Set operators (ISO/IEC 39075:2024 §14.2), from left to right over queries with the same columns. */
export interface CombineOperator {
  readonly kind: "combine";
  readonly operation: "union" | "except" | "intersect" | "otherwise";
  /** Keeps duplicates. */
  readonly all: boolean;
  readonly branches: readonly Query[];
  readonly columns: readonly Variable[];
  readonly rowKey: Variable;
}

/** A number of rows: a non-negative integer without variables. `where` is the source offset for errors. */
export interface Bound {
  readonly expression: Expression;
  readonly where: number;
}

export interface MatchOperator {
  readonly kind: "match";
  readonly optional: boolean;
  readonly nodes: readonly NodeAtom[];
  readonly edges: readonly EdgeAtom[];
  readonly repeats: readonly RepeatAtom[];
  readonly searches: readonly SearchAtom[];
  /** Conjuncts over the variables of this and earlier operators. */
  readonly predicates: readonly Expression[];
  /** Variables bound here and not before. */
  readonly introduces: readonly Variable[];
  /** Pairs of edge variables of this MATCH that must differ (DIFFERENT EDGES, ISO/IEC 39075:2024 §16.4). */
  readonly differentEdges: boolean;
}

export interface NodeAtom {
  readonly variable: Variable;
  readonly labels: LabelExpression | null;
}

export interface EdgeAtom {
  readonly variable: Variable;
  readonly from: Variable;
  readonly to: Variable;
  /** "out": from → to. Left-pointing edges are turned around when bound. */
  readonly direction: "out" | "any";
  readonly labels: LabelExpression | null;
}

/** A part of a path that is gone through several times, each time from where the last one ended. */
export interface PartAtom {
  readonly min: number;
  /** null: as often as it goes. */
  readonly max: number | null;
  /** Once through is any of these: one, unless the part is a choice of paths (`|`, `|+|`). */
  readonly ways: readonly PartWay[];
  /** Ways over the same elements that bind the same variables to the same elements are one way (`|`). */
  readonly distinct: boolean;
  /** All that was gone over, edge, node, … */
  readonly steps: Variable;
  /** Its variables are single elements outside, and not lists. */
  readonly single: boolean;
  /** What variables inside are outside; `inner` has one for each way, null where the way has no such variable. */
  readonly groups: readonly {
    readonly outer: Variable;
    readonly inner: readonly (Variable | null)[];
  }[];
  /** Which ways were taken, where equal rows have to be told apart (`|+|`). */
  readonly taken: Variable | null;
}

/** Once through a part: a pattern from `first` to `last`, with variables of its own. */
export interface PartWay {
  readonly body: MatchOperator;
  readonly first: Variable;
  readonly last: Variable;
  /** What comes after `first`, in order: edges, nodes, and the steps of parts inside. */
  readonly elements: readonly Variable[];
  /** The `taken` of the parts inside. */
  readonly taken: readonly Variable[];
}

export interface RepeatAtom extends PartAtom {
  readonly from: Variable;
  readonly to: Variable;
  /** No node twice on the way. */
  readonly acyclic: boolean;
  /** No edge twice on the way. */
  readonly trail: boolean;
}

/** Paths of which only some count for every first and last node (ISO/IEC 39075:2024 §16.6). */
export interface SearchAtom {
  readonly from: Variable;
  readonly to: Variable;
  /** One after the other; what is not repeated is gone through once. */
  readonly parts: readonly PartAtom[];
  readonly mode: "walk" | "trail" | "acyclic" | "simple";
  /** The shortest: so many paths, or all paths of so many lengths. */
  readonly unit: "paths" | "groups";
  readonly count: Bound;
  /** Paths for which one of these is not TRUE do not take part. */
  readonly conditions: readonly Expression[];
}

export interface Item {
  readonly variable: Variable;
  readonly expression: Expression;
}

export interface SortKey {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls: "first" | "last";
}

export interface Aggregate {
  readonly variable: Variable;
  readonly name: AggregateName;
  readonly distinct: boolean;
  /** null for COUNT(*). */
  readonly argument: Expression | null;
  /** Percentiles only: which one, 0 to 1. */
  readonly parameter: Expression | null;
  readonly offset: number;
}

export type WriteOperator =
  | MergeOperator
  | {
      readonly kind: "insert";
      readonly nodes: readonly InsertNodeAtom[];
      readonly edges: readonly InsertEdgeAtom[];
    }
  | { readonly kind: "set"; readonly items: readonly SetItem[] }
  | { readonly kind: "remove"; readonly items: readonly RemoveItem[] }
  | {
      readonly kind: "delete";
      readonly detach: boolean;
      readonly targets: readonly { readonly expression: Expression; readonly offset: number }[];
    };

/** Per row: the pattern's bindings, or one that is inserted. */
export interface MergeOperator {
  readonly kind: "merge";
  readonly match: MatchOperator;
  readonly nodes: readonly InsertNodeAtom[];
  readonly edges: readonly InsertEdgeAtom[];
  readonly onCreate: readonly SetItem[];
  readonly onMatch: readonly SetItem[];
  readonly offset: number;
}

export interface InsertNodeAtom {
  readonly variable: Variable;
  readonly labels: readonly string[];
  readonly properties: Expression | null;
  readonly offset: number;
}

export interface InsertEdgeAtom {
  readonly variable: Variable;
  readonly label: string;
  readonly from: Variable;
  readonly to: Variable;
  readonly properties: Expression | null;
  readonly offset: number;
}

export type SetItem =
  | {
      readonly kind: "property";
      readonly target: Expression;
      readonly key: string;
      readonly value: Expression;
      readonly offset: number;
    }
  /** Labels that a text or a list of texts names. */
  | ComputedLabels
  /** `=` replaces all properties, `+=` adds to them. */
  | {
      readonly kind: "properties";
      readonly target: Expression;
      readonly value: Expression;
      readonly replace: boolean;
      readonly offset: number;
    }
  | {
      readonly kind: "labels";
      readonly target: Expression;
      readonly labels: readonly string[];
      readonly offset: number;
    };

export interface ComputedLabels {
  readonly kind: "computedLabels";
  readonly target: Expression;
  readonly value: Expression;
  readonly offset: number;
}

export type RemoveItem =
  | ComputedLabels
  /** Those that the record names. */
  | {
      readonly kind: "properties";
      readonly target: Expression;
      readonly value: Expression;
      readonly offset: number;
    }
  | {
      readonly kind: "property";
      readonly target: Expression;
      readonly key: string;
      readonly offset: number;
    }
  | {
      readonly kind: "labels";
      readonly target: Expression;
      readonly labels: readonly string[];
      readonly offset: number;
    };

/** What leaves the statement. */
export type Output =
  | { readonly kind: "rows"; readonly columns: readonly OutputColumn[] }
  /** `SELECT *`: each row is this record; its columns are whatever fields there are. */
  | { readonly kind: "records"; readonly variable: Variable }
  | { readonly kind: "nothing" };

export interface OutputColumn {
  readonly name: string;
  readonly text: string;
  readonly variable: Variable;
}
