import { expect, test } from 'vitest';
import { queuesPerTurn } from './next-turn.js';
import { Turns } from './turns.js';

test('others are due after so many steps, and not before', async () => {
  let pauses = 0;
  const turns = new Turns(async () => void (pauses += 1));
  for (let step = 1; step < queuesPerTurn; step += 1) expect(turns.step()).toBeUndefined();
  await turns.step();
  expect(pauses).toBe(1);
  for (let step = 1; step < queuesPerTurn; step += 1) expect(turns.step()).toBeUndefined();
  await turns.step();
  expect(pauses).toBe(2);
});
