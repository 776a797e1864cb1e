import { describe, expect, it } from 'vitest';
import { decideSendBack, isDeadLetterSend, maxReconsumeTimesOf } from './dead-letter-rule.js';

describe('maxReconsumeTimesOf', () => {
  it.each([
    ['an old client cannot say it', 120, 3, 16],
    ['a client since V3_4_9 can', 121, 3, 3],
    ['it did not', 400, undefined, 16],
  ])('%s', (_name, version, asked, expected) => {
    expect(maxReconsumeTimesOf(version, asked, 16)).toBe(expected);
  });
});

describe('decideSendBack', () => {
  it.each([
    [0, 16, 0, 3],
    [1, 16, 0, 4],
    [15, 16, 0, 18],
    [0, 16, 1, 1],
    [7, 16, 18, 18],
  ])(
    'retried %i of %i times, asked for level %i: again at level %i',
    (reconsumeTimes, maxReconsumeTimes, delayLevel, expected) => {
      expect(decideSendBack({ reconsumeTimes, maxReconsumeTimes, delayLevel, retryQueueNums: 1 })).toEqual({
        kind: 'retry',
        delayLevel: expected,
      });
    },
  );

  it.each([
    [16, 16, 0],
    [17, 16, 5],
    [0, 0, 0],
    [0, 16, -1],
  ])('retried %i of %i times, asked for level %i: dead letter', (reconsumeTimes, maxReconsumeTimes, delayLevel) => {
    expect(decideSendBack({ reconsumeTimes, maxReconsumeTimes, delayLevel, retryQueueNums: 1 })).toEqual({ kind: 'dead-letter' });
  });

  it.each([0, -1])('the group has %i retry queues: dead letter, however young it is', (retryQueueNums) => {
    const young = { reconsumeTimes: 0, maxReconsumeTimes: 16, delayLevel: 5 };
    expect(decideSendBack({ ...young, retryQueueNums })).toEqual({ kind: 'dead-letter' });
    expect(decideSendBack({ ...young, retryQueueNums: 1 })).toEqual({ kind: 'retry', delayLevel: 5 });
  });
});

describe('isDeadLetterSend', () => {
  it.each([
    [16, 16, false, false],
    [17, 16, false, true],
    [0, 16, true, true],
    [0, 0, false, false],
  ])('try %i of %i, live lock: %s -> %s', (reconsumeTimes, maxReconsumeTimes, hasLiveLock, expected) => {
    expect(isDeadLetterSend({ reconsumeTimes, maxReconsumeTimes, hasLiveLock })).toBe(expected);
  });
});
