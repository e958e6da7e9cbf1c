import type { Value } from "@geode/values";

/**
 * The syntax tree of GQL (ISO/IEC 39075:2024) with Cypher's spellings. One node kind per concept: CREATE parses to {@link Insert},
 * WITH to {@link Project}, UNWIND to {@link For}, SKIP to `offset`, and so on, so nothing behind the parser knows two dialects.
 *
 * No name is resolved here: what a variable, label or function name means is decided by the planner. Chains that a user can make long
 * (AND, OR, clauses, set operators, label operators) are flat lists, and the parser bounds the height of what is left, so a recursive
 * walk over a tree cannot overflow the stack.
 */
export interface Program {
  readonly statement: Statement;
}

/** Where a node stands in the text: offsets in UTF-16 units, `end` exclusive. `positionAt` turns an offset into line and column. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A name as it is meant, i.e. without quotes and with escapes resolved. */
export interface Name {
  readonly kind: "name";
  readonly name: string;
  readonly span: Span;
}

// Statements ---------------------------------------------------------------------------------------------------------------------------

export type Statement =
  | QueryStatement
  | Explain
  | CreateIndex
  | DropIndex
  | CreateConstraint
  | DropConstraint
  | CreateGraph
  | DropGraph
  | Show
  | StartTransaction
  | Commit
  | Rollback
  | SessionSet
  | SessionReset
  | SessionClose;

/** A query or a data-modifying statement. */
export interface QueryStatement {
  readonly kind: "queryStatement";
  readonly query: Query;
  /** "snapshot": `SUBSCRIBE [TO] …`; "changes": `… EMIT CHANGES`; null: an ordinary query. */
  readonly live: "snapshot" | "changes" | null;
  readonly span: Span;
}

/** EXPLAIN shows the plan of a statement without running it, PROFILE runs it and counts. */
export interface Explain {
  readonly kind: "explain";
  readonly mode: "explain" | "profile";
  readonly statement: Statement;
  readonly span: Span;
}

/** `CREATE INDEX [name] [IF NOT EXISTS] FOR (n:Label) ON (n.property, …)` */
export interface CreateIndex {
  readonly kind: "createIndex";
  readonly name: Name | null;
  readonly ifNotExists: boolean;
  readonly element: "node" | "edge";
  readonly label: Name;
  /** At least one. */
  readonly properties: readonly Name[];
  readonly span: Span;
}

export interface DropIndex {
  readonly kind: "dropIndex";
  readonly name: Name;
  readonly ifExists: boolean;
  readonly span: Span;
}

/** `CREATE CONSTRAINT [name] [IF NOT EXISTS] FOR (n:Label) REQUIRE n.property | (n.property, …) IS UNIQUE | IS NOT NULL | IS [NODE] KEY` */
export interface CreateConstraint {
  readonly kind: "createConstraint";
  readonly name: Name | null;
  readonly ifNotExists: boolean;
  readonly element: "node" | "edge";
  readonly label: Name;
  /** At least one. */
  readonly properties: readonly Name[];
  readonly requirement: "unique" | "exists" | "key";
  readonly span: Span;
}

export interface DropConstraint {
  readonly kind: "dropConstraint";
  readonly name: Name;
  readonly ifExists: boolean;
  readonly span: Span;
}

/** `CREATE [OR REPLACE] [PROPERTY] GRAPH [IF NOT EXISTS] name [[TYPED] ANY | LIKE graph] [AS COPY OF graph]`: an open graph. */
export interface CreateGraph {
  readonly kind: "createGraph";
  readonly name: Name;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  /** What has the indexes and constraints that it gets; null: it gets none. */
  readonly like: GraphReference | null;
  /** null: it is empty. */
  readonly copyOf: GraphReference | null;
  readonly span: Span;
}

export interface DropGraph {
  readonly kind: "dropGraph";
  readonly name: Name;
  readonly ifExists: boolean;
  readonly span: Span;
}

export interface Show {
  readonly kind: "show";
  readonly what:
    | "graphs"
    | "indexes"
    | "constraints"
    | "labels"
    | "policies"
    | "procedures"
    | "functions"
    | "subscriptions"
    | "transactions";
  readonly span: Span;
}

export interface StartTransaction {
  readonly kind: "startTransaction";
  readonly access: "readOnly" | "readWrite";
  readonly span: Span;
}

