import { createFrameDecoder, createFrameWriter, decodePullMessage, type RemotingCommand } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, it } from 'vitest';
import type { ArrivalListener, GetMessageRequest, GetMessageResult } from '../store/message-store.js';
import { FakeConnection } from '../test-support/fake-connection.js';
import { type PullFields, pullRequest } from '../test-support/message-testbed.js';
import type { ParkedPull } from './parked-pull.js';
import { PullHoldService } from './pull-hold-service.js';

async function harness(limits: { perConnectionMax?: number; max?: number; filterCharsMax?: number } = {}) {
  const environment = virtualEnvironment(1);
  let arrive: ArrivalListener = () => {};
  let maxOffset = 0;
  let look: (request: GetMessageRequest) => GetMessageResult | Promise<GetMessageResult> = () => {
    throw new Error('nothing is read');
  };
  const rerun: ParkedPull[] = [];
  const holds = new PullHoldService({
    environment,
    store: { maxOffset: () => maxOffset, onArrival: (listener) => (arrive = listener), getMessage: (request) => look(request) },
    longPollingEnable: true,
    perConnectionMax: limits.perConnectionMax ?? 10,
    max: limits.max ?? 10,
    filterCharsMax: limits.filterCharsMax ?? 1000,
  });
  holds.onRerun((pull) => rerun.push(pull));
  await holds.start();
  const park = (
    connection: FakeConnection,
    topic = 'T',
    matches?: (code: number) => boolean,
    filter?: ParkedPull['filter'],
    queueId = 0,
    fields: PullFields = {},
  ): ParkedPull => {
    const request = pullRequest({ topic, queueId, ...fields });
    const header = decodePullMessage(request);
    const pull = { request, connection, header, matches, filter, deadlineMs: environment.clock.monotonic() + 15_000 };
    holds.park(pull);
    return pull;
  };
  return {
    time: environment.time,
    holds,
    rerun,
    park,
    arrive: (topic: string, queueId: number, tagsCode = 0, end = 1) => arrive(topic, queueId, end, tagsCode),
    onLook: (answer: typeof look) => (look = answer),
    setMaxOffset: (offset: number) => (maxOffset = offset),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));

describe('PullHoldService', () => {
  it('wakes those of the queue that match, once', async () => {
    const { park, arrive, rerun, holds } = await harness();
    const connection = new FakeConnection();
    const pull = park(connection);
    const other = park(connection, 'Other');
    const unmatched = park(connection, 'T', (code) => code === 5);
    arrive('T', 1);
    arrive('T', 0);
    arrive('T', 0);
    await settle();
    expect(rerun).toEqual([pull]);
    expect(holds.count).toBe(2);
    arrive('T', 0, 5);
    arrive('Other', 0);
    await settle();
    expect(rerun).toEqual([pull, unmatched, other]);
    expect(holds.count).toBe(0);
  });

  it('forgets the pulls of a closed connection, and those that were woken with it', async () => {
    const { park, arrive, rerun, holds } = await harness();
    const gone = new FakeConnection();
    park(gone);
    park(gone, 'Other');
    arrive('T', 0);
    gone.close();
    await settle();
    expect(holds.count).toBe(0);
    expect(rerun).toEqual([]);
  });

  it('listens once per connection, and not after it has nothing parked', async () => {
    const { park, arrive, time } = await harness();
    const connection = new FakeConnection();
    park(connection);
    park(connection, 'Other');
    expect(connection.closeListenerCount).toBe(1);
    arrive('T', 0);
    arrive('Other', 0);
    await time.advance(5000);
    expect(connection.closeListenerCount).toBe(0);
  });

  it('beyond the limit of a connection answers its oldest', async () => {
    const { park, rerun, holds } = await harness({ perConnectionMax: 2 });
    const connection = new FakeConnection();
    const other = park(new FakeConnection());
    const first = park(connection);
    const second = park(connection);
    expect(holds.count).toBe(3);
    const third = park(connection);
    await settle();
    expect(rerun).toEqual([first]);
    expect(holds.count).toBe(3);
    expect([other, second, third]).not.toContain(rerun[0]);
  });

  it('beyond the limit of all answers the oldest', async () => {
    const { park, rerun, holds } = await harness({ max: 2 });
    const first = park(new FakeConnection());
    park(new FakeConnection());
    await settle();
    expect(rerun).toEqual([]);
    park(new FakeConnection());
    await settle();
    expect(rerun).toEqual([first]);
    expect(holds.count).toBe(2);
  });

  it('scans every 5 s: what has something new, or whose time is over', async () => {
    const { park, rerun, time, setMaxOffset } = await harness();
    const first = park(new FakeConnection());
    await time.advance(4999);
    setMaxOffset(1);
    expect(rerun).toEqual([]);
    await time.advance(1);
    expect(rerun).toEqual([first]);
    setMaxOffset(0);
    const second = park(new FakeConnection());
    await time.advance(14_999);
    expect(rerun).toEqual([first]);
    await time.advance(1);
    expect(rerun).toEqual([first, second]);
  });

  it('scans the queues that have pulls, not all up to the highest', { timeout: 2000 }, async () => {
    const { park, rerun, time } = await harness();
    const pull = park(new FakeConnection(), 'T', undefined, undefined, 30_000_000);
    await time.advance(10_000);
    expect(rerun).toEqual([]);
    await time.advance(5000);
    expect(rerun).toEqual([pull]);
  });

  it('runs a pull again at once when there is something new already', async () => {
    const { park, rerun, setMaxOffset } = await harness();
    setMaxOffset(1);
    const pull = park(new FakeConnection());
    await settle();
    expect(rerun).toEqual([pull]);
  });

  it('leaks nothing over many cycles of parking and waking', async () => {
    const { park, arrive, holds, time } = await harness();
    const connection = new FakeConnection();
    for (let i = 0; i < 2000; i += 1) {
      park(connection, `T${i % 7}`);
      arrive(`T${i % 7}`, 0);
      await settle();
    }
    await time.advance(5000);
    expect(holds.count).toBe(0);
    expect(connection.closeListenerCount).toBe(0);
  });
});

