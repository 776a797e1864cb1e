import { type BrokerConfig, bindBrokerConfig, defaultBrokerConfig } from '@orbitmq/broker';
import type { Durability, MqUrl } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';
import type { EmbeddedStore } from './embedded-url.js';
import { memoryLimitName } from './memory-limit.js';

/** Keys of `broker.conf` that belong to the transport: nobody else could know the right values. */
const ownKeys = [
  'namesrvAddr',
  'listenPort',
  'bindAddress',
  'brokerIP1',
  'brokerIP2',
  'haListenPort',
  'storePathRootDir',
  'storePathCommitLog',
] as const;

/** Keys of `broker.conf` that an application can set. */
export type EmbeddedBrokerConfig = Omit<BrokerConfig, (typeof ownKeys)[number]>;

/** Where the NameServer and the broker listen in their private network; no socket has to do with it. */
export const nameServerAddress = '127.0.0.1:9876';
const brokerPort = 10_911;

/** Root of a store in memory. */
const memoryDirectory = '/orbitmq';
/** A log in memory grows by this much at a time. */
const memorySegmentBytes = 16 * 1024 * 1024;

/** Defaults, then the URL's parameters, then the application's options. Throws a `ConfigError` `CONFIG_INVALID`. */
export function embeddedBrokerConfig(url: MqUrl, store: EmbeddedStore, options: Partial<EmbeddedBrokerConfig>): BrokerConfig {
  const given = new Map(url.parameters);
  given.delete(memoryLimitName);
  for (const [key, value] of Object.entries(options)) given.set(key, String(value));
  const foreign = ownKeys.filter((key) => given.has(key));
  if (foreign.length > 0)
    throw invalid(`${foreign.join(', ')} cannot be set on an embedded broker: it has no port, and its URL names the directory`);
  const defaults: BrokerConfig = { ...defaultBrokerConfig, brokerName: 'broker-a', ...(store.kind === 'memory' ? inMemory : {}) };
  const { config, warnings } = bindBrokerConfig(given, defaults);
  if (warnings.length > 0) throw invalid(warnings.join('; '));
  return { ...config, ...addressesAndPaths(store) };
}

function invalid(reason: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `The configuration of the embedded broker is wrong: ${reason}`);
}

/** What an acknowledged send has reached. */
export function durabilityOf(store: EmbeddedStore, config: BrokerConfig): Durability {
  if (store.kind === 'memory') return 'memory';
  return config.flushDiskType === 'SYNC_FLUSH' ? 'disk' : 'page-cache';
}

/** In full memory sends are refused; a message that may not have been consumed is not deleted for a newer one. */
const inMemory = { mappedFileSizeCommitLog: memorySegmentBytes, cleanFileForciblyEnable: false } as const;

function addressesAndPaths(store: EmbeddedStore) {
  const directory = store.kind === 'memory' ? memoryDirectory : store.path;
  return {
    namesrvAddr: nameServerAddress,
    listenPort: brokerPort,
    bindAddress: '127.0.0.1',
    brokerIP1: '127.0.0.1',
    brokerIP2: '127.0.0.1',
    haListenPort: 0,
    storePathRootDir: directory,
    storePathCommitLog: '',
  } as const satisfies Partial<BrokerConfig>;
}
