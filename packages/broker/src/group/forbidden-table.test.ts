import { expect, test } from 'vitest';
import { ForbiddenTable } from './forbidden-table.js';

test('reading is forbidden and allowed again, for one group and topic', () => {
  const table = new ForbiddenTable();
  expect(table.setReadForbidden('g', 'T', true)).toBe('changed');
  expect(table.setReadForbidden('g', 'T', true)).toBe('unchanged');
  expect([table.isReadForbidden('g', 'T'), table.isReadForbidden('g', 'U'), table.isReadForbidden('h', 'T')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(table.entries()).toEqual([['g', new Map([['T', 4]])]]);
  expect(table.setReadForbidden('g', 'T', false)).toBe('changed');
  expect(table.setReadForbidden('g', 'U', false)).toBe('unchanged');
  expect([table.entries(), table.groups()]).toEqual([[], []]);
});

test('bits without a meaning here are kept', () => {
  const table = new ForbiddenTable();
  table.load({ g: { T: 6, U: 2 } });
  expect([table.isReadForbidden('g', 'T'), table.isReadForbidden('g', 'U')]).toEqual([true, false]);
  table.setReadForbidden('g', 'T', false);
  expect(table.ofGroup('g')).toEqual({ T: 2, U: 2 });
});

test('at the limit one more pair is refused, a known one is not', () => {
  const table = new ForbiddenTable(2);
  table.setReadForbidden('g', 'T', true);
  table.setReadForbidden('g', 'U', true);
  expect(table.setReadForbidden('h', 'T', true)).toBe('full');
  expect(table.setReadForbidden('g', 'T', false)).toBe('changed');
  expect(table.setReadForbidden('h', 'T', true)).toBe('changed');
  table.delete('g');
  table.delete('nobody');
  expect(table.setReadForbidden('i', 'T', true)).toBe('changed');
  expect(table.entries()).toEqual([
    ['h', new Map([['T', 4]])],
    ['i', new Map([['T', 4]])],
  ]);
});

test('its entries stay as they were when they were asked for', () => {
  const table = new ForbiddenTable();
  table.load({ g: { T: 4, U: 4, V: 0 }, none: {} });
  const entries = table.entries();
  table.setReadForbidden('g', 'T', false);
  table.setReadForbidden('g', 'W', true);
  table.setReadForbidden('h', 'T', true);
  table.delete('g');
  expect(entries.map(([group, topics]) => [group, Object.fromEntries(topics)])).toEqual([['g', { T: 4, U: 4 }]]);
});
