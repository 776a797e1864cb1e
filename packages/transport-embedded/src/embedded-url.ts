import { isAbsolute, resolve } from 'node:path';
import type { MqUrl } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';

/** Where an embedded broker keeps its messages. */
export type EmbeddedStore = { readonly kind: 'memory' } | { readonly kind: 'directory'; readonly path: string };

/**
 * `embedded:` is RAM; `embedded:./dir` and `embedded:/dir` name a directory, relative to `workingDirectory`. Throws a
 * `ConfigError` `URL_INVALID` for `~`: no shell has been there, and a directory of that name is nobody's wish.
 */
export function embeddedStoreOf(url: MqUrl, workingDirectory: string): EmbeddedStore {
  const path = url.address.trim();
  if (path === '') return { kind: 'memory' };
  if (path === '~' || path.startsWith('~/')) {
    throw new ConfigError(
      'URL_INVALID',
      `'embedded:${path}': '~' is not replaced by the home directory here: give the whole path`,
    );
  }
  return { kind: 'directory', path: isAbsolute(path) ? path : resolve(workingDirectory, path) };
}
