import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { brokersByMembership } from './brokers-by-membership.js';
import type { Membership } from './heartbeat-service.js';

const nowMs = 100_000;

function order(memberships: Readonly<Record<string, Membership | undefined>>, seed = 1): readonly string[] {
  return brokersByMembership({
    addresses: Object.keys(memberships),
    membership: (address) => memberships[address],
    nowMs,
    wellKnownAfterMs: 30_000,
    random: virtualEnvironment(seed).random,
  });
}

const known = (ageMs: number, hasReturned = false): Membership => ({ sinceMs: nowMs - ageMs, hasReturned });

test('a broker that has not taken our heartbeat is not asked', () => {
  expect(order({ a: undefined, b: known(1) })).toEqual(['b']);
  expect(order({ a: undefined })).toEqual([]);
});

test('who has known us longest is asked first', () => {
  expect(order({ a: known(5), b: known(20), c: known(10) })).toEqual(['b', 'c', 'a']);
  expect(order({ a: known(29_999), b: known(30_000) })).toEqual(['b', 'a']);
});

test('one that is back may miss members for a while', () => {
  expect(order({ a: known(2999, true), b: known(1) })).toEqual(['b']);
  expect(order({ a: known(3000, true), b: known(1) })).toEqual(['a', 'b']);
});

test('among those that have heard of everybody chance decides', () => {
  const firsts = Array.from({ length: 20 }, (_, seed) => order({ a: known(40_000), b: known(90_000) }, seed)[0]);
  expect(new Set(firsts)).toEqual(new Set(['a', 'b']));
});
