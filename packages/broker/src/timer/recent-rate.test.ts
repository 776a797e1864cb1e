import { virtualEnvironment } from '@orbitmq/testing';
import { expect, it } from 'vitest';
import { RecentRate } from './recent-rate.js';

it('counts the last ten whole seconds', async () => {
  const { clock, time } = virtualEnvironment(1);
  await time.advance(1000 - (clock.monotonic() % 1000));
  const rate = new RecentRate(clock);
  expect(rate.perSecond).toBe(0);
  rate.add(30);
  expect(rate.perSecond).toBe(0);
  await time.advance(1000);
  rate.add(70);
  expect(rate.perSecond).toBe(3);
  await time.advance(9000);
  expect(rate.perSecond).toBe(10);
  await time.advance(1000);
  expect(rate.perSecond).toBe(7);
  await time.advance(60_000);
  expect(rate.perSecond).toBe(0);
  rate.add(1);
  await time.advance(1000);
  expect(rate.perSecond).toBe(0.1);
});
