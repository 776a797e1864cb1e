/** Topics are deleted and files expire: for good, at whatever operation the process ends, and without giving an offset twice. */
import { MemoryFileSystem } from '@orbitmq/broker';
import { silentLogger } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { diskFailure, SimulatedDisk, type Survival } from '../simulation/simulated-disk.js';
import { copyOf } from './killed-process.js';
import { openTestStore, type Put, put, readQueue, storeRoot, type TestStore } from './store-fixture.js';

type Environment = ReturnType<typeof virtualEnvironment>;

interface Bed {
  readonly time: Environment['time'];
  readonly opened: TestStore;
}

async function fill({ opened, time }: Bed, topic: string, count: number): Promise<Put[]> {
  const puts = Array.from({ length: count }, (_, index) =>
    put(opened.store, topic, index % 2, `${topic}-${time.monotonic()}-${index}-`.padEnd(400, 'x')),
  );
  await time.runUntil(() => puts.every(({ status }) => status !== undefined), 100_000);
  return puts;
}

async function offsetsOf({ opened, time }: Bed, topic: string, queueId = 0): Promise<number[]> {
  return (await time.settle(readQueue(opened.store, topic, queueId))).map(({ queueOffset }) => queueOffset);
}

async function openOn(files: MemoryFileSystem, environment: Environment): Promise<Bed> {
  const opened = openTestStore(environment, files);
  await environment.time.settle(opened.store.start());
  return { time: environment.time, opened };
}

test('a deleted topic has no queue, no directory and no message, and goes on at its old offsets when it comes again', async () => {
  const environment = virtualEnvironment(1);
  const files = new MemoryFileSystem({ clock: environment.clock });
  const bed = await openOn(files, environment);
  const { opened, time } = bed;
  await fill(bed, 'Doomed', 30);
  await fill(bed, 'Kept', 6);
  await time.advance(61_000);
  expect(await files.list(`${storeRoot}/consumequeue/Doomed/0`)).toHaveLength(2);
  await time.settle(opened.store.deleteTopics(['Doomed', 'Unknown']));
  expect(await files.list(`${storeRoot}/consumequeue/Doomed`)).toBeUndefined();
  expect([opened.store.minOffset('Doomed', 0), opened.store.maxOffset('Doomed', 0)]).toEqual([15, 15]);
  expect(await offsetsOf(bed, 'Doomed')).toEqual([]);
  expect(await offsetsOf(bed, 'Kept')).toEqual([0, 1, 2]);

  const again = await fill(bed, 'Doomed', 4);
  expect(again.map(({ queueOffset }) => queueOffset)).toEqual([15, 15, 16, 16]);
  expect(await offsetsOf(bed, 'Doomed')).toEqual([15, 16]);
  await time.settle(opened.store.stop());
  // The entries before are blank, as Apache has them: it would take zeros for the end.
  const file = await files.readFile(`${storeRoot}/consumequeue/Doomed/0/00000000000000000200`);
  expect(file?.readInt32BE(4 * 20 + 8)).toBe(0x7fffffff);
  const second = await openOn(files, environment);
  expect(await offsetsOf(second, 'Doomed')).toEqual([15, 16]);
});

test.each([true, false])(
  'a deletion outlives a restart, and queues that are built anew (stopped in order: %s)',
  async (isInOrder) => {
    const environment = virtualEnvironment(1);
    const files = new MemoryFileSystem({ clock: environment.clock });
    const bed = await openOn(files, environment);
    const { opened, time } = bed;
    await fill(bed, 'Doomed', 8);
    await fill(bed, 'Kept', 8);
    await time.settle(opened.store.deleteTopics(['Doomed']));
    await fill(bed, 'Kept', 2);
    if (isInOrder) await time.settle(opened.store.stop());
    await files.removeDirectory(`${storeRoot}/consumequeue/Kept`);
    const second = isInOrder ? await openOn(files, environment) : await openOn(await copyOf(files), environment);
    expect(await offsetsOf(second, 'Doomed')).toEqual([]);
    expect(await offsetsOf(second, 'Kept')).toEqual([0, 1, 2, 3, 4]);
    const [next] = await fill(second, 'Doomed', 1);
    expect(next?.queueOffset).toBe(4);
  },
);

test('what was put and is not visible yet when its topic is deleted goes with it', async () => {
  const environment = virtualEnvironment(1);
  const bed = await openOn(new MemoryFileSystem({ clock: environment.clock }), environment);
  const { opened, time } = bed;
  const inFlight = put(opened.store, 'Doomed', 0, 'in flight');
  const deleting = opened.store.deleteTopics(['Doomed']);
  await time.settle(deleting);
  await time.runUntil(() => inFlight.status !== undefined, 1000);
  const [next] = await fill(bed, 'Doomed', 1);
  expect(next?.queueOffset).toBe(1);
  expect((await offsetsOf(bed, 'Doomed')).at(-1)).toBe(1);
});

