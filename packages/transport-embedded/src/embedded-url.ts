import { isAbsolute, resolve } from 'node:path';
import type { MqUrl } from '@orbitmq/core';

/** Where an embedded broker keeps its messages. */
export type EmbeddedStore = { readonly kind: 'memory' } | { readonly kind: 'directory'; readonly path: string };

/** `embedded:` is RAM; `embedded:./dir` and `embedded:/dir` name a directory, relative to `workingDirectory`. */
export function embeddedStoreOf(url: MqUrl, workingDirectory: string): EmbeddedStore {
  const path = url.address.trim();
  if (path === '') return { kind: 'memory' };
  return { kind: 'directory', path: isAbsolute(path) ? path : resolve(workingDirectory, path) };
}
