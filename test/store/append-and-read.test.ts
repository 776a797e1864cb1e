/** What a put gives its place, when it becomes visible, and what a read answers. */
import { MemoryFileSystem, type PutStatus } from '@orbitmq/broker';
import { decodeRecord, readInt64, SysFlag } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { messageOf, messagesOf, openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

function setUp(options: Parameters<typeof openTestStore>[2] = {}) {
  const environment = virtualEnvironment(1);
  const disk = new SimulatedDisk({ timers: environment.timers, random: environment.random });
  return { environment, time: environment.time, disk, ...openTestStore(environment, disk, options) };
}

async function getAll(store: ReturnType<typeof setUp>['store'], queueOffset: number, maxCount = 32) {
  return store.getMessage({ topic: 'T', queueId: 0, queueOffset, maxCount, matches: undefined });
}

test('a message is visible, and its arrival is told, only when it is flushed', async () => {
  const { disk, store, time } = setUp();
  const arrivals: string[] = [];
  store.onArrival((topic, queueId, maxOffset, tagsCode) => arrivals.push(`${topic}/${queueId}/${maxOffset}/${tagsCode}`));
  await time.settle(store.start());
  disk.delayMs = ({ kind }) => (kind === 'writeDurably' ? 1000 : 0);
  const one = put(store, 'T', 0, 'hello');
  expect([one.physicalOffset, one.queueOffset, one.status]).toEqual([0, 0, undefined]);
  await time.advance(900);
  expect(store.maxOffset('T', 0)).toBe(0);
  expect(await time.settle(store.lookMessage(0))).toBeUndefined();
  expect((await getAll(store, 0)).status).toBe('NO_MESSAGE_IN_QUEUE');
  expect(arrivals).toEqual([]);
  await time.advance(200);
  expect(one.status).toBe('PUT_OK');
  const answer = await getAll(store, 0);
  expect([answer.status, answer.nextBeginOffset, answer.minOffset, answer.maxOffset]).toEqual(['FOUND', 1, 0, 1]);
  expect(messagesOf(answer).map(({ body }) => body.toString())).toEqual(['hello']);
  expect(arrivals).toEqual(['T/0/1/11']);
});

test('puts of one turn share one write and their neighbours share a slice', async () => {
  const { disk, store, time } = setUp();
  await time.settle(store.start());
  let writes = 0;
  disk.delayMs = ({ kind, path }) => {
    if (kind === 'writeDurably' && path.includes('commitlog')) writes += 1;
    return 0;
  };
  const puts = Array.from({ length: 10 }, (_, index) => put(store, 'T', 0, `m${index}`));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 1000);
  expect(writes).toBe(1);
  const answer = await getAll(store, 0);
  expect([answer.messageCount, answer.slices.length]).toEqual([10, 1]);
});

test('a read in memory answers in the turn of the call', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const one = put(store, 'T', 0, 'x');
  await time.runUntil(() => one.status !== undefined, 1000);
  expect(store.getMessage({ topic: 'T', queueId: 0, queueOffset: 0, maxCount: 1, matches: undefined })).not.toBeInstanceOf(
    Promise,
  );
});

test('statuses and next offsets of page 20 §11', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  expect(await getAll(store, 0)).toMatchObject({ status: 'NO_MATCHED_LOGIC_QUEUE', nextBeginOffset: 0 });
  const puts = [put(store, 'T', 0, 'a'), put(store, 'T', 0, 'b')];
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 1000);
  expect(await getAll(store, -1)).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: 0 });
  expect(await getAll(store, 2)).toMatchObject({ status: 'OFFSET_OVERFLOW_ONE', nextBeginOffset: 2 });
  expect(await getAll(store, 9)).toMatchObject({ status: 'OFFSET_OVERFLOW_BADLY', nextBeginOffset: 2 });
  expect(await getAll(store, 1, 0)).toMatchObject({ status: 'FOUND', messageCount: 1 });
  const none = await store.getMessage({ topic: 'T', queueId: 0, queueOffset: 0, maxCount: 32, matches: () => false });
  expect(none).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextBeginOffset: 2 });
});

test('one answer keeps to the limits in memory and on disk, and always has one message', async () => {
  const limits = { maxTransferBytesOnMessageInMemory: 700, maxTransferCountOnMessageInDisk: 2 };
  const { store, time } = setUp({ config: limits, limits: { inMemoryDistanceBytes: 2000 } });
  await time.settle(store.start());
  const puts = Array.from({ length: 12 }, (_, index) => put(store, 'T', 0, `${index}`.padEnd(index === 11 ? 900 : 100, 'x')));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 1000);
  expect((await getAll(store, 0)).messageCount).toBe(2);
  expect((await getAll(store, 5)).messageCount).toBe(3);
  expect((await getAll(store, 11)).messageCount).toBe(1);
});

