import { expect, test } from 'vitest';
import { pageRange } from './metadata-page.js';

const dataVersion = { counter: 3, timestamp: 5, stateVersion: 0 };
const known = JSON.stringify(dataVersion);

test.each<[string, number | undefined, number | undefined, string | undefined, number, number]>([
  ['no limit: everything', undefined, undefined, undefined, 0, 35],
  ['no limit, whatever else', 7, undefined, known, 0, 35],
  ['a first page', 0, 10, '', 0, 10],
  ['a next page', 10, 10, known, 10, 20],
  ['the last page', 30, 10, known, 30, 35],
  ['beyond the end', 100, 10, known, 35, 35],
  ['never more than splitMetadataSize', 0, 1000, known, 0, 20],
  ['no sensible count', 0, 0, known, 0, 20],
  ['a place before the beginning', -1, 10, known, 0, 10],
  ['without a version', 10, 10, undefined, 0, 10],
  ['with an old version', 10, 10, '{"counter":2,"timestamp":5,"stateVersion":0}', 0, 10],
  ['with an unreadable version', 10, 10, 'garbage', 0, 10],
  ['no place', undefined, 10, known, 0, 10],
])('%s', (_name, first, countMax, version, from, to) => {
  const table = { total: 35, dataVersion, pageSizeMax: 20 };
  expect(pageRange({ first, countMax, dataVersion: version }, table)).toEqual({ from, to });
});
