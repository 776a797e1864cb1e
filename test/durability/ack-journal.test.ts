import { expect, it } from 'vitest';
import { type JournalEntry, judge, type StoredMessage, sealedBody } from './ack-journal.js';

/** The judge itself is judged: each planted anomaly has to be found. */
function history(): { journal: JournalEntry[]; stored: StoredMessage[] } {
  const journal = Array.from(
    { length: 6 },
    (_, index): JournalEntry => ({
      body: sealedBody(`m${index}`),
      queueId: index % 2,
      begunAt: index * 10,
      ackedAt: index * 10 + 5,
      queueOffset: Math.floor(index / 2),
      refused: false,
    }),
  );
  const stored = journal.map((entry) => ({ queueId: entry.queueId, queueOffset: entry.queueOffset ?? 0, body: entry.body }));
  return { journal, stored: stored.toSorted((a, b) => a.queueId - b.queueId || a.queueOffset - b.queueOffset) };
}

it('finds nothing in a clean history', () => {
  const { journal, stored } = history();
  expect(judge(journal, stored)).toEqual({ acked: 6, unknown: 0, stored: 6, violations: [] });
});

it('accepts an unanswered send, stored or not', () => {
  const { journal, stored } = history();
  const last = journal[5];
  if (last === undefined) throw new Error('no entry');
  journal[5] = { ...last, ackedAt: undefined, queueOffset: undefined };
  expect(judge(journal, stored).violations).toEqual([]);
  expect(judge(journal, stored.slice(0, 5)).violations).toEqual([]);
});

const anomalies: readonly (readonly [string, (journal: JournalEntry[], stored: StoredMessage[]) => void, RegExp])[] = [
  ['a lost message', (_journal, stored) => void stored.pop(), /missing/],
  ['a lost message in the middle', (_journal, stored) => void stored.splice(1, 1), /missing|jumps/],
  ['a phantom', (_journal, stored) => void stored.push({ queueId: 1, queueOffset: 3, body: sealedBody('other') }), /phantom/],
  ['a changed body', (_journal, stored) => void (stored[0] = { queueId: 0, queueOffset: 0, body: 'm0#00' }), /changed body/],
  ['a doubled message', (_journal, stored) => void stored.push({ queueId: 1, queueOffset: 3, body: sealedBody('m5') }), /twice/],
  ['a reused offset', (_journal, stored) => void (stored[1] = { queueId: 0, queueOffset: 0, body: sealedBody('m2') }), /jumps/],
  [
    'a refused message',
    (journal) => void (journal[0] = { ...(journal[0] as JournalEntry), ackedAt: undefined, refused: true }),
    /refused/,
  ],
  [
    'a reordering',
    (journal, stored) => {
      journal[0] = { ...(journal[0] as JournalEntry), queueOffset: 1 };
      journal[2] = { ...(journal[2] as JournalEntry), queueOffset: 0 };
      stored[0] = { queueId: 0, queueOffset: 0, body: sealedBody('m2') };
      stored[1] = { queueId: 0, queueOffset: 1, body: sealedBody('m0') };
    },
    /begun after/,
  ],
];

it.each(anomalies)('finds %s', (_name, plant, finding) => {
  const { journal, stored } = history();
  plant(journal, stored);
  expect(judge(journal, stored).violations.join('\n')).toMatch(finding);
});
