/**
 * After one failed flush of the log the device is not asked for those bytes again, and nothing claims that it has them: whether a
 * message of theirs is there after a power cut is the device's affair, which wrote some, all or none of its sectors.
 */
import { expect, test } from 'vitest';
import { type DiskEvent, diskFailure, SimulatedDisk } from '../simulation/simulated-disk.js';
import { openTestStore, put, readQueue } from '../store/store-fixture.js';
import { verifies } from '../support/verifies.js';
import { environmentAt } from './store-life.js';

const seedCount = 12;
const changing = ['write', 'writeDurably', 'datasync', 'truncate', 'reserve'];
/** Three sectors or four. */
const bodyBytes = 1400;

interface FailedFlush {
  /** What the store did to the log behind the failure. */
  readonly afterwards: readonly DiskEvent[];
  readonly failures: readonly Error[];
  /** Bodies of what is there after the power cut. */
  readonly found: readonly string[];
}

async function failedFlush(seed: number, { isAsync }: { readonly isAsync: boolean }): Promise<FailedFlush> {
  const environment = environmentAt(seed);
  const { time } = environment;
  const disk = new SimulatedDisk({ timers: time, random: environment.random });
  const config = { flushDiskType: isAsync ? 'ASYNC_FLUSH' : 'SYNC_FLUSH' } as const;
  const { failures, store } = openTestStore(environment, disk, { config });
  await time.settle(store.start());
  const good = put(store, 'T', 0, 'good');
  await time.advance(2000);
  const afterwards: DiskEvent[] = [];
  let hasFailed = false;
  disk.failure = ({ kind, path }) => {
    if (hasFailed || kind !== 'datasync' || !path.includes('commitlog')) return undefined;
    hasFailed = true;
    return diskFailure('EIO', path);
  };
  disk.onEvent = (event) => {
    if (hasFailed && event.phase === 'begun' && event.path.includes('commitlog') && changing.includes(event.kind))
      afterwards.push(event);
  };
  // Without waiting for the disk, so that SYNC_FLUSH writes and flushes in two steps too.
  const bad = put(store, 'T', 0, 'bad'.padEnd(bodyBytes, '.'), { waitStore: false });
  await time.advance(100);
  expect([good.status, bad.status]).toEqual(['PUT_OK', 'PUT_OK']);
  // Several rounds of flushes, of queues, checksums and notes, and a stop, which flushes all that it may.
  await time.advance(10_000);
  await time.settle(store.stop());
  expect(hasFailed).toBe(true);
  disk.failure = undefined;
  const next = openTestStore(environment, disk.crash('nothing'), { config });
  await time.settle(next.store.start());
  const found = (await time.settle(readQueue(next.store, 'T', 0))).map(({ body }) => body.toString().slice(0, 4));
  await time.settle(next.store.stop());
  return { afterwards, failures, found };
}

test.each([true, false])('a failed flush is final, also for who did not wait for it (ASYNC_FLUSH: %s)', async (isAsync) => {
  verifies('fail-stop');
  const seen = new Set<string>();
  for (let seed = 1; seed <= seedCount; seed += 1) {
    const { afterwards, failures, found } = await failedFlush(seed, { isAsync });
    expect(afterwards, `seed ${seed}`).toEqual([]);
    expect(failures).toHaveLength(1);
    seen.add(found.join());
  }
  // The device kept the message in some runs and tore it in others; a store that was opened at all has claimed neither.
  expect([...seen].sort()).toEqual(['good', 'good,bad.']);
});

test('bytes whose flush failed are read by the next process: it brings them to the device first, so that a power cut takes none', async () => {
  verifies('durable-kill');
  let seenCount = 0;
  for (let seed = 1; seed <= seedCount; seed += 1) {
    const environment = environmentAt(seed);
    const { time } = environment;
    const disk = new SimulatedDisk({ timers: time, random: environment.random });
    const { store } = openTestStore(environment, disk);
    await time.settle(store.start());
    const good = put(store, 'T', 0, 'good');
    await time.advance(1500);
    disk.failure = ({ kind, path }) =>
      kind === 'writeDurably' && path.includes('commitlog') ? diskFailure('EIO', path) : undefined;
    const bad = put(store, 'T', 0, 'bad'.padEnd(bodyBytes, '.'));
    await time.advance(100);
    expect([good.status, bad.status]).toEqual(['PUT_OK', 'SERVICE_NOT_AVAILABLE']);
    const restarted = disk.crash('everything');
    const next = openTestStore(environment, restarted);
    await time.settle(next.store.start());
    const seen = (await time.settle(readQueue(next.store, 'T', 0))).map(({ body }) => body.toString());
    if (seen.length === 2) seenCount += 1;
    const last = openTestStore(environment, restarted.crash('nothing'));
    await time.settle(last.store.start());
    expect(
      (await time.settle(readQueue(last.store, 'T', 0))).map(({ body }) => body.toString()),
      `seed ${seed}`,
    ).toEqual(seen);
  }
  expect(seenCount).toBeGreaterThan(0);
});

test('the interval of ASYNC_FLUSH holds while a stop waits for something else', async () => {
  verifies('durable-kill');
  const environment = environmentAt(1);
  const { time } = environment;
  const disk = new SimulatedDisk({ timers: time, random: environment.random });
  const { store } = openTestStore(environment, disk, { config: { flushDiskType: 'ASYNC_FLUSH' } });
  await time.settle(store.start());
  await time.advance(1000);
  // A look at how full the disk is hangs; so does the stop.
  disk.delayMs = ({ kind }) => (kind === 'usage' ? 20_000 : 0);
  await time.advance(1500);
  const last = put(store, 'T', 0, 'last');
  await time.advance(10);
  expect(last.status).toBe('PUT_OK');
  void store.stop();
  await time.advance(1000);
  const next = openTestStore(environment, disk.crash('nothing'));
  await time.settle(next.store.start());
  expect((await time.settle(readQueue(next.store, 'T', 0))).map(({ body }) => body.toString())).toEqual(['last']);
});
