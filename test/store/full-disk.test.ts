/**
 * No room on the disk: the partial record is taken back, puts are refused, reads go on, and puts are taken again when there is
 * room. Nothing acknowledged is lost, no offset has a gap or names two messages, also when the process dies at any operation.
 */
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { messageOf, openTestStore, type Put, put, readQueue, type TestStore } from './store-fixture.js';

type Config = NonNullable<Parameters<typeof openTestStore>[2]>;

const limits = { resumeRoomBytes: 8192 };
const kibibyte = 1024;

interface Life {
  readonly environment: ReturnType<typeof virtualEnvironment>;
  readonly disk: SimulatedDisk;
  readonly opened: TestStore;
}

function begin(seed: number, previous?: SimulatedDisk, survival: Survival = 'everything', options: Config = {}): Life {
  const environment = virtualEnvironment(seed);
  const onDisk = { timers: environment.timers, random: environment.random };
  const disk = previous === undefined ? new SimulatedDisk(onDisk) : previous.crash(survival, onDisk);
  const opened = openTestStore(environment, disk, { ...options, limits: { ...limits, ...options.limits } });
  return { environment, disk, opened };
}

const queues = [
  ['Orders', 0],
  ['Orders', 1],
  ['Bills', 0],
] as const;

/** Puts one message to each queue, and one more to the first; resolves when all are answered. */
async function group({ disk, environment, opened }: Life, label: string, puts: Put[]): Promise<void> {
  const some = [...queues, queues[0]].map(([topic, queueId], index) =>
    put(opened.store, topic, queueId, `${label}-${index}-`.padEnd(300 + index * 211, 'x')),
  );
  puts.push(...some);
  await environment.time.runUntil(() => disk.isDead || some.every(({ status }) => status !== undefined), 600_000);
}

/** Every acknowledged message is where it was said to be, nothing refused is seen, offsets are contiguous. */
async function verify(life: Life, puts: readonly Put[]): Promise<void> {
  const { store } = life.opened;
  for (const [topic, queueId] of queues) {
    const messages = await life.environment.time.settle(readQueue(store, topic, queueId));
    expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(messages.map((_, index) => index));
    const bodies = messages.map(({ body }) => body.toString());
    expect(new Set(bodies).size).toBe(bodies.length);
    for (const one of puts) {
      if (one.topic !== topic || one.queueId !== queueId) continue;
      if (one.status === 'PUT_OK') expect(bodies[one.queueOffset], one.body.slice(0, 20)).toBe(one.body);
      if (one.status === 'DISK_FULL') expect(bodies.includes(one.body), `refused ${one.body.slice(0, 20)}`).toBe(false);
    }
    expect(bodies.every((body) => puts.some((one) => one.body === body && one.queueId === queueId))).toBe(true);
  }
}

const modes = [
  { name: 'SYNC_FLUSH', config: {} },
  {
    name: 'SYNC_FLUSH with space reserved ahead',
    config: { config: { mappedFileSizeCommitLog: 262_144 }, limits: { reserveAheadBytes: 131_072 } },
  },
  { name: 'ASYNC_FLUSH', config: { config: { flushDiskType: 'ASYNC_FLUSH', flushIntervalCommitLog: 20 } } },
] as const satisfies readonly { readonly name: string; readonly config: Config }[];

test.each(modes)('$name: fills up, refuses, serves, goes on where it was, and a kill finds all of it', async ({ config }) => {
  const life = begin(1, undefined, 'everything', config);
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  const puts: Put[] = [];
  await group(life, 'before', puts);
  disk.capacityBytes = disk.takenBytes + 20 * kibibyte;
  for (let round = 0; round < 60; round += 1) await group(life, `filling-${round}`, puts);
  expect(new Set(puts.map(({ status }) => status))).toEqual(new Set(['PUT_OK', 'DISK_FULL']));
  expect([opened.store.isDiskFull, opened.store.isWritable]).toEqual([true, true]);
  await verify(life, puts);
  await time.advance(20_000);
  expect(opened.store.isDiskFull).toBe(true);

  disk.capacityBytes += 1024 * kibibyte;
  await time.advance(2100);
  expect(opened.store.isDiskFull).toBe(false);
  const after: Put[] = [];
  for (let round = 0; round < 10; round += 1) await group(life, `after-${round}`, after);
  expect(after.map(({ status }) => status)).toEqual(after.map(() => 'PUT_OK'));
  puts.push(...after);
  await verify(life, puts);
  expect(opened.failures).toEqual([]);

  const again = begin(2, disk, 'everything', config);
  await again.environment.time.settle(again.opened.store.start());
  await verify(again, puts);
});

test('what grew behind the failed write is taken back with it, and its offsets are given again', async () => {
  const life = begin(1);
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  const puts: Put[] = [];
  await group(life, 'before', puts);
  disk.capacityBytes = disk.takenBytes;
  const writing = put(opened.store, 'Orders', 0, 'w'.repeat(1900));
  await time.advance(0);
  const growing = [put(opened.store, 'Orders', 0, 'g'), put(opened.store, 'Orders', 1, 'g')];
  expect([writing.queueOffset, ...growing.map(({ queueOffset }) => queueOffset)]).toEqual([2, 3, 1]);
  await time.runUntil(() => growing.every(({ status }) => status !== undefined), 1000);
  expect([writing.status, ...growing.map(({ status }) => status)]).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL']);
  disk.capacityBytes += 100 * kibibyte;
  await time.advance(2100);
  const next = [put(opened.store, 'Orders', 0, 'n0'), put(opened.store, 'Orders', 1, 'n1')];
  await time.runUntil(() => next.every(({ status }) => status !== undefined), 1000);
  expect(next.map(({ queueOffset, status }) => [queueOffset, status])).toEqual([
    [2, 'PUT_OK'],
    [1, 'PUT_OK'],
  ]);
  expect(next[0]?.physicalOffset).toBeLessThan(writing.physicalOffset);
  await verify(life, [...puts, ...next]);
});

