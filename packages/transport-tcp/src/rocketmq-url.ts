import type { Durability, MqUrl } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';

export interface RocketmqUrl {
  /** `host:port` of every NameServer. */
  readonly namesrvAddr: readonly string[];
  readonly durability: Durability | undefined;
}

const portByDefault = 9876;
const durabilities: readonly Durability[] = ['page-cache', 'disk', 'replicated', 'quorum'];
const example = "as in 'rocketmq://host:9876;host2:9876'";

/**
 * Reads `rocketmq://host:9876;host2:9876`. `,` separates as well as `;`, the port defaults to 9876, an IPv6 address stands in
 * brackets. The parameter `durability` says what the brokers are set up for. Throws a `ConfigError` `URL_INVALID`.
 */
export function parseRocketmqUrl(url: MqUrl): RocketmqUrl {
  const text = url.address.endsWith('/') ? url.address.slice(0, -1) : url.address;
  if (text.includes('@')) throw invalid('a rocketmq: URL takes no user name and password');
  if (text.includes('/')) throw invalid(`'${text}' names more than NameServers: a rocketmq: URL has no path, ${example}`);
  const parts = text
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw invalid(`the URL names no NameServer: give host and port, ${example}`);
  return { namesrvAddr: [...new Set(parts.map(addressOf))], durability: durabilityOf(url.parameters) };
}

function addressOf(part: string): string {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::(\d*))?$/.exec(part);
  const plain = /^([^:[\]\s]+)(?::(\d*))?$/.exec(part);
  const [, host, port = ''] = bracketed ?? plain ?? [];
  if (host === undefined) throw invalid(`'${part}' is no NameServer address: expected host:port, ${example}`);
  const number = port === '' && !part.endsWith(':') ? portByDefault : Number(port);
  if (port.length > 5 || number < 1 || number > 65_535) throw invalid(`'${part}' has no valid port: 1 to 65535`);
  return `${host}:${number}`;
}

function durabilityOf(parameters: ReadonlyMap<string, string>): Durability | undefined {
  for (const name of parameters.keys()) {
    if (name !== 'durability') throw invalid(`a rocketmq: URL has no parameter '${name}'; known: durability`);
  }
  const value = parameters.get('durability');
  if (value === undefined) return undefined;
  const known = durabilities.find((durability) => durability === value);
  if (known === undefined) throw invalid(`durability=${value} is none of ${durabilities.join(', ')}`);
  return known;
}

function invalid(message: string): ConfigError {
  return new ConfigError('URL_INVALID', message);
}
