import { parseFastjson, type Steps } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { plainTopic } from './boot-topics.js';
import { decodeTopicTable, topicTableSteps } from './topic-table-json.js';

const topicCount = 3000;

/** The text, when `change` comes after so many steps. */
function textWith(steps: Steps<readonly Buffer[]>, stepsBefore: number, change: () => void): string {
  for (let count = 0; ; count += 1) {
    if (count === stepsBefore) change();
    const step = steps.next();
    if (step.done === true) return Buffer.concat(step.value).toString();
  }
}

test.each([1, 2, 5])('what is written is the table of the first step, changed after %i of them', (stepsBefore) => {
  const topics = new Map(Array.from({ length: topicCount }, (_, n) => [`T${n}`, plainTopic(`T${n}`, 4, 6)]));
  const source = new Map([['T2999', { readQueueNums: 1, unknown: [1, 2] }]]);
  const table = { dataVersion: { counter: 1, timestamp: 2, stateVersion: 0 }, topics, source };
  const expected = {
    dataVersion: table.dataVersion,
    topicConfigTable: Object.fromEntries([...topics].map(([name, topic]) => [name, { ...source.get(name), ...topic }])),
  };
  const text = textWith(
    topicTableSteps(() => table),
    stepsBefore,
    () => {
      topics.set('T2998', plainTopic('T2998', 8, 4));
      topics.set('New', plainTopic('New', 8, 4));
      for (const name of ['T0', 'T2997', 'T2999']) topics.delete(name);
      source.delete('T2999');
      table.dataVersion = { counter: 2, timestamp: 3, stateVersion: 0 };
    },
  );
  expect(text).toBe(JSON.stringify(expected, undefined, '\t'));
  expect(decodeTopicTable(parseFastjson(text)).topics.size).toBe(topicCount);
});
