import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyHash, keyHashOf } from './key-hash.js';
import { type KeyPlace, KeyTable } from './key-table.js';

const place = (physicalOffset: number, isOpenHalf = false): KeyPlace => ({
  physicalOffset,
  queueOffset: physicalOffset + 1,
  queueId: physicalOffset % 7,
  isOpenHalf,
});
const hash = (key: string): KeyHash => keyHashOf('TopicT', key);

describe('KeyTable', () => {
  it('knows a key up to the last millisecond of the window, and no longer', () => {
    const table = new KeyTable({ countMax: 10, windowMs: 1000 });
    table.add(hash('k'), place(5), 100);
    expect(table.find(hash('k'), 100)).toEqual(place(5));
    expect(table.find(hash('k'), 1099)).toEqual(place(5));
    expect(table.find(hash('k'), 1100)).toBeUndefined();
    table.expire(1099);
    expect(table.count).toBe(1);
    table.expire(1100);
    expect(table.count).toBe(0);
  });

  it('lets the oldest go when it is full, and counts it', () => {
    const table = new KeyTable({ countMax: 3, windowMs: 1000 });
    for (const [index, key] of ['a', 'b', 'c'].entries()) table.add(hash(key), place(index), 0);
    expect(table.crowdedOut).toBe(0);
    table.add(hash('d'), place(3), 0);
    expect(['a', 'b', 'c', 'd'].map((key) => table.find(hash(key), 0)?.physicalOffset)).toEqual([undefined, 1, 2, 3]);
    expect([table.count, table.crowdedOut]).toEqual([3, 1]);
  });

  it('tells keys of one hash chain apart by all 128 bits', () => {
    const table = new KeyTable({ countMax: 8, windowMs: 1000 });
    const hashes = [1, 2, 3].flatMap((n) => [
      { a: 5, b: n, c: 0, d: 0 },
      { a: 5, b: 0, c: n, d: 0 },
      { a: 5, b: 0, c: 0, d: n },
    ]);
    for (const [index, one] of hashes.slice(0, 8).entries()) table.add(one, place(index), 0);
    expect(hashes.map((one) => table.find(one, 0)?.physicalOffset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, undefined]);
    table.remove(hashes[3] as KeyHash);
    expect(hashes.map((one) => table.find(one, 0)?.physicalOffset)).toEqual([0, 1, 2, undefined, 4, 5, 6, 7, undefined]);
  });

  it('keeps the place of a committed half, and says which are open', () => {
    const table = new KeyTable({ countMax: 4, windowMs: 1000 });
    table.add(hash('h'), place(9, true), 0);
    expect(table.find(hash('h'), 0)).toEqual(place(9, true));
    table.settleHalf(hash('h'));
    expect(table.find(hash('h'), 0)).toEqual(place(9));
  });

  it('ages all keys at once', () => {
    const table = new KeyTable({ countMax: 4, windowMs: 1000 });
    table.add(hash('a'), place(1), 500);
    table.age(400);
    expect(table.find(hash('a'), 1099)).toEqual(place(1));
    expect(table.find(hash('a'), 1100)).toBeUndefined();
  });

  it('behaves like a map with an order, through any operations', () => {
    const countMax = 5;
    const windowMs = 50;
    const step = fc.tuple(fc.constantFrom('add', 'remove', 'tick'), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new KeyTable({ countMax, windowMs });
        const model = new Map<string, { readonly place: KeyPlace; readonly addedAt: number }>();
        const ring: (string | undefined)[] = [];
        let now = 0;
        for (const [index, [what, n]] of steps.entries()) {
          const key = `k${n}`;
          const forget = (): void => {
            model.delete(key);
            const at = ring.indexOf(key);
            if (at >= 0) ring[at] = undefined;
          };
          if (what === 'add') {
            forget();
            if (ring.length === countMax) {
              const oldest = ring.shift();
              if (oldest !== undefined) model.delete(oldest);
            }
            ring.push(key);
            model.set(key, { place: place(index), addedAt: now });
            table.add(hash(key), place(index), now);
          } else if (what === 'remove') {
            forget();
            table.remove(hash(key));
          } else {
            now += n * 3;
            table.expire(now);
            while (ring.length > 0 && (ring[0] === undefined || now - (model.get(ring[0])?.addedAt ?? 0) >= windowMs)) {
              const oldest = ring.shift();
              if (oldest !== undefined) model.delete(oldest);
            }
          }
          expect(table.count).toBe(model.size);
        }
        expect([...table.copy().physicalOffsets].filter((offset) => offset >= 0)).toEqual(
          ring.flatMap((key) => (key === undefined ? [] : [model.get(key)?.place.physicalOffset])),
        );
        for (const [key, { place: expected }] of model) expect(table.find(hash(key), now)).toEqual(expected);
      }),
    );
  });
});
