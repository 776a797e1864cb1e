import { decodeProperties, type MessageExt, Permission, SystemTopic, tagsCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import {
  type MessageTestbed,
  messageTestbed,
  type SendFields,
  sendRequest,
  type TestbedOptions,
} from '../test-support/message-testbed.js';
import { DelayLevelQueue } from './delay-level-queue.js';
import { createTagsCodeOf } from './tags-code-of.js';

const levelMs: Readonly<Record<number, number>> = { 1: 1000, 2: 5000, 3: 10_000 };

function fieldsOf(level: number, body: string): SendFields {
  return { body: Buffer.from(body), propertyTable: { DELAY: String(level), TAGS: 'TagA', UNIQ_KEY: `U${body}` } };
}

function delayed(bed: MessageTestbed, level: number, body = 'x') {
  return bed.send(fieldsOf(level, body));
}

function delayedRequest(bed: MessageTestbed, level: number, body: string) {
  return sendRequest(fieldsOf(level, body), bed.environment.clock.now());
}

const bodies = (messages: readonly MessageExt[]): string[] => messages.map(({ body }) => body.toString());

/** A broker on what another one left: after a clean stop, or killed with the log up to `physicalEnd`. */
function restarted(
  bed: MessageTestbed,
  options: TestbedOptions & { readonly physicalEnd?: number } = {},
): Promise<MessageTestbed> {
  const { environment, fileSystem } = bed;
  const store = bed.store.survivor(options.physicalEnd, createTagsCodeOf({ ...bed.config, ...options.config }));
  return messageTestbed({ ...options, previous: { environment, fileSystem, store } });
}

describe('a delayed message', () => {
  it.each([1, 2, 3])('of level %i comes at its time, not a millisecond before', async (level) => {
    const bed = await messageTestbed();
    await delayed(bed, level);
    const storedAt = bed.store.messages(SystemTopic.SCHEDULE, level - 1)[0]!.storeTimestamp;
    const untilDue = storedAt + levelMs[level]! - bed.environment.clock.now();
    await bed.environment.time.advance(untilDue - 1);
    expect(bed.store.puts).toHaveLength(1);
    await bed.environment.time.advance(1);
    expect(bed.store.puts).toHaveLength(2);
    await bed.environment.time.advance(1);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('is the message that was sent; its properties still say that it was delayed', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    await bed.environment.time.advance(2000);
    const [sent] = bed.store.messages(SystemTopic.SCHEDULE, 0);
    const [message] = bed.store.messages('TopicT');
    const kept = [
      'flag',
      'sysFlag',
      'bornTimestamp',
      'bornHost',
      'storeHost',
      'reconsumeTimes',
      'body',
      'propertiesBytes',
    ] as const;
    for (const field of kept) expect(message?.[field]).toEqual(sent?.[field]);
    expect({ ...decodeProperties(message!.propertiesBytes) }).toMatchObject({ DELAY: '1', REAL_TOPIC: 'TopicT', REAL_QID: '0' });
    expect((await bed.store.queueEntries('TopicT', 0, 0, 1))[0]?.tagsCode).toBe(tagsCode('TagA'));
  });

  it('keeps the order of its level, and levels do not wait for each other', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 3, 'slow');
    for (const body of ['a', 'b', 'c']) await delayed(bed, 2, body);
    await delayed(bed, 1, 'fast');
    await bed.environment.time.advance(20_000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['fast', 'a', 'b', 'c', 'slow']);
  });

  it('is delivered in batches of at most deliveryBatchMax, all of them', async () => {
    const bed = await messageTestbed({ limits: { deliveryBatchMax: 3 } });
    for (let i = 0; i < 7; i += 1) await delayed(bed, 2, String(i));
    await bed.environment.time.advance(7000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  });

  it('larger than deliveryBatchBytesMax is taken alone', async () => {
    const bed = await messageTestbed({ limits: { deliveryBatchBytesMax: 100 } });
    for (let i = 0; i < 3; i += 1) await delayed(bed, 1, String(i).repeat(500));
    await bed.environment.time.advance(3000);
    expect(bed.store.messages('TopicT')).toHaveLength(3);
  });

  it('comes at most a second late when the clock is set forward', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 3);
    bed.environment.time.jumpWallClock(3_600_000);
    await bed.environment.time.advance(1001);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('waits its delay, no less and no hour more, when the clock is set back', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 3);
    bed.environment.time.jumpWallClock(-3_600_000);
    await bed.environment.time.advance(9_998);
    expect(bed.store.puts).toHaveLength(1);
    await bed.environment.time.advance(1100);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('costs no polling: an idle service wakes for nothing but its file', async () => {
    const bed = await messageTestbed({
      config: { transactionCheckInterval: 10_000_000, flushConsumerOffsetInterval: 10_000_000 },
    });
    await bed.environment.time.advance(10_000);
    const before = bed.environment.time.firedCount;
    await bed.environment.time.advance(100_000);
    // One scan of parked pulls and one of idempotency keys every 5 s, one look at the progress every 10 s.
    expect(bed.environment.time.firedCount - before).toBe(50);
  });
});

describe('a delivery that fails', () => {
  it('is repeated after 100 ms, without repeating those behind it', async () => {
    const bed = await messageTestbed();
    await Promise.all([
      ...['a', 'b', 'c'].map((body) => bed.process(delayedRequest(bed, 2, body))),
      bed.environment.time.advance(10),
    ]);
    bed.store.nextStatuses.push('PUT_OK', 'BUSY');
    await bed.environment.time.advance(5000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['a', 'c']);
    await bed.environment.time.advance(200);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['a', 'c', 'b']);
    await bed.environment.time.advance(60_000);
    expect(bed.store.puts).toHaveLength(6);
  });

  it('of one level does not hold up the others', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'a');
    await delayed(bed, 2, 'b');
    bed.store.nextStatuses.push(...Array.from({ length: 20 }, () => 'SERVICE_NOT_AVAILABLE' as const));
    await bed.environment.time.advance(6000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['a', 'b']);
  });

  it('with FLUSH_DISK_TIMEOUT is none: the message is stored', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    bed.store.nextStatuses.push('FLUSH_DISK_TIMEOUT');
    await bed.environment.time.advance(5000);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('with FLUSH_DISK_TIMEOUT is counted only when it is on disk: a power cut before repeats it', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    const before = bed.store.maxPhysicalOffset;
    bed.store.nextStatuses.push('FLUSH_LATE');
    await bed.environment.time.advance(30_000);
    expect(bed.store.puts).toHaveLength(2);
    const next = await restarted(bed, { physicalEnd: before });
    await next.environment.time.advance(10);
    expect(next.store.messages('TopicT')).toHaveLength(1);
    bed.store.flush();
    await bed.environment.time.advance(30_000);
    expect(bed.store.puts).toHaveLength(2);
  });

  it('because topics.json cannot be written is none: the message is in the log, and not stored again every 100 ms', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    bed.store.nextStatuses.push('TOPIC_NOT_WRITTEN');
    await bed.environment.time.advance(30_000);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('that hangs does not hold up a stop', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    bed.store.nextStatuses.push('FLUSH_LATE');
    await bed.environment.time.advance(2000);
    await bed.stop();
    const next = await restarted(bed);
    expect(next.store.messages('TopicT')).toHaveLength(1);
  });

  it('of a read is tried again, and nothing is skipped', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1);
    const lookMessage = bed.store.lookMessage.bind(bed.store);
    bed.store.lookMessage = () => Promise.reject(new Error('disk'));
    await bed.environment.time.advance(2000);
    bed.store.lookMessage = lookMessage;
    await bed.environment.time.advance(10_000);
    expect(bed.store.messages('TopicT')).toHaveLength(1);
  });

  it('of a record that retention took, or that has no destination, is left out', async () => {
    const bed = await messageTestbed();
    for (const body of ['a', 'b']) await delayed(bed, 2, body);
    bed.store.records.delete(0);
    await bed.environment.time.advance(6000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['b']);
  });
});

