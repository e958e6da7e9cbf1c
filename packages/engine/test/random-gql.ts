import fc from "fast-check";

/*
 * A small world in which random statements meet each other often: few labels, few properties, few values. Everything here is text, so
 * that a case which failed can be kept as a file and read by people.
 */

const label = fc.constantFrom("A", "B");
const edgeLabel = fc.constantFrom("R", "S");
/** Mostly the one that statements look for. */
const property = fc.constantFrom("x", "x", "y");
const literal = fc.constantFrom("0", "1", "2", "1.5", "'a'", "true");
const integer = fc.constantFrom("0", "1", "2");

const properties = fc
  .tuple(integer, fc.option(literal, { nil: null }))
  .map(([x, y]) => ` {x: ${x}${y === null ? "" : `, y: ${y}`}}`);

/** What a pattern may ask of the labels of a node. */
const labelExpression = fc.oneof(
  { arbitrary: label.map((name) => `:${name}`), weight: 4 },
  { arbitrary: fc.constantFrom(":A&B", ":A|B", ":!A", ":%"), weight: 1 },
  { arbitrary: fc.constant(""), weight: 3 },
);

/** The labels of a new node. */
const labels = fc.oneof(
  { arbitrary: label.map((name) => `:${name}`), weight: 4 },
  { arbitrary: fc.constant(":A&B"), weight: 1 },
  { arbitrary: fc.constant(""), weight: 3 },
);

/** Finds some of the nodes. */
const found = (variable: string): fc.Arbitrary<string> =>
  fc.tuple(label, integer).map(([name, value]) => `(${variable}:${name} {x: ${value}})`);

/** A statement that writes. Many of them find nothing to change, which is fine. */
export const randomWrite: fc.Arbitrary<string> = fc.oneof(
  {
    arbitrary: fc.tuple(labels, properties).map(([names, map]) => `INSERT (${names}${map})`),
    weight: 5,
  },
  {
    arbitrary: fc
      .tuple(label, properties, edgeLabel, properties, label, properties)
      .map(([a, p, r, q, b, o]) => `INSERT (:${a}${p})-[:${r}${q}]->(:${b}${o})`),
    weight: 3,
  },
  {
    arbitrary: fc
      .tuple(found("a"), found("b"), edgeLabel, properties)
      .map(([a, b, r, map]) => `MATCH ${a}, ${b} INSERT (a)-[:${r}${map}]->(b)`),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(found("n"), property, literal)
      .map(([n, key, value]) => `MATCH ${n} SET n.${key} = ${value}`),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(label, property, property)
      .map(([a, to, from]) => `MATCH (n:${a}) SET n.${to} = n.${from}`),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(found("n"), property).map(([n, key]) => `MATCH ${n} REMOVE n.${key}`),
    weight: 2,
  },
  {
    arbitrary: fc.tuple(found("n"), label).map(([n, name]) => `MATCH ${n} SET n:${name}`),
    weight: 2,
  },
  {
    arbitrary: fc.tuple(found("n"), label).map(([n, name]) => `MATCH ${n} REMOVE n:${name}`),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(edgeLabel, property, integer)
      .map(([r, key, value]) => `MATCH ()-[e:${r}]->() SET e.${key} = ${value}`),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(found("a"), edgeLabel).map(([a, r]) => `MATCH ${a}-[e:${r}]->() DELETE e`),
    weight: 2,
  },
  { arbitrary: found("n").map((n) => `MATCH ${n} DETACH DELETE n`), weight: 2 },
);

const comparison = (variables: readonly string[]): fc.Arbitrary<string> => {
  const operand = fc
    .tuple(fc.constantFrom(...variables), property)
    .map(([variable, key]) => `${variable}.${key}`);
  return fc.oneof(
    fc
      .tuple(operand, fc.constantFrom("=", "<>", "<", ">="), literal)
      .map((parts) => parts.join(" ")),
    fc.tuple(operand, fc.constantFrom("=", "<"), operand).map((parts) => parts.join(" ")),
    operand.map((text) => `${text} IS NULL`),
    operand.map((text) => `${text} IS NOT NULL`),
  );
};

export const condition = (variables: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: comparison(variables), weight: 3 },
    {
      arbitrary: fc
        .tuple(comparison(variables), fc.constantFrom("AND", "OR"), comparison(variables))
        .map((parts) => parts.join(" ")),
      weight: 1,
    },
    { arbitrary: comparison(variables).map((text) => `NOT (${text})`), weight: 1 },
  );

