import { isMqError, StoreError } from '@orbitmq/core/kernel';

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'give the process read and write rights on it, or set storePathRootDir to a directory that it owns',
  EPERM: 'give the process read and write rights on it, or set storePathRootDir to a directory that it owns',
  EROFS: 'the file system is mounted read-only: set storePathRootDir to a writable one',
  ENOSPC: 'the disk is full: free space or move the store to a larger one',
  EDQUOT: 'the quota is used up: free space or move the store',
  ENOTDIR: 'a file is where a directory should be: remove it or set storePathRootDir to another place',
  EMFILE: 'the process has too many open files: raise its limit (ulimit -n)',
  EIO: 'the device failed: check the system log and the disk before starting again',
};

export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A failed file operation as a `StoreError` that names the path and what to do; errors of the family pass through. */
export function ioError(action: string, path: string, cause: unknown): Error {
  if (isMqError(cause)) return cause;
  const code = errorCodeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = code === undefined ? undefined : remedies[code];
  return new StoreError('STORE_IO_FAILED', `Cannot ${action} ${path}: ${reason}${remedy === undefined ? '' : `; ${remedy}`}`, {
    cause,
    details: { path, errorCode: code },
  });
}
