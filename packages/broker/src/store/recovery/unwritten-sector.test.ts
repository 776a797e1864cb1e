import { expect, test } from 'vitest';
import { hasUnwrittenSector } from './unwritten-sector.js';

const start = 40;
const propertiesStart = 300;
const end = 2000;

/** A record at `position` of its file, with these places of it zero; places count from its beginning. */
function isTorn(position: number, zeros: readonly (readonly [from: number, to: number])[]): boolean {
  const bytes = Buffer.alloc(2100, 'p');
  bytes.fill(0, end);
  for (const [from, to] of zeros) bytes.fill(0, start + from, start + to);
  return hasUnwrittenSector(bytes, start, propertiesStart, end, position);
}

const size = end - start;

test('a sector that was not written is found wherever the record stands, also where it ends', () => {
  for (let position = 0; position < 1024; position += 1) {
    for (let sector = Math.ceil((position + propertiesStart - start) / 512); sector * 512 < position + size; sector += 1) {
      const from = sector * 512 - position;
      expect(isTorn(position, [[from, Math.min(size, from + 512)]]), `at ${position}, sector ${sector}`).toBe(true);
    }
  }
});

test('so is the end of a record whose write was cut off at any byte', () => {
  for (let from = propertiesStart - start; from < size; from += 1) expect(isTorn(77, [[from, size]])).toBe(true);
  expect(isTorn(77, [])).toBe(false);
});

test('zeros among text are no tear, not even many of them', () => {
  for (let at = propertiesStart - start; at < size - 1; at += 1) expect(isTorn(77, [[at, at + 1]])).toBe(false);
  // All of a sector but one byte.
  expect(isTorn(0, [[513, 1024]])).toBe(false);
  expect(isTorn(0, [[512, 1023]])).toBe(false);
  expect(isTorn(0, [[512, 1024]])).toBe(true);
  // The properties' part of a sector that has something of the record before them.
  expect(isTorn(0, [[260, 512]])).toBe(false);
});

test('no properties, no hole', () => {
  expect(hasUnwrittenSector(Buffer.alloc(200), 0, 100, 100, 0)).toBe(false);
});
