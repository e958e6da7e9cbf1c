import type * as ast from "../gql/ast.ts";
import { callAlone } from "./bind-procedure.ts";
import type { Query } from "./operators.ts";
import type { Binding } from "./scope.ts";

/** The procedures that SHOW is short for. */
const PROCEDURES: ReadonlyMap<ast.Show["what"], string> = new Map<ast.Show["what"], string>([
  ["graphs", "geode.graphs"],
  ["indexes", "geode.indexes"],
  ["constraints", "geode.constraints"],
  ["labels", "geode.labels"],
  ["policies", "geode.policies"],
  ["procedures", "geode.procedures"],
  ["functions", "geode.functions"],
]);

/** SHOW as a query. */
export function showQuery(binding: Binding, { what, span }: ast.Show): Query {
  const procedure = binding.procedures.get(PROCEDURES.get(what) ?? "");
  if (!procedure) throw binding.notAvailable(`SHOW ${what.toUpperCase()}`, span.start);
  if (procedure.reads === "graphs") binding.noteReadsEveryGraph();
  const { operator, columns } = callAlone(binding, procedure);
  return { operators: [operator], output: { kind: "rows", columns } };
}
