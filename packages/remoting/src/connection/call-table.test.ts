import { SeededRandom } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { CallTable } from './call-table.js';

test('finds, removes and counts like a Map, over growth and wrap-around of the numbers', () => {
  const random = new SeededRandom(7);
  const table = new CallTable<{ opaque: number }>();
  const model = new Map<number, { opaque: number }>();
  let opaque = 0x7fff_ff00;
  for (let step = 0; step < 20_000; step += 1) {
    if (random.chance(step < 10_000 ? 0.6 : 0.4)) {
      do opaque = opaque === 0x7fff_ffff ? 0 : opaque + 1;
      while (!table.isFree(opaque));
      const entry = { opaque };
      table.add(entry);
      model.set(opaque, entry);
    } else {
      const entry = [...model.values()][random.int(Math.min(model.size, 50))];
      if (entry === undefined) continue;
      table.remove(entry);
      table.remove(entry);
      model.delete(entry.opaque);
      expect(table.get(entry.opaque)).toBeUndefined();
    }
    expect(table.size).toBe(model.size);
  }
  expect(new Set(table.all())).toEqual(new Set(model.values()));
  for (const entry of model.values()) expect(table.get(entry.opaque)).toBe(entry);
  expect(table.get(-1)).toBeUndefined();
});

test('a number with the same low bits is another one', () => {
  const table = new CallTable<{ opaque: number }>();
  table.add({ opaque: 1 });
  expect(table.get(17)).toBeUndefined();
  expect(table.isFree(17)).toBe(false);
  table.remove({ opaque: 17 });
  expect(table.size).toBe(1);
});
