/** The model finds what a store could do wrong. */
import { expect, test } from 'vitest';
import { type LogEntry, ReferenceModel } from './reference-model.js';

function entry(queueOffset: number, physicalOffset: number, content = `m${queueOffset}`): LogEntry {
  return { topic: 'T', queueId: 0, queueOffset, physicalOffset, sizeBytes: 100, content };
}

/** Three messages, of which two were acknowledged at 1000 ms. */
function history(lossWindowMs = 0) {
  const model = new ReferenceModel({ fileSizeBytes: 1000, lossWindowMs });
  const entries = [entry(0, 0), entry(1, 100), entry(2, 200)] as const;
  for (const one of entries) model.appended(one);
  model.promised(entries[1], 1000);
  return { model, entries };
}

test('what was acknowledged must be there, what was not may be there', () => {
  for (const end of [200, 300]) {
    const { model } = history();
    model.ended('power cut', 1000);
    model.restarted(end, 2000);
    expect(model.log.length).toBe(end / 100);
  }
  const { model } = history();
  model.ended('power cut', 1000);
  expect(() => model.restarted(100, 2000)).toThrow('lost 1 acknowledged');
});

test('an answer that need not wait for the disk survives the process, and after its window the power cut', () => {
  const { model } = history(500);
  expect(() => model.copy().restarted(100, 2000)).toThrow('lost');
  const early = model.copy();
  early.ended('power cut', 1200);
  early.restarted(0, 2000);
  model.ended('power cut', 1500);
  expect(() => model.restarted(100, 2000)).toThrow('lost');
});

test('what was not found after a restart never comes back, what was found never goes', () => {
  const { model, entries } = history();
  model.restarted(200, 2000);
  expect(() => model.seen(entries[2], 2000)).toThrow('phantom');
  expect(() => model.copy().restarted(300, 2000)).toThrow('the log ends at 300');
  const other = history().model;
  other.restarted(300, 2000);
  other.ended('power cut', 2000);
  expect(() => other.restarted(200, 3000)).toThrow('lost');
});

test('phantoms, changed and moved messages, reused offsets and places with a hole are found', () => {
  const { model } = history();
  expect(() => model.seen(entry(7, 700), 2000)).toThrow('phantom');
  expect(() => model.seen(entry(1, 100, 'changed'), 2000)).toThrow('another message');
  expect(() => model.seen(entry(0, 100, 'm1'), 2000)).toThrow('another message');
  expect(() => model.copy().appended(entry(2, 300))).toThrow('where 3 is next');
  expect(() => model.copy().appended(entry(3, 350))).toThrow('place 350');
  expect(() => model.copy().appended(entry(3, 2000))).toThrow('place 2000');
  model.appended(entry(3, 1000));
});

test('only what was never acknowledged can be taken back', () => {
  const { model, entries } = history();
  model.takenBack(entries[2]);
  model.appended(entry(2, 200, 'another'));
  expect(() => model.takenBack(entries[1])).toThrow('taken back');
});

test('what expired may be gone from the front of the log only, file by file, and never the end', () => {
  const { model } = history();
  const { retention } = model;
  expect(() => retention.began(500, 4000, false)).toThrow('begins at 500');
  expect(() => retention.began(5000, 4000, false)).toThrow('begins at 5000');
  retention.began(2000, 4000, false);
  expect(() => retention.began(1000, 4000, false)).toThrow('before it began at 2000');
  expect(() => retention.copy().began(3000, 4000, true)).toThrow('before it began at 2000');
  // A removal that was not durable.
  retention.began(1000, 4000, true);
  expect([retention.logBegin, retention.mayBeGone('T/0', 9, 999), retention.mayBeGone('T/0', 9, 1000)]).toEqual([
    1000,
    true,
    false,
  ]);
});

test('a queue begins no later than what expired or was deleted, and no earlier than what was deleted for good', () => {
  const { retention } = history().model;
  retention.queueBegan('T/0', 0, 2);
  retention.queueBegan('T/0', 2, 2);
  expect(() => retention.queueBegan('T/0', 3, 2)).toThrow('begins at 3');
  retention.deleting('T/0', 5);
  for (const minOffset of [0, 5]) retention.queueBegan('T/0', minOffset, 2);
  expect(() => retention.queueBegan('T/0', 6, 2)).toThrow('begins at 6');
  retention.deleted('T/0');
  expect(() => retention.queueBegan('T/0', 4, 2)).toThrow('begins at 4');
  retention.queueBegan('T/0', 7, 7);
});

test('a queue begins anew only when it was deleted and the log has nothing of it', () => {
  const { model } = history();
  model.retention.deleting('T/0', 3);
  model.retention.deleted('T/0');
  expect(() => model.copy().appended(entry(0, 1000))).toThrow('where 3 is next');
  model.retention.began(1000, 1000, false);
  model.appended(entry(0, 1000));
  expect(() => model.copy().appended(entry(3, 1100))).toThrow('where 1 is next');
  model.appended(entry(1, 1100));
});
