import { expect, test } from 'vitest';
import type { BrokerFigures } from './broker-set.js';
import { healthOf, healthViolations, minuteText } from './figures.js';

const mebibyte = 1_048_576;

/** A life of a broker, a figure a second; its memory goes from the first value to the last. */
function life(seconds: number, firstMiB: number, lastMiB: number, lifeP99Ms = 5, pid = 1): BrokerFigures[] {
  return Array.from({ length: seconds }, (_, index) => ({
    pid,
    lines: index + 1,
    rssBytes: (firstMiB + ((lastMiB - firstMiB) * index) / seconds) * mebibyte,
    p99Ms: 5,
    maxMs: 40,
    lifeP99Ms,
  }));
}

const violations = (...lives: BrokerFigures[][]): string[] => healthViolations([healthOf('b', lives.flat())]);

test('a long run with flat memory and a prompt loop breaks nothing', () => {
  expect(violations(life(1800, 200, 220, 20))).toEqual([]);
});

test('memory that grows is told', () => {
  expect(violations(life(1800, 200, 400))).toEqual([
    expect.stringMatching(/^memory b: RSS grew from 30\d MiB in the second third of 1770 s to 36\d in the last$/),
  ]);
});

test('memory while caches fill is not judged', () => {
  expect(violations(life(60, 100, 200), life(60, 100, 200, 5, 2))).toEqual([]);
  expect(violations([...life(620, 100, 200), ...life(1180, 200, 205)])).toEqual([]);
});

test('a minute is told by the last process', () => {
  const text = minuteText('b', [...life(100, 100, 100, 30), ...life(10, 50, 50, 4, 2)]);
  expect(text).toBe('b: RSS 50 MiB, event loop p99 4.0 ms (worst life 30.0), longest of the minute 40 ms');
  expect(minuteText('b', [])).toBe('b: no figures');
});

test('a late event loop is told, in whichever life it was', () => {
  expect(violations(life(1800, 200, 200), life(40, 200, 200, 20.1, 2))).toEqual([
    expect.stringMatching(/^loop b: p99 .* 20\.1 ms/),
  ]);
});
