import { describe, expect, it } from 'vitest';
import { decodeTimerCheck, encodeTimerCheck, type TimerCheck, timerCheckBytes } from './timer-check.js';

const check: TimerCheck = {
  readTime: 1_795_216_927_000,
  logFlushedEnd: 104,
  queueOffset: 3,
  masterQueueOffset: 2,
  dataVersion: { stateVersion: 1, timestamp: 1_795_216_926_000, counter: 7 },
};

describe('timercheck', () => {
  it('has the fields of RocketMQ at their places', () => {
    expect(encodeTimerCheck(check).toString('hex')).toBe(
      [
        '000001a1fb446918',
        '0000000000000068',
        '0000000000000003',
        '0000000000000002',
        '0000000000000001',
        '000001a1fb446530',
        '0000000000000007',
      ].join(''),
    );
  });

  it('is read as it was written, also from a longer file', () => {
    const file = Buffer.alloc(4096);
    encodeTimerCheck(check).copy(file);
    expect(decodeTimerCheck(encodeTimerCheck(check))).toEqual(check);
    expect(decodeTimerCheck(file)).toEqual(check);
  });

  it('may lack its data version', () => {
    const dataVersion = { stateVersion: 0, timestamp: 0, counter: 0 };
    expect(decodeTimerCheck(encodeTimerCheck(check).subarray(0, 32))).toEqual({ ...check, dataVersion });
  });

  it.each([0, 1, 31])('of %i bytes is none', (length) => {
    expect(decodeTimerCheck(encodeTimerCheck(check).subarray(0, length))).toBeUndefined();
  });

  it.each([0, 8, 16])('with a field at %i that is no time or offset is none', (at) => {
    for (const value of [-1n, 2n ** 60n]) {
      const bytes = encodeTimerCheck(check);
      bytes.writeBigInt64BE(value, at);
      expect(decodeTimerCheck(bytes)).toBeUndefined();
    }
  });

  it('is as long as the answer to GET_TIMER_CHECK_POINT', () => {
    expect(encodeTimerCheck(check)).toHaveLength(timerCheckBytes);
  });
});
