import { GeodeError, type Value } from "@geode/values";
import { afterEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";
import type { ProcedureDefinition } from "./procedures.ts";

const principal: Principal = { id: "test", roles: [], claims: new Map() };
const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function withProcedures(...procedures: ProcedureDefinition[]) {
  const database = await Database.open({ procedures });
  opened.push(database);
  return async (text: string, parameters: [string, Value][] = []) =>
    (await database.query({ text, principal, parameters: new Map(parameters) })).rows;
}

const repeat: ProcedureDefinition = {
  name: "text.repeat",
  parameters: [
    { name: "word", type: "STRING" },
    { name: "times", type: "INTEGER" },
  ],
  columns: [
    { name: "at", type: "INTEGER" },
    { name: "word", type: "STRING" },
  ],
  rows: ([word = null, times]) => Array.from({ length: Number(times) }, (_, at) => [at, word]),
};

test("a procedure that is given with the database is called by name", async () => {
  const run = await withProcedures(repeat);
  expect(await run("CALL text.repeat('a', 2)")).toEqual([
    [0, "a"],
    [1, "a"],
  ]);
  expect(await run("FOR n IN [1, 2] CALL text.repeat('b', n) YIELD at RETURN n, at")).toEqual([
    [1, 0],
    [2, 0],
    [2, 1],
  ]);
});

test("without parentheses its arguments are the parameters of the same names", async () => {
  const run = await withProcedures(repeat);
  const given: [string, Value][] = [
    ["word", "c"],
    ["times", 1],
  ];
  expect(await run("CALL text.repeat", given)).toEqual([[0, "c"]]);
  await expect(run("CALL text.repeat")).rejects.toMatchObject({ code: "42002" });
});

test("what it writes beside is what it read", async () => {
  const run = await withProcedures(repeat);
  await run("CALL text.repeat('d', 3) YIELD at INSERT (:N {at: at})");
  expect(await run("MATCH (n:N) RETURN count(*)")).toEqual([[3]]);
});

test("SHOW PROCEDURES tells its signature", async () => {
  const run = await withProcedures(repeat);
  expect(await run("SHOW PROCEDURES")).toContainEqual([
    "text.repeat",
    "text.repeat(word :: STRING, times :: INTEGER) :: (at :: INTEGER, word :: STRING)",
  ]);
});

test("arguments of another type are refused, when they are known and when they come", async () => {
  const run = await withProcedures(repeat);
  const refused = { code: "22G03", position: expect.objectContaining({ line: 1 }) as unknown };
  await expect(run("CALL text.repeat(1, 2)")).rejects.toMatchObject(refused);
  await expect(run("CALL text.repeat($x, 2)", [["x", 1]])).rejects.toMatchObject(refused);
});

test("what it throws ends the statement", async () => {
  const failing = (error: Error): ProcedureDefinition => ({
    ...repeat,
    rows: () => {
      throw error;
    },
  });
  const run = await withProcedures(failing(new GeodeError("NOT_FOUND", "No such word.")));
  await expect(run("CALL text.repeat('a', 1)")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("endless rows end with the budget", async () => {
  const database = await Database.open({
    procedures: [
      {
        ...repeat,
        *rows() {
          for (;;) yield [1, ""];
        },
      },
    ],
    queryLimits: { keptRowsMax: 1000 },
  });
  opened.push(database);
  await expect(
    database.query({ text: "CALL text.repeat('a', 1)", principal }),
  ).rejects.toMatchObject({ code: "LIMIT" });
});

test("two procedures cannot have one name", async () => {
  await expect(Database.open({ procedures: [repeat, repeat] })).rejects.toThrow(RangeError);
});