const where = (variables: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constant(""), weight: 2 },
    { arbitrary: condition(variables).map((text) => ` WHERE ${text}`), weight: 1 },
  );

const hop = fc
  .tuple(
    fc.oneof(
      edgeLabel.map((name) => `:${name}`),
      fc.constant(""),
    ),
    fc.constantFrom("->", "<-", "--"),
  )
  .map(([name, direction]) => (variable: string) => {
    const inner = `[${variable}${name}]`;
    return direction === "->" ? `-${inner}->` : direction === "<-" ? `<-${inner}-` : `-${inner}-`;
  });

interface Match {
  readonly text: string;
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
}

/** A fixed-length path of up to two hops, perhaps back to where it began, perhaps with something optional beside it. */
const match: fc.Arbitrary<Match> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constant([]), weight: 1 },
      {
        arbitrary: fc.array(fc.tuple(hop, labelExpression), { minLength: 1, maxLength: 1 }),
        weight: 2,
      },
      {
        arbitrary: fc.array(fc.tuple(hop, labelExpression), { minLength: 2, maxLength: 2 }),
        weight: 1,
      },
    ),
    labelExpression,
    fc.boolean(),
    fc.option(fc.tuple(hop, labelExpression), { nil: null }),
    fc.nat(),
  )
  .chain(([hops, first, closes, optional, anchor]) => {
    const nodes = ["n0"];
    const edges: string[] = [];
    let text = `MATCH (n0${first})`;
    for (const [place, [edge, names]] of hops.entries()) {
      const last = place === hops.length - 1;
      const node = last && closes && hops.length === 2 ? "n0" : `n${place + 1}`;
      text += `${edge(`e${place}`)}(${node}${node === "n0" ? "" : names})`;
      edges.push(`e${place}`);
      if (node !== "n0") nodes.push(node);
    }
    const bound = [...nodes, ...edges];
    return fc.tuple(where(bound), where(["m", ...bound])).map(([condition, inner]) => {
      const required = text + condition;
      if (optional === null) return { text: required, nodes, edges };
      const [edge, names] = optional;
      return {
        text: `${required} OPTIONAL MATCH (${nodes[anchor % nodes.length]})${edge("o")}(m${names})${inner}`,
        nodes: [...nodes, "m"],
        edges: [...edges, "o"],
      };
    });
  });

const aggregate = (expression: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant("count(*)"),
    expression.map((text) => `count(${text})`),
    expression.map((text) => `count(DISTINCT ${text})`),
    expression.map((text) => `min(${text})`),
    expression.map((text) => `max(${text})`),
    expression.map((text) => `collect(${text})`),
    // Of numbers only: a sum over a string is an error, which ends a live query, as some should.
    { arbitrary: expression.map((text) => `sum(${text})`), weight: 1 },
  );

/** What follows a list of columns c0, c1, …: order, and a window. */
const tail = (columns: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat({ max: columns - 1 }), fc.constantFrom("", " DESC")), {
        maxLength: 2,
      }),
      fc.constantFrom("", "", "", " OFFSET 1"),
      fc.constantFrom("", "", " LIMIT 1", " LIMIT 3"),
    )
    .map(([order, offset, limit]) => {
      const keys = order.map(([column, direction]) => `c${column}${direction}`);
      return (keys.length === 0 ? "" : ` ORDER BY ${keys.join(", ")}`) + offset + limit;
    });

const named = (items: readonly string[]): string =>
  items.map((item, place) => `${item} AS c${place}`).join(", ");

const matchQuery: fc.Arbitrary<string> = match.chain(({ text, nodes, edges }) => {
  const variables = [...nodes, ...edges];
  const value = fc
    .tuple(fc.constantFrom(...variables), property)
    .map(([variable, key]) => `${variable}.${key}`);
  const item = fc.oneof(
    { arbitrary: value, weight: 4 },
    { arbitrary: fc.constantFrom(...variables), weight: 1 },
  );
  return fc.oneof(
    fc
      .tuple(fc.constantFrom("", "DISTINCT "), fc.array(item, { minLength: 1, maxLength: 3 }))
      .chain(([distinct, items]) =>
        tail(items.length).map((end) => `${text} RETURN ${distinct}${named(items)}${end}`),
      ),
    fc
      .tuple(
        fc.array(value, { maxLength: 2 }),
        fc.array(aggregate(value), { minLength: 1, maxLength: 2 }),
      )
      .chain(([keys, sums]) =>
        tail(keys.length + sums.length).map(
          (end) => `${text} RETURN ${named([...keys, ...sums])}${end}`,
        ),
      ),
  );
});

