import { systemClock } from '@orbitmq/core/kernel';
import { describe, expect, it } from 'vitest';
import { type Delivery, History, type Sent } from '../../simulation/history.js';
import type { BrokerContent } from '../../simulation/read-brokers.js';
import { type Disturbance, type Duplicates, findDuplicates } from './duplicates.js';
import { QueueTakes } from './queue-takes.js';

const queue = 'orders@broker-a@0';

/** Done by `worker-1` in 10 ms, at the given second. */
function delivery(second: number, more: Partial<Delivery> = {}): Delivery {
  const startedAtMs = second * 1000;
  return {
    group: 'audit',
    process: 'worker-1',
    id: 'm',
    messageId: 'M',
    topic: 'orders',
    queue,
    queueOffset: 7,
    attempt: 0,
    startedAtMs,
    endedAtMs: startedAtMs + 10,
    pausedAtMs: undefined,
    outcome: 'acked',
    ...more,
  };
}

const join = (second: number): Disturbance => ({
  atMs: second * 1000,
  what: 'a join',
  settleMs: 15_000,
  isBrokerEnd: false,
  isKill: false,
});
const kill = (second: number): Disturbance => ({
  atMs: second * 1000,
  what: 'a kill',
  settleMs: 30_000,
  isBrokerEnd: true,
  isKill: true,
});
const stop = (second: number): Disturbance => ({ ...kill(second), what: 'a stop', isKill: false });

interface Run {
  readonly deliveries: readonly Delivery[];
  readonly disturbances?: readonly Disturbance[];
  /** Who took the queue of the deliveries, and in which second. */
  readonly takes?: readonly (readonly [process: string, second: number, startOffset?: number])[];
  readonly brokers?: readonly BrokerContent[];
  /** In which second the message was sent, and how long it was to wait. */
  readonly sent?: readonly [second: number, delayMs: number];
}

function sentAt(second: number, delayMs: number): Sent {
  const startedAtMs = second * 1000;
  return {
    parcel: { id: 'm', flow: 'order', text: '', plan: { failures: 0, execute: 'commit', check: 'commit' } },
    topic: 'orders',
    tag: undefined,
    keys: [],
    properties: {},
    shardingKey: undefined,
    delayMs,
    startedAtMs,
    endedAtMs: startedAtMs + 10,
    outcome: 'acked',
    error: undefined,
    place: undefined,
    messageId: 'M',
  };
}

function duplicatesOf({
  brokers = [],
  deliveries,
  disturbances = [join(100)],
  sent,
  takes = [['worker-1', 0]],
}: Run): Duplicates {
  const history = new History();
  history.deliveries.push(...deliveries);
  if (sent !== undefined) history.sent.set('m', sentAt(...sent));
  const all = new QueueTakes();
  for (const [process, second, startOffset = 0] of takes) {
    for (const { group, queue: taken } of deliveries) all.note(group, process, taken, { atMs: second * 1000, startOffset });
  }
  return findDuplicates({ history, brokers, disturbances, takes: all });
}

const unexplained = { byReason: {}, unexplained: [expect.stringMatching(/^I9 /)] };
const explained = (what: string): Duplicates => ({ byReason: { [what]: 1 }, unexplained: [] });

