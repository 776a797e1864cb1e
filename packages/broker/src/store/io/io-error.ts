import { isMqError, StoreError } from '@orbitmq/core/kernel';

/** For messages: how whoever runs the broker names a directory, as a command or inside an application. */
export const otherDirectoryAdvice = 'use another directory (mqbroker: storePathRootDir; embedded: the path in the URL)';

const noRights = `give the process read and write rights on it, or ${otherDirectoryAdvice}`;
const inTheWay = `a file is where a directory should be: remove it, or ${otherDirectoryAdvice}`;

const remedies: Readonly<Record<string, string>> = {
  EACCES: noRights,
  EPERM: noRights,
  EROFS: `the file system is read-only: mount it for writing, or ${otherDirectoryAdvice}`,
  ENOSPC: 'the disk is full: free space or move the store to a larger one',
  EDQUOT: 'the quota is used up: free space or move the store',
  ENOTDIR: inTheWay,
  EEXIST: inTheWay,
  EMFILE: 'the process has too many open files: raise its limit (ulimit -n)',
  EIO: 'the device failed: check the system log and the disk before starting again',
};

/** The directory is the wrong one, or has the wrong rights; nothing is broken. */
const unwritableCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * A failed file operation as a `StoreError` that names the path and what to do: `STORE_UNWRITABLE` when the place is to blame,
 * else `STORE_IO_FAILED`. Errors of the family pass through.
 */
export function ioError(action: string, path: string, cause: unknown): Error {
  if (isMqError(cause)) return cause;
  const errorCode = errorCodeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = errorCode === undefined ? undefined : remedies[errorCode];
  const code = errorCode !== undefined && unwritableCodes.has(errorCode) ? 'STORE_UNWRITABLE' : 'STORE_IO_FAILED';
  return new StoreError(code, `Cannot ${action} ${path}: ${reason}${remedy === undefined ? '' : `; ${remedy}`}`, {
    cause,
    details: { path, errorCode, action },
  });
}

/** A directory in a place like `/proc`, where the system lets nobody create one. */
export function uncreatable(path: string, cause: unknown): StoreError {
  const reason = `the system lets nothing be created there; ${otherDirectoryAdvice}`;
  return new StoreError('STORE_UNWRITABLE', `Cannot create the directory ${path}: ${reason}`, {
    cause,
    details: { path, errorCode: 'ENOENT' },
  });
}
