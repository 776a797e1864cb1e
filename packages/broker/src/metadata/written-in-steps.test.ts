import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { writtenInSteps } from './written-in-steps.js';

test('a large table is written over several turns, a small one in one', async () => {
  const { timers, time } = virtualEnvironment(1);
  const turns: number[] = [];
  let turn = 0;
  const counting = {
    ...timers,
    setImmediate: (callback: () => void) => {
      turn += 1;
      return timers.setImmediate(callback);
    },
  } as typeof timers;
  const entries = Array.from({ length: 4500 }, (_, index) => index);
  const texts = await time.settle(
    writtenInSteps(counting, entries, (entry) => {
      turns[turn] = (turns[turn] ?? 0) + 1;
      return String(entry);
    }),
  );
  expect(texts).toEqual(entries.map(String));
  expect(turns).toEqual([2000, 2000, 500]);
  expect(await writtenInSteps(counting, [1, 2], String)).toEqual(['1', '2']);
  expect(turn).toBe(2);
});
