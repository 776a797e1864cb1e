import { VirtualTime } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import { DueTimeRule } from './due-time-rule.js';

const delayMs = 10_000;

describe('DueTimeRule', () => {
  it('waits until the delivery time, to the millisecond', async () => {
    const time = new VirtualTime();
    const rule = new DueTimeRule(time);
    const deliverAt = time.now() + delayMs;
    expect(rule.waitMs(deliverAt, delayMs)).toBe(delayMs);
    await time.advance(9_999);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(1);
    await time.advance(1);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(0);
  });

  it('is due at once when the time is long over, or the clock was set forward', () => {
    const time = new VirtualTime();
    const rule = new DueTimeRule(time);
    const deliverAt = time.now() + delayMs;
    time.jumpWallClock(3_600_000);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(0);
  });

  it('waits one more delay, not an hour, when the clock was set back by an hour', async () => {
    const time = new VirtualTime();
    const rule = new DueTimeRule(time);
    const deliverAt = time.now() + delayMs;
    await time.advance(4000);
    time.jumpWallClock(-3_600_000);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(delayMs);
    await time.advance(9_999);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(1);
    await time.advance(1);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(0);
    // All that were stored before the jump have waited as long.
    expect(rule.waitMs(deliverAt + 3000, delayMs)).toBe(0);
  });

  it('does not take messages of after the jump for older ones', async () => {
    const time = new VirtualTime();
    const rule = new DueTimeRule(time);
    const before = time.now() + delayMs;
    time.jumpWallClock(-3_600_000);
    rule.waitMs(before, delayMs);
    await time.advance(delayMs);
    const after = time.now() + delayMs;
    expect(rule.waitMs(after, delayMs)).toBe(delayMs);
  });

  it('begins again at a second jump back', async () => {
    const time = new VirtualTime();
    const rule = new DueTimeRule(time);
    time.jumpWallClock(-3_600_000);
    const deliverAt = time.now() + 3_600_000 + delayMs;
    rule.waitMs(deliverAt, delayMs);
    await time.advance(delayMs - 1);
    time.jumpWallClock(-3_600_000);
    expect(rule.waitMs(deliverAt, delayMs)).toBe(delayMs);
  });
});
