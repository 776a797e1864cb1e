/** Two ways to do the same in turns, many short rounds of each: what else the machine does falls on both, and cancels out in the ratio. */

export interface PairedRounds {
  /** Of the cost of `other` to that of `base`, pair by pair: the median, between which it is with 95 %, and the middle half of the pairs. */
  readonly ratio: { readonly median: number; readonly within95: Range; readonly quartiles: Range };
  /** Median cost of `base`. */
  readonly baseCost: number;
}

type Range = readonly [low: number, high: number];

/** A side of a pair is the best of so many rounds, in turns with those of the other: what disturbs a round makes it slower only. */
const roundsPerSide = 5;
/** Half the width of the ranks that hold the median with 95 %, in roots of their number. */
const ranksOf95 = 0.98;

/** Each side begins in every second round. A cost is whatever a round answers. */
export async function pairedRounds(
  pairCount: number,
  base: () => Promise<number>,
  other: () => Promise<number>,
): Promise<PairedRounds> {
  const ratios: number[] = [];
  const costs: number[] = [];
  for (let pair = 0; pair < pairCount; pair += 1) {
    let baseCost = Number.POSITIVE_INFINITY;
    let otherCost = Number.POSITIVE_INFINITY;
    for (let round = 0; round < roundsPerSide; round += 1) {
      const isBaseFirst = (pair + round) % 2 === 0;
      if (isBaseFirst) baseCost = Math.min(baseCost, await base());
      otherCost = Math.min(otherCost, await other());
      if (!isBaseFirst) baseCost = Math.min(baseCost, await base());
    }
    costs.push(baseCost);
    ratios.push(otherCost / baseCost);
  }
  const half = ranksOf95 / Math.sqrt(pairCount);
  const range = (low: number, high: number): Range => [quantile(ratios, low), quantile(ratios, high)];
  return {
    ratio: { median: quantile(ratios, 0.5), within95: range(0.5 - half, 0.5 + half), quartiles: range(0.25, 0.75) },
    baseCost: quantile(costs, 0.5),
  };
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(Math.max(part, 0), 1) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}
