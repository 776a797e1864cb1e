/**
 * Families in Prometheus' text format 0.0.4, as OpenTelemetry's exporter writes them: by name, labels by name. More samples in a
 * family than `samplesMax` become one that says so (otel_metric_overflow), so that no client's names make an answer without bound.
 * Others get their turn while a long text is written.
 */
import type { HistogramFamily, HistogramSample, Labels, MetricFamily, Sample, ScalarFamily } from './metric-family.js';

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

export interface PrometheusTextOptions {
  /** Of every series. */
  readonly labels: Labels;
  /** In one family, the one for what is too much included; at least 1. */
  readonly samplesMax: number;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
}

/** Lines after which others get their turn. */
const linesPerTurn = 2000;

const overflowLabels: Labels = { otel_metric_overflow: 'true' };

export async function prometheusText(families: Iterable<MetricFamily>, options: PrometheusTextOptions): Promise<string> {
  const text = new Lines(options.pause);
  for (const family of [...families].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (family.samples.length === 0) continue;
    text.add(`# HELP ${family.name} ${escapeHelp(family.help)}`, `# TYPE ${family.name} ${family.type}`);
    if (family.type === 'histogram') await histogramLines(text, family, options);
    else await scalarLines(text, family, options);
  }
  return text.end();
}

/** The text so far: joined piece by piece, since one join of everything would hold up others. */
class Lines {
  readonly #pause: () => Promise<void>;
  #lines: string[] = [];
  #text = '';

  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** Between two samples. */
  async yield(): Promise<void> {
    if (this.#lines.length < linesPerTurn) return;
    this.#flush();
    await this.#pause();
  }

  end(): string {
    this.#flush();
    return this.#text;
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#text += `${this.#lines.join('\n')}\n`;
    this.#lines = [];
  }
}

async function scalarLines(text: Lines, family: ScalarFamily, { labels, samplesMax }: PrometheusTextOptions): Promise<void> {
  for (const sample of bounded(family.samples, samplesMax, mergedScalars)) {
    text.add(`${family.name}${labelText({ ...labels, ...sample.labels })} ${numberText(sample.value)}`);
    await text.yield();
  }
}

async function histogramLines(
  text: Lines,
  family: HistogramFamily,
  { labels, samplesMax }: PrometheusTextOptions,
): Promise<void> {
  const { bounds, name } = family;
  for (const sample of bounded(family.samples, samplesMax, mergedHistograms)) {
    const own = { ...labels, ...sample.labels };
    let count = 0;
    for (let at = 0; at <= bounds.length; at += 1) {
      count += sample.counts[at] ?? 0;
      // The bound stands last, whatever the names of the others.
      const le = `le="${numberText(bounds[at] ?? Number.POSITIVE_INFINITY)}"`;
      text.add(`${name}_bucket${labelText(own, le)} ${count}`);
    }
    text.add(`${name}_count${labelText(own)} ${count}`, `${name}_sum${labelText(own)} ${numberText(sample.sum)}`);
    await text.yield();
  }
}

function bounded<S>(samples: readonly S[], samplesMax: number, merged: (rest: readonly S[]) => S): readonly S[] {
  if (samples.length <= samplesMax) return samples;
  return [...samples.slice(0, samplesMax - 1), merged(samples.slice(samplesMax - 1))];
}

function mergedScalars(rest: readonly Sample[]): Sample {
  return { labels: overflowLabels, value: rest.reduce((sum, { value }) => sum + value, 0) };
}

function mergedHistograms(rest: readonly HistogramSample[]): HistogramSample {
  const counts: number[] = [];
  for (const sample of rest) {
    for (let at = 0; at < sample.counts.length; at += 1) counts[at] = (counts[at] ?? 0) + (sample.counts[at] as number);
  }
  return { labels: overflowLabels, counts, sum: rest.reduce((sum, one) => sum + one.sum, 0) };
}

function labelText(labels: Labels, last?: string): string {
  const parts = Object.entries(labels)
    .map(([name, value]) => `${labelName(name)}="${escapeValue(value)}"`)
    .toSorted();
  if (last !== undefined) parts.push(last);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** Operators name labels in `metricsLabel`. */
function labelName(name: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^[0-9]/.test(legal) || legal === '' ? `_${legal}` : legal;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** As OpenTelemetry's exporter writes numbers: `1.0`, `+Inf`. */
function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Number.isNaN(value)) return 'NaN';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
