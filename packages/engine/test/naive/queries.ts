import { compare, equivalenceKey, GeodeError, unreachable, type Value } from "@geode/values";
import type * as ast from "../../src/gql/ast.ts";
import { type Environment, type Row, seeing, type Table } from "./environment.ts";
import { conjunctsOf, evaluate, hasAggregate, holds } from "./expressions.ts";
import { bindingsOf, namesOf, TooLarge } from "./patterns.ts";
import { write } from "./writes.ts";

const ROWS_MAX = 4000;

/** A row between two clauses, with what ORDER BY may look at besides. */
interface Projected {
  readonly row: Row;
  /** What was in scope before, and the columns over it. */
  readonly sight: Environment;
}

/** What a query returns for the row at hand. */
export function resultOf(query: ast.Query, at: Environment): Table {
  let table: Table = { columns: [], rows: [at.row] };
  for (const [index, step] of query.steps.entries()) {
    const rows = index === 0 ? table.rows : yielded(step, table);
    table = stepResult(step, rows, at);
  }
  return table;
}

/** NEXT: the columns become the variables. */
function yielded({ yieldItems }: ast.QueryStep, { columns, rows }: Table): Row[] {
  const names = yieldItems
    ? yieldItems.map(({ name, alias }) => [name.name, (alias ?? name).name] as const)
    : columns.map((column) => [column, column] as const);
  return rows.map((row) => new Map(names.map(([from, to]) => [to, row.get(from) ?? null])));
}

function stepResult(step: ast.QueryStep, rows: readonly Row[], at: Environment): Table {
  const first = linearResult(step.first, rows, at);
  const [operation] = step.rest;
  if (!operation) return first;
  const { columns } = first;
  const keyOf = (row: Row): string => keyOfValues(columns.map((column) => row.get(column) ?? null));
  const sides = [first.rows];
  for (const { operator, query } of step.rest) {
    // OTHERWISE does not begin with what it does not need.
    const isAnswered = operator === "otherwise" && sides.some((side) => side.length > 0);
    if (!isAnswered) sides.push(linearResult(query, rows, at).rows);
  }
  const combined = combine(operation.operator, operation.all, sides, keyOf);
  return { columns, rows: combined };
}

function combine(
  operator: ast.SetOperation["operator"],
  all: boolean,
  [first = [], ...others]: readonly (readonly Row[])[],
  keyOf: (row: Row) => string,
): readonly Row[] {
  const distinct = (rows: readonly Row[]): Row[] => [
    ...new Map(rows.toReversed().map((row) => [keyOf(row), row])).values(),
  ];
  const kept = all ? (rows: readonly Row[]) => rows : distinct;
  switch (operator) {
    case "union":
      return kept([...first, ...others.flat()]);
    case "otherwise":
      return [first, ...others].find((side) => side.length > 0) ?? [];
    case "except":
    case "intersect":
      return others.reduce<readonly Row[]>((left, right) => {
        const rest = right.map(keyOf);
        return kept(left).filter((row) => {
          const place = rest.indexOf(keyOf(row));
          if (place >= 0 && all) rest.splice(place, 1);
          return place >= 0 === (operator === "intersect");
        });
      }, first);
    default:
      return unreachable(operator);
  }
}

function linearResult({ clauses }: ast.LinearQuery, start: readonly Row[], at: Environment): Table {
  let table: Table = { columns: [], rows: start };
  for (const clause of clauses) {
    table = clauseResult(clause, table, at);
    if (table.rows.length > ROWS_MAX) throw new TooLarge();
  }
  return table;
}

