import { expect, test } from 'vitest';
import { ForbiddenTable } from './forbidden-table.js';
import { GroupSources } from './group-sources.js';
import { defaultSubscriptionGroup, subscriptionGroupTableSteps } from './subscription-group-json.js';

test.each([1, 2, 5])('what is written is the table of the first step, changed after %i of them', (stepsBefore) => {
  const groups = new Map(Array.from({ length: 3000 }, (_, n) => [`g${n}`, defaultSubscriptionGroup(`g${n}`)]));
  const sources = new GroupSources();
  sources.merge('g2999', { unknown: { a: 1 }, retryMaxTimes: 3 });
  const forbidden = new ForbiddenTable();
  for (let n = 0; n < 3000; n += 1) forbidden.setReadForbidden(`g${n}`, 'T', true);
  const table = { dataVersion: { counter: 1, timestamp: 2, stateVersion: 0 }, groups, sources, forbidden };
  const expected = {
    dataVersion: table.dataVersion,
    forbiddenTable: Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`g${n}`, { T: 4 }])),
    subscriptionGroupTable: Object.fromEntries(
      [...groups].map(([name, group]) => [name, { ...(name === 'g2999' ? sources.get(name) : undefined), ...group }]),
    ),
  };
  const steps = subscriptionGroupTableSteps(() => table);
  let step = steps.next();
  for (let count = 1; step.done !== true; count += 1) {
    if (count === stepsBefore) {
      groups.set('g2998', { ...defaultSubscriptionGroup('g2998'), retryMaxTimes: 1 });
      groups.delete('g0');
      groups.delete('g2997');
      sources.merge('g2999', { unknown: 2 });
      forbidden.setReadForbidden('g2999', 'U', true);
      forbidden.setReadForbidden('g2998', 'T', false);
      forbidden.delete('g2997');
      table.dataVersion = { counter: 2, timestamp: 3, stateVersion: 0 };
    }
    step = steps.next();
  }
  expect(Buffer.concat(step.value).toString()).toBe(JSON.stringify(expected, undefined, '\t'));
});