test('unused topics go but for the retained ones, and queues without a message when asked to', async () => {
  const environment = virtualEnvironment(1);
  const bed = await openOn(new MemoryFileSystem({ clock: environment.clock }), environment);
  const { opened, time } = bed;
  for (const topic of ['A', 'B', 'C']) await fill(bed, topic, 2);
  const names = await time.settle(opened.store.cleanUnusedTopics((topic) => topic !== 'B'));
  expect(names).toEqual(['B']);
  expect(await offsetsOf(bed, 'A')).toEqual([0]);
  expect(await offsetsOf(bed, 'B')).toEqual([]);
  expect(await time.settle(opened.store.cleanUnusedTopics((topic) => topic !== 'B'))).toEqual([]);
  expect(await time.settle(opened.store.cleanExpiredQueues(() => false))).toBe(0);
  await fill(bed, 'A', 30);
  time.jumpWallClock(80 * 3_600_000);
  opened.store.deleteExpiredFiles();
  await time.advance(20_000);
  expect([opened.store.minOffset('C', 0), opened.store.maxOffset('C', 0)]).toEqual([1, 1]);
  expect(await time.settle(opened.store.cleanExpiredQueues((topic) => topic === 'A'))).toBe(2);
});

test('a deleted queue is forgotten when the log has nothing of it any more', async () => {
  const environment = virtualEnvironment(1);
  const bed = await openOn(new MemoryFileSystem({ clock: environment.clock }), environment);
  const { opened, time } = bed;
  await fill(bed, 'Doomed', 2);
  await time.settle(opened.store.deleteTopics(['Doomed']));
  await fill(bed, 'Kept', 60);
  expect(opened.store.maxOffset('Doomed', 0)).toBe(1);
  time.jumpWallClock(80 * 3_600_000);
  opened.store.deleteExpiredFiles();
  await time.advance(20_000);
  expect(opened.store.maxOffset('Doomed', 0)).toBe(0);
  const [next] = await fill(bed, 'Doomed', 1);
  expect([next?.status, next?.queueOffset]).toEqual(['PUT_OK', 0]);
});

test('a queue whose messages have merely expired keeps its offsets, also when its files had to be built anew', async () => {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const files = new MemoryFileSystem({ clock: environment.clock });
  const expire = async (bed: Bed): Promise<void> => {
    await fill(bed, 'Busy', 40);
    time.jumpWallClock(80 * 3_600_000);
    bed.opened.store.deleteExpiredFiles();
    await time.advance(20_000);
  };
  const first = await openOn(files, environment);
  await fill(first, 'Quiet', 10);
  await expire(first);
  expect([first.opened.store.minOffset('Quiet', 0), first.opened.store.maxOffset('Quiet', 0)]).toEqual([5, 5]);
  await time.settle(first.opened.store.stop());
  await files.removeDirectory(`${storeRoot}/consumequeue/Busy`);
  // Built anew; opened as it is; and then with a log of which nothing is as old as that.
  for (let run = 0; run < 3; run += 1) {
    const bed = await openOn(files, environment);
    if (run === 2) await expire(bed);
    await fill(bed, 'Busy', 2);
    expect(bed.opened.store.maxOffset('Quiet', 0)).toBe(5);
    await time.settle(bed.opened.store.stop());
  }
  const last = await openOn(files, environment);
  const [next] = await fill(last, 'Quiet', 1);
  expect(next?.queueOffset).toBe(5);
  const killed = await openOn(await copyOf(files), environment);
  expect(await offsetsOf(killed, 'Quiet')).toEqual([5]);
});

test('a topic that was deleted and came again is not forgotten with the deleted one', async () => {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const files = new MemoryFileSystem({ clock: environment.clock });
  const bed = await openOn(files, environment);
  const { store } = bed.opened;
  await fill(bed, 'Again', 2);
  await time.settle(store.deleteTopics(['Again']));
  await fill(bed, 'Again', 2);
  await fill(bed, 'Busy', 40);
  time.jumpWallClock(80 * 3_600_000);
  store.deleteExpiredFiles();
  await time.advance(20_000);
  await time.settle(store.stop());
  await files.removeDirectory(`${storeRoot}/consumequeue`);
  for (let run = 0; run < 2; run += 1) {
    const again = await openOn(files, environment);
    await fill(again, 'Busy', 40);
    time.jumpWallClock(80 * 3_600_000);
    again.opened.store.deleteExpiredFiles();
    await time.advance(20_000);
    expect(again.opened.store.maxOffset('Again', 0)).toBe(2);
    await time.settle(again.opened.store.stop());
  }
});

