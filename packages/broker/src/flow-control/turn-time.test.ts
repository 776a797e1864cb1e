import { expect, it } from 'vitest';
import { TurnTime } from './turn-time.js';

it('reads the clock once a turn, and when it is told to', async () => {
  let readings = 0;
  const time = new TurnTime({ monotonic: () => (readings += 1) });
  expect([time.ms, time.ms]).toEqual([1, 1]);
  time.renew();
  expect([time.ms, time.ms]).toEqual([2, 2]);
  await Promise.resolve();
  expect([time.ms, time.ms]).toEqual([3, 3]);
});
