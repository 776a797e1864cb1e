import { type TransportScheme, unknownOptionProblems } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';
import { tcpNetwork } from '@orbitmq/remoting';
import { localAddress } from './local-address.js';
import { parseRocketmqUrl } from './rocketmq-url.js';
import { createTcpTransport, type TcpTransportOptions } from './transport.js';

/** What an application can set for all `rocketmq:` URLs. Everything has a default. */
export type RocketmqTransportOptions = Partial<Omit<TcpTransportOptions, 'environment' | 'namesrvAddr'>>;

const names: Readonly<Record<keyof RocketmqTransportOptions, true>> = {
  dialer: true,
  name: true,
  durability: true,
  idempotencyKey: true,
  timedDelivery: true,
  clientIp: true,
  processId: true,
  instanceName: true,
  connectTimeoutMs: true,
  pollNameServerIntervalMs: true,
  heartbeatBrokerIntervalMs: true,
  mqClientApiTimeoutMs: true,
  producerTuning: true,
  consumerTuning: true,
};

/**
 * The scheme `rocketmq:`, for an OrbitMQ or Apache RocketMQ cluster: `rocketmq://host:9876;host2:9876`. How durable an
 * acknowledged send is depends on the brokers' configuration, which clients cannot see; without the option or the URL
 * parameter `durability` it counts as `page-cache`, which is what brokers do by default.
 */
export function rocketmqTransport(options: RocketmqTransportOptions = {}): TransportScheme {
  return {
    scheme: 'rocketmq',
    create(url, environment) {
      checkOptions(options);
      const { namesrvAddr, durability } = parseRocketmqUrl(url);
      return createTcpTransport({
        ...options,
        environment,
        namesrvAddr,
        dialer: options.dialer ?? tcpNetwork(),
        clientIp: options.clientIp ?? localAddress(),
        processId: options.processId ?? process.pid,
        durability: options.durability ?? durability ?? 'page-cache',
      });
    },
  };
}

function checkOptions(options: RocketmqTransportOptions): void {
  const problems = unknownOptionProblems(options, Object.keys(names));
  if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', `The options of rocketmq: are wrong: ${problems.join('; ')}`);
}
