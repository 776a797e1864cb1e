import { expect, test } from 'vitest';
import { isBatchFull } from './batch-limits.js';

const limits = {
  maxTransferBytesOnMessageInMemory: 1000,
  maxTransferCountOnMessageInMemory: 4,
  maxTransferBytesOnMessageInDisk: 500,
  maxTransferCountOnMessageInDisk: 2,
};

test.each([
  ['the first message has a place, whatever its size', 0, 0, 9999, 1, true, false],
  ['as many as asked for', 3, 0, 1, 3, true, true],
  ['in memory: bytes at the limit', 1, 900, 100, 32, true, false],
  ['in memory: bytes beyond it', 1, 900, 101, 32, true, true],
  ['in memory: count', 4, 0, 1, 32, true, true],
  ['on disk: bytes at the limit', 1, 400, 100, 32, false, false],
  ['on disk: bytes beyond it', 1, 400, 101, 32, false, true],
  ['on disk: count', 2, 0, 1, 32, false, true],
])('%s', (_name, messageCount, sizeBytes, next, maxCount, isInMemory, expected) => {
  expect(isBatchFull({ messageCount, sizeBytes }, next, maxCount, isInMemory, limits)).toBe(expected);
});
