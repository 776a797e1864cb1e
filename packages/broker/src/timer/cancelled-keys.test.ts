import { expect, it } from 'vitest';
import { CancelledKeys } from './cancelled-keys.js';

const message = (topic: string, uniqueKey: string) => ({ outMs: 1, topic, uniqueKey, cancelledKey: undefined, properties: {} });

it('keys count in the topic of their cancellation only, with and without its name', () => {
  const keys = new CancelledKeys();
  keys.add('T', 'a');
  keys.add('T', 'T+b');
  keys.add('T', 'U+c');
  expect(['a', 'b', 'c'].map((key) => keys.has(message('T', key)))).toEqual([true, true, false]);
  expect(['a', 'b', 'c'].map((key) => keys.has(message('U', key)))).toEqual([false, false, false]);
});

it('no more than a number of keys are remembered', () => {
  const keys = new CancelledKeys(2);
  expect(['a', 'b', 'b', 'c', 'a'].map((key) => keys.add('T', key))).toEqual([true, true, true, false, true]);
  expect([keys.size, keys.has(message('T', 'c'))]).toEqual([2, false]);
});
