/** What a scrape answers with, before it is text (page 34 §3.2). */
import type { Histogram } from '../stats/histogram.js';

export type MetricFamily = ScalarFamily | HistogramFamily;

export interface ScalarFamily {
  /** As it stands in the text, with the unit and `_total` where they belong. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  /** Inclusive upper bounds of the classes, ascending; the last class has none. */
  readonly bounds: readonly number[];
  readonly samples: readonly HistogramSample[];
}

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly sum: number;
  /** By class, not cumulative: one more than there are bounds. */
  readonly counts: ArrayLike<number>;
}

/** Its words are those of Apache's exporter. */
export function counter(name: string, samples: readonly Sample[]): ScalarFamily {
  return { name: `rocketmq_${name}`, help: 'default view for counter.', type: 'counter', samples };
}

export function gauge(name: string, samples: readonly Sample[]): ScalarFamily {
  return { name: `rocketmq_${name}`, help: 'default view for gauge.', type: 'gauge', samples };
}

export function histogram(
  name: string,
  help: string,
  samples: readonly { readonly labels: Labels; readonly histogram: Histogram }[],
): HistogramFamily {
  return {
    name: `rocketmq_${name}`,
    help,
    type: 'histogram',
    bounds: samples[0]?.histogram.bounds ?? [],
    samples: samples.map(({ labels, histogram: { counts, sum } }) => ({ labels, counts, sum })),
  };
}
