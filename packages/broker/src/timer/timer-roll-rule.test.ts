import { expect, it } from 'vitest';
import { chooseSlot } from './timer-roll-rule.js';

const now = 1_795_216_927_000;

it.each([
  [0, 0, false],
  [172_799, 172_799, false],
  [172_800, 86_400, true],
  [172_800 + 57_599, 86_400, true],
  [172_800 + 57_600, 172_800, true],
  [259_200, 172_800, true],
])('%i seconds ahead waits in the slot %i seconds ahead, rolled: %s', (delay, slot, isRolled) => {
  expect(chooseSlot(now + delay * 1000, now, 1000, 172_800)).toEqual({ tickMs: now + slot * 1000, isRolled });
});

it.each([-1, 0, 1, 604_741])('a window of %i slots counts as what the ring holds', (window) => {
  expect(chooseSlot(now + 604_739_000, now, 1000, window)).toEqual({ tickMs: now + 604_739_000, isRolled: false });
  expect(chooseSlot(now + 604_740_000, now, 1000, window)).toEqual({ tickMs: now + 302_370_000, isRolled: true });
});

it('the window is in slots, whatever they last', () => {
  expect(chooseSlot(now + 9_900, now, 100, 100)).toEqual({ tickMs: now + 9_900, isRolled: false });
  expect(chooseSlot(now + 10_000, now, 100, 100)).toEqual({ tickMs: now + 5_000, isRolled: true });
});
