import { isMqError } from '@orbitmq/core/kernel';
import { errorCodeOf } from './io-error.js';

const outOfSpaceCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * The operation found no room, or no quota: it can be tried again when there is some. A flush is not among them: what it
 * left behind nobody knows (promises R2).
 */
export function isOutOfSpace(error: unknown): boolean {
  if (!isMqError(error)) return outOfSpaceCodes.has(errorCodeOf(error));
  const { action, errorCode } = error.details ?? {};
  return outOfSpaceCodes.has(errorCode) && !String(action).startsWith('flush');
}
