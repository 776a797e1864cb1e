/** Options that nobody reads: a misspelled name must not pass for a setting. */

/** One sentence for each name in `given` that is none of `known`; it names the nearest one. */
export function unknownOptionProblems(given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestOf(name, known);
      return `there is no option '${name}'${nearest === undefined ? '' : `: did you mean '${nearest}'?`}`;
    });
}

function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let leastDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= leastDistance) continue;
    leastDistance = distance;
    nearest = candidate;
  }
  return nearest;
}

/** Insertions, deletions and replacements that make `one` into `other` (Levenshtein), row by row. */
function editDistance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 0; row < one.length; row++) {
    const current = [row + 1];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (other[column - 1] === one[row] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[other.length] ?? 0;
}
