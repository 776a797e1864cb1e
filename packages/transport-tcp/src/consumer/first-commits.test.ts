import { isMqError } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { FirstCommits } from './first-commits.js';

const queueOf = (queueId: number, topic = 'orders') => ({ topic, brokerName: 'broker-a', queueId });

/** Keeps the offsets of a topic in a table that each commit makes anew when it found none at its begin, as Apache 5.5.0 does. */
function racyBroker() {
  let table: Map<number, number> | undefined;
  const events: string[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));
  return {
    events,
    offsets: () => [...(table ?? [])].toSorted(([a], [b]) => a - b),
    async commitOffset({ queueId }: { readonly queueId: number }, offset: number): Promise<void> {
      const found = table;
      events.push(`commit ${queueId}`);
      await turn();
      if (found === undefined) table = new Map([[queueId, offset]]);
      else found.set(queueId, offset);
    },
    async committedOffset({ queueId }: { readonly queueId: number }): Promise<number | undefined> {
      return table?.get(queueId);
    },
  };
}

test('first commits of one topic made at once all stay: one goes ahead', async () => {
  const broker = racyBroker();
  const first = new FirstCommits(broker);
  await Promise.all([0, 1, 2].map((queueId) => first.commit(queueOf(queueId), 5)));
  expect(broker.offsets()).toEqual([
    [0, 5],
    [1, 5],
    [2, 5],
  ]);
  expect(broker.events).toEqual(['commit 0', 'commit 1', 'commit 2']);
});

test('one that was lost to another member is committed again', async () => {
  const broker = racyBroker();
  const ours = new FirstCommits(broker);
  const committing = ours.commit(queueOf(0), 5);
  await Promise.all([committing, broker.commitOffset(queueOf(7), 9)]);
  expect(broker.offsets()).toEqual([
    [0, 5],
    [7, 9],
  ]);
});

test('the next goes on when the one ahead fails', async () => {
  const broker = racyBroker();
  let isFirst = true;
  const first = new FirstCommits({
    commitOffset: async (queue, offset) => {
      if (isFirst) {
        isFirst = false;
        throw new Error('cut');
      }
      await broker.commitOffset(queue, offset);
    },
    committedOffset: (queue) => broker.committedOffset(queue),
  });
  const outcomes = await Promise.allSettled([first.commit(queueOf(0), 5), first.commit(queueOf(1), 5)]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled']);
  expect(broker.offsets()).toEqual([[1, 5]]);
});

test('a broker that does not keep the offset: a BrokerError that may be retried', async () => {
  const first = new FirstCommits({ commitOffset: async () => undefined, committedOffset: async () => 0 });
  const failure: unknown = await first.commit(queueOf(0), 5).catch((error: unknown) => error);
  expect(isMqError(failure) && failure.retryable).toBe(true);
});
