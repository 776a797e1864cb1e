/** What a counter gained over a span of time (Java: StatsSnapshot). */
export interface StatsSum {
  readonly sum: number;
  /** Per second, between the oldest and the newest snapshot. */
  readonly tps: number;
  /** `sum` by the number of times something was added. */
  readonly avgpt: number;
}

const noSum: StatsSum = { sum: 0, tps: 0, avgpt: 0 };
const fieldsPerSnapshot = 3;

/**
 * The last snapshots of a counter, one per period (Java: the lists of CallSnapshot in StatsItem; page 32 §3.2). As at Apache
 * the first one has an empty one a period before it, so that what came before it is in the sum. Times are monotonic.
 */
export class SnapshotRing {
  readonly #periodMs: number;
  readonly #snapshotsMax: number;
  /** Time, value, times; oldest first. Grows with the snapshots, since most counters of a big broker are young or idle. */
  readonly #fields: number[] = [];

  constructor(periodMs: number, snapshotsMax: number) {
    this.#periodMs = periodMs;
    this.#snapshotsMax = snapshotsMax;
  }

  sample(nowMs: number, value: number, times: number): void {
    const fields = this.#fields;
    if (fields.length === 0) fields.push(nowMs - this.#periodMs, 0, 0);
    fields.push(nowMs, value, times);
    if (fields.length > this.#snapshotsMax * fieldsPerSnapshot) fields.splice(0, fieldsPerSnapshot);
  }

  /** All 0 before the first sample. */
  sum(): StatsSum {
    const fields = this.#fields;
    const newest = fields.length - fieldsPerSnapshot;
    if (newest <= 0) return noSum;
    const [firstMs = 0, firstValue = 0, firstTimes = 0] = fields;
    const sum = (fields[newest + 1] as number) - firstValue;
    const times = (fields[newest + 2] as number) - firstTimes;
    const elapsedMs = (fields[newest] as number) - firstMs;
    return { sum, tps: elapsedMs > 0 ? (sum * 1000) / elapsedMs : 0, avgpt: times > 0 ? sum / times : 0 };
  }
}