describe('a message done again at its place', () => {
  const worker2 = { process: 'worker-2' };

  it('by who took the queue after a disturbance is explained', () => {
    const takes = [['worker-1', 0] as const, ['worker-2', 101] as const];
    expect(duplicatesOf({ deliveries: [delivery(99), delivery(102, worker2)], takes })).toEqual(explained('a join'));
  });

  it('by who held the queue all the time is not, however near the disturbance', () => {
    expect(duplicatesOf({ deliveries: [delivery(99), delivery(102)] })).toEqual(unexplained);
    const run: Run = { deliveries: [delivery(102), delivery(103)], takes: [['worker-1', 101]] };
    expect(duplicatesOf(run)).toEqual(unexplained);
  });

  it('by the same consumer is, when it took the queue anew', () => {
    const takes = [['worker-1', 0] as const, ['worker-1', 101] as const];
    expect(duplicatesOf({ deliveries: [delivery(99), delivery(102)], takes })).toEqual(explained('a join'));
  });

  it('by who took the queue behind it is not', () => {
    const takes = [['worker-1', 0] as const, ['worker-2', 101, 8] as const];
    expect(duplicatesOf({ deliveries: [delivery(99), delivery(102, worker2)], takes })).toEqual(unexplained);
  });

  it('by who said of no take is not', () => {
    expect(duplicatesOf({ deliveries: [delivery(99), delivery(102, worker2)] })).toEqual(unexplained);
  });

  it('by who took the queue for no reason is not', () => {
    const takes = [['worker-1', 0] as const, ['worker-2', 120] as const];
    expect(duplicatesOf({ deliveries: [delivery(119), delivery(121, worker2)], takes })).toEqual(unexplained);
  });

  it('long after it must have been committed is not', () => {
    const takes = [['worker-1', 0] as const, ['worker-2', 101] as const];
    expect(duplicatesOf({ deliveries: [delivery(69), delivery(102, worker2)], takes })).toEqual(unexplained);
  });

  it('by an orderly group may wait for the lock of a holder that the broker forgot to hear', () => {
    const takes = [['worker-1', 0] as const, ['worker-2', 185] as const];
    const run = (group: string): Run => ({
      deliveries: [delivery(99, { group }), delivery(186, { ...worker2, group })],
      disturbances: [kill(100)],
      takes,
    });
    expect(duplicatesOf(run('bookkeeping'))).toEqual(explained('a kill'));
    expect(duplicatesOf(run('audit'))).toEqual(unexplained);
  });

  it('that was given back there, and its copy done, is explained as one that was done there', () => {
    const copy = delivery(98, { queue: '%RETRY%audit@broker-a@0', queueOffset: 3, attempt: 1 });
    const run = (takes: NonNullable<Run['takes']>): Run => ({
      deliveries: [delivery(97, { outcome: 'failed' }), copy, delivery(102, worker2)],
      takes,
    });
    expect(
      duplicatesOf(
        run([
          ['worker-1', 0],
          ['worker-2', 101],
        ]),
      ),
    ).toEqual(explained('a join'));
    expect(duplicatesOf(run([['worker-1', 0]]))).toEqual(unexplained);
  });

  it('while its first handler took longer than allowed is explained', () => {
    const first = delivery(10, { group: 'slow', endedAtMs: 12_100 });
    expect(duplicatesOf({ deliveries: [first, delivery(11, { group: 'slow' })] })).toEqual(
      explained('a handler that took longer than its limit'),
    );
  });
});

