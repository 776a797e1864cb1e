import { expect, test } from 'vitest';
import { enclosedSteps, inOneTurn, joinedSteps } from './steps.js';

test.each([0, 1, 2, 3, 50_000])('%i texts are joined by commas between what is before and behind them', (count) => {
  const texts = Array.from({ length: count }, (_, n) => `"grün${n}"`);
  const steps = enclosedSteps('{"list":[', texts, ']}');
  let turns = 1;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) turns += 1;
  expect(step.value.toString()).toBe(`{"list":[${texts.join(',')}]}`);
  expect(turns > 1).toBe(count > 10_000);
});

test('a text that ends with a turn is followed by no comma', () => {
  const large = 'x'.repeat(200_000);
  for (const texts of [[large], ['a', large], [large, large], [large, 'a']]) {
    expect(Buffer.concat(inOneTurn(joinedSteps(texts, (text) => text))).toString()).toBe(texts.join(','));
  }
});
