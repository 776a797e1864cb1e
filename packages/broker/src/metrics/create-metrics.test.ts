import { silentLogger } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { createMetricsEndpoint, createRpcMeter, type MetricsEndpointParts } from './create-metrics.js';

function meterFor(metricsExporterType: 'DISABLE' | 'OTLP_GRPC' | 'PROM' | 'LOG') {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const { clock } = virtualEnvironment(1);
  const meter = createRpcMeter({ clock, logger }, { ...defaultBrokerConfig, metricsExporterType });
  return { isMeasured: meter !== undefined, warnings: warnings.length };
}

it.each([
  ['DISABLE', false, 0],
  ['PROM', true, 0],
  ['OTLP_GRPC', false, 1],
  ['LOG', false, 1],
] as const)('%s: measured %s, %d warnings', (type, isMeasured, warnings) => {
  expect(meterFor(type)).toEqual({ isMeasured, warnings });
});

it('refuses labels that are none', () => {
  const config = { ...defaultBrokerConfig, metricsLabel: 'zone' };
  const parts = { environment: virtualEnvironment(1), config } as unknown as MetricsEndpointParts;
  expect(() => createMetricsEndpoint(parts)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
