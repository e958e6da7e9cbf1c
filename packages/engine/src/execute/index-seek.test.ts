import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";

const principal: Principal = { id: "test", roles: [], claims: new Map() };
const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function opening() {
  const database = await Database.open();
  opened.push(database);
  return async (text: string) => (await database.query({ text, principal })).rows;
}

const literal = fc.constantFrom("0", "1", "1.0", "2", "'a'", "'ab'", "TRUE", "NULL", "[1]");
const property = fc.constantFrom("x", "y", "z");
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(property, literal).map(([p, value]) => `n.${p} = ${value}`) },
  fc
    .tuple(property, fc.constantFrom("<", "<=", ">", ">="), literal)
    .map(([p, operator, value]) => `n.${p} ${operator} ${value}`),
  fc.tuple(property, literal).map(([p, value]) => `n.${p} STARTS WITH ${value}`),
  // Known only from what was matched before.
  fc.tuple(property, property).map(([p, of]) => `n.${p} = m.${of}`),
);
const record = fc
  .tuple(literal, literal, literal)
  .map(([x, y, z]) => `{x: ${x}, y: ${y}, z: ${z}}`);
const change = fc.oneof(
  { weight: 3, arbitrary: record.map((all) => `INSERT (:N ${all})-[:R ${all}]->(:N ${all})`) },
  record.map((all) => `MATCH (a:N), (b:N) LIMIT 3 INSERT (a)-[:R ${all}]->(b)`),
  fc
    .tuple(property, literal, property, literal)
    .map(([p, from, q, to]) => `MATCH (n:N {${p}: ${from}}) SET n.${q} = ${to}`),
  fc
    .tuple(property, literal, property, literal)
    .map(([p, from, q, to]) => `MATCH ()-[e:R {${p}: ${from}}]->() SET e.${q} = ${to}`),
  fc.tuple(property, literal).map(([p, value]) => `MATCH ()-[e:R {${p}: ${value}}]->() DELETE e`),
  fc.tuple(property, literal).map(([p, value]) => `MATCH (n:N {${p}: ${value}}) DETACH DELETE n`),
);
const pattern = fc.constantFrom(
  "(n:N)",
  "()-[n:R]->()",
  "()<-[n:R]-()",
  "()-[n:R]-()",
  "(m)-[n:R]->()",
  "(m)-[n:R]-(:N)",
);
const query = fc
  .tuple(pattern, fc.array(condition, { minLength: 1, maxLength: 3 }))
  .map(
    ([n, conditions]) =>
      `MATCH (m:N) MATCH ${n} WHERE ${conditions.join(" AND ")} RETURN count(*), min(n.x), max(n.y), min(n.z)`,
  );
const index = fc
  .tuple(
    fc.constantFrom("(n:N)", "()-[n:R]-()"),
    fc.uniqueArray(property, { minLength: 1, maxLength: 3 }),
  )
  .map(([target, properties]) => {
    const on = properties.map((each) => `n.${each}`).join(", ");
    return `CREATE INDEX IF NOT EXISTS FOR ${target} ON (${on})`;
  });

test("an index over several properties, or over edges, finds what looking at everything finds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(index, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(change, fc.array(query, { minLength: 1, maxLength: 3 })), {
        minLength: 1,
        maxLength: 10,
      }),
      async (indexes, steps) => {
        const [indexed, plain] = [await opening(), await opening()];
        for (const create of indexes) await indexed(create);
        for (const [write, queries] of steps) {
          await indexed(write);
          await plain(write);
          for (const text of queries) expect(await indexed(text), text).toEqual(await plain(text));
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
