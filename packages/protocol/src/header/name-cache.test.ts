import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameCache } from './name-cache.js';

test('the text of any bytes is theirs, whatever was asked before', () => {
  const cache = new NameCache(4);
  const anyName = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.constantFrom('a', 'b', 'Topic', 'TopicT', 'topicT', ''),
  );
  fc.assert(
    fc.property(fc.array(anyName, { maxLength: 20 }), (names) => {
      for (const name of names) {
        const bytes = Buffer.from(`<${name}>`);
        expect(cache.text(bytes, 1, bytes.length - 1)).toBe(name);
      }
    }),
    { numRuns: 200 },
  );
});

test('names by the thousand mostly have places of their own', () => {
  const cache = new NameCache(4096);
  const names = Array.from({ length: 1000 }, (_, index) => Buffer.from(`orders-topic-${String(index).padStart(4, '0')}`));
  const first = names.map((bytes) => cache.text(bytes, 0, bytes.length));
  const distinct = new Set(first);
  expect(distinct.size).toBe(1000);
  // Strings cannot be told apart by identity; the places can: a name that lost its place makes the cache hand out a new one.
  const places = new Set(names.map((bytes) => cache.placeOf(bytes, 0, bytes.length)));
  expect(places.size).toBeGreaterThan(800);
});
