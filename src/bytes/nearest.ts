/** The word that was probably meant. */

/** The candidate with the fewest edits to `word`, when they are at most a third of its length; else null. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  // A long word would cost time in proportion to its length, and is no misspelling.
  if (word.length > 64) {
    return null;
  }
  let best: string | null = null;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance in which two letters that changed places, the commonest slip, are one edit. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const edits = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(isSwap ? Math.min(edits, before[j - 2]! + 1) : edits);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
