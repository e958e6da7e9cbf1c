/** A count over a join of many edges. */
export interface JoinQuery {
  readonly name: string;
  readonly text: string;
  /** What Kuzu wants to hear instead, where it differs: several labels of one node stand one behind the other. */
  readonly kuzu?: string;
}

const KNOWS_TWICE =
  "MATCH (a:Person)-[:KNOWS]-(b:Person)-[:KNOWS]-(c:Person)-[:HAS_INTEREST]->(t:Tag) WHERE a <> c";

const ONE_COUNTRY =
  "(a:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(x:Country), (b:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(x), (c:Person)-[:IS_LOCATED_IN]->(:City)-[:IS_PART_OF]->(x), (a)-[:KNOWS]-(b)-[:KNOWS]-(c)-[:KNOWS]-(a) RETURN count(*) AS n";

/** The nine shapes of LSQB (LDBC's labelled subgraph query benchmark). */
export const JOIN_QUERIES: readonly JoinQuery[] = [
  {
    name: "1: a chain of eight edges",
    text: "MATCH (:Country)<-[:IS_PART_OF]-(:City)<-[:IS_LOCATED_IN]-(:Person)<-[:HAS_MEMBER]-(:Forum)-[:CONTAINER_OF]->(:Post)<-[:REPLY_OF]-(:Comment)-[:HAS_TAG]->(:Tag)-[:HAS_TYPE]->(:TagClass) RETURN count(*) AS n",
  },
  {
    name: "2: answers between persons who know each other",
    text: "MATCH (a:Person)-[:KNOWS]-(b:Person), (a)<-[:HAS_CREATOR]-(c:Comment)-[:REPLY_OF]->(p:Post)-[:HAS_CREATOR]->(b) RETURN count(*) AS n",
  },
  {
    name: "3: triangles of persons of one country",
    // Two of them may live in one city, whose edge to the country then comes twice.
    text: `MATCH REPEATABLE ELEMENTS ${ONE_COUNTRY}`,
    kuzu: `MATCH ${ONE_COUNTRY}`,
  },
  {
    name: "4: a star of four edges",
    text: "MATCH (:Tag)<-[:HAS_TAG]-(m:Message)-[:HAS_CREATOR]->(:Person), (m)<-[:LIKES]-(:Person), (m)<-[:REPLY_OF]-(:Comment) RETURN count(*) AS n",
    kuzu: "MATCH (:Tag)<-[:HAS_TAG]-(m:Post:Comment)-[:HAS_CREATOR]->(:Person), (m)<-[:LIKES]-(:Person), (m)<-[:REPLY_OF]-(:Comment) RETURN count(*) AS n",
  },
  {
    name: "5: answers under another tag",
    text: "MATCH (s:Tag)<-[:HAS_TAG]-(:Message)<-[:REPLY_OF]-(:Comment)-[:HAS_TAG]->(t:Tag) WHERE s <> t RETURN count(*) AS n",
    kuzu: "MATCH (s:Tag)<-[:HAS_TAG]-(:Post:Comment)<-[:REPLY_OF]-(:Comment)-[:HAS_TAG]->(t:Tag) WHERE id(s) <> id(t) RETURN count(*) AS n",
  },
  {
    name: "6: interests of friends of friends",
    text: `${KNOWS_TWICE} RETURN count(*) AS n`,
    kuzu: `${KNOWS_TWICE.replace("a <> c", "id(a) <> id(c)")} RETURN count(*) AS n`,
  },
  {
    name: "7: a star with two optional edges",
    text: "MATCH (:Tag)<-[:HAS_TAG]-(m:Message)-[:HAS_CREATOR]->(:Person) OPTIONAL MATCH (m)<-[:LIKES]-(l:Person) OPTIONAL MATCH (m)<-[:REPLY_OF]-(c:Comment) RETURN count(*) AS n",
    kuzu: "MATCH (:Tag)<-[:HAS_TAG]-(m:Post:Comment)-[:HAS_CREATOR]->(:Person) OPTIONAL MATCH (m)<-[:LIKES]-(l:Person) OPTIONAL MATCH (m)<-[:REPLY_OF]-(c:Comment) RETURN count(*) AS n",
  },
  {
    name: "8: answers that do not have the tag",
    text: "MATCH (s:Tag)<-[:HAS_TAG]-(:Message)<-[:REPLY_OF]-(c:Comment)-[:HAS_TAG]->(t:Tag) WHERE s <> t AND NOT EXISTS { (c)-[:HAS_TAG]->(s) } RETURN count(*) AS n",
    kuzu: "MATCH (s:Tag)<-[:HAS_TAG]-(:Post:Comment)<-[:REPLY_OF]-(c:Comment)-[:HAS_TAG]->(t:Tag) WHERE id(s) <> id(t) AND NOT (c)-[:HAS_TAG]->(s) RETURN count(*) AS n",
  },
  {
    name: "9: interests of friends of friends who are no friends",
    text: `${KNOWS_TWICE} AND NOT EXISTS { (a)-[:KNOWS]-(c) } RETURN count(*) AS n`,
    kuzu: `${KNOWS_TWICE.replace("a <> c", "id(a) <> id(c)")} AND NOT (a)-[:KNOWS]-(c) RETURN count(*) AS n`,
  },
];
