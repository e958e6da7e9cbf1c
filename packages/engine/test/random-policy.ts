import fc from "fast-check";
import { condition } from "./random-gql.ts";

/*
 * Policies for the small world of `random-gql`, as documents. Rules compare properties with each other, with literals and with the user's
 * claim `x`; look along edges; and fail.
 */

const property = fc.constantFrom("x", "y");

const where = fc.oneof(
  { arbitrary: condition(["n"]), weight: 3 },
  { arbitrary: fc.constant("n.x = $auth.x"), weight: 2 },
  { arbitrary: fc.constant("1 / n.x > 0"), weight: 1 },
);

const nodeWhere = fc.oneof(
  { arbitrary: where, weight: 4 },
  {
    arbitrary: fc.constantFrom(
      "EXISTS { (n)-[:R]->(:A) }",
      "NOT EXISTS { (n)<-[:S]-(m) WHERE m.x = n.x }",
      "COUNT { (n)-[]-() } < 2",
    ),
    weight: 2,
  },
);

const rule = fc.oneof(
  {
    arbitrary: fc.record(
      {
        label: fc.constantFrom("A", "B"),
        where: nodeWhere,
        hide: fc.array(property, { maxLength: 1 }),
      },
      { requiredKeys: ["label"] },
    ),
    weight: 2,
  },
  {
    arbitrary: fc.record(
      { edge: fc.constantFrom("R", "S"), where, hide: fc.array(property, { maxLength: 1 }) },
      { requiredKeys: ["edge"] },
    ),
    weight: 1,
  },
);

const role = fc.record({
  graphs: fc.constantFrom({ default: ["read", "write"] }, { default: [] }, {}),
  read: fc.array(rule, { maxLength: 4 }),
  deny: fc.oneof(
    { arbitrary: fc.constant([]), weight: 5 },
    { arbitrary: fc.constantFrom(["A"], ["S"]), weight: 1 },
  ),
});

/** For the roles `member` and `guest`. */
export const randomPolicy = fc.record({
  roles: fc.record({ member: role, guest: role }, { requiredKeys: ["member"] }),
});
