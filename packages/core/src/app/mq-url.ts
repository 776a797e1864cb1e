import { ConfigError } from '../kernel/errors.js';

/** `scheme:address?name=value&…`. Not a WHATWG URL: `rocketmq://a:9876;b:9876` and `embedded:./dir` are none. */
export interface MqUrl {
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** What follows the scheme, without a leading `//` and the parameters. */
  readonly address: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const shape = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/)?([^?]*)(?:\?(.*))?$/s;

/** Reads a URL. Throws a `ConfigError` `URL_INVALID`. */
export function parseMqUrl(text: string): MqUrl {
  const match = shape.exec(text.trim());
  if (match === null)
    throw invalid(`'${text}' is no URL: it begins with a scheme, as in 'embedded:./data' or 'rocketmq://localhost:9876'`);
  const [, scheme = '', address = '', query = ''] = match;
  return { scheme: scheme.toLowerCase(), address, parameters: parseParameters(query) };
}

function parseParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (parameters.has(name)) throw invalid(`The URL has the parameter '${name}' twice`);
    parameters.set(name, value);
  }
  return parameters;
}

function invalid(message: string): ConfigError {
  return new ConfigError('URL_INVALID', message);
}
