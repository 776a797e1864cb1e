import { expect, test } from 'vitest';
import { offsetTableSteps } from './consumer-offset-json.js';
import { CountedOffsetTable } from './counted-offset-table.js';

const dataVersion = { counter: 1, timestamp: 2, stateVersion: 0 };

function filled(): CountedOffsetTable {
  const table = new CountedOffsetTable();
  // The queues in any order, as clients commit them.
  for (let n = 0; n < 3000; n += 1) for (const queueId of [2, 0, 11, 1]) table.set('g', `T${n}`, queueId, n);
  return table;
}

function plain(table: CountedOffsetTable): object {
  return Object.fromEntries(
    [...table.topics].flatMap(([topic, groups]) =>
      [...groups].map(([group, offsets]) => [`${topic}@${group}`, Object.fromEntries(offsets)]),
    ),
  );
}

test.each([1, 2, 5])('what is written are the tables of the first step, changed after %i of them', (stepsBefore) => {
  const table = filled();
  const pendingResets = new CountedOffsetTable();
  pendingResets.set('g', 'T1', 0, 7);
  const expected = { dataVersion, offsetTable: plain(table), orbitmqPendingResets: plain(pendingResets) };
  const steps = offsetTableSteps(() => ({ dataVersion, table, pendingResets }));
  let step = steps.next();
  for (let count = 1; step.done !== true; count += 1) {
    if (count === stepsBefore) {
      // An operator's reset, which is two changes, and a group that goes.
      for (const of of [table, pendingResets]) of.set('g', 'T2999', 0, 99);
      pendingResets.remove('g', 'T1', 0);
      table.removeTopic('T0');
      table.set('new', 'T2998', 0, 1);
      table.set('g', 'New', 0, 1);
      table.removeGroup('g');
    }
    step = steps.next();
  }
  expect(Buffer.concat(step.value).toString()).toBe(JSON.stringify(expected, undefined, '\t'));
});

test('without pending resets the member is left out, and steps that are given up hold the table up no longer', () => {
  const table = filled();
  const steps = offsetTableSteps(() => ({ dataVersion, table, pendingResets: new CountedOffsetTable() }));
  steps.next();
  steps.return([]);
  const [of] = table.snapshot().offsets;
  const again = offsetTableSteps(() => ({ dataVersion, table }));
  let step = again.next();
  while (step.done !== true) step = again.next();
  expect(Object.keys(JSON.parse(Buffer.concat(step.value).toString()) as object)).toEqual(['dataVersion', 'offsetTable']);
  expect(of?.size).toBe(4);
});
