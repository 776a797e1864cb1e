import { expect, test } from 'vitest';
import { unknownOptionProblems } from './option-names.js';

const known = ['group', 'concurrency', 'maxReconsumeTimes', 'pullBatchSize'];

test.each([
  ['concurency', 'concurrency'],
  ['Group', 'group'],
  ['maxReconsumeTime', 'maxReconsumeTimes'],
  ['batchSize', 'pullBatchSize'],
])('%s: did you mean %s?', (given, nearest) => {
  expect(unknownOptionProblems({ [given]: 1 }, known)).toEqual([`there is no option '${given}': did you mean '${nearest}'?`]);
});

test('known names are no problem, and without any known name there is none to suggest', () => {
  expect(unknownOptionProblems({ group: 'a', concurrency: undefined }, known)).toEqual([]);
  expect(unknownOptionProblems({ a: 1 }, [])).toEqual(["there is no option 'a'"]);
});
