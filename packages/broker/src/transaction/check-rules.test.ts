import { describe, expect, it } from 'vitest';
import { type CheckFacts, immunityMs, isDecisionTooLate, verdictOf } from './check-rules.js';

const now = 1_700_000_000_000;
const facts: CheckFacts = {
  now,
  roundStartedAt: now - 100,
  bornTimestamp: now - 10_000,
  storeTimestamp: now - 9_000,
  checkTimes: 0,
  immunity: undefined,
  timeoutMs: 6000,
  checkMax: 15,
};
const hour = 3_600_000;

describe('verdictOf', () => {
  it.each<[string, Partial<CheckFacts>, string]>([
    ['old enough', {}, 'check'],
    ['just old enough', { bornTimestamp: now - 6000 }, 'check'],
    ['a millisecond too young', { bornTimestamp: now - 5999 }, 'stop'],
    ['born in the future: the producer clock is wrong', { bornTimestamp: now + hour }, 'check'],
    ['stored in this round', { storeTimestamp: now - 100 }, 'stop'],
    ['stored just before this round', { storeTimestamp: now - 101 }, 'check'],
    ['checked 14 times', { checkTimes: 14 }, 'check'],
    ['checked 15 times', { checkTimes: 15 }, 'discard'],
    ['checked too often, though stored in this round', { checkTimes: 15, storeTimestamp: now }, 'discard'],
    ['72 hours old', { bornTimestamp: now - 72 * hour }, 'check'],
    ['older', { bornTimestamp: now - 72 * hour - 1 }, 'discard'],
    ['immune by its own wish', { immunity: '11' }, 'renew'],
    ['no longer immune', { immunity: '10' }, 'check'],
    ['immunity -1 is the default, but its own', { immunity: '-1', bornTimestamp: now - 5999 }, 'renew'],
    ['immunity that is no number', { immunity: 'x', bornTimestamp: now - 6000 }, 'check'],
  ])('%s', (_name, changes, expected) => {
    expect(verdictOf({ ...facts, ...changes })).toBe(expected);
  });
});

describe('isDecisionTooLate', () => {
  it.each([
    ['no immunity time of its own', undefined, false],
    ['within it', '11', false],
    ['over', '10', true],
    ['-1, over the default', '-1', true],
  ])('%s', (_name, immunity, expected) => {
    expect(isDecisionTooLate({ ...facts, immunity })).toBe(expected);
  });
});

it('reads immunity times', () => {
  expect([undefined, '-1', '', 'x', '0', '30'].map((text) => immunityMs(text, 6000))).toEqual([
    6000, 6000, 6000, 6000, 0, 30_000,
  ]);
});