const selectQuery: fc.Arbitrary<string> = fc
  .tuple(label, fc.option(comparison(["t"]), { nil: null }))
  .chain(([name, filter]) => {
    const from = `FROM ${name} AS t${filter === null ? "" : ` WHERE ${filter}`}`;
    const value = property.map((key) => `t.${key}`);
    return fc.oneof(
      fc.constant(`SELECT * ${from}`),
      fc
        .tuple(fc.constantFrom("", "DISTINCT "), fc.array(value, { minLength: 1, maxLength: 2 }))
        .chain(([distinct, items]) =>
          tail(items.length).map((end) => `SELECT ${distinct}${named(items)} ${from}${end}`),
        ),
      fc
        .tuple(value, aggregate(value))
        .chain(([key, sum]) =>
          tail(2).map((end) => `SELECT ${named([key, sum])} ${from} GROUP BY ${key}${end}`),
        ),
    );
  });

/** Clauses after clauses: what one finds is where the next begins. */
const chainedQuery: fc.Arbitrary<string> = fc
  .tuple(
    label,
    label,
    property,
    property,
    hop,
    fc.constantFrom("sum", "count", "collect", "max"),
    fc.constantFrom("UNION", "UNION ALL", "EXCEPT", "INTERSECT"),
  )
  .chain(([a, b, key, other, edge, name, set]) =>
    fc.constantFrom(
      `MATCH (n:${a}), (m:${b}) WHERE n.${key} = m.${other} RETURN n AS c0, m.${key} AS c1`,
      `MATCH p = (n:${a})${edge("e")}(m) RETURN p AS c0`,
      `MATCH (n:${a}) MATCH (n)${edge("e")}(m:${b}) RETURN m.${key} AS c0, n.${other} AS c1`,
      `MATCH (n:${a}) LET v = n.${key} RETURN v AS c0, ${name}(n.${other}) AS c1`,
      `MATCH (n:${a}) FOR i IN [1, 2] RETURN n.${key} AS c0, i AS c1`,
      `MATCH (n:${a}) RETURN labels(n) AS c0, properties(n) AS c1`,
      `MATCH (n:${a}) WHERE EXISTS { (n)${edge("e")}(:${b}) } RETURN n.${key} AS c0`,
      `MATCH (n:${a}) WHERE NOT EXISTS { (n)${edge("e")}(m:${b}) WHERE m.${key} = n.${other} } RETURN n.${key} AS c0`,
      `MATCH (n:${a}) RETURN n.${key} AS c0, COUNT { (n)${edge("e")}(m) WHERE m.${other} > 0 } AS c1 ORDER BY c1`,
      `MATCH (n:${a}) RETURN n.${key} AS c0 ${set} MATCH (n:${b}) RETURN n.${other} AS c0`,
      `MATCH (n:${a})${edge("e")}{1,2}(m) RETURN n.${key} AS c0, m.${other} AS c1`,
      `MATCH (n:${a}) RETURN n.${key} AS g, count(*) AS c NEXT MATCH (m:${b}) WHERE m.${other} = g RETURN m AS c0, c AS c1`,
      `MATCH (n:${a}) WITH n.${key} AS g, count(*) AS c MATCH (m:${b}) WHERE m.${other} = g RETURN m.${key} AS c0, c AS c1`,
      `MATCH (n:${a}) WITH n ORDER BY n.${key}, n.${other} LIMIT 2 MATCH (n)${edge("e")}(m) RETURN m.${key} AS c0`,
      `OPTIONAL MATCH (n:${a}) WHERE n.${key} = 1 OPTIONAL MATCH (n)${edge("e")}(m:${b}) RETURN n.${other} AS c0, m AS c1`,
    ),
  );

/** A statement that reads. */
export const randomQuery: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: matchQuery, weight: 4 },
  { arbitrary: selectQuery, weight: 1 },
  { arbitrary: chainedQuery, weight: 3 },
);

/** Entries, each of several writes that become one commit each. */
export const randomEntries: fc.Arbitrary<readonly (readonly string[])[]> = fc.array(
  fc.array(randomWrite, { minLength: 1, maxLength: 3 }),
  { minLength: 3, maxLength: 10, size: "max" },
);

/** What is there before anybody subscribes. */
export const randomSetup: fc.Arbitrary<readonly string[]> = fc.array(randomWrite, {
  minLength: 5,
  maxLength: 20,
  size: "max",
});

// Two graphs: `default`, and `other`, which may go and come back.

/** What is done in one graph is done in either. */
const inEither = (statement: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom("", "USE other "), statement).map((parts) => parts.join(""));