test('a batch over the end of a file is taken back from both files', async () => {
  const life = begin(1);
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  const puts: Put[] = [];
  await group(life, 'before', puts);
  // The first file's page is taken, that of the second one is not.
  disk.capacityBytes = disk.takenBytes;
  const some = Array.from({ length: 4 }, (_, index) => put(opened.store, 'Orders', 0, `${index}`.padEnd(900, 'r')));
  await time.runUntil(() => some.every(({ status }) => status !== undefined), 1000);
  expect(some.map(({ status }) => status)).toEqual(some.map(() => 'DISK_FULL'));
  expect(some.some(({ physicalOffset }) => physicalOffset >= 4096)).toBe(true);
  expect(some.some(({ physicalOffset }) => physicalOffset < 4096)).toBe(true);
  await verify(life, [...puts, ...some]);
  const again = begin(2, disk);
  again.disk.capacityBytes = 1 << 30;
  await again.environment.time.settle(again.opened.store.start());
  await verify(again, [...puts, ...some]);
  await group(again, 'after', puts);
  await verify(again, [...puts, ...some]);
});

test('a put whose place is built on is kept, and written when there is room', async () => {
  const life = begin(1);
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  await group(life, 'before', []);
  disk.capacityBytes = disk.takenBytes;
  let status: string | undefined;
  let queueOffset = -1;
  opened.store.putMessage(messageOf('Orders', 0, 'k'.repeat(1900)), {
    keepsPlace: true,
    onAppended: (_physicalOffset, offset) => {
      queueOffset = offset;
    },
    onDone: (given) => {
      status = given;
    },
  });
  await time.advance(3000);
  expect([status, opened.store.isDiskFull, opened.store.maxOffset('Orders', 0)]).toEqual([undefined, true, 2]);
  const refused = put(opened.store, 'Orders', 0, 'refused');
  await time.advance(10);
  expect(refused.status).toBe('DISK_FULL');
  disk.capacityBytes += 100 * kibibyte;
  await time.advance(2100);
  expect([status, queueOffset, opened.store.maxOffset('Orders', 0), opened.store.isDiskFull]).toEqual(['PUT_OK', 2, 3, false]);
});

test('who was told FLUSH_DISK_TIMEOUT is not taken back either', async () => {
  const life = begin(1, undefined, 'everything', { config: { syncFlushTimeout: 50 } });
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  await group(life, 'before', []);
  disk.capacityBytes = disk.takenBytes;
  disk.delayMs = ({ kind }) => (kind === 'writeDurably' ? 200 : 0);
  const late = put(opened.store, 'Orders', 0, 'l'.repeat(1900));
  await time.advance(1000);
  expect([late.status, opened.store.maxOffset('Orders', 0)]).toEqual(['FLUSH_DISK_TIMEOUT', 2]);
  disk.capacityBytes += 100 * kibibyte;
  await time.advance(3000);
  expect([late.queueOffset, opened.store.maxOffset('Orders', 0)]).toEqual([2, 3]);
});

test('no room for queue and state files: puts are refused until there is, and nothing is lost', async () => {
  const life = begin(1, undefined, 'everything', {
    config: { flushConsumeQueueThoroughInterval: 100, flushIntervalConsumeQueue: 100 },
  });
  const { disk, environment, opened } = life;
  const { time } = environment;
  await time.settle(opened.store.start());
  const puts: Put[] = [];
  await group(life, 'before', puts);
  disk.failure = ({ kind, path }) =>
    !path.includes('/commitlog/') && /^(write|writeDurably|makeDirectory)/.test(kind)
      ? Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      : undefined;
  await time.advance(500);
  expect([opened.store.isDiskFull, opened.store.isWritable, opened.failures]).toEqual([true, true, []]);
  await group(life, 'refused', puts);
  expect(puts.slice(-4).map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'DISK_FULL'));
  await verify(life, puts);
  disk.failure = undefined;
  await time.advance(500);
  expect(opened.store.isDiskFull).toBe(false);
  await group(life, 'after', puts);
  await time.settle(opened.store.stop());
  const again = begin(2, disk, 'nothing');
  await again.environment.time.settle(again.opened.store.start());
  await verify(again, puts);
});

const survivals: readonly Survival[] = ['everything', 'random', 'nothing'];

test.each(survivals)(
  'the process ends at any operation of a shortage and its end; %s that was not flushed survives',
  async (survival) => {
    let crashAt = 1;
    for (let isCrash = true; isCrash; crashAt += 1) {
      const life = begin(crashAt);
      const { disk, environment, opened } = life;
      const { time } = environment;
      const puts: Put[] = [];
      await time.settle(opened.store.start());
      await group(life, 'before', puts);
      disk.capacityBytes = disk.takenBytes + 2 * kibibyte;
      disk.crashAt = disk.operationCount + crashAt;
      for (let round = 0; round < 3 && !disk.isDead; round += 1) await group(life, `full-${round}`, puts);
      disk.capacityBytes = 1 << 30;
      if (!disk.isDead) await time.advance(1500);
      if (!disk.isDead) await group(life, 'after', puts);
      isCrash = disk.isDead;
      const again = begin(crashAt + 1000, disk, survival);
      again.disk.capacityBytes = 1 << 30;
      await again.environment.time.settle(again.opened.store.start());
      await verify(again, puts);
      await group(again, 'again', puts);
      await verify(again, puts);
    }
    expect(crashAt).toBeGreaterThan(15);
  },
);