function clauseResult(clause: ast.Clause, { columns, rows }: Table, at: Environment): Table {
  const within = (row: Row): Environment => ({ ...at, row });
  const each = (make: (row: Row) => readonly Row[]): Table => ({
    columns: [],
    rows: rows.flatMap(make),
  });
  switch (clause.kind) {
    case "match": {
      const mode = clause.mode ?? "differentEdges";
      return each((row) => {
        const found = bindingsOf(clause.paths, mode, clause.where, within(row));
        if (found.length > 0 || !clause.optional) return found;
        const nothing = namesOf(clause.paths).flatMap((name): [string, Value][] =>
          row.has(name) ? [] : [[name, null]],
        );
        return [new Map([...row, ...nothing])];
      });
    }
    case "optionalBlock":
      return each((row) => {
        const found = clause.matches.reduce<readonly Row[]>(
          (before, match) => clauseResult(match, { columns: [], rows: before }, at).rows,
          [row],
        );
        if (found.length > 0) return found;
        const nothing = namesOfBlock(clause).flatMap((name): [string, Value][] =>
          row.has(name) ? [] : [[name, null]],
        );
        return [new Map([...row, ...nothing])];
      });
    case "filter":
      return each((row) => (isTrue(clause.condition, within(row)) ? [row] : []));
    case "let":
      return each((row) => {
        let sight = within(row);
        for (const { variable, value } of clause.items)
          sight = seeing(sight, new Map([[variable.name, evaluate(value, sight)]]));
        return [sight.row];
      });
    case "for":
      return each((row) => {
        const list = evaluate(clause.list, within(row));
        if (list === null) return [];
        if (!Array.isArray(list)) throw new GeodeError("22G03", "FOR takes a list.");
        const { counter } = clause;
        return list.map((item: Value, index) => {
          const count = counter?.kind === "ordinality" ? index + 1 : index;
          const more: [string, Value][] = counter ? [[counter.variable.name, count]] : [];
          return new Map([...row, [clause.variable.name, item], ...more]);
        });
      });
    case "orderAndPage":
      return {
        columns: [],
        rows: paged(
          clause,
          rows.map((row) => ({ row, sight: within(row) })),
          at,
        ).map(({ row }) => row),
      };
    case "return":
      return projected(clause, rows, at);
    case "project": {
      const { where } = clause;
      const table = projectedRows(clause, rows, at);
      const kept = where ? table.rows.filter(({ sight }) => isTrue(where, sight)) : table.rows;
      return { columns: [], rows: kept.map(({ row }) => row) };
    }
    case "finish":
      return { columns: [], rows: [] };
    case "callQuery":
      return each((row) => {
        const { scope } = clause;
        const inner = scope
          ? new Map(scope.map(({ name }): [string, Value] => [name, row.get(name) ?? null]))
          : row;
        const result = resultOf(clause.query, within(inner));
        // A query that returns nothing leaves the row as it is.
        if (result.columns.length === 0) return [row];
        const found = result.rows.map((one) => new Map([...row, ...one]));
        if (found.length > 0 || !clause.optional) return found;
        return [new Map([...row, ...result.columns.map((name): [string, Value] => [name, null])])];
      });
    case "nestedQuery": {
      // Its first clauses go on with the rows at hand.
      const [step, ...steps] = clause.query.steps;
      if (!step || steps.length > 0) throw new Error("the naive evaluator knows no NEXT in braces");
      return stepResult(step, rows, at);
    }
    case "insert":
    case "set":
    case "remove":
    case "delete":
    case "merge":
      return { columns: [], rows: write(clause, rows, at) };
    case "use":
    case "select":
    case "callProcedure":
      throw new Error(`the naive evaluator knows no ${clause.kind} (${columns.length} columns)`);
    default:
      return unreachable(clause);
  }
}

function namesOfBlock({ matches }: ast.OptionalBlock): string[] {
  return matches.flatMap((match) =>
    match.kind === "match" ? namesOf(match.paths) : namesOfBlock(match),
  );
}

function isTrue(condition: ast.Expression, at: Environment): boolean {
  return holds(conjunctsOf(condition).map((part) => () => evaluate(part, at)));
}

function projected(clause: ast.Return, rows: readonly Row[], at: Environment): Table {
  const { columns, rows: made } = projectedRows(clause, rows, at);
  return { columns, rows: made.map(({ row }) => row) };
}

