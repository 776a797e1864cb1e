import { describe, expect, it } from 'vitest';
import type { MetricFamily } from './metric-family.js';
import { parseMetricsLabel } from './metrics-label.js';
import { prometheusText } from './prometheus-text.js';

const gauge = (samples: MetricFamily['samples']): MetricFamily =>
  ({ name: 'rocketmq_x', help: 'a\nb\\', type: 'gauge', samples }) as MetricFamily;
const text = (family: MetricFamily, samplesMax = 100, labels = {}, pause = async () => {}) =>
  prometheusText([family], { labels, samplesMax, pause });

it('writes help, type and samples, labels by their names', async () => {
  const family = gauge([
    { labels: { a: 'x', topic: 'T' }, value: 2 },
    { labels: {}, value: 0.5 },
  ]);
  expect(await text(family, 2, { cluster: 'C' })).toBe(
    [
      '# HELP rocketmq_x a\\nb\\\\',
      '# TYPE rocketmq_x gauge',
      'rocketmq_x{a="x",cluster="C",topic="T"} 2.0',
      'rocketmq_x{cluster="C"} 0.5',
      '',
    ].join('\n'),
  );
});

it('sorts families by their names', async () => {
  const families = ['b', 'a'].map((name) => ({ ...gauge([{ labels: {}, value: 1 }]), name }));
  const written = await prometheusText(families, { labels: {}, samplesMax: 9, pause: async () => {} });
  expect(written.match(/^[ab]/gm)).toEqual(['a', 'b']);
});

it('lets others have their turn in a long text, which is whole all the same', async () => {
  let pauses = 0;
  const samples = Array.from({ length: 10_000 }, (_, at) => ({ labels: { topic: `T${at}` }, value: at }));
  const written = await text(gauge(samples), 20_000, {}, async () => void (pauses += 1));
  expect(pauses).toBeGreaterThanOrEqual(4);
  expect(written.split('\n')).toHaveLength(10_003);
  expect(written).toContain('rocketmq_x{topic="T9999"} 9999.0\n');
});

it('leaves out what has no sample', async () => {
  expect(await text(gauge([]))).toBe('');
});

it.each([
  ['a"b', 'a\\"b'],
  ['a\\b', 'a\\\\b'],
  ['a\nb', 'a\\nb'],
  ['ä%RETRY%', 'ä%RETRY%'],
])('escapes the value %j', async (value, escaped) => {
  expect(await text(gauge([{ labels: { topic: value }, value: 1 }]))).toContain(`rocketmq_x{topic="${escaped}"} 1.0\n`);
});

it.each([
  ['a-b', 'a_b'],
  ['0a', '_0a'],
])('makes the name %j legal', async (name, legal) => {
  expect(await text(gauge([{ labels: { [name]: 'v' }, value: 1 }]))).toContain(`{${legal}="v"}`);
});

it.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [-1, '-1.0'],
  [9_007_199_254_740_991, '9007199254740991.0'],
])('writes %d as %s', async (value, written) => {
  expect(await text(gauge([{ labels: {}, value }]))).toContain(`rocketmq_x ${written}\n`);
});

const histogram = (count: number): MetricFamily => ({
  name: 'rocketmq_h_milliseconds',
  help: 'h',
  type: 'histogram',
  bounds: [1, 10],
  samples: Array.from({ length: count }, (_, at) => ({ labels: { topic: `T${at}` }, sum: 30, counts: [2, 0, 3] })),
});

it('writes a histogram with cumulative classes', async () => {
  const lines = (await text(histogram(1))).split('\n').slice(2, -1);
  expect(lines).toEqual([
    'rocketmq_h_milliseconds_bucket{topic="T0",le="1.0"} 2',
    'rocketmq_h_milliseconds_bucket{topic="T0",le="10.0"} 2',
    'rocketmq_h_milliseconds_bucket{topic="T0",le="+Inf"} 5',
    'rocketmq_h_milliseconds_count{topic="T0"} 5',
    'rocketmq_h_milliseconds_sum{topic="T0"} 30.0',
  ]);
});

describe('at the limit', () => {
  const samples = (count: number) => Array.from({ length: count }, (_, at) => ({ labels: { topic: `T${at}` }, value: at + 1 }));

  it('writes all samples, and beyond it one for the rest', async () => {
    expect(await text(gauge(samples(3)), 3)).not.toContain('overflow');
    const lines = (await text(gauge(samples(5)), 3)).split('\n').slice(2, -1);
    expect(lines).toEqual([
      'rocketmq_x{topic="T0"} 1.0',
      'rocketmq_x{topic="T1"} 2.0',
      'rocketmq_x{otel_metric_overflow="true"} 12.0',
    ]);
  });

  it('adds up the classes of histograms', async () => {
    const written = await text(histogram(4), 2);
    expect(written).toContain('rocketmq_h_milliseconds_bucket{otel_metric_overflow="true",le="1.0"} 6\n');
    expect(written).toContain('rocketmq_h_milliseconds_count{otel_metric_overflow="true"} 15\n');
    expect(written).toContain('rocketmq_h_milliseconds_sum{otel_metric_overflow="true"} 90.0\n');
  });
});

it.each([
  ['', {}],
  ['a:b', { a: 'b' }],
  [' a : b , c:d:e,', { a: 'b', c: 'd:e' }],
  ['a:b,a:c', { a: 'c' }],
  ['a', undefined],
  ['a:', undefined],
  [':b', undefined],
])('metricsLabel %j is %j', (label, labels) => {
  expect(parseMetricsLabel(label)).toEqual(labels);
});
