import { random } from "../random.ts";

/** Persons who know persons: what every engine of the bench is filled with. */
export interface SocialGraph {
  readonly persons: readonly Person[];
  /** Who knows whom: the indexes of two persons each, no pair twice, nobody themselves. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly age: number;
  readonly city: string;
}

const CITIES = 50;

/**
 * The same graph every time. Out-degrees are skewed: one person in a hundred knows as many as a tenth of all edges, the first more than
 * a hundred times the average.
 */
export function socialGraph(personCount: number, edgeCount: number): SocialGraph {
  const next = random(7);
  const persons = Array.from({ length: personCount }, (_, id): Person => {
    const city = `City ${Math.floor(CITIES * next() ** 2)}`;
    return { id, name: `Person ${id}`, age: 18 + Math.floor(next() * 70), city };
  });
  const [from, to] = [new Uint32Array(edgeCount), new Uint32Array(edgeCount)];
  const known = new Set<number>();
  for (let edge = 0; edge < edgeCount;) {
    // Spread out, so that well-connected persons do not lie side by side.
    const source = (Math.floor(personCount * next() ** 2) * 7919) % personCount;
    const target = Math.floor(personCount * next());
    const pair = source * personCount + target;
    if (source === target || known.has(pair)) continue;
    known.add(pair);
    from[edge] = source;
    to[edge] = target;
    edge += 1;
  }
  return { persons, from, to };
}
