import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountedOffsetTable, type OffsetSnapshot } from './counted-offset-table.js';

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

type Commands = readonly { readonly kind: string; readonly group: string; readonly topic: string; readonly queueId: number }[];

test('a snapshot stays as the table was, whatever becomes of that, and so does each of several', () => {
  const name = (prefix: string): fc.Arbitrary<string> => fc.integer({ min: 0, max: 2 }).map((n) => `${prefix}${n}`);
  const command = fc.record({
    kind: fc.constantFrom('set', 'set', 'set', 'remove', 'replace', 'removeTopic', 'removeGroup'),
    group: name('g'),
    topic: name('T'),
    queueId: fc.integer({ min: 0, max: 3 }),
  });
  const apply = (table: CountedOffsetTable, commands: Commands, base: number): void => {
    for (const [index, { kind, group, topic, queueId }] of commands.entries()) {
      if (kind === 'set') table.set(group, topic, queueId, base + index);
      else if (kind === 'remove') table.remove(group, topic, queueId);
      else if (kind === 'replace') table.replace(group, topic, new Map([[queueId, base + index]]));
      else if (kind === 'removeTopic') table.removeTopic(topic);
      else table.removeGroup(group);
    }
  };
  const plain = (table: CountedOffsetTable): string[] =>
    [...table.topics].flatMap(([topic, groups]) =>
      [...groups].flatMap(([group, offsets]) =>
        [...offsets].map(([queueId, offset]) => `${topic}@${group} ${queueId} ${offset}`),
      ),
    );
  const seen = ({ topics, groups, offsets, offsetsOf }: OffsetSnapshot): string[] =>
    offsets.flatMap((of, index) =>
      [...offsetsOf(of)].map(([queueId, offset]) => `${topics[index]}@${groups[index]} ${queueId} ${offset}`),
    );
  fc.assert(
    fc.property(fc.array(command), fc.array(command), fc.array(command), (before, between, after) => {
      const table = new CountedOffsetTable();
      apply(table, before, 0);
      const [first, firstPlain] = [table.snapshot(), plain(table)];
      apply(table, between, 1000);
      const [second, secondPlain] = [table.snapshot(), plain(table)];
      apply(table, after, 2000);
      expect([seen(first), seen(second)]).toEqual([firstPlain, secondPlain]);
      first.release();
      apply(table, before, 3000);
      expect(seen(second)).toEqual(secondPlain);
      second.release();
    }),
  );
});

test('once a snapshot is released a change copies nothing', () => {
  const table = new CountedOffsetTable();
  table.set('g', 'T', 0, 1);
  const snapshot = table.snapshot();
  snapshot.release();
  table.set('g', 'T', 0, 2);
  const [of] = snapshot.offsets;
  expect(of && snapshot.offsetsOf(of)).toBe(table.offsetsOf('g', 'T'));
});
