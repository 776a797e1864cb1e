/** What an update of the broker's configuration asks for (request 25; pages 23 §3, 32 §5). Pure. */
import type { BrokerConfig } from './broker-config.js';
import { brokerConfigRule, renamedKeys } from './broker-config-rules.js';
import { brokerKeysWithoutEffect } from './keys-without-effect.js';
import { type RequestedChanges, refusedKey, requestedChanges } from './requested-changes.js';

/** Refused whatever `configBlackList` says: they name where the configuration is. */
const alwaysRefused: readonly string[] = ['brokerConfigPath', 'rocketmqHome', 'configBlackList'];

/** With a wrong one the next start fails, finds an empty store, or makes a broker that nobody reaches. */
const inFileOnly: readonly (keyof BrokerConfig)[] = [
  'storePathRootDir',
  'storePathCommitLog',
  'mappedFileSizeCommitLog',
  'mappedFileSizeConsumeQueue',
  'mappedFileSizeTimerLog',
  'bindAddress',
  'listenPort',
  'brokerIP1',
  'brokerIP2',
];

export type ConfigChange = RequestedChanges<BrokerConfig>;

/** The first key that nobody may change at run time. */
export function refusedBrokerKey(properties: ReadonlyMap<string, string>, configBlackList: string): string | undefined {
  return refusedKey(properties, alwaysRefused, configBlackList);
}

/** `otherKeys`: keys of the file that this version does not know. */
export function configChange(
  properties: ReadonlyMap<string, string>,
  configured: BrokerConfig,
  otherKeys: ReadonlySet<string>,
): ConfigChange {
  return requestedChanges(properties, {
    configured,
    ruleOf: brokerConfigRule,
    keysWithoutEffect: brokerKeysWithoutEffect,
    renamedKeys,
    otherKeys,
    inFileOnly,
    inFileHint: 'change it in the file, while the broker is stopped',
  });
}
