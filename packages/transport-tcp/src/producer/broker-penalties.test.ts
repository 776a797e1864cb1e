import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { BrokerPenalties } from './broker-penalties.js';

function setUp(brokersMax = 10) {
  const { time, clock } = virtualEnvironment(1);
  return { time, penalties: new BrokerPenalties({ clock, brokerPenaltyMs: 1000, brokersMax }) };
}

test('a broker that failed is avoided for its time, or until it answers', async () => {
  const { time, penalties } = setUp();
  expect([penalties.isEmpty, penalties.isAvoided('a')]).toEqual([true, false]);
  penalties.punish('a');
  expect([penalties.isEmpty, penalties.isAvoided('a'), penalties.isAvoided('b')]).toEqual([false, true, false]);
  await time.advance(999);
  expect(penalties.isAvoided('a')).toBe(true);
  await time.advance(1);
  expect(penalties.isAvoided('a')).toBe(false);
  penalties.punish('a');
  penalties.lift('a');
  expect([penalties.isEmpty, penalties.isAvoided('a')]).toEqual([true, false]);
});

test('after the penalty one send tries the broker, and the others wait for its answer', async () => {
  const { time, penalties } = setUp();
  penalties.punish('a');
  await time.advance(1000);
  penalties.begin('a');
  expect(penalties.isAvoided('a')).toBe(true);
  penalties.lift('a');
  penalties.begin('a');
  expect(penalties.isEmpty).toBe(true);
});

test('at most brokersMax are remembered: the oldest failure is forgotten', () => {
  const { penalties } = setUp(2);
  for (const name of ['a', 'b', 'a', 'c']) penalties.punish(name);
  expect(['a', 'b', 'c'].map((name) => penalties.isAvoided(name))).toEqual([true, false, true]);
});
