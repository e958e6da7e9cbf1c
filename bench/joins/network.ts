import { random } from "../random.ts";

/**
 * A social network in the shape of LDBC's (as LSQB has it): who knows whom, where they live, what they write, answer, like and are
 * interested in. Only what joins look at: nodes have an id, counted from 0 for each label.
 */
export interface Network {
  /** By label, how many nodes. */
  readonly nodes: ReadonlyMap<string, number>;
  readonly edges: readonly EdgeTable[];
}

/** Edges of one label between nodes of two labels; no pair twice. */
export interface EdgeTable {
  readonly label: string;
  readonly from: string;
  readonly to: string;
  readonly pairs: readonly (readonly [from: number, to: number])[];
}

const COUNTRIES = 30;
const CITIES = 400;
const TAG_CLASSES = 40;
const TAGS = 1_500;

/** The same network every time. Popularity is skewed: few persons, posts and tags have most of the edges. */
export function network(persons: number): Network {
  const next = random(11);
  const forums = persons;
  const posts = persons * 8;
  const comments = persons * 16;
  const any = (count: number): number => Math.floor(count * next());
  const popular = (count: number): number => Math.floor(count * next() ** 2);
  const each = (from: number, to: (at: number) => number): (readonly [number, number])[] =>
    Array.from({ length: from }, (_, at) => [at, to(at)] as const);
  /** For each of `from`, about `mean` of `to`. */
  const several = (
    from: number,
    mean: number,
    to: (at: number) => number,
  ): (readonly [number, number])[] =>
    Array.from({ length: from }, (_, at) => {
      const targets = Array.from({ length: Math.round(2 * mean * next()) }, () => to(at));
      return [...new Set(targets)].map((target) => [at, target] as const);
    }).flat();
  /** Friends live near each other, as far as ids go: so there are triangles. */
  const known = several(persons, 9, (at) => {
    const near = next() < 0.7 ? at + 1 + any(60) : popular(persons);
    return near % persons;
  }).filter(([a, b]) => a !== b);
  const edges = new Map(
    known.map(([a, b]) => [Math.min(a, b) * persons + Math.max(a, b), [a, b] as const]),
  );
  // An answer is to something older.
  const answered = each(comments, (at) =>
    next() < 0.5 || at === 0 ? -1 - popular(posts) : any(at),
  );
  return {
    nodes: new Map([
      ["Country", COUNTRIES],
      ["City", CITIES],
      ["TagClass", TAG_CLASSES],
      ["Tag", TAGS],
      ["Person", persons],
      ["Forum", forums],
      ["Post", posts],
      ["Comment", comments],
    ]),
    edges: [
      {
        label: "IS_PART_OF",
        from: "City",
        to: "Country",
        pairs: each(CITIES, () => popular(COUNTRIES)),
      },
      {
        label: "IS_LOCATED_IN",
        from: "Person",
        to: "City",
        pairs: each(persons, () => popular(CITIES)),
      },
      {
        label: "HAS_TYPE",
        from: "Tag",
        to: "TagClass",
        pairs: each(TAGS, () => popular(TAG_CLASSES)),
      },
      { label: "KNOWS", from: "Person", to: "Person", pairs: [...edges.values()] },
      {
        label: "HAS_INTEREST",
        from: "Person",
        to: "Tag",
        pairs: several(persons, 12, () => popular(TAGS)),
      },
      {
        label: "HAS_MEMBER",
        from: "Forum",
        to: "Person",
        pairs: several(forums, 10, () => popular(persons)),
      },
      {
        label: "CONTAINER_OF",
        from: "Forum",
        to: "Post",
        pairs: each(posts, () => popular(forums)).map(([post, forum]) => [forum, post] as const),
      },
      {
        label: "HAS_CREATOR",
        from: "Post",
        to: "Person",
        pairs: each(posts, () => popular(persons)),
      },
      {
        label: "HAS_CREATOR",
        from: "Comment",
        to: "Person",
        pairs: each(comments, () => popular(persons)),
      },
      {
        label: "HAS_TAG",
        from: "Post",
        to: "Tag",
        pairs: several(posts, 1.5, () => popular(TAGS)),
      },
      {
        label: "HAS_TAG",
        from: "Comment",
        to: "Tag",
        pairs: several(comments, 1, () => popular(TAGS)),
      },
      {
        label: "REPLY_OF",
        from: "Comment",
        to: "Post",
        pairs: answered.filter(([, to]) => to < 0).map(([from, to]) => [from, -1 - to] as const),
      },
      {
        label: "REPLY_OF",
        from: "Comment",
        to: "Comment",
        pairs: answered.filter(([, to]) => to >= 0),
      },
      {
        label: "LIKES",
        from: "Person",
        to: "Post",
        pairs: several(persons, 12, () => popular(posts)),
      },
      {
        label: "LIKES",
        from: "Person",
        to: "Comment",
        pairs: several(persons, 12, () => popular(comments)),
      },
    ],
  };
}