/** RETURN and WITH. */
export function projectedRows(
  clause: ast.Return | ast.Project,
  rows: readonly Row[],
  at: Environment,
): { columns: readonly string[]; rows: readonly Projected[] } {
  const { star, items, distinct, tail } = clause;
  const scope = [...(rows[0]?.keys() ?? [])].sort();
  const names = items.map(({ alias, text }) => alias?.name ?? text);
  const columns = [...(star ? scope : []), ...names];
  const make = (sight: Environment): Projected => {
    const row = new Map<string, Value>();
    if (star) for (const name of scope) row.set(name, at.model.now(sight.row.get(name) ?? null));
    for (const [index, item] of items.entries())
      row.set(names[index] ?? item.text, evaluate(item.expression, sight));
    return { row, sight: seeing(sight, row) };
  };
  const grouped = clause.groupBy !== null || hasAggregate(items);
  let made = grouped
    ? groupsOf(clause, names, rows, at).map((group) =>
        make({ ...at, row: group[0] ?? new Map<string, Value>(), group }),
      )
    : rows.map((row) => make({ ...at, row }));
  if (distinct) {
    const keyed = made.map((one) => [keyOfValues([...one.row.values()]), one] as const);
    made = [...new Map(keyed.toReversed()).values()];
  }
  return { columns, rows: tail ? paged(tail, made, at) : made };
}

/** The rows by the values of their grouping keys; one group, perhaps of nothing, if there are no keys. */
function groupsOf(
  { groupBy, items }: ast.Return | ast.Project,
  names: readonly string[],
  rows: readonly Row[],
  at: Environment,
): readonly (readonly Row[])[] {
  const keys = groupBy
    ? groupBy.map((key) => {
        const place =
          key.kind === "variable" && !rows[0]?.has(key.name) ? names.indexOf(key.name) : -1;
        return items[place]?.expression ?? key;
      })
    : items.map((item) => item.expression).filter((expression) => !hasAggregate(expression));
  if (keys.length === 0) return [rows];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOfValues(keys.map((expression) => evaluate(expression, { ...at, row })));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** ORDER BY, OFFSET, LIMIT. Rows that ORDER BY does not tell apart stay as they came. */
function paged(
  tail: ast.OrderAndPage,
  rows: readonly Projected[],
  at: Environment,
): readonly Projected[] {
  const { orderBy, offset, limit } = tail;
  const count = (expression: ast.Expression | null, otherwise: number): number => {
    if (!expression) return otherwise;
    const value = evaluate(expression, { ...at, row: new Map() });
    if (typeof value === "bigint") return value < 0n ? -1 : Infinity;
    if (typeof value !== "number" || !Number.isInteger(value))
      throw new GeodeError("22G03", "A number of rows is an INTEGER.");
    return value;
  };
  const [from, length] = [count(offset, 0), count(limit, Infinity)];
  if (from < 0 || length < 0) throw new GeodeError("22G02", "A number of rows is at least 0.");
  const keyed = rows
    .map((one) => ({ one, keys: orderBy.map(({ expression }) => evaluate(expression, one.sight)) }))
    .sort((left, right) => compareSortKeys(orderBy, left.keys, right.keys));
  if (at.watch?.tail === tail) {
    let place = 0;
    at.watch.rows = keyed.map(({ one, keys }, index) => {
      const before = keyed[index - 1];
      if (before && compareSortKeys(orderBy, before.keys, keys) !== 0) place = index;
      return { row: one.row, place };
    });
  }
  return keyed.slice(from, from + length).map(({ one }) => one);
}

function compareSortKeys(
  orderBy: readonly ast.SortItem[],
  left: readonly Value[],
  right: readonly Value[],
): number {
  for (const [index, { descending, nulls }] of orderBy.entries()) {
    const [a = null, b = null] = [left[index], right[index]];
    if (a === null || b === null) {
      if (a === b) continue;
      const first = (nulls ?? (descending ? "first" : "last")) === "first";
      return (a === null) === first ? -1 : 1;
    }
    const order = descending ? compare(b, a) : compare(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

function keyOfValues(values: readonly Value[]): string {
  return JSON.stringify(
    values.map((value) => {
      const key = equivalenceKey(value);
      return `${typeof key} ${String(key)}`;
    }),
  );
}