it('a parked pull keeps no more of its frame than its answer needs', async () => {
  const { holds } = await harness();
  const writer = createFrameWriter();
  writer.writeCommand({ ...pullRequest({ topic: 'T' }), opaque: 77 });
  const received: RemotingCommand[] = [];
  createFrameDecoder().push(Buffer.concat([...writer.take(), Buffer.alloc(0)]), (command) => received.push(command));
  const request = received[0]!;
  const header = decodePullMessage(request);
  holds.park({ request, connection: new FakeConnection(), header, matches: undefined, deadlineMs: 15_000 });
  expect(request).toMatchObject({ opaque: 77, extFields: undefined, body: undefined });
});

describe('a parked pull with a filter over records', () => {
  const filterOf = (sizeChars: number) => ({ matches: () => true, lastCost: 0, sizeChars });
  const filter = filterOf(100);
  const nothingUntil = (nextBeginOffset: number): GetMessageResult => ({
    status: 'NO_MATCHED_MESSAGE',
    nextBeginOffset,
    minOffset: 0,
    maxOffset: nextBeginOffset,
    slices: [],
    messageCount: 0,
    sizeBytes: 0,
  });

  it('looks at each new message once, and is woken by one that passes', async () => {
    const { park, arrive, rerun, onLook } = await harness();
    const looks: number[] = [];
    const pull = park(new FakeConnection(), 'T', undefined, filter);
    onLook((request) => {
      expect(request).toMatchObject({ topic: 'T', queueId: 0, maxCount: 1, filter });
      looks.push(request.queueOffset);
      return request.queueOffset < 5 ? nothingUntil(5) : { ...nothingUntil(6), status: 'FOUND' };
    });
    // A batch of five became visible together: the first look goes to its end.
    for (const end of [1, 2, 3, 4, 5]) arrive('T', 0, 0, end);
    expect(looks).toEqual([0]);
    await settle();
    expect(rerun).toEqual([]);
    arrive('T', 0, 0, 6);
    await settle();
    expect(looks).toEqual([0, 5]);
    expect(rerun).toEqual([pull]);
  });

  it('shares its look with those that wait for the same', async () => {
    const { park, arrive, rerun, holds, onLook } = await harness();
    const other = filterOf(100);
    const looks: unknown[] = [];
    onLook((request) => {
      looks.push(request.filter);
      return request.filter === other ? { ...nothingUntil(1), status: 'FOUND' } : nothingUntil(1);
    });
    for (let i = 0; i < 3; i += 1) park(new FakeConnection(), 'T', undefined, filter);
    const passing = [1, 2].map(() => park(new FakeConnection(), 'T', undefined, other));
    const tagged = park(new FakeConnection(), 'T', () => true, filter);
    arrive('T', 0, 0, 1);
    await settle();
    expect(looks).toEqual([filter, other, filter]);
    expect(rerun).toEqual(passing);
    expect(rerun).not.toContain(tagged);
    expect(holds.count).toBe(4);
    arrive('T', 0, 0, 1);
    expect(looks).toHaveLength(3);
  });

  it('is woken without a look when the looks of the turn have cost enough', async () => {
    const { park, arrive, rerun, holds, onLook } = await harness();
    const looks: number[] = [];
    onLook((request) => {
      looks.push(request.queueOffset);
      return { ...nothingUntil(request.queueOffset + 1), filterCost: 1_500_000 };
    });
    const pulls = [1, 2, 3, 4, 5].map(() => park(new FakeConnection(), 'T', undefined, filterOf(100)));
    arrive('T', 0, 0, 1);
    expect(looks).toEqual([0, 0, 0]);
    await settle();
    expect(rerun).toEqual(pulls.slice(3));
    arrive('T', 0, 0, 2);
    await settle();
    expect(looks).toEqual([0, 0, 0, 1, 1, 1]);
    expect(holds.count).toBe(3);
  });

  it('is woken when the look did not get as far as the message, or would have to read files', async () => {
    const { park, arrive, rerun, onLook } = await harness();
    const short = park(new FakeConnection(), 'T', undefined, filter);
    onLook(() => nothingUntil(3));
    arrive('T', 0, 0, 4);
    await settle();
    expect(rerun).toEqual([short]);
    const cold = park(new FakeConnection(), 'T', undefined, filter);
    onLook(() => Promise.reject(new Error('EIO')));
    arrive('T', 0, 0, 1);
    await settle();
    await settle();
    expect(rerun).toEqual([short, cold]);
  });

  it('beyond the limit of the expressions that pulls carry, by tags or of any type, the oldest one that has one is answered', async () => {
    const { park, rerun, holds } = await harness({ filterCharsMax: 200 });
    const carrying = (length: number, expressionType?: string): ParkedPull => {
      const fields = { subscription: 'a'.repeat(length), ...(expressionType === undefined ? {} : { expressionType }) };
      return park(new FakeConnection(), 'T', undefined, undefined, 0, fields);
    };
    const plain = park(new FakeConnection());
    const pulls = [carrying(100), carrying(100, 'UNKNOWN')];
    await settle();
    expect(rerun).toEqual([]);
    carrying(1);
    await settle();
    expect(rerun).toEqual(pulls.slice(0, 1));
    carrying(1000);
    await settle();
    expect(holds.count).toBe(1);
    expect(rerun).not.toContain(plain);
  });

  it('of a group in a queue is run again when its offset was reset, and no other one', async () => {
    const { park, rerun, holds } = await harness();
    const reader = park(new FakeConnection());
    park(new FakeConnection(), 'T', undefined, undefined, 0, { group: 'other' });
    park(new FakeConnection(), 'T', undefined, undefined, 1);
    park(new FakeConnection(), 'U');
    holds.wakeGroup('CG_A', 'T', 0);
    holds.wakeGroup('CG_A', 'nobody', 0);
    await settle();
    expect(rerun).toEqual([reader]);
    expect(holds.count).toBe(3);
  });

  it('beyond the limit of their expressions the oldest one that has one is answered; a shared filter counts once', async () => {
    const { park, rerun, holds } = await harness({ filterCharsMax: 200 });
    const plain = park(new FakeConnection());
    const shared = [1, 2, 3].map(() => park(new FakeConnection(), 'T', undefined, filter));
    const other = park(new FakeConnection(), 'T', undefined, filterOf(100));
    await settle();
    expect(rerun).toEqual([]);
    park(new FakeConnection(), 'T', undefined, filterOf(100));
    await settle();
    expect(rerun).toEqual(shared);
    park(new FakeConnection(), 'T', undefined, filterOf(1));
    await settle();
    expect(rerun).toEqual([...shared, other]);
    const large = park(new FakeConnection(), 'T', undefined, filterOf(1000));
    await settle();
    expect(rerun).toContain(large);
    expect(rerun).not.toContain(plain);
    expect(holds.count).toBe(1);
  });
});
