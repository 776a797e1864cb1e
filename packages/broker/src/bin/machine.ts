/** What the commands take from the machine they run on. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir, hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from '@orbitmq/core/kernel';
import { parseProperties } from '../config/properties.js';

/** The keys of a configuration file; none when there is no file. Throws a `ConfigError`. */
export function readProperties(configFile: string | undefined): Map<string, string> {
  if (configFile === undefined) return new Map();
  if (!existsSync(configFile)) throw new ConfigError('CONFIG_INVALID', `there is no configuration file ${configFile}`);
  return parseProperties(readFileSync(configFile));
}

/** Where the configuration is written when operators change it: the file itself, not a link to it. Undefined when there is no file. */
export function configFilePath(configFile: string | undefined): string | undefined {
  return configFile === undefined ? undefined : realpathSync(resolve(configFile)).replaceAll('\\', '/');
}

/** Absolute, with forward slashes, as the file seam wants it; `~/` is the home directory, the default `~/store`. */
export function storePath(configured: string): string {
  const path = configured === '' ? '~/store' : configured;
  const expanded = path.startsWith('~/') ? `${homedir()}/${path.slice(2)}` : path;
  return resolve(expanded).replaceAll('\\', '/');
}

/** Java takes the host's name as it is; here only when it is a legal name of a topic, which it becomes. */
export function defaultBrokerName(): string | undefined {
  const name = hostname().replaceAll('.', '-');
  return /^[A-Za-z0-9_-]{1,100}$/.test(name) ? name : undefined;
}

/** First address that other machines can reach; undefined on a machine without network. */
export function firstPublicAddress(): string | undefined {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const address of addresses ?? []) if (address.family === 'IPv4' && !address.internal) return address.address;
  }
  return undefined;
}
