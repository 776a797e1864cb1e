import { describe, expect, it } from 'vitest';
import { SettledValue } from './settled-value.js';

describe('SettledValue', () => {
  it('is the newest value that is old enough', () => {
    const progress = new SettledValue(0, 1000);
    expect(progress.note(1, 0)).toBe(0);
    expect(progress.note(2, 500)).toBe(0);
    expect(progress.note(3, 999)).toBe(0);
    expect(progress.note(4, 1000)).toBe(1);
    expect(progress.note(5, 1500)).toBe(2);
    expect(progress.note(6, 5000)).toBe(5);
  });

  it('is the value of now when no age is asked for', () => {
    const progress = new SettledValue(0, 0);
    expect([1, 2, 3].map((value) => progress.note(value, 7))).toEqual([1, 2, 3]);
  });

  it('keeps few values, however often it is told', () => {
    const progress = new SettledValue(0, 1000);
    const seen = new Set<number>();
    for (let now = 0; now < 10_000; now += 1) seen.add(progress.note(now, now));
    expect(seen.size).toBeLessThan(45);
  });
});
