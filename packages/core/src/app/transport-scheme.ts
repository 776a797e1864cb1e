import type { Environment } from '../kernel/environment.js';
import { ConfigError } from '../kernel/errors.js';
import type { Transport } from '../transport/transport.js';
import { type MqUrl, parseMqUrl } from './mq-url.js';

/** Makes the transport for the URLs of one scheme. This package knows none: whoever puts an application together brings them. */
export interface TransportScheme {
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** Opens nothing yet. Throws a `ConfigError` for an address or parameter it does not understand. */
  create(url: MqUrl, environment: Environment): Transport;
}

/** The transport a URL asks for. Throws a `ConfigError` `URL_SCHEME_UNKNOWN` that lists the schemes there are. */
export function createTransport(url: string, schemes: readonly TransportScheme[], environment: Environment): Transport {
  const parsed = parseMqUrl(url);
  const scheme = schemes.find((candidate) => candidate.scheme === parsed.scheme);
  if (scheme !== undefined) return scheme.create(parsed, environment);
  const known = schemes.map((candidate) => `${candidate.scheme}:`);
  throw new ConfigError('URL_SCHEME_UNKNOWN', `No transport for '${parsed.scheme}:'; known: ${known.join(', ')}`, {
    details: { scheme: parsed.scheme, known },
  });
}
