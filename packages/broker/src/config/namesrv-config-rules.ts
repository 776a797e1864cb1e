/** Type and range of every key of `namesrv.conf` (page 23 §13). */
import { type BoundConfig, bindConfig } from './bind-config.js';
import { type ConfigRules, ipAddress, port, positive } from './config-rules.js';
import { namesrvKeysWithoutEffect } from './keys-without-effect.js';
import { defaultNamesrvConfig, type NamesrvConfig } from './namesrv-config.js';

const rules: ConfigRules<NamesrvConfig> = {
  listenPort: port,
  bindAddress: ipAddress,
  scanNotActiveBrokerInterval: positive,
  serverChannelMaxIdleTimeSeconds: positive,
};

/** Throws a `ConfigError`. */
export function bindNamesrvConfig(
  properties: ReadonlyMap<string, string>,
  defaults: NamesrvConfig = defaultNamesrvConfig,
): BoundConfig<NamesrvConfig> {
  return bindConfig(properties, rules, defaults, undefined, namesrvKeysWithoutEffect);
}
