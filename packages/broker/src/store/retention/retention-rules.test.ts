import { expect, test } from 'vitest';
import { diskRatios, isDeleteHour, isOldFile, usedPercent } from './retention-rules.js';

test.each([
  [75, 85, 90, { maxUsed: 75, cleanForcibly: 85, warning: 90 }],
  [9, 29, 34, { maxUsed: 10, cleanForcibly: 30, warning: 35 }],
  [10, 30, 35, { maxUsed: 10, cleanForcibly: 30, warning: 35 }],
  [96, 86, 91, { maxUsed: 95, cleanForcibly: 85, warning: 90 }],
])('ratios %i %i %i are clamped as Java clamps them', (maxUsed, forcibly, warning, expected) => {
  expect(
    diskRatios({ diskMaxUsedSpaceRatio: maxUsed, diskSpaceCleanForciblyRatio: forcibly, diskSpaceWarningLevelRatio: warning }),
  ).toEqual(expected);
});

test.each([
  [0, 100, 0],
  [85, 15, 85],
  [8501, 1499, 86],
  [90, 10, 90],
  [9001, 999, 91],
  [1, 999_999, 1],
  [100, 0, 100],
  [0, 0, 100],
])('%i used and %i available are %i percent, rounded up', (usedBytes, availableBytes, percent) => {
  expect(usedPercent({ usedBytes, availableBytes })).toBe(percent);
});

test('files are deleted in the whole of each named hour, local time', () => {
  const at = (hour: number, minute: number): number => new Date(2026, 0, 5, hour, minute).getTime();
  expect([at(3, 59), at(4, 0), at(4, 59), at(5, 0)].map((now) => isDeleteHour('04', now))).toEqual([false, true, true, false]);
  expect([at(4, 30), at(16, 30), at(0, 0)].map((now) => isDeleteHour('04;16', now))).toEqual([true, true, false]);
  expect([at(0, 30), at(1, 0)].map((now) => isDeleteHour('0;', now))).toEqual([true, false]);
});

test('a file is old from the millisecond on in which its time is over; without a date it never is', () => {
  const hourMs = 3_600_000;
  expect([72 * hourMs - 1, 72 * hourMs].map((age) => isOldFile(1000, 72, 1000 + age))).toEqual([false, true]);
  expect(isOldFile(1000, 0, 1000)).toBe(true);
  expect(isOldFile(0, 0, Number.MAX_SAFE_INTEGER)).toBe(false);
});
