import { describe, expect, it } from 'vitest';
import { type CheckFacts, immunityMs, isDecisionTooLate, verdictOf } from './check-rules.js';

const now = 1_700_000_000_000;
const facts: CheckFacts = {
  now,
  bornTimestamp: now - 10_000,
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
    ['checked 14 times', { checkTimes: 14 }, 'check'],
    ['checked 15 times', { checkTimes: 15 }, 'discard'],
    ['checked too often, though young', { checkTimes: 15, bornTimestamp: now }, 'discard'],
    ['checked once and 72 hours old', { checkTimes: 1, bornTimestamp: now - 72 * hour }, 'check'],
    ['checked once and older', { checkTimes: 1, bornTimestamp: now - 72 * hour - 1 }, 'discard'],
    ['older, but nobody was asked yet', { bornTimestamp: now - 1000 * hour }, 'check'],
    ['no check is allowed', { checkMax: 0 }, 'discard'],
    ['immune by its own wish', { immunity: '11' }, 'renew'],
    ['no longer immune', { immunity: '10' }, 'check'],
    ['immunity -1 is the default, but its own', { immunity: '-1', bornTimestamp: now - 5999 }, 'renew'],
    ['immune for 68 years, 72 hours old', { immunity: '2147483647', bornTimestamp: now - 72 * hour }, 'renew'],
    ['older than that, whatever its immunity', { immunity: '2147483647', bornTimestamp: now - 72 * hour - 1 }, 'check'],
    ['the same, checked once', { immunity: '2147483647', bornTimestamp: now - 72 * hour - 1, checkTimes: 1 }, 'discard'],
    ['born in a far future, immune', { immunity: '10', bornTimestamp: now + 72 * hour + 1 }, 'check'],
    ['born in a nearer one', { immunity: '10', bornTimestamp: now + 72 * hour }, 'renew'],
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
