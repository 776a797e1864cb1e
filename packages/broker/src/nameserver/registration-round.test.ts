import { expect, test } from 'vitest';
import { RegistrationRound } from './registration-round.js';

const part = (index: number, count = 3) => ({ index, count });

test('the last part brings the names of all', () => {
  const round = new RegistrationRound();
  for (let turn = 0; turn < 2; turn += 1) {
    expect(round.add(part(0), ['a', `turn-${turn}`])).toBeUndefined();
    expect(round.add(part(1), ['b'])).toBeUndefined();
    expect([...(round.add(part(2), ['c']) ?? [])]).toEqual(['a', `turn-${turn}`, 'b', 'c']);
  }
});

test.each([
  ['the first is missing', [part(1), part(2)]],
  ['one between is missing', [part(0), part(2)]],
  ['one came twice', [part(0), part(1), part(1), part(2)]],
  ['of another round', [part(0), part(1), part(2, 4), part(2)]],
])('%s: nothing is known', (_name, parts) => {
  const round = new RegistrationRound();
  expect(parts.map((each) => round.add(each, ['a']))).toEqual(parts.map(() => undefined));
  round.add(part(0), ['a']);
  expect([...(round.add(part(1, 2), ['b']) ?? [])]).toEqual([]);
  round.add(part(0, 2), ['a']);
  expect([...(round.add(part(1, 2), ['b']) ?? [])]).toEqual(['a', 'b']);
});
