import { expect, test } from 'vitest';
import { delayLevelMax, delayLevelOf } from './delay.js';

test('the 18 durations are the levels 1 to 18', () => {
  expect(delayLevelOf('1s')).toBe(1);
  expect(delayLevelOf('10s')).toBe(3);
  expect(delayLevelOf('1m')).toBe(5);
  expect(delayLevelOf('2h')).toBe(18);
});

test('a level is taken as it is, within bounds', () => {
  expect(delayLevelOf({ level: 1 })).toBe(1);
  expect(delayLevelOf({ level: delayLevelMax })).toBe(delayLevelMax);
  for (const level of [0, -1, 1.5, delayLevelMax + 1, Number.NaN]) {
    expect(() => delayLevelOf({ level })).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  }
});

test('a duration that is no level names the levels', () => {
  expect(() => delayLevelOf('2s' as '1s')).toThrow(/'2s'.*1s 5s 10s/);
});
