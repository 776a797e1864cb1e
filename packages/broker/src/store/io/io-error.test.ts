import { StoreError } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { ioError } from './io-error.js';

const failure = (code: string): Error => Object.assign(new Error(`${code}: said the system`), { code });

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'])(
  '%s: the place is to blame, and another one is asked for',
  (code) => {
    const error = ioError('write', '/store', failure(code));
    expect(error).toMatchObject({ code: 'STORE_UNWRITABLE', details: { path: '/store', errorCode: code } });
    expect(error.message).toMatch(/\/store.*storePathRootDir.*embedded/);
  },
);

test.each(['ENOSPC', 'EIO', 'EMFILE', 'ENOENT'])('%s: an operation failed', (code) => {
  expect(ioError('write', '/store', failure(code))).toMatchObject({ code: 'STORE_IO_FAILED', details: { errorCode: code } });
});

test('errors of the family pass through', () => {
  const error = new StoreError('STORE_LOCKED', 'in use');
  expect(ioError('write', '/store', error)).toBe(error);
});