test('the log has Apache’s layout: names, full sizes, a blank record, 20-byte entries, checkpoint, lock, abort', async () => {
  const environment = virtualEnvironment(1);
  const files = new MemoryFileSystem();
  const { store } = openTestStore(environment, files);
  const { time } = environment;
  await time.settle(store.start());
  const puts = Array.from({ length: 12 }, (_, index) => put(store, 'T', 0, `${index}`.padEnd(400, 'x')));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 1000);
  expect((await files.readFile(`${storeRoot}/abort`))?.toString()).toBe('0');
  expect((await files.readFile(`${storeRoot}/lock`))?.toString()).toBe('orbitmq');
  await time.settle(store.stop());
  const names = async (path: string) => (await files.list(`${storeRoot}/${path}`))?.map(({ name }) => name);
  expect(await names('commitlog')).toEqual(['00000000000000000000', '00000000000000004096']);
  expect(await names('consumequeue/T/0')).toEqual(['00000000000000000000', '00000000000000000200']);
  expect(await files.stat(`${storeRoot}/abort`)).toBeUndefined();
  const log = await files.readFile(`${storeRoot}/commitlog/00000000000000000000`);
  const queue = await files.readFile(`${storeRoot}/consumequeue/T/0/00000000000000000000`);
  const checkpoint = await files.readFile(`${storeRoot}/checkpoint`);
  if (log === undefined || queue === undefined || checkpoint === undefined) throw new Error('a file is missing');
  expect([log.length, queue.length, checkpoint.length]).toEqual([4096, 200, 4096]);
  const first = decodeRecord(log);
  expect([first.queueOffset, first.physicalOffset, first.storeTimestamp]).toEqual([0, 0, 1_704_067_200_000]);
  const rolled = puts.findIndex(({ physicalOffset }) => physicalOffset === 4096);
  const blankAt = (puts[rolled - 1]?.physicalOffset ?? 0) + first.storeSizeBytes;
  expect([log.readInt32BE(blankAt), log.readUInt32BE(blankAt + 4)]).toEqual([4096 - blankAt, 0xcbd43194]);
  expect([readInt64(queue, 20), queue.readInt32BE(28), readInt64(queue, 32)]).toEqual([
    puts[1]?.physicalOffset,
    first.storeSizeBytes,
    18,
  ]);
  expect([readInt64(checkpoint, 0), readInt64(checkpoint, 8), readInt64(checkpoint, 40)]).toEqual([
    first.storeTimestamp,
    first.storeTimestamp,
    puts[11]?.physicalOffset,
  ]);
});

test('a batch lies whole in one file and has consecutive offsets', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const single = put(store, 'T', 0, 'x'.repeat(1500));
  const offsets: [number, number][] = [];
  let status: PutStatus | undefined;
  const messages = Array.from({ length: 6 }, (_, index) => messageOf('T', 0, `b${index}`.padEnd(400, 'x')));
  store.putMessages(messages, {
    onAppended: (physicalOffset, queueOffset) => offsets.push([physicalOffset, queueOffset]),
    onDone: (done) => {
      status = done;
    },
  });
  await time.runUntil(() => status !== undefined, 1000);
  expect([single.status, status]).toEqual(['PUT_OK', 'PUT_OK']);
  expect(offsets.map(([, queueOffset]) => queueOffset)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(offsets[0]?.[0]).toBe(4096);
  expect((await time.settle(readQueue(store, 'T', 0))).length).toBe(7);
});

test('prepared messages are in the log and in no queue', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const half = put(store, 'T', 0, 'half', { sysFlag: SysFlag.TRANSACTION_PREPARED });
  const whole = put(store, 'T', 0, 'whole', { sysFlag: SysFlag.TRANSACTION_COMMIT });
  await time.runUntil(() => whole.status !== undefined, 1000);
  expect([half.status, half.queueOffset, whole.queueOffset, store.maxOffset('T', 0)]).toEqual(['PUT_OK', 0, 0, 1]);
  expect((await time.settle(store.lookMessage(half.physicalOffset)))?.body.toString()).toBe('half');
});

test('what cannot be stored is refused in a later turn and leaves no trace', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const refused = [
    put(store, 'T', 0, 'x'.repeat(2049)),
    put(store, 'T'.repeat(128), 0, 'x'),
    put(store, '../T', 0, 'x'),
    put(store, 'T', 0, 'x', { properties: Buffer.alloc(32_768, 'p') }),
    put(store, 'T', 0, 'x', { properties: Buffer.alloc(4000, 'p') }),
    put(store, 'T', 0, 'x', { properties: Buffer.from('a\u0001b\u0000c\u0002') }),
  ];
  expect(refused.every(({ status }) => status === undefined)).toBe(true);
  await time.run();
  const statuses = refused.map(({ status }) => status);
  expect(statuses).toEqual([
    'MESSAGE_ILLEGAL',
    'MESSAGE_ILLEGAL',
    'MESSAGE_ILLEGAL',
    'PROPERTIES_SIZE_EXCEEDED',
    'MESSAGE_ILLEGAL',
    'MESSAGE_ILLEGAL',
  ]);
  expect([store.maxPhysicalOffset, refused.every(({ physicalOffset }) => physicalOffset === -1)]).toEqual([0, true]);
});

