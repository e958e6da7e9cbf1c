/** A question that every engine is asked, in words that all of them understand. */
export interface BenchQuery {
  readonly name: string;
  readonly text: string;
  /** What an engine wants to hear instead of `text`. */
  readonly dialects?: ReadonlyMap<string, string>;
  /** The parameter in the text, and its value in the n-th run. */
  readonly parameter: { readonly name: string; readonly at: (run: number) => number } | null;
  /** Whether the order of the rows counts. */
  readonly ordered: boolean;
  readonly writes: boolean;
}

export function benchQueries(personCount: number): readonly BenchQuery[] {
  const read = { parameter: null, ordered: false, writes: false };
  const id = { name: "id", at: (run: number) => (run * 6_421 + 17) % personCount };
  const insert = "(:Person {id: $id, name: 'new', age: 1, city: 'new'})";
  return [
    {
      ...read,
      name: "person by id",
      text: "MATCH (p:Person {id: $id}) RETURN p.name AS name, p.age AS age",
      parameter: id,
    },
    {
      ...read,
      name: "one hop",
      text: "MATCH (p:Person {id: $id})-[:KNOWS]->(f:Person) RETURN f.id AS id",
      parameter: id,
    },
    {
      ...read,
      name: "two hops, distinct",
      text: "MATCH (p:Person {id: $id})-[:KNOWS]->(:Person)-[:KNOWS]->(f:Person) RETURN count(DISTINCT f) AS n",
      parameter: id,
    },
    {
      ...read,
      name: "filter and count",
      text: "MATCH (p:Person) WHERE p.age > $age RETURN count(*) AS n",
      parameter: { name: "age", at: (run) => 30 + (run % 40) },
    },
    {
      ...read,
      name: "group by city",
      text: "MATCH (p:Person) RETURN p.city AS city, count(*) AS n",
    },
    {
      ...read,
      name: "top 10 by age",
      text: "MATCH (p:Person) RETURN p.id AS id, p.age AS age ORDER BY age DESC, id LIMIT 10",
      ordered: true,
    },
    {
      ...read,
      name: "paths of two hops, count",
      text: "MATCH (:Person)-[:KNOWS]->(:Person)-[:KNOWS]->(:Person) RETURN count(*) AS n",
    },
    {
      ...read,
      name: "directed triangles, count",
      text: "MATCH (a:Person)-[:KNOWS]->(b:Person)-[:KNOWS]->(c:Person)-[:KNOWS]->(a) RETURN count(*) AS n",
    },
    {
      name: "insert, durable",
      text: `INSERT ${insert}`,
      dialects: new Map([["Kuzu", `CREATE ${insert}`]]),
      parameter: { name: "id", at: (run) => personCount + run },
      ordered: false,
      writes: true,
    },
  ];
}
