/** How long puts took, in Java's classes (Java: StoreStatsService.putMessageDistributeTime; page 32 §3.1). */

/** Exclusive upper bounds in ms, but for the first, which is for what took no time. */
const classes: readonly (readonly [string, number])[] = [
  ['[<=0ms]', 0],
  ['[0~10ms]', 10],
  ['[10~50ms]', 50],
  ['[50~100ms]', 100],
  ['[100~200ms]', 200],
  ['[200~500ms]', 500],
  ['[500ms~1s]', 1000],
  ['[1~2s]', 2000],
  ['[2~3s]', 3000],
  ['[3~4s]', 4000],
  ['[4~5s]', 5000],
  ['[5~10s]', 10_000],
  ['[10s~]', Number.POSITIVE_INFINITY],
];

export class LatencyHistogram {
  readonly #counts = new Float64Array(classes.length);
  maxMs = 0;

  /** Whole milliseconds, as Java measures. */
  add(elapsedMs: number): void {
    let at = 0;
    if (elapsedMs > 0) {
      at = 1;
      while (elapsedMs >= (classes[at] as readonly [string, number])[1]) at += 1;
    }
    this.#counts[at] = (this.#counts[at] as number) + 1;
    if (elapsedMs > this.maxMs) this.maxMs = elapsedMs;
  }

  /** `[<=0ms]:3 [0~10ms]:1 …`, with a space at the end as Java's. */
  text(): string {
    return classes.map(([name], at) => `${name}:${this.#counts[at]} `).join('');
  }
}
