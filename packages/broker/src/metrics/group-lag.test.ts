import { expect, it } from 'vitest';
import { Turns } from '../metadata/turns.js';
import { type GroupLagSources, groupLags } from './group-lag.js';

interface Queue {
  readonly end: number;
  readonly committed?: number;
  readonly pulled?: number;
}

/** Message n of every queue was stored at 1000 + n; those below 2 are gone. */
async function lagsOf(
  queues: readonly Queue[],
  topic = 'T',
  turns = new Turns(async () => undefined),
  groupNames = ['dead', 'G'],
) {
  const sources = {
    store: {
      maxOffset: (_topic: string, queueId: number) => queues[queueId]?.end ?? 0,
      storeTime: async (_topic: string, _queueId: number, offset: number) => (offset < 2 ? -1 : 1000 + offset),
    },
    topics: { get: (name: string) => (name === 'Gone' ? undefined : { writeQueueNums: queues.length }) },
    offsets: {
      query: (_group: string, _topic: string, queueId: number) => queues[queueId]?.committed ?? -1,
      pullOffset: (_group: string, _topic: string, queueId: number) => queues[queueId]?.pulled ?? -1,
    },
    consumers: { describe: (group: string) => (group === 'dead' ? undefined : { subscriptions: [{ topic }] }) },
    groupNames: () => groupNames,
  } as unknown as GroupLagSources;
  const lags = [];
  for await (const lag of groupLags(sources, turns)) lags.push(lag);
  return lags;
}

it.each<[string, readonly Queue[], number, number, number, number, number]>([
  ['nothing sent', [{ end: 0 }], 0, 0, 0, 0, 0],
  ['nothing committed counts as all consumed', [{ end: 9 }], 0, 0, 0, 0, 0],
  ['all consumed', [{ end: 9, committed: 9, pulled: 9 }], 0, 0, 0, 0, 0],
  ['some with the clients, some not pulled', [{ end: 9, committed: 3, pulled: 5 }], 6, 2, 4, 1003, 1005],
  ['all with the clients', [{ end: 9, committed: 3, pulled: 9 }], 6, 6, 0, 1003, 0],
  ['not pulled since the start', [{ end: 9, committed: 3 }], 6, 0, 6, 1003, 1003],
  ['pulled from before what is committed', [{ end: 9, committed: 5, pulled: 3 }], 4, 0, 4, 1005, 1005],
  ['the oldest is gone', [{ end: 9, committed: 1, pulled: 4 }], 8, 3, 5, 0, 1004],
  ['committed beyond the end', [{ end: 5, committed: 9, pulled: 9 }], 0, 0, 0, 0, 0],
  [
    'two queues',
    [
      { end: 9, committed: 8, pulled: 9 },
      { end: 6, committed: 4, pulled: 5 },
    ],
    3,
    2,
    1,
    1004,
    1005,
  ],
])('%s', async (_name, queues, lag, inFlight, ready, unconsumedSince, unpulledSince) => {
  expect(await lagsOf(queues)).toEqual([{ group: 'G', topic: 'T', lag, inFlight, ready, unconsumedSince, unpulledSince }]);
});

it('leaves out retries, and topics that are gone', async () => {
  expect(await lagsOf([{ end: 9, committed: 1 }], '%RETRY%G')).toEqual([]);
  expect(await lagsOf([{ end: 9, committed: 1 }], 'Gone')).toEqual([]);
});

it('lets others have their turn after every 1000 queues, over all groups', async () => {
  let pauses = 0;
  const queues = Array.from({ length: 999 }, () => ({ end: 0 }));
  // A group's topic counts as a queue, so that many without queues hold nobody up either.
  await lagsOf(queues, 'T', new Turns(async () => void (pauses += 1)), ['a', 'b', 'c']);
  expect(pauses).toBe(3);
  await lagsOf(
    [],
    'T',
    new Turns(async () => void (pauses += 1)),
    Array.from({ length: 1000 }, (_, n) => `g${n}`),
  );
  expect(pauses).toBe(4);
});
