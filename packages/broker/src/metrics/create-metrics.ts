/** The metrics of a broker, as its configuration asks for them (page 34 §3.1). */
import { ConfigError, type Environment, sleep } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import type { MessageStore } from '../store/message-store.js';
import { isSystemTopic } from '../topic/system-topic-rules.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { type BrokerMetricsOptions, brokerMetrics } from './broker-metrics.js';
import { MetricsEndpoint } from './metrics-endpoint.js';
import { parseMetricsLabel } from './metrics-label.js';
import { RpcMeter } from './rpc-meter.js';

/** Counts requests; undefined when nobody is to be told. */
export function createRpcMeter(
  { clock, logger }: Pick<Environment, 'clock' | 'logger'>,
  config: BrokerConfig,
): RpcMeter | undefined {
  const { metricsExporterType } = config;
  if (metricsExporterType === 'PROM') return new RpcMeter({ clock, isSystemTopic: (topic) => isSystemTopic(topic, config) });
  if (metricsExporterType !== 'DISABLE') {
    logger.warn('no metrics are exported: this version has PROM only', { metricsExporterType });
  }
  return undefined;
}

type Told = 'clock' | 'directory' | 'groupNames' | 'isSystemTopic' | 'labels' | 'logger' | 'pause' | 'samplesMax';

export interface MetricsEndpointParts extends Omit<BrokerMetricsOptions, Told | 'config' | 'groups' | 'store' | 'topics'> {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly groups: SubscriptionGroupManager;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
}

/** Serves the metrics, on the loopback interface unless an address is configured. Throws a `ConfigError`. */
export function createMetricsEndpoint(parts: MetricsEndpointParts): MetricsEndpoint {
  const { config, groups } = parts;
  const { clock, logger, timers } = parts.environment;
  const own = parseMetricsLabel(config.metricsLabel);
  if (own === undefined)
    throw new ConfigError('CONFIG_INVALID', `metricsLabel is no list of name:value: "${config.metricsLabel}"`);
  const { brokerClusterName: cluster, brokerName: node_id } = config;
  const options: BrokerMetricsOptions = {
    ...parts,
    clock,
    logger,
    pause: () => sleep(timers, 0),
    directory: config.storePathRootDir,
    groupNames: () => groups.all().keys(),
    isSystemTopic: (topic) => isSystemTopic(topic, config),
    labels: { ...own, node_type: 'broker', cluster, node_id, otel_scope_name: 'broker-meter' },
    samplesMax: config.metricsOtelCardinalityLimit,
  };
  return new MetricsEndpoint({
    host: config.metricsPromExporterHost === '' ? '127.0.0.1' : config.metricsPromExporterHost,
    port: config.metricsPromExporterPort,
    logger,
    text: () => brokerMetrics(options),
  });
}
