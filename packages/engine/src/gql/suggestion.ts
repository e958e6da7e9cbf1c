/** Longer words are nobody's misspelt keyword, and the distance is quadratic. */
const WORD_LENGTH_MAX = 24;

/**
 * The candidate that was probably meant by a misspelt word: the nearest within one edit, or within two from six letters on. An edit is a
 * letter added, left out, replaced, or swapped with its neighbour; a letter of another case is the same one. Of two as near, the one of the
 * same length. A word that is one of the candidates, or a keyword, which they are in upper case, is not misspelt.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 2 || word.length > WORD_LENGTH_MAX) return undefined;
  const wanted = word.toUpperCase();
  let best: string | undefined;
  let bestDistance = wanted.length < 6 ? 1 : 2;
  for (const candidate of candidates) {
    if (candidate === word || candidate === wanted) return undefined;
    if (Math.abs(candidate.length - wanted.length) > bestDistance) continue;
    const distance = editDistance(wanted, candidate.toUpperCase());
    const isNearer = distance < bestDistance || (distance === bestDistance && best === undefined);
    const isBetterTie =
      distance === bestDistance &&
      candidate.length === wanted.length &&
      best?.length !== wanted.length;
    if (!isNearer && !isBetterTie) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
