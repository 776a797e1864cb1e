import { expect, test } from 'vitest';
import { isStalled, stallLimitMs } from './store-stall.js';

const limits = { osPageCacheBusyTimeOutMills: 1000, syncFlushTimeout: 5000 };
const began = (includesFlush: boolean) => ({ beganMs: 100, includesFlush });

test.each([
  ['nothing is written', undefined, 1_000_000, false],
  ['a write that has just begun', began(false), 100, false],
  ['a write at the limit', began(false), 1100, false],
  ['a write beyond it', began(false), 1101, true],
  ['a flush beyond the limit of writes', began(true), 1101, false],
  ['a flush at its own limit', began(true), 5100, false],
  ['a flush beyond it', began(true), 5101, true],
])('%s', (_what, append, nowMs, expected) => {
  expect(isStalled(append, nowMs, limits)).toBe(expected);
});

test('a flush has at least the time that a write has', () => {
  expect(stallLimitMs(true, { osPageCacheBusyTimeOutMills: 9000, syncFlushTimeout: 5000 })).toBe(9000);
});
