/** How much memory a broker without a directory takes for messages. */
import { totalmem } from 'node:os';
import type { MqUrl } from '@orbitmq/core';
import { ConfigError } from '@orbitmq/core/kernel';
import type { EmbeddedStore } from './embedded-url.js';

/** The URL's parameter, and the option of the same name. */
export const memoryLimitName = 'memoryBytesMax';

const bytesPerMiB = 1024 * 1024;
/** Room for a few files of the log, and for the largest message many times. */
const memoryBytesMin = 64 * bytesPerMiB;
/** Of the memory that the process can have. */
const shareByDefault = 1 / 4;

/**
 * The option, else the URL's parameter, else a quarter of what the machine or the container has. Undefined for a store in a
 * directory, which its disk bounds. Throws a `ConfigError` `CONFIG_INVALID`.
 */
export function memoryLimit(url: MqUrl, store: EmbeddedStore, option: number | undefined): number | undefined {
  const parameter = url.parameters.get(memoryLimitName);
  if (store.kind === 'directory') {
    if (option === undefined && parameter === undefined) return undefined;
    throw new ConfigError(
      'CONFIG_INVALID',
      `${memoryLimitName} bounds messages in memory; these are in ${store.path}, bounded by its disk`,
    );
  }
  const given = option ?? (parameter === undefined ? undefined : Number(parameter));
  if (given === undefined) return Math.max(memoryBytesMin, Math.floor(memoryOfProcess() * shareByDefault));
  if (Number.isSafeInteger(given) && given >= memoryBytesMin) return given;
  throw new ConfigError(
    'CONFIG_INVALID',
    `${memoryLimitName} is ${option ?? parameter}, not a number of bytes from ${memoryBytesMin} on`,
  );
}

/** A container has less than its machine. */
function memoryOfProcess(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