describe('a restart', () => {
  it('after a clean stop repeats nothing and loses nothing', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'early');
    await bed.environment.time.advance(2000);
    await delayed(bed, 2, 'late');
    await bed.stop();
    const next = await restarted(bed);
    await next.environment.time.advance(10_000);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['early', 'late']);
  });

  it('delivers what became due while the broker was down at once', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 2);
    await bed.stop();
    await bed.environment.time.advance(60_000);
    const next = await restarted(bed);
    await next.environment.time.advance(2);
    expect(next.store.messages('TopicT')).toHaveLength(1);
  });

  it('after a crash repeats what was delivered since the last write, at most flushDelayOffsetInterval of it', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'written');
    await bed.environment.time.advance(10_000);
    await delayed(bed, 1, 'not written');
    await bed.environment.time.advance(2000);
    const next = await restarted(bed);
    await next.environment.time.advance(2000);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['written', 'not written', 'not written']);
  });

  it('behind any record of the log loses no delayed message that is in it, and hurries none', async () => {
    const bed = await messageTestbed();
    for (const body of ['a', 'b', 'c', 'd']) {
      await delayed(bed, 1 + (body.charCodeAt(0) % 2), body);
      await bed.environment.time.advance(700);
    }
    await bed.environment.time.advance(10_000);
    await bed.fileSystem.removeDirectory('/store/config');
    for (const physicalEnd of [...bed.store.records.keys(), bed.store.maxPhysicalOffset]) {
      const next = await restarted(bed, { physicalEnd });
      const stored = [0, 1].flatMap((queueId) => next.store.messages(SystemTopic.SCHEDULE, queueId));
      await next.environment.time.advance(10_000);
      const delivered = next.store.messages('TopicT');
      expect(new Set(bodies(delivered))).toEqual(new Set(bodies(stored)));
      for (const message of delivered) {
        const level = Number(decodeProperties(message.propertiesBytes)['DELAY']);
        expect(message.storeTimestamp - message.bornTimestamp).toBeGreaterThanOrEqual(levelMs[level]!);
      }
      await next.stop();
      await bed.fileSystem.removeDirectory('/store/config');
    }
  });

  it.each(['SYNC_FLUSH', 'ASYNC_FLUSH'] as const)(
    'after a power cut loses nothing, whatever flushDiskType (%s) was at the start: it may have been switched since',
    async (flushDiskType) => {
      const bed = await messageTestbed({ config: { flushDiskType } });
      await bed.environment.time.advance(8000);
      await delayed(bed, 1, 'a');
      await bed.store.whenFlushed();
      // The file is written at 10 s, a second after the delivery.
      await bed.environment.time.advance(3000);
      expect(bodies(bed.store.messages('TopicT'))).toEqual(['a']);
      const next = await restarted(bed, { config: { flushDiskType }, physicalEnd: bed.store.syncedEnd });
      await next.environment.time.advance(5000);
      expect(bodies(next.store.messages('TopicT'))).toEqual(['a']);
    },
  );

  it('after a stop during which the disk hung writes nothing behind the back of who opens the directory next', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'a');
    await bed.environment.time.advance(2000);
    let release: () => void = () => undefined;
    bed.store.whenFlushed = () => new Promise((resolve) => (release = resolve));
    await expect(bed.stop()).rejects.toMatchObject({ code: 'STORE_IO_FAILED' });
    release();
    await bed.environment.time.advance(1000);
    expect(await bed.fileSystem.readFile('/store/config/delayOffset.json')).toBeUndefined();
  });

  it('begins within the queue when the file is ahead of a log that lost its end', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'a');
    const physicalEnd = bed.store.maxPhysicalOffset;
    await bed.environment.time.advance(2000);
    for (const body of ['b', 'c', 'd']) await delayed(bed, 1, body);
    await bed.environment.time.advance(3000);
    await bed.stop();
    const next = await restarted(bed, { physicalEnd });
    await delayed(next, 1, 'new');
    await next.environment.time.advance(2000);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['new']);
  });

  it('begins at the oldest record that retention left', async () => {
    const bed = await messageTestbed();
    for (const body of ['a', 'b']) await delayed(bed, 2, body);
    bed.store.expire(SystemTopic.SCHEDULE, 1, 1);
    await bed.environment.time.advance(6000);
    expect(bodies(bed.store.messages('TopicT'))).toEqual(['b']);
  });

  it('keeps the progress of levels that the table does not have any more', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 3, 'a');
    await bed.environment.time.advance(20_000);
    await bed.stop();
    const shorter = await restarted(bed, { config: { messageDelayLevel: '1s 5s' } });
    await delayed(shorter, 1, 'b');
    await shorter.environment.time.advance(2000);
    await shorter.stop();
    const next = await restarted(shorter);
    await next.environment.time.advance(20_000);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['a', 'b']);
  });

  it.each([
    ['a shorter delay', '1s 5s 2s'],
    ['a longer delay', '1s 5s 1h'],
    ['no such level', '1s'],
  ])('with %s for its level leaves a waiting message its time: never early, never stuck', async (_name, messageDelayLevel) => {
    const bed = await messageTestbed();
    await delayed(bed, 3, 'old');
    const { storeTimestamp } = bed.store.messages(SystemTopic.SCHEDULE, 2)[0]!;
    await bed.environment.time.advance(3000);
    await bed.stop();
    const next = await restarted(bed, { config: { messageDelayLevel } });
    await next.environment.time.advance(storeTimestamp + 10_000 - next.environment.clock.now() - 1);
    expect(next.store.puts).toEqual([]);
    await next.environment.time.advance(2);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['old']);
  });

  it('with a shorter table brings new messages of a lost level into the last one, and the old ones still come', async () => {
    const bed = await messageTestbed();
    for (const body of ['old-1', 'old-2']) await delayed(bed, 3, body);
    await bed.stop();
    const shorter = await restarted(bed, { config: { messageDelayLevel: '1s 2s' } });
    await delayed(shorter, 3, 'new');
    await shorter.environment.time.advance(2010);
    expect(bodies(shorter.store.messages('TopicT'))).toEqual(['new']);
    await shorter.environment.time.advance(10_000);
    expect(bodies(shorter.store.messages('TopicT'))).toEqual(['new', 'old-1', 'old-2']);
    await shorter.stop();
    expect(shorter.services.gauges.delayOffsets()).toEqual(
      new Map([
        [2, 1],
        [3, 2],
      ]),
    );
    const next = await restarted(shorter);
    await next.environment.time.advance(60_000);
    expect(next.store.messages('TopicT')).toHaveLength(3);
  });

  it('waits its own delay when the clock is set back and its level got shorter, not the shorter one', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 3, 'old');
    await bed.stop();
    bed.environment.time.jumpWallClock(-3_600_000);
    const next = await restarted(bed, { config: { messageDelayLevel: '1s 1s 1s' } });
    await next.environment.time.advance(9_999);
    expect(next.store.puts).toEqual([]);
    await next.environment.time.advance(1100);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['old']);
  });

  it('holds a message whose queue entry is damaged no longer than delayMsMax', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'damaged');
    await bed.stop();
    const store = bed.store.survivor();
    const entries = store.queues.get(`${SystemTopic.SCHEDULE}@0`)!;
    entries[0] = { ...entries[0]!, tagsCode: Number.MAX_SAFE_INTEGER };
    const deps = { environment: bed.environment, store, level: 1, startOffset: 0, batchMax: 1, batchBytesMax: 1 };
    const queue = new DelayLevelQueue({ ...deps, delayMsMax: 60_000, onDelivered: () => {} });
    queue.wake();
    await bed.environment.time.advance(59_999);
    expect(store.puts).toEqual([]);
    await bed.environment.time.advance(1100);
    expect(bodies(store.messages('TopicT'))).toEqual(['damaged']);
    await queue.stop();
  });

  it('reads the file that a Java broker left', async () => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'a');
    await delayed(bed, 1, 'b');
    const content = Buffer.from('{\n\t"offsetTable":{1:1\n\t}\n}');
    await bed.fileSystem.writeFileAtomically('/store/config/delayOffset.json', content);
    const next = await restarted(bed);
    await next.environment.time.advance(5000);
    expect(bodies(next.store.messages('TopicT'))).toEqual(['b']);
  });
});

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'a message that comes %i microtasks after its queue was found empty is delivered',
  async (after) => {
    const bed = await messageTestbed();
    await delayed(bed, 1, 'a');
    const store = bed.store.survivor();
    const deps = { environment: bed.environment, store, level: 1, startOffset: 0, batchMax: 1, batchBytesMax: 1 };
    const queue = new DelayLevelQueue({ ...deps, delayMsMax: 60_000 });
    const look = store.queueEntries.bind(store);
    store.queueEntries = async () => {
      store.queueEntries = look;
      void (async () => {
        for (let count = 0; count < after; count += 1) await Promise.resolve();
        queue.wake();
      })();
      return [];
    };
    queue.wake();
    await bed.environment.time.advance(2000);
    expect(bodies(store.messages('TopicT'))).toEqual(['a']);
    await queue.stop();
  },
);

it('registers the schedule topic with 18 queues, or as many as there are levels', async () => {
  const bed = await messageTestbed({ config: { messageDelayLevel: '1s 5s' } });
  expect(bed.topics.get(SystemTopic.SCHEDULE)).toMatchObject({
    writeQueueNums: 18,
    perm: Permission.READ | Permission.WRITE,
  });
});