test.each(['before', 'after'])(
  'a deletion is remembered over a restart until the log has nothing of it (killed %s that)',
  async (when) => {
    const environment = virtualEnvironment(1);
    const { time } = environment;
    const files = new MemoryFileSystem({ clock: environment.clock });
    const bed = await openOn(files, environment);
    await fill(bed, 'Doomed', 2);
    await time.settle(bed.opened.store.deleteTopics(['Doomed']));
    await time.settle(bed.opened.store.stop());
    const second = await openOn(files, environment);
    const { store } = second.opened;
    await fill(second, 'Kept', 60);
    expect(store.maxOffset('Doomed', 0)).toBe(1);
    if (when === 'after') {
      time.jumpWallClock(80 * 3_600_000);
      store.deleteExpiredFiles();
      await time.advance(20_000);
    }
    // The file of queue ends does not name it any more, so what it gets now is not taken for what was dispatched before.
    const [next] = await fill(second, 'Doomed', 1);
    expect([next?.status, next?.queueOffset]).toEqual(['PUT_OK', when === 'after' ? 0 : 1]);
    const killed = await openOn(await copyOf(files), environment);
    expect(await offsetsOf(killed, 'Doomed')).toEqual([next?.queueOffset]);
  },
);

test('a put beside the forgetting of its deleted queue goes on at the old offsets, also after a kill', async () => {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const files = new MemoryFileSystem({ clock: environment.clock });
  const bed = await openOn(files, environment);
  const { store } = bed.opened;
  await fill(bed, 'Doomed', 2);
  await time.settle(store.deleteTopics(['Doomed']));
  await fill(bed, 'Kept', 60);
  await time.advance(61_000);
  const write = files.writeFileAtomically.bind(files);
  let written: (() => void) | undefined;
  files.writeFileAtomically = async (path, content) => {
    // The note without the queue is on the device, and the store does not know yet.
    await write(path, content);
    if (path.endsWith('queue-ends.json') && !content.toString().includes('Doomed')) {
      await new Promise<void>((resolve) => {
        written = resolve;
      });
    }
  };
  time.jumpWallClock(80 * 3_600_000);
  store.deleteExpiredFiles();
  await time.runUntil(() => written !== undefined, 60_000);
  const [next] = await fill(bed, 'Doomed', 1);
  expect(next?.queueOffset).toBe(1);
  written?.();
  await time.advance(1000);
  expect(await offsetsOf(bed, 'Doomed')).toEqual([1]);
  const killed = await openOn(await copyOf(files), environment);
  expect(await offsetsOf(killed, 'Doomed')).toEqual([1]);
  const [another] = await fill(bed, 'Doomed', 1);
  expect(another?.queueOffset).toBe(2);
});

/** A disk whose flushes of queue files wait while it is told to. */
class WaitingDisk extends MemoryFileSystem {
  #gate: Promise<void> = Promise.resolve();
  release: () => void = () => undefined;

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  override async syncDirectory(path: string): Promise<void> {
    if (path.includes('consumequeue')) await this.#gate;
    await super.syncDirectory(path);
  }
}

test.each(['expired', 'unused'])('a put beside the removal of %s queues counts', async (kind) => {
  const environment = virtualEnvironment(1);
  const { time } = environment;
  const disk = new WaitingDisk({ clock: environment.clock });
  const bed = await openOn(disk, environment);
  const { store } = bed.opened;
  await fill(bed, 'Quiet', 2);
  await fill(bed, 'Busy', 40);
  time.jumpWallClock(80 * 3_600_000);
  store.deleteExpiredFiles();
  await time.advance(20_000);
  expect([store.minOffset('Quiet', 0), store.maxOffset('Quiet', 0)]).toEqual([1, 1]);
  disk.hold();
  // A round of the flusher waits for the disk, and the removal for it.
  await fill(bed, 'New', 2);
  await time.advance(61_000);
  const retained = new Set(['Busy', 'New']);
  const removing =
    kind === 'expired'
      ? store.cleanExpiredQueues((topic) => retained.has(topic))
      : store.cleanUnusedTopics((topic) => retained.has(topic));
  await time.advance(5);
  await fill(bed, 'Quiet', 1);
  retained.add('Quiet');
  disk.release();
  expect(await time.settle<unknown>(removing)).toEqual(kind === 'expired' ? expect.any(Number) : []);
  expect(await offsetsOf(bed, 'Quiet')).toEqual([1]);
});

