/** Counters sampled once a second for ten minutes, and what they gained per second of late (Java: StoreStatsService; page 32 §3.1). */
const samplesMax = 601;

export class RateHistory {
  readonly #names: readonly string[];
  /** One row per sample: its time and the counters, in the order of the names. Oldest row is written over. */
  readonly #rows: Float64Array;
  #count = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#rows = new Float64Array(samplesMax * (names.length + 1));
  }

  sample(nowMs: number, values: Readonly<Record<string, number>>): void {
    const width = this.#names.length + 1;
    const at = (this.#count % samplesMax) * width;
    this.#rows[at] = nowMs;
    for (const [index, name] of this.#names.entries()) this.#rows[at + 1 + index] = values[name] ?? 0;
    this.#count += 1;
  }

  /** Per second over the last `seconds` samples, or over all while there are fewer (Java shows nothing then); 0 before the second one. */
  perSecond(name: string, seconds: number): number {
    const span = Math.min(seconds, this.#count - 1, samplesMax - 1);
    if (span <= 0) return 0;
    const column = this.#names.indexOf(name) + 1;
    const [newest, oldest] = [this.#rowAt(this.#count - 1), this.#rowAt(this.#count - 1 - span)];
    const elapsedMs = (this.#rows[newest] as number) - (this.#rows[oldest] as number);
    if (elapsedMs <= 0) return 0;
    return (((this.#rows[newest + column] as number) - (this.#rows[oldest + column] as number)) * 1000) / elapsedMs;
  }

  #rowAt(sample: number): number {
    return (sample % samplesMax) * (this.#names.length + 1);
  }
}