export interface Commit {
  readonly kind: "commit";
  readonly span: Span;
}

export interface Rollback {
  readonly kind: "rollback";
  readonly span: Span;
}

export interface SessionSet {
  readonly kind: "sessionSet";
  readonly target: SessionSetTarget;
  readonly span: Span;
}

export type SessionSetTarget =
  | { readonly kind: "graph"; readonly graph: GraphReference }
  | { readonly kind: "timeZone"; readonly timeZone: Expression }
  /** To the one schema that there is. */
  | { readonly kind: "schema" }
  | {
      readonly kind: "parameter";
      readonly name: Name;
      readonly ifNotExists: boolean;
      readonly value: Expression;
    };

export interface SessionReset {
  readonly kind: "sessionReset";
  readonly target: SessionResetTarget;
  readonly span: Span;
}

export type SessionResetTarget =
  | { readonly kind: "all" }
  | { readonly kind: "graph" }
  | { readonly kind: "timeZone" }
  | { readonly kind: "schema" }
  | { readonly kind: "parameters" }
  | { readonly kind: "parameter"; readonly name: Name };

export interface SessionClose {
  readonly kind: "sessionClose";
  readonly span: Span;
}

export type GraphReference =
  | { readonly kind: "namedGraph"; readonly name: Name; readonly span: Span }
  | { readonly kind: "currentGraph"; readonly span: Span }
  | { readonly kind: "homeGraph"; readonly span: Span };

// Queries ------------------------------------------------------------------------------------------------------------------------------

/** A statement block: steps joined by NEXT, each working on the rows of the one before. At least one step. */
export interface Query {
  readonly kind: "query";
  readonly steps: readonly QueryStep[];
  readonly span: Span;
}

/** A composite query: linear queries joined by set operators, applied from left to right. */
export interface QueryStep {
  readonly kind: "queryStep";
  /** `NEXT YIELD a, b AS c`: what this step takes from the one before; null takes all. */
  readonly yieldItems: readonly YieldItem[] | null;
  readonly first: LinearQuery;
  readonly rest: readonly SetOperation[];
  readonly span: Span;
}

export interface SetOperation {
  readonly kind: "setOperation";
  readonly operator: "union" | "except" | "intersect" | "otherwise";
  /** Keeps duplicates. Always true for OTHERWISE. */
  readonly all: boolean;
  readonly query: LinearQuery;
  readonly span: Span;
}

/** Clauses in the order written. At least one. */
export interface LinearQuery {
  readonly kind: "linearQuery";
  readonly clauses: readonly Clause[];
  readonly span: Span;
}

export type Clause =
  | Use
  | Match
  | OptionalBlock
  | Filter
  | Let
  | For
  | OrderAndPage
  | Return
  | Project
  | Finish
  | Select
  | Insert
  | Merge
  | SetClause
  | Remove
  | Delete
  | CallProcedure
  | CallQuery
  | NestedQuery;

/** `USE graph`: the clauses that follow work on that graph. */
export interface Use {
  readonly kind: "use";
  readonly graph: GraphReference;
  readonly span: Span;
}

export interface Match {
  readonly kind: "match";
  readonly optional: boolean;
  /** null: not written; the default is DIFFERENT EDGES. */
  readonly mode: MatchMode | null;
  /** At least one. */
  readonly paths: readonly PathPattern[];
  /** `KEEP prefix`: applies to every path that has no prefix of its own. */
  readonly keep: PathPrefix | null;
  readonly where: Expression | null;
  readonly yieldItems: readonly YieldItem[] | null;
  readonly span: Span;
}

export type MatchMode = "differentEdges" | "repeatableElements";

/** `OPTIONAL { MATCH … MATCH … }`: the MATCHes bind together or all of their variables are null. */
export interface OptionalBlock {
  readonly kind: "optionalBlock";
  readonly matches: readonly (Match | OptionalBlock)[];
  readonly span: Span;
}

export interface Filter {
  readonly kind: "filter";
  readonly condition: Expression;
  readonly span: Span;
}

export interface Let {
  readonly kind: "let";
  readonly items: readonly LetItem[];
  readonly span: Span;
}