/** A moment at which the process could have ended. */
interface Moment {
  readonly environment: Environment;
  readonly disk: SimulatedDisk;
  readonly isDeleted: boolean;
}

const counts = { Doomed: 6, Old: 6, Kept: 16 };

/** Deletes what has expired, and a topic when told to, and keeps what each next operation would have found. */
async function momentsOfDeletion(
  survival: Survival,
  deletesTopic: boolean,
): Promise<{ readonly moments: readonly Moment[]; readonly puts: readonly Put[] }> {
  const { random, time, timers, clock } = virtualEnvironment(1);
  const disk = aged(new SimulatedDisk({ timers, random }));
  const opened = openTestStore({ clock, random, timers, logger: silentLogger }, disk, {
    config: { deleteCommitLogFilesInterval: 1 },
  });
  const bed = { time, opened };
  await time.settle(opened.store.start());
  const puts: Put[] = [];
  for (const [topic, count] of Object.entries(counts)) puts.push(...(await fill(bed, topic, count)));
  const moments: Moment[] = [];
  let isDeleted = false;
  disk.onEvent = ({ index, phase }) => {
    if (phase !== 'begun') return;
    const environment = virtualEnvironment(index);
    moments.push({ environment, isDeleted, disk: disk.image(survival, environment, environment.random) });
  };
  const deleting = opened.store.deleteTopics(deletesTopic ? ['Doomed'] : []).then(() => {
    isDeleted = deletesTopic;
  });
  opened.store.deleteExpiredFiles();
  await time.settle(deleting);
  await time.runUntil(() => opened.store.minPhysicalOffset > 8192, 10_000);
  await time.advance(500);
  return { moments, puts };
}

const survivals: readonly Survival[] = ['everything', 'random', 'nothing'];

const endings = survivals.flatMap((survival) => [
  { survival, deletesTopic: true },
  { survival, deletesTopic: false },
]);

test.each(endings)(
  'the process ends at any operation of an expiry (of a topic as well: $deletesTopic); $survival that was not flushed survives',
  async ({ survival, deletesTopic }) => {
    const { moments, puts } = await momentsOfDeletion(survival, deletesTopic);
    expect(moments.length).toBeGreaterThan(20);
    for (const { disk, environment, isDeleted } of moments) {
      const again = { time: environment.time, opened: openTestStore(environment, disk) };
      const { store } = again.opened;
      await again.time.settle(store.start());
      for (const [topic, count] of Object.entries(counts)) {
        const end = count / 2;
        const min = store.minOffset(topic, 0);
        expect(store.maxOffset(topic, 0), topic).toBe(end);
        if (topic === 'Doomed' && isDeleted) expect(min).toBe(end);
        const messages = await again.time.settle(readQueue(store, topic, 0));
        expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(
          Array.from({ length: end - min }, (_, index) => min + index),
        );
        for (const { body, queueOffset } of messages) {
          const one = puts.find((sent) => sent.topic === topic && sent.queueId === 0 && sent.queueOffset === queueOffset);
          expect(body.toString()).toBe(one?.body);
        }
        const [next] = await fill(again, topic, 1);
        expect([next?.status, next?.queueOffset]).toEqual(['PUT_OK', end]);
      }
      expect(again.opened.failures).toEqual([]);
    }
  },
  120_000,
);

/** Its files have not been written for very long. */
function aged(disk: SimulatedDisk): SimulatedDisk {
  const stat = disk.stat.bind(disk);
  disk.stat = async (path) => {
    const found = await stat(path);
    return found === undefined ? undefined : { ...found, modifiedAt: 1 };
  };
  return disk;
}

test('a store that has failed deletes nothing, and says so', async () => {
  const environment = virtualEnvironment(3);
  const { random, time, timers } = environment;
  const disk = new SimulatedDisk({ timers, random });
  const opened = openTestStore(environment, disk);
  await time.settle(opened.store.start());
  const bed: Bed = { time, opened };
  await fill(bed, 'Kept', 4);
  disk.failure = ({ kind, path }) => (kind === 'writeDurably' ? diskFailure('EIO', path) : undefined);
  await fill(bed, 'Kept', 1);
  expect(opened.failures).toHaveLength(1);
  const { store } = opened;
  let removals = 0;
  const outcomes = Promise.allSettled([
    store.deleteTopics(['Kept'], () => {
      removals += 1;
    }),
    store.cleanUnusedTopics(() => false),
    store.cleanExpiredQueues(() => false),
  ]);
  for (const outcome of await time.settle(outcomes)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_IO_FAILED' } });
  }
  expect(removals).toBe(0);
  expect(await offsetsOf(bed, 'Kept')).toEqual([0, 1]);
  await time.settle(store.stop());
});
