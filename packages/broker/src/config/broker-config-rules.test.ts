import { expect, test } from 'vitest';
import { brokerConfigRule } from './broker-config-rules.js';

test.each([
  ['regionId', '', ''],
  ['regionId', 'eu west-1', 'eu west-1'],
  ['regionId', 'x'.repeat(255), 'x'.repeat(255)],
  ['regionId', 'x'.repeat(256), undefined],
  ['regionId', 'a\u0002DELAY\u00011', undefined],
  ['regionId', 'é', undefined],
  ['splitRegistrationSize', '2', 2],
  ['splitRegistrationSize', '1', undefined],
  ['bindAddress', ':::::', undefined],
  ['metricsExporterType', '', 'DISABLE'],
  ['metricsExporterType', '0', 'DISABLE'],
  ['metricsExporterType', 'prom', 'PROM'],
  ['metricsExporterType', '2', 'PROM'],
  ['metricsExporterType', '3', 'LOG'],
  ['metricsExporterType', '4', undefined],
  ['metricsExporterType', 'PROMETHEUS', undefined],
  ['metricsPromExporterHost', '', ''],
  ['metricsPromExporterHost', '0.0.0.0', '0.0.0.0'],
  ['metricsPromExporterHost', 'localhost', undefined],
  ['metricsLabel', '', ''],
  ['metricsLabel', 'zone:z1,rack:3', 'zone:z1,rack:3'],
  ['metricsLabel', 'zone', undefined],
  ['metricsLabel', 'zone:', undefined],
  ['metricsOtelCardinalityLimit', '0', undefined],
])('%s=%j', (key, text, value) => {
  expect(brokerConfigRule(key)?.parse(text)).toBe(value);
});
