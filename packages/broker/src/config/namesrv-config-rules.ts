/** Type and range of every key of `namesrv.conf` (page 23 §13). */
import { type BoundConfig, bindConfig } from './bind-config.js';
import {
  anyText,
  boolean,
  type ConfigRule,
  type ConfigRules,
  count,
  ipAddress,
  matching,
  port,
  positive,
} from './config-rules.js';
import { namesrvKeysWithoutEffect } from './keys-without-effect.js';
import { defaultNamesrvConfig, type NamesrvConfig } from './namesrv-config.js';

const path = matching(/^\S(?:.*\S)?$/, 'a path');

const rules: ConfigRules<NamesrvConfig> = {
  listenPort: port,
  bindAddress: ipAddress,
  kvConfigPath: path,
  configStorePath: path,
  orderMessageEnable: boolean,
  returnOrderTopicConfigToBroker: boolean,
  scanNotActiveBrokerInterval: positive,
  serverChannelMaxIdleTimeSeconds: positive,
  supportActingMaster: boolean,
  enableAllTopicList: boolean,
  enableTopicList: boolean,
  notifyMinBrokerIdChanged: boolean,
  needWaitForService: boolean,
  waitSecondsForService: count,
  deleteTopicWithBrokerRegistration: boolean,
  configBlackList: anyText,
};

/** Undefined for a key that is none of ours. */
export function namesrvConfigRule(key: string): ConfigRule<unknown> | undefined {
  return Object.hasOwn(rules, key) ? rules[key as keyof NamesrvConfig] : undefined;
}

/** Throws a `ConfigError`. */
export function bindNamesrvConfig(
  properties: ReadonlyMap<string, string>,
  defaults: NamesrvConfig = defaultNamesrvConfig,
): BoundConfig<NamesrvConfig> {
  return bindConfig(properties, rules, defaults, undefined, namesrvKeysWithoutEffect);
}