describe('a message done again at another place', () => {
  const retry = { group: 'billing', queue: '%RETRY%billing@broker-a@0', attempt: 1 };
  const failed = (second: number): Delivery => delivery(second, { group: 'billing', outcome: 'failed' });

  it('that was stored twice under its topic is explained', () => {
    const content = (offset: number) => ({ minOffset: 0, maxOffset: 1, messages: [{ offset, messageId: 'M' }] });
    const at = (topic: string, queueId: number) => ({
      queue: `${topic}@broker-a@${queueId}`,
      content: content(7),
      committed: [],
    });
    const deliveries = [delivery(10), delivery(11, { queue: 'orders@broker-a@1' })];
    const stored = (...queues: BrokerContent['queues'][number][]) => [{ brokerName: 'broker-a', queues }];
    const brokers = stored(at('orders', 0), at('orders', 1));
    const disturbances = [stop(8)];
    const sent = [8, 0] as const;
    expect(duplicatesOf({ deliveries, brokers, disturbances, sent })).toEqual(explained('a send repeated by its producer'));
    expect(duplicatesOf({ deliveries, brokers, disturbances: [stop(2)], sent })).toEqual(unexplained);
    expect(duplicatesOf({ deliveries, brokers, disturbances: [join(8)], sent })).toEqual(unexplained);
    const elsewhere = stored(at('orders', 0), at('%DLQ%billing', 0));
    expect(duplicatesOf({ deliveries, brokers: elsewhere, disturbances, sent })).toEqual(unexplained);
  });

  it('and at its own again needs a reason for that one, stored twice or not', () => {
    const content = { minOffset: 0, maxOffset: 1, messages: [{ offset: 7, messageId: 'M' }] };
    const queues = [0, 1].map((queueId) => ({ queue: `orders@broker-a@${queueId}`, content, committed: [] }));
    const deliveries = [delivery(10), delivery(11, { queue: 'orders@broker-a@1' }), delivery(12)];
    const brokers = [{ brokerName: 'broker-a', queues }];
    expect(duplicatesOf({ deliveries, brokers, disturbances: [stop(8)], sent: [8, 0] })).toEqual({
      byReason: { 'a send repeated by its producer': 1 },
      unexplained: [expect.stringContaining('orders@broker-a@0')],
    });
  });

  it('because a killed broker did not know that its moment had come is explained, of a stopped one it is not', () => {
    const content = { minOffset: 0, maxOffset: 1, messages: [{ offset: 7, messageId: 'M' }] };
    const queues = [0, 1].map((queueId) => ({ queue: `orders@broker-a@${queueId}`, content, committed: [] }));
    const brokers = [{ brokerName: 'broker-a', queues }];
    const deliveries = [delivery(99), delivery(102, { queue: 'orders@broker-a@1' })];
    const sent = [60, 38_000] as const;
    expect(duplicatesOf({ deliveries, brokers, disturbances: [kill(100)], sent })).toEqual(explained('a kill'));
    expect(duplicatesOf({ deliveries, brokers, disturbances: [kill(100)], sent: [60, 0] })).toEqual(unexplained);
    expect(duplicatesOf({ deliveries, brokers, disturbances: [stop(100)], sent })).toEqual(unexplained);
    expect(duplicatesOf({ deliveries, brokers, disturbances: [kill(116)], sent })).toEqual(unexplained);
  });

  it('that was given back twice is explained, and once is not', () => {
    const retries = [delivery(30, retry), delivery(31, { ...retry, queueOffset: 8 })];
    expect(duplicatesOf({ deliveries: [failed(10), failed(11), ...retries] })).toEqual(
      explained('a message given back more than once'),
    );
    expect(duplicatesOf({ deliveries: [failed(10), ...retries] })).toEqual(unexplained);
  });

  it('that was given back to a broker that ended is explained, to one that lived is not', () => {
    const deliveries = [failed(95), delivery(106, retry), delivery(107, { ...retry, queueOffset: 8 })];
    expect(duplicatesOf({ deliveries, disturbances: [kill(100)] })).toEqual(explained('a kill'));
    expect(duplicatesOf({ deliveries, disturbances: [kill(110)] })).toEqual(unexplained);
    expect(duplicatesOf({ deliveries })).toEqual(unexplained);
  });

  it('because a killed broker did not know that the moment of the try had come is explained, of a stopped one it is not', () => {
    const deliveries = [failed(80), delivery(99, retry), delivery(105, { ...retry, queueOffset: 8 })];
    expect(duplicatesOf({ deliveries, disturbances: [kill(100)] })).toEqual(explained('a kill'));
    expect(duplicatesOf({ deliveries, disturbances: [stop(100)] })).toEqual(unexplained);
    expect(
      duplicatesOf({ deliveries: [failed(60), delivery(80, retry), ...deliveries.slice(2)], disturbances: [kill(100)] }),
    ).toEqual(unexplained);
  });

  it('because its handler took too long is explained', () => {
    const slow = { group: 'slow', queue: '%RETRY%slow@broker-a@0', attempt: 1 };
    expect(duplicatesOf({ deliveries: [delivery(10, { group: 'slow', endedAtMs: 14_000 }), delivery(24, slow)] })).toEqual(
      explained('a handler that took longer than its limit'),
    );
    expect(duplicatesOf({ deliveries: [delivery(10, { group: 'slow' }), delivery(24, slow)] })).toEqual(unexplained);
  });

  it('that the group gave up twice is a dead letter twice', () => {
    const last = (second: number): Delivery => delivery(second, { group: 'billing', attempt: 2, outcome: 'failed' });
    const dead = { group: 'undertaker', topic: '%DLQ%billing', queue: '%DLQ%billing@broker-a@0', attempt: 3 };
    const letters = [delivery(30, dead), delivery(31, { ...dead, queueOffset: 8 })];
    expect(duplicatesOf({ deliveries: [last(10), last(11), ...letters] })).toEqual(
      explained('a message given back more than once'),
    );
    expect(duplicatesOf({ deliveries: [last(10), ...letters] })).toEqual(unexplained);
  });
});

it('takes are what consumers log', () => {
  const takes = new QueueTakes();
  const before = systemClock.monotonic();
  const logger = takes.logger('worker-1', systemClock).child({ group: 'audit' });
  logger.info('dropping a queue', { queue });
  logger.info('consuming a queue', { queue, startOffset: 5 });
  const later = { startedAtMs: systemClock.monotonic() + 1 };
  expect(takes.of({ ...delivery(0), ...later })).toMatchObject({ startOffset: 5 });
  expect(takes.of({ ...delivery(0), startedAtMs: before - 1 })).toBeUndefined();
  expect(takes.of({ ...delivery(0), ...later, group: 'billing' })).toBeUndefined();
});
