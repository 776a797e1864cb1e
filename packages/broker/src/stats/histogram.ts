/** Counts by class of size or time, for who exports them (OpenTelemetry: explicit bucket histogram). A value costs a few comparisons. */
export class Histogram {
  /** Inclusive upper bounds, ascending; what is above is in a last class of its own. */
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
  }
}