const randomWriteOfTwoGraphs: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: inEither(randomWrite), weight: 12 },
  {
    arbitrary: inEither(
      fc
        .tuple(found("n"), label, property)
        .chain(([n, name, key]) =>
          fc.constantFrom(
            `MATCH ${n} USE other INSERT (:${name} {x: n.${key}})`,
            `MATCH ${n} USE default INSERT (:${name} {x: n.${key}})`,
            `MATCH ${n} CALL (n) { INSERT (m:${name} {x: n.${key}})-[:R]->(n) }`,
            `MATCH ${n} CALL (n) { USE other MERGE (m:${name} {x: n.x}) SET m.y = 1 }`,
            `MATCH ${n} CALL (n) { DETACH DELETE n INSERT (m:${name} {x: 2}) RETURN m } SET m.y = 1`,
            `MATCH ${n} CALL (n) { OPTIONAL MATCH (n)-[e]-(m) DETACH DELETE m } SET n.y = 2`,
          ),
        ),
    ),
    weight: 4,
  },
  {
    arbitrary: fc.constantFrom(
      "CREATE OR REPLACE GRAPH other",
      "CREATE OR REPLACE GRAPH other AS COPY OF default",
      "CREATE GRAPH IF NOT EXISTS other",
      "DROP GRAPH other",
    ),
    weight: 1,
  },
);

const queryOfTwoGraphs: fc.Arbitrary<string> = fc
  .tuple(
    label,
    label,
    property,
    property,
    hop,
    fc.constantFrom("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "OTHERWISE"),
  )
  .chain(([a, b, key, other, edge, set]) =>
    fc.constantFrom(
      `MATCH (n:${a}) USE other MATCH (m:${b}) WHERE m.${key} = n.${other} RETURN n AS c0, m.${key} AS c1`,
      `MATCH (n:${a})${edge("e")}(k) USE other MATCH (m:${b}) RETURN e AS c0, k.${key} AS c1, m AS c2`,
      `MATCH p = (n:${a})${edge("e")}(k) USE other MATCH (m:${b} {x: n.x}) RETURN p AS c0, m AS c1`,
      `MATCH (n:${a}) USE other MATCH (m:${b} {x: n.x}) USE default MATCH (n)${edge("e")}(k) RETURN k.${key} AS c0, m.${other} AS c1`,
      `MATCH (n:${a}) CALL (n) { USE other MATCH (m:${b} {x: n.x}) RETURN m } RETURN n AS c0, m.${key} AS c1`,
      `MATCH (n:${a}) OPTIONAL CALL (n) { USE other MATCH (m:${b} {x: n.${key}}) RETURN m } RETURN n.${other} AS c0, m AS c1`,
      `MATCH (n:${a}) RETURN n.${key} AS c0, COUNT { USE other MATCH (m:${b}) WHERE m.${other} = n.x } AS c1`,
      `MATCH (n:${a}) WHERE NOT EXISTS { USE other MATCH (m:${b})${edge("e")}() WHERE m.${key} = n.x } RETURN n AS c0`,
      `MATCH (n:${a}) RETURN n.${key} AS c0 ${set} USE other MATCH (n:${b}) RETURN n.${other} AS c0`,
      `USE other MATCH (n:${a})${edge("e")}(m) RETURN n.${key} AS g, count(*) AS c NEXT MATCH (k:${b}) WHERE k.${other} = g RETURN k AS c0, c AS c1`,
      `USE other MATCH (n:${a}) RETURN n.${key} AS c0, count(*) AS c1 ORDER BY c1, c0 LIMIT 2`,
      `USE other MATCH (n:${a}) USE HOME_GRAPH MATCH (m:${b}) RETURN DISTINCT n.${key} AS c0, m.${other} AS c1 ORDER BY c0 LIMIT 3`,
      "SHOW GRAPHS",
    ),
  );

export const randomQueryOfTwoGraphs: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: queryOfTwoGraphs, weight: 3 },
  { arbitrary: inEither(randomQuery), weight: 1 },
);

export const randomEntriesOfTwoGraphs: fc.Arbitrary<readonly (readonly string[])[]> = fc.array(
  fc.array(randomWriteOfTwoGraphs, { minLength: 1, maxLength: 3 }),
  { minLength: 3, maxLength: 10, size: "max" },
);

export const randomSetupOfTwoGraphs: fc.Arbitrary<readonly string[]> = fc
  .array(inEither(randomWrite), { minLength: 10, maxLength: 25, size: "max" })
  .map((writes) => ["CREATE GRAPH other", ...writes]);
