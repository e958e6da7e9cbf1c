/** A query worth keeping: what it asks in words, and what it needs. */
export interface SavedQuery {
  readonly title: string;
  readonly description: string;
  readonly text: string;
  /** What to put in for the parameters, as it would be typed. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly live: boolean;
  /** The view that suits its result. */
  readonly view: "table" | "graph";
}

/** The queries that come with the console: over the demo's data (`geode serve --demo`), one per thing to discover. */
export const SAVED_QUERIES: readonly SavedQuery[] = [
  {
    title: "Why is X installed?",
    description: "Who depends on a package, three steps up",
    text: `// Who depends on this package, up to three steps away?
MATCH path = (:Package {name: $name})<-[:DEPENDS_ON]-{1,3}(:Package)
RETURN path
LIMIT 500`,
    parameters: { name: "picomatch" },
    live: false,
    view: "graph",
  },
  {
    title: "Packages by licence",
    description: "Count and group",
    text: `MATCH (p:Package)
RETURN p.license AS licence, count(*) AS packages
ORDER BY packages DESC, licence`,
    parameters: {},
    live: false,
    view: "table",
  },
  {
    title: "Machine load, live",
    description: "Changes every second: watch it move",
    text: `SELECT host, cpu, memory, load, at
FROM metrics`,
    parameters: {},
    live: true,
    view: "table",
  },
  {
    title: "Biggest dependants",
    description: "Packages that need the most others",
    text: `MATCH (a:Package)-[d:DEPENDS_ON]->(b:Package)
RETURN a.name AS package, a.version AS version, count(*) AS dependencies
ORDER BY dependencies DESC, package
LIMIT 20`,
    parameters: {},
    live: false,
    view: "table",
  },
  {
    title: "Most depended on",
    description: "Packages that the most others need",
    text: `MATCH (a:Package)-[d:DEPENDS_ON]->(b:Package)
RETURN b.name AS package, b.version AS version, count(*) AS dependants
ORDER BY dependants DESC, package
LIMIT 20`,
    parameters: {},
    live: false,
    view: "table",
  },
  {
    title: "The dependency graph",
    description: "400 edges of it, to look around",
    text: `MATCH (a:Package)-[d:DEPENDS_ON]->(b:Package)
RETURN a, d, b
LIMIT 400`,
    parameters: {},
    live: false,
    view: "graph",
  },
];
