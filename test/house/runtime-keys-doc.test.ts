import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const source = readFileSync(new URL('../../packages/broker/src/config/live-broker-config.ts', import.meta.url), 'utf8');
const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');

function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  expect([start, from >= 0 && to > from]).toEqual([start, true]);
  return text.slice(from, to);
}

/** `maxTransfer…` stands for all names that begin so, `waitTimeMillsIn…Queue` for all that begin and end so. */
function isMeant(key: string, documented: string): boolean {
  const [start = '', end] = documented.split('…');
  return end === undefined ? key === documented : key.startsWith(start) && key.endsWith(end);
}

it('docs/compatibility.md names every key that takes effect in a running broker, and no other', () => {
  const table = between(source, 'export const runtimeKeys', ']);');
  const keys = [...table.matchAll(/'(\w+)'/g)].map(([, key = '']) => key);
  const sentence = between(page, 'In effect at once are', 'every other key when the broker starts next');
  const documented = [...sentence.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.filter((key) => !documented.some((name) => isMeant(key, name)))).toEqual([]);
  expect(documented.filter((name) => !keys.some((key) => isMeant(key, name)))).toEqual([]);
});
