/** What an update of the NameServer's configuration asks for (request 318; page 02 §8). Pure. */
import { namesrvKeysWithoutEffect } from './keys-without-effect.js';
import type { NamesrvConfig } from './namesrv-config.js';
import { namesrvConfigRule } from './namesrv-config-rules.js';
import { type RequestedChanges, refusedKey, requestedChanges } from './requested-changes.js';

/** Refused whatever `configBlackList` says: they name where the configuration is, and what may not be changed. */
const alwaysRefused: readonly string[] = ['configBlackList', 'configStorePath', 'kvConfigPath', 'rocketmqHome'];

/** Read once at the start; a change of them takes effect at the next one. */
const startKeys: readonly (keyof NamesrvConfig)[] = ['serverChannelMaxIdleTimeSeconds'];

/** With an address of another machine, or a port that is taken, the next start would fail. */
const inFileOnly: readonly (keyof NamesrvConfig)[] = ['listenPort', 'bindAddress'];

/** The first key that nobody may change at run time. */
export function refusedNamesrvKey(properties: ReadonlyMap<string, string>, configBlackList: string): string | undefined {
  return refusedKey(properties, alwaysRefused, configBlackList);
}

export function namesrvConfigChange(
  properties: ReadonlyMap<string, string>,
  configured: NamesrvConfig,
): RequestedChanges<NamesrvConfig> {
  const changes = requestedChanges(properties, {
    configured,
    ruleOf: namesrvConfigRule,
    keysWithoutEffect: namesrvKeysWithoutEffect,
    inFileOnly,
    inFileHint: 'change it in the file',
  });
  const later = startKeys.filter((key) => key in changes.values).map((key) => `"${key}" takes effect at the next start`);
  return { ...changes, notes: [...changes.notes, ...later] };
}