test('beyond the bound of waiting messages and of waiting bytes puts are BUSY', async () => {
  for (const limits of [{ pendingMessagesMax: 3 }, { pendingBytesMax: 600 }]) {
    const { store, time } = setUp({ limits });
    await time.settle(store.start());
    const puts = Array.from({ length: 5 }, () => put(store, 'T', 0, 'x'.repeat(60)));
    await time.run();
    expect(puts.map(({ status }) => status)).toEqual(['PUT_OK', 'PUT_OK', 'PUT_OK', 'BUSY', 'BUSY']);
    const later = put(store, 'T', 0, 'again');
    await time.run();
    expect([later.status, later.queueOffset]).toEqual(['PUT_OK', 3]);
  }
});

test('lagging consumers read the files; a store with little memory answers all the same', async () => {
  const limits = {
    tailBytesMax: 4096,
    tailChunkBytes: 1024,
    queueEntriesBytesMax: 640,
    readBlockBytes: 1024,
    readCacheBytesMax: 2048,
    queueBlocksMax: 1,
    openFilesMax: 2,
  };
  const { store, time } = setUp({ limits });
  await time.settle(store.start());
  for (let round = 0; round < 30; round += 1) {
    const puts = Array.from({ length: 10 }, (_, index) =>
      put(store, index % 3 === 0 ? 'T' : 'U', index % 2, `${round}-${index}`.padEnd(150, 'x')),
    );
    await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
    await time.advance(1000);
  }
  for (const [topic, queueId, count] of [
    ['T', 0, 60],
    ['T', 1, 60],
    ['U', 0, 90],
    ['U', 1, 90],
  ] as const) {
    const messages = await time.settle(readQueue(store, topic, queueId));
    expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect((await time.settle(store.queueEntries(topic, queueId, 5, 30))).map(({ queueOffset }) => queueOffset)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 5),
    );
  }
  expect(await time.settle(store.queueEntries('T', 0, 60, 10))).toEqual([]);
});

test('time search: first offset at or after, the end when there is none', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const times: number[] = [];
  for (let index = 0; index < 9; index += 1) {
    times.push(time.now());
    const one = put(store, 'T', 0, `${index}`);
    await time.runUntil(() => one.status !== undefined, 1000);
    await time.advance(1000);
  }
  const search = (timestamp: number) => time.settle(store.offsetByTime('T', 0, timestamp));
  expect(await search(0)).toBe(0);
  expect(await search(times[4] ?? 0)).toBe(4);
  expect(await search((times[4] ?? 0) + 1)).toBe(5);
  expect(await search(time.now())).toBe(9);
  expect(await time.settle(store.earliestStoreTime('T', 0))).toBe(times[0]);
  expect(await time.settle(store.earliestStoreTime('T', 1))).toBe(-1);
  expect([store.isInMemory('T', 0, 0), store.isInMemory('T', 0, 9), store.isInMemory('U', 0, 0)]).toEqual([true, false, false]);
});

test('any number may be asked for a message', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const puts = Array.from({ length: 12 }, (_, index) => put(store, 'T', 0, `${index}`.padEnd(400, 'x')));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 1000);
  for (const offset of [-1, 1, 4095, 1e15, Number.NaN, 2.5, store.maxPhysicalOffset]) {
    expect(await time.settle(store.lookMessage(offset))).toBeUndefined();
  }
  expect((await time.settle(store.lookMessage(puts[11]?.physicalOffset ?? -1)))?.queueOffset).toBe(11);
});

test('a stop during the start leaves nothing open: another store takes the directory', async () => {
  const environment = virtualEnvironment(1);
  const files = new MemoryFileSystem();
  const { store } = openTestStore(environment, files);
  const { time } = environment;
  const starting = store.start();
  await time.settle(Promise.all([starting, store.stop()]));
  const next = openTestStore(environment, files).store;
  await time.settle(next.start());
  await time.settle(next.stop());
});

test('store times never go back, whatever the clock does', async () => {
  const { store, time } = setUp();
  await time.settle(store.start());
  const first = put(store, 'T', 0, 'a');
  time.jumpWallClock(-3_600_000);
  const second = put(store, 'T', 0, 'b');
  await time.runUntil(() => second.status !== undefined, 1000);
  const messages = await time.settle(readQueue(store, 'T', 0));
  expect(first.status).toBe('PUT_OK');
  expect(messages[1]?.storeTimestamp).toBe(messages[0]?.storeTimestamp);
});
