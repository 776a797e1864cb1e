import { expect, test } from 'vitest';
import { CountedOffsetTable } from './counted-offset-table.js';

/** Three of a group in two topics, and one of another group. */
function filled(): CountedOffsetTable {
  const table = new CountedOffsetTable();
  for (const queueId of [0, 1]) table.set('g', 'T', queueId, 5);
  table.set('g', 'U', 0, 6);
  table.set('h', 'T', 0, 7);
  return table;
}

function walkedCount({ topics }: CountedOffsetTable): number {
  return [...topics.values()].flatMap((groups) => [...groups.values()]).reduce((count, offsets) => count + offsets.size, 0);
}

test('each queue of each group has an offset of its own', () => {
  const table = filled();
  expect([table.get('g', 'T', 1), table.get('h', 'T', 0), table.get('h', 'T', 1), table.get('h', 'U', 0)]).toEqual([
    5,
    7,
    undefined,
    undefined,
  ]);
  expect([table.offsetsOf('g', 'U'), table.offsetsOf('h', 'U'), table.offsetsOf('g', 'V')]).toEqual([
    new Map([[0, 6]]),
    undefined,
    undefined,
  ]);
});

test('what is set says what was there, and a known queue is counted once, also at offset 0', () => {
  const table = new CountedOffsetTable();
  expect([table.set('g', 'T', 0, 0), table.set('g', 'T', 0, 0), table.set('g', 'T', 0, 9)]).toEqual([undefined, 0, 0]);
  expect([table.get('g', 'T', 0), table.count]).toEqual([9, 1]);
  table.set('g', 'T', 0, 0);
  expect([table.get('g', 'T', 0), table.remove('g', 'T', 0), table.count]).toEqual([0, 0, 0]);
});

test('known queues get no map of their own again', () => {
  const table = filled();
  const offsets = table.offsetsOf('g', 'T');
  table.set('g', 'T', 0, 8);
  table.set('g', 'T', 7, 8);
  expect(table.offsetsOf('g', 'T')).toBe(offsets);
});

test('offsets in place of others are a copy, and what was there counts no longer', () => {
  const table = filled();
  table.replace('h', 'T', table.offsetsOf('g', 'T') ?? new Map());
  table.set('g', 'T', 0, 50);
  expect([table.offsetsOf('h', 'T'), table.count]).toEqual([
    new Map([
      [0, 5],
      [1, 5],
    ]),
    5,
  ]);
  table.replace('g', 'T', new Map());
  expect([table.offsetsOf('g', 'T'), table.count, walkedCount(table)]).toEqual([new Map(), 3, 3]);
});

test('group and topic go with their last offset', () => {
  const table = filled();
  expect([table.remove('h', 'T', 0), table.remove('h', 'T', 0), table.remove('g', 'T', 9)]).toEqual([7, undefined, undefined]);
  expect([[...(table.topics.get('T')?.keys() ?? [])], table.remove('g', 'U', 0), [...table.topics.keys()]]).toEqual([
    ['g'],
    6,
    ['T'],
  ]);
  expect([table.count, walkedCount(table)]).toEqual([2, 2]);
});

test('a topic or a group that is removed takes its offsets out of the count, and says whether it was known', () => {
  const topicGone = filled();
  expect([topicGone.removeTopic('T'), topicGone.removeTopic('T'), topicGone.count]).toEqual([true, false, 1]);
  expect([...topicGone.topics.keys()]).toEqual(['U']);
  const groupGone = filled();
  expect([groupGone.removeGroup('g'), groupGone.removeGroup('g'), groupGone.count]).toEqual([true, false, 1]);
  expect([...groupGone.topics.keys()]).toEqual(['T']);
  groupGone.replace('empty', 'T', new Map());
  expect([groupGone.removeGroup('empty'), groupGone.count, walkedCount(groupGone)]).toEqual([true, 1, 1]);
});