export interface LetItem {
  readonly kind: "letItem";
  readonly variable: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `FOR x IN list [WITH ORDINALITY i | WITH OFFSET i]`; Cypher's `UNWIND list AS x`. */
export interface For {
  readonly kind: "for";
  readonly variable: Name;
  readonly list: Expression;
  /** Ordinality counts from 1, offset from 0. */
  readonly counter: { readonly kind: "ordinality" | "offset"; readonly variable: Name } | null;
  readonly span: Span;
}

/** ORDER BY, OFFSET and LIMIT, as a clause of its own or as the tail of {@link Return}, {@link Project} and {@link Select}. */
export interface OrderAndPage {
  readonly kind: "orderAndPage";
  /** Empty: no ORDER BY. */
  readonly orderBy: readonly SortItem[];
  readonly offset: Expression | null;
  readonly limit: Expression | null;
  readonly span: Span;
}

export interface SortItem {
  readonly kind: "sortItem";
  readonly expression: Expression;
  readonly descending: boolean;
  /** null: last when ascending, first when descending. */
  readonly nulls: "first" | "last" | null;
  readonly span: Span;
}

/** A column. The name of an unaliased one is found by the planner from `expression` and `text`. */
export interface ProjectionItem {
  readonly kind: "projectionItem";
  readonly expression: Expression;
  readonly alias: Name | null;
  /** The source text of the expression, without the alias. */
  readonly text: string;
  readonly span: Span;
}

export interface Return {
  readonly kind: "return";
  readonly distinct: boolean;
  /** `*`; items may follow it (Cypher's `RETURN *, x AS y`). */
  readonly star: boolean;
  readonly items: readonly ProjectionItem[];
  /** null: not written; empty: `GROUP BY ()`. */
  readonly groupBy: readonly Expression[] | null;
  readonly tail: OrderAndPage | null;
  readonly span: Span;
}

/** Cypher's WITH: replaces the working variables by the items. */
export interface Project {
  readonly kind: "project";
  readonly distinct: boolean;
  readonly star: boolean;
  readonly items: readonly ProjectionItem[];
  readonly groupBy: readonly Expression[] | null;
  readonly tail: OrderAndPage | null;
  /** Works on the projected rows, after the tail. */
  readonly where: Expression | null;
  readonly span: Span;
}

/** Ends a query without a result. */
export interface Finish {
  readonly kind: "finish";
  readonly span: Span;
}

export interface Select {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly star: boolean;
  readonly items: readonly ProjectionItem[];
  /** null: `SELECT 1`. */
  readonly source: SelectSource | null;
  readonly where: Expression | null;
  readonly groupBy: readonly Expression[] | null;
  readonly having: Expression | null;
  readonly tail: OrderAndPage | null;
  readonly span: Span;
}

export type SelectSource = LabelSource | MatchSource | QuerySource;

/** `FROM label [AS variable]`: one row per node with that label. An unqualified name that is no alias is a property of it. */
export interface LabelSource {
  readonly kind: "labelSource";
  readonly label: Name;
  readonly variable: Name | null;
  readonly span: Span;
}

/** `FROM [graph] MATCH …, [graph] MATCH …` */
export interface MatchSource {
  readonly kind: "matchSource";
  readonly items: readonly {
    readonly graph: GraphReference | null;
    readonly match: Match | OptionalBlock;
  }[];
  readonly span: Span;
}

/** `FROM [graph] { query }` */
export interface QuerySource {
  readonly kind: "querySource";
  readonly graph: GraphReference | null;
  readonly query: Query;
  readonly span: Span;
}

/** `CALL [(scope)] { query }`. */
export interface CallQuery {
  readonly kind: "callQuery";
  readonly optional: boolean;
  /** The variables that are visible inside; null: all. */
  readonly scope: readonly Name[] | null;
  readonly query: Query;
  readonly span: Span;
}

export interface CallProcedure {
  readonly kind: "callProcedure";
  readonly optional: boolean;
  /** The parts of a dotted name; at least one. */
  readonly name: readonly Name[];
  /** null: no parentheses (Cypher takes them from the parameters of the same names). */
  readonly args: readonly Expression[] | null;
  /** null: no YIELD; "*": Cypher's `YIELD *`. */
  readonly yieldItems: readonly YieldItem[] | "*" | null;
  /** Cypher's `YIELD … WHERE`. */
  readonly where: Expression | null;
  readonly span: Span;
}

export interface YieldItem {
  readonly kind: "yieldItem";
  readonly name: Name;
  readonly alias: Name | null;
  readonly span: Span;
}

/** `{ query }` where a linear query may stand. */
export interface NestedQuery {
  readonly kind: "nestedQuery";
  readonly query: Query;
  readonly span: Span;
}

// Data modification --------------------------------------------------------------------------------------------------------------------

/** `INSERT path, path …`; Cypher's CREATE. */
export interface Insert {
  readonly kind: "insert";
  readonly paths: readonly InsertPath[];
  readonly span: Span;
}

/** node, edge, node, …, node: always an odd number of elements. */
export interface InsertPath {
  readonly kind: "insertPath";
  readonly variable: Name | null;
  readonly elements: readonly (InsertNode | InsertEdge)[];
  readonly span: Span;
}

export interface InsertNode {
  readonly kind: "insertNode";
  readonly variable: Name | null;
  readonly labels: readonly Name[];
  /** What names more of them. */
  readonly computed: readonly Expression[];
  /** A record literal or a parameter. */
  readonly properties: Expression | null;
  readonly span: Span;
}

export interface InsertEdge {
  readonly kind: "insertEdge";
  readonly variable: Name | null;
  readonly label: Name;
  /** "any" in MERGE only: matches both ways, inserts to the right. */
  readonly direction: "left" | "right" | "any";
  readonly properties: Expression | null;
  readonly span: Span;
}

/** Matches the path or inserts it. */
export interface Merge {
  readonly kind: "merge";
  readonly path: InsertPath;
  readonly onCreate: readonly SetItem[];
  readonly onMatch: readonly SetItem[];
  readonly span: Span;
}

export interface SetClause {
  readonly kind: "set";
  readonly items: readonly SetItem[];
  readonly span: Span;
}

export type SetItem = SetProperty | SetComputedProperty | SetProperties | SetLabels;

/** Cypher's `n[key] = value` */
export interface SetComputedProperty {
  readonly kind: "setComputedProperty";
  readonly element: Expression;
  readonly key: Expression;
  readonly value: Expression;
  readonly span: Span;
}

/** `n.key = value` */
export interface SetProperty {
  readonly kind: "setProperty";
  readonly element: Expression;
  readonly key: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `n = {…}` replaces all properties, `n += {…}` merges them in. */
export interface SetProperties {
  readonly kind: "setProperties";
  readonly variable: Name;
  readonly mode: "replace" | "merge";
  readonly value: Expression;
  readonly span: Span;
}

/** `n:Label`, `n IS Label` */
export interface SetLabels {
  readonly kind: "setLabels";
  readonly variable: Name;
  readonly labels: readonly Name[];
  /** What names more of them. */
  readonly computed: readonly Expression[];
  readonly span: Span;
}

export interface Remove {
  readonly kind: "remove";
  readonly items: readonly RemoveItem[];
  readonly span: Span;
}

export type RemoveItem = RemoveProperty | RemoveComputedProperty | RemoveLabels;

/** Cypher's `n[key]` */
export interface RemoveComputedProperty {
  readonly kind: "removeComputedProperty";
  readonly element: Expression;
  readonly key: Expression;
  readonly span: Span;
}

export interface RemoveProperty {
  readonly kind: "removeProperty";
  readonly element: Expression;
  readonly key: Name;
  readonly span: Span;
}

export interface RemoveLabels {
  readonly kind: "removeLabels";
  readonly variable: Name;
  readonly labels: readonly Name[];
  /** What names more of them. */
  readonly computed: readonly Expression[];
  readonly span: Span;
}

export interface Delete {
  readonly kind: "delete";
  /** NODETACH, also when nothing is written, refuses a node that still has edges. */
  readonly detach: boolean;
  readonly items: readonly Expression[];
  readonly span: Span;
}

// Patterns -----------------------------------------------------------------------------------------------------------------------------

export interface PathPattern {
  readonly kind: "pathPattern";
  readonly variable: Name | null;
  readonly prefix: PathPrefix | null;
  readonly expression: PathExpression;
  readonly span: Span;
}

/** Which paths are kept (selector) and which may repeat what (mode). */
export interface PathPrefix {
  readonly kind: "pathPrefix";
  /** null: all. */
  readonly selector: PathSelector | null;
  /** null: not written; the default is WALK. */
  readonly mode: PathMode | null;
  readonly span: Span;
}

export type PathMode = "walk" | "trail" | "acyclic" | "simple";

export type PathSelector =
  | { readonly kind: "all" }
  | { readonly kind: "any"; readonly count: Expression | null }
  | { readonly kind: "allShortest" }
  | { readonly kind: "anyShortest" }
  /** `SHORTEST k` */
  | { readonly kind: "shortest"; readonly count: Expression }
  /** `SHORTEST [k] GROUPS`; null is 1. */
  | { readonly kind: "shortestGroups"; readonly count: Expression | null };

export type PathExpression = PathConcatenation | PathAlternation;

/**
 * One after the other. Nodes that are not written are filled in, so every edge stands between two elements that are nodes or parenthesised
 * paths; an implied node has an empty span. Neighbouring node patterns, also across the border of a parenthesised path, are the same node.
 */
export interface PathConcatenation {
  readonly kind: "pathConcatenation";
  readonly elements: readonly PathElement[];
  readonly span: Span;
}

/** `a | b` (union: without duplicates) or `a |+| b` (multiset). */
export interface PathAlternation {
  readonly kind: "pathAlternation";
  readonly multiset: boolean;
  readonly alternatives: readonly PathConcatenation[];
  readonly span: Span;
}

export type PathElement = NodePattern | EdgePattern | ParenthesizedPath;

export interface NodePattern {
  readonly kind: "nodePattern";
  readonly variable: Name | null;
  readonly labels: LabelExpression | null;
  readonly properties: RecordConstructor | null;
  readonly where: Expression | null;
  readonly span: Span;
}

/** Written from the left: "right" points to what follows. Cypher's `--` is "any". */
export type EdgeOrientation =
  | "left"
  | "undirected"
  | "right"
  | "leftOrUndirected"
  | "undirectedOrRight"
  | "leftOrRight"
  | "any";

export interface EdgePattern {
  readonly kind: "edgePattern";
  readonly orientation: EdgeOrientation;
  readonly variable: Name | null;
  readonly labels: LabelExpression | null;
  readonly properties: RecordConstructor | null;
  readonly where: Expression | null;
  readonly quantifier: Quantifier | null;
  readonly span: Span;
}

/** `([variable =] [mode] path [WHERE condition])`, perhaps quantified. */
export interface ParenthesizedPath {
  readonly kind: "parenthesizedPath";
  readonly variable: Name | null;
  readonly mode: PathMode | null;
  readonly expression: PathExpression;
  readonly where: Expression | null;
  readonly quantifier: Quantifier | null;
  readonly span: Span;
}

/**
 * Outside of a repetition its variables are lists; outside of `?` (optional, 0 or 1) its variables are null or one element. Only Cypher's
 * `*3..1` has a `max` below its `min`: it matches nothing.
 */
export interface Quantifier {
  /** "starRange": Cypher's, inside of the brackets of an edge. */
  readonly kind: "repetition" | "optional" | "starRange";
  readonly min: number;
  /** null: unbounded. */
  readonly max: number | null;
  readonly span: Span;
}

export type LabelExpression =
  | LabelName
  | LabelComputed
  | LabelWildcard
  | LabelNot
  | LabelAnd
  | LabelOr;

export interface LabelName {
  readonly kind: "labelName";
  readonly name: string;
  readonly span: Span;
}

/** Cypher's `$(value)`: the labels that a text or a list of texts names, all of them; `$any(value)`: one of them. */
export interface LabelComputed {
  readonly kind: "labelComputed";
  readonly any: boolean;
  readonly value: Expression;
  readonly span: Span;
}

/** `%`: any label at all. */
export interface LabelWildcard {
  readonly kind: "labelWildcard";
  readonly span: Span;
}

export interface LabelNot {
  readonly kind: "labelNot";
  readonly operand: LabelExpression;
  readonly span: Span;
}

/** At least two operands, none of them a LabelAnd. */
export interface LabelAnd {
  readonly kind: "labelAnd";
  readonly operands: readonly LabelExpression[];
  readonly span: Span;
}

/** At least two operands, none of them a LabelOr. */
export interface LabelOr {
  readonly kind: "labelOr";
  readonly operands: readonly LabelExpression[];
  readonly span: Span;
}

// Expressions --------------------------------------------------------------------------------------------------------------------------

export type Expression =
  | Literal
  | Parameter
  | Variable
  | Property
  | Unary
  | Binary
  | And
  | Or
  | Xor
  | Not
  | Comparison
  | ComparisonChain
  | IsNull
  | IsTruth
  | IsLabeled
  | IsTyped
  | IsDirected
  | IsEndpoint
  | IsNormalized
  | In
  | StringPredicate
  | Case
  | FunctionCall
  | Trim
  | ListConstructor
  | RecordConstructor
  | PathConstructor
  | Subscript
  | Slice
  | Cast
  | LetIn
  | Exists
  | Count
  | ValueQuery
  | ListQuery
  | ListComprehension
  | PatternComprehension
  | MapProjection
  | Quantified
  | Reduce
  | AllDifferent
  | Same
  | PropertyExists;

/** A value written out: null, truth value, number, string, bytes. */
export interface Literal {
  readonly kind: "literal";
  readonly value: Value;
  readonly span: Span;
}

/** `$name`; the name has no `$`. */
export interface Parameter {
  readonly kind: "parameter";
  readonly name: string;
  readonly span: Span;
}

export interface Variable {
  readonly kind: "variable";
  readonly name: string;
  readonly span: Span;
}

/** `object.key` of an element, a record or a temporal value. */
export interface Property {
  readonly kind: "property";
  readonly object: Expression;
  readonly key: Name;
  readonly span: Span;
}

/** The minus of a number literal is part of the {@link Literal}. */
export interface Unary {
  readonly kind: "unary";
  readonly operator: "+" | "-";
  readonly operand: Expression;
  readonly span: Span;
}

export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "^" | "||";

/** At least two operands. */
export interface And {
  readonly kind: "and";
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** At least two operands. */
export interface Or {
  readonly kind: "or";
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** At least two operands, from left to right. */
export interface Xor {
  readonly kind: "xor";
  readonly operands: readonly Expression[];
  readonly span: Span;
}

export interface Not {
  readonly kind: "not";
  readonly operand: Expression;
  readonly span: Span;
}

export type ComparisonOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export interface Comparison {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}

/** Cypher's `a < b <= c`: the AND of the comparisons of neighbours. At least three operands, `operators[i]` stands after `operands[i]`. */
export interface ComparisonChain {
  readonly kind: "comparisonChain";
  readonly operands: readonly Expression[];
  readonly operators: readonly ComparisonOperator[];
  readonly span: Span;
}

export interface IsNull {
  readonly kind: "isNull";
  readonly operand: Expression;
  readonly negated: boolean;
  readonly span: Span;
}

/** `x IS [NOT] TRUE | FALSE | UNKNOWN`; unknown is null. */
export interface IsTruth {
  readonly kind: "isTruth";
  readonly operand: Expression;
  readonly truth: boolean | null;
  readonly negated: boolean;
  readonly span: Span;
}

/** `x IS [NOT] LABELED A|B`; Cypher's `x:A:B`. */
export interface IsLabeled {
  readonly kind: "isLabeled";
  readonly operand: Expression;
  readonly labels: LabelExpression;
  readonly negated: boolean;
  readonly span: Span;
}

/** `x IS [NOT] TYPED type`, `x IS [NOT] :: type` */
export interface IsTyped {
  readonly kind: "isTyped";
  readonly operand: Expression;
  readonly type: ValueType;
  readonly negated: boolean;
  readonly span: Span;
}

export interface IsDirected {
  readonly kind: "isDirected";
  readonly operand: Expression;
  readonly negated: boolean;
  readonly span: Span;
}

/** `node IS [NOT] SOURCE OF edge`, `node IS [NOT] DESTINATION OF edge` */
export interface IsEndpoint {
  readonly kind: "isEndpoint";
  readonly node: Expression;
  readonly edge: Expression;
  readonly end: "source" | "destination";
  readonly negated: boolean;
  readonly span: Span;
}

export interface IsNormalized {
  readonly kind: "isNormalized";
  readonly operand: Expression;
  readonly form: "NFC" | "NFD" | "NFKC" | "NFKD";
  readonly negated: boolean;
  readonly span: Span;
}

/** `x IN list`, `x NOT IN list` */
export interface In {
  readonly kind: "in";
  readonly operand: Expression;
  readonly list: Expression;
  readonly negated: boolean;
  readonly span: Span;
}

/** "matches" is `=~`: the whole string matches the regular expression. */
export interface StringPredicate {
  readonly kind: "stringPredicate";
  readonly operator: "startsWith" | "endsWith" | "contains" | "matches";
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}

export interface Case {
  readonly kind: "case";
  /** null: the branches' conditions stand alone; else each is compared with it. */
  readonly subject: Expression | null;
  readonly branches: readonly CaseBranch[];
  readonly otherwise: Expression | null;
  readonly span: Span;
}

export interface CaseBranch {
  readonly kind: "caseBranch";
  /** More than one in `CASE x WHEN 1, 2 THEN …` only. */
  readonly when: readonly (Expression | WhenTest)[];
  readonly then: Expression;
  readonly span: Span;
}

/** `CASE x WHEN < 5 THEN …`: in the condition, a variable of the name {@link CASE_SUBJECT} is the subject. */
export interface WhenTest {
  readonly kind: "whenTest";
  readonly condition: Expression;
  readonly span: Span;
}

/** What the subject of a CASE is called in the conditions on it: no name that anybody writes. */
export const CASE_SUBJECT = "\0subject";

/**
 * Any function, aggregates included. `DATE '2024-01-01'` is the call `date('2024-01-01')`, and so with `duration`; TIME, DATETIME and
 * TIMESTAMP with a text are `zoned_time`, `local_time`, `zoned_datetime` or `local_datetime`, by the text. `CURRENT_DATE` has no arguments.
 */
export interface FunctionCall {
  readonly kind: "functionCall";
  /** As written, dots included; function names do not depend on case. */
  readonly name: string;
  readonly distinct: boolean;
  /** `count(*)`; then there are no arguments. */
  readonly star: boolean;
  readonly args: readonly Expression[];
  readonly span: Span;
}

/** `TRIM([LEADING|TRAILING|BOTH] [character] FROM operand)`; `TRIM(operand)` is a {@link FunctionCall}. */
export interface Trim {
  readonly kind: "trim";
  readonly side: "leading" | "trailing" | "both";
  readonly character: Expression | null;
  readonly operand: Expression;
  readonly span: Span;
}

export interface ListConstructor {
  readonly kind: "list";
  readonly items: readonly Expression[];
  readonly span: Span;
}

/** `{a: 1, b: 2}`, `RECORD {…}`. The keys are pairwise different. */
export interface RecordConstructor {
  readonly kind: "record";
  readonly fields: readonly RecordField[];
  readonly span: Span;
}

export interface RecordField {
  readonly kind: "recordField";
  readonly key: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `PATH [node, edge, node]`; an odd number of elements. */
export interface PathConstructor {
  readonly kind: "path";
  readonly elements: readonly Expression[];
  readonly span: Span;
}

/** `list[index]`, `record['key']`; lists count from 0, a negative index from the end. */
export interface Subscript {
  readonly kind: "subscript";
  readonly object: Expression;
  readonly index: Expression;
  readonly span: Span;
}

/** `list[from..to]`, `to` exclusive. */
export interface Slice {
  readonly kind: "slice";
  readonly list: Expression;
  readonly from: Expression | null;
  readonly to: Expression | null;
  readonly span: Span;
}

export interface Cast {
  readonly kind: "cast";
  readonly operand: Expression;
  readonly type: ValueType;
  /** `VALUE x :: INT = operand`: only numbers are converted, everything else has to be of the type. */
  readonly assigned: boolean;
  readonly span: Span;
}

/** `LET x = 1, y = 2 IN expression END` */
export interface LetIn {
  readonly kind: "letIn";
  readonly items: readonly LetItem[];
  readonly body: Expression;
  readonly span: Span;
}

/**
 * `EXISTS { … }`, and Cypher's `exists((a)-->(b))` and `WHERE (a)-->(b)`. A pattern alone is a query of one MATCH; the query need not
 * end in a RETURN.
 */
export interface Exists {
  readonly kind: "exists";
  readonly query: Query;
  readonly span: Span;
}

/** `COUNT { … }`: the number of rows; the query as in {@link Exists}. */
export interface Count {
  readonly kind: "count";
  readonly query: Query;
  readonly span: Span;
}

/** `VALUE { … RETURN x }`: the only column of the only row; null if there is no row. */
export interface ValueQuery {
  readonly kind: "valueQuery";
  readonly query: Query;
  readonly span: Span;
}

/**
 * All rows of a query as a list: "column", Cypher's `COLLECT { … RETURN x }`, has their only column; "records", `TABLE { … }`
 * (<binding table reference value expression>, ISO/IEC 39075:2024 §20.26), has a record of each.
 */
export interface ListQuery {
  readonly kind: "listQuery";
  readonly items: "column" | "records";
  readonly query: Query;
  readonly span: Span;
}

/** `[x IN list WHERE condition | projection]` */
export interface ListComprehension {
  readonly kind: "listComprehension";
  readonly variable: Name;
  readonly list: Expression;
  readonly where: Expression | null;
  /** null: the variable itself. */
  readonly projection: Expression | null;
  readonly span: Span;
}

/** `[p = (a)-->(b) WHERE condition | projection]` */
export interface PatternComprehension {
  readonly kind: "patternComprehension";
  readonly path: PathPattern;
  readonly where: Expression | null;
  readonly projection: Expression;
  readonly span: Span;
}

/** `n {.name, .*, key: expression, variable}` */
export interface MapProjection {
  readonly kind: "mapProjection";
  readonly object: Expression;
  readonly items: readonly MapProjectionItem[];
  readonly span: Span;
}

export type MapProjectionItem =
  /** `.*` */
  | { readonly kind: "allProperties"; readonly span: Span }
  /** `.name`, and `key: expression`; `variable` is the field of that name. */
  | { readonly kind: "propertyField"; readonly key: Name; readonly span: Span }
  | RecordField;

/** `any(x IN list WHERE condition)` */
export interface Quantified {
  readonly kind: "quantified";
  readonly quantifier: "any" | "all" | "none" | "single";
  readonly variable: Name;
  readonly list: Expression;
  /** null: the variable itself is the condition. */
  readonly where: Expression | null;
  readonly span: Span;
}

/** `reduce(accumulator = initial, variable IN list | expression)` */
export interface Reduce {
  readonly kind: "reduce";
  readonly accumulator: Name;
  readonly initial: Expression;
  readonly variable: Name;
  readonly list: Expression;
  readonly expression: Expression;
  readonly span: Span;
}

/** `ALL_DIFFERENT(a, b, …)`: no two elements are the same. */
export interface AllDifferent {
  readonly kind: "allDifferent";
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** `SAME(a, b, …)`: all are the same element. */
export interface Same {
  readonly kind: "same";
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** `PROPERTY_EXISTS(element, key)` */
export interface PropertyExists {
  readonly kind: "propertyExists";
  readonly element: Expression;
  readonly key: Name;
  readonly span: Span;
}

// Types --------------------------------------------------------------------------------------------------------------------------------

export type ValueType = ScalarType | ListType | RecordType | UnionType;

/** Synonyms are one name: STRING = VARCHAR = CHAR, INTEGER = INT = INT64 = BIGINT, FLOAT = DOUBLE = REAL = FLOAT64, BYTES = BINARY. */
export interface ScalarType {
  readonly kind: "scalarType";
  readonly name: ScalarTypeName;
  /** Bits of an exact or approximate number, digits of a DECIMAL, maximal length of a STRING or BYTES; null: not written. */
  readonly precision: number | null;
  readonly scale: number | null;
  /** UINT and its kin: no negative numbers. */
  readonly unsigned: boolean;
  readonly notNull: boolean;
  readonly span: Span;
}

export type ScalarTypeName =
  | "any"
  | "null"
  | "nothing"
  | "boolean"
  | "string"
  | "bytes"
  | "integer"
  | "decimal"
  | "float"
  | "date"
  | "localTime"
  | "zonedTime"
  | "localDatetime"
  | "zonedDatetime"
  | "duration"
  /** `DURATION(YEAR TO MONTH)`: years and months alone. */
  | "monthDuration"
  /** `DURATION(DAY TO SECOND)`: days and times alone. */
  | "timeDuration"
  | "node"
  | "edge"
  | "path"
  /** Any value that a property may hold. */
  | "propertyValue";

export interface ListType {
  readonly kind: "listType";
  /** null: any. */
  readonly element: ValueType | null;
  readonly lengthMax: number | null;
  readonly notNull: boolean;
  readonly span: Span;
}

export interface RecordType {
  readonly kind: "recordType";
  /** null: any fields. */
  readonly fields: readonly { readonly key: Name; readonly type: ValueType }[] | null;
  readonly notNull: boolean;
  readonly span: Span;
}

/** `ANY <A | B>`, `A | B`; at least two. */
export interface UnionType {
  readonly kind: "unionType";
  readonly types: readonly ValueType[];
  readonly span: Span;
}
