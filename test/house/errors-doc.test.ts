import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const source = readFileSync(new URL('../../packages/core/src/kernel/errors.ts', import.meta.url), 'utf8');
const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

it('every error code is in docs/errors.md, and no other', () => {
  const union = source.slice(
    source.indexOf('export type MqErrorCode'),
    source.indexOf(';', source.indexOf('export type MqErrorCode')),
  );
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]);
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
  expect(codes.length).toBeGreaterThan(30);
  expect(new Set(documented)).toEqual(new Set(codes));
  expect(documented).toHaveLength(codes.length);
});
