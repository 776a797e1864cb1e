/**
 * Damage in the last block of the log that has a checksum, found by a start after a kill: it stands before the place where
 * recovery begins to read, and messages that were acknowledged stand behind it, so that it must not be taken for a torn end.
 */
import { crc32 } from 'node:zlib';
import { repairMessageStore } from '@orbitmq/broker';
import { expect, test } from 'vitest';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { openTestStore, type Put, put, readQueue, smallConfig, storeRoot } from '../store/store-fixture.js';
import { verifies } from '../support/verifies.js';
import { environmentAt } from './store-life.js';

const config = { flushConsumeQueueThoroughInterval: 500, mappedFileSizeCommitLog: 65_536 };
/** Twelve of them reach beyond the block. */
const bodyBytes = 1500;
const logFile = `${storeRoot}/commitlog/${'0'.repeat(20)}`;
/** In the head of a record, which Apache's CRC does not cover. */
const storeTimeAt = 62;
const flagAt = 19;

/** Lengths and CRCs of the files of the log. */
function logOf(disk: SimulatedDisk): readonly string[] {
  const files = [...disk.files()].filter(([path]) => path.includes('commitlog'));
  return files.map(([path, content]) => `${path}: ${content.length} bytes, ${crc32(content)}`);
}

/** Killed with `behind` messages acknowledged behind the four that queues, checksums and notes on the disk know. */
async function killed(behind: number) {
  const environment = environmentAt(5);
  const { time } = environment;
  const disk = new SimulatedDisk({ timers: time, random: environment.random });
  const { store } = openTestStore(environment, disk, { config });
  await time.settle(store.start());
  const puts = Array.from({ length: 4 }, (_, index) => put(store, 'T', 0, `m${index}`));
  await time.advance(5000);
  for (let index = 4; index < 4 + behind; index += 1) {
    const one = put(store, 'T', 0, `m${index}-`.padEnd(bodyBytes, '.'));
    await time.runUntil(() => one.status === 'PUT_OK', 500);
    puts.push(one);
  }
  return { disk: disk.crash('everything'), environment, time, puts };
}

/** One bit of the second message. */
function damage(disk: SimulatedDisk, puts: readonly Put[], at: number): void {
  disk.edit(logFile, (content) => {
    const place = (puts[1]?.physicalOffset ?? 0) + at;
    content[place] = (content[place] ?? 0) ^ 4;
  });
}

test.each([0, 12])('damage before %i messages that were acknowledged last is refused, and nothing is cut', async (behind) => {
  verifies('damage-found');
  for (const at of [storeTimeAt, flagAt]) {
    const { disk, environment, puts, time } = await killed(behind);
    damage(disk, puts, at);
    const before = logOf(disk);
    await expect(time.settle(openTestStore(environment, disk, { config }).store.start())).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      details: { physicalOffset: 0 },
    });
    expect(logOf(disk)).toEqual(before);
  }
});

test('a repair gives up what the damaged checksum covers, and keeps what was acknowledged behind it', async () => {
  const { disk, environment, puts, time } = await killed(12);
  damage(disk, puts, storeTimeAt);
  const repairing = repairMessageStore(
    {
      environment,
      fileSystem: disk,
      config: { ...smallConfig, ...config },
      tagsCodeOf: (_topic, properties) => properties.length,
      onFailure: (error) => expect.fail(error.message),
    },
    { isDryRun: false },
  );
  const report = await time.settle(repairing);
  expect(report.lost).toEqual([{ topic: 'T', queueId: 0, count: 4, firstOffset: 0, lastOffset: 3 }]);
  const { store } = openTestStore(environment, disk, { config });
  await time.settle(store.start());
  const found = (await time.settle(readQueue(store, 'T', 0))).map(
    ({ body, queueOffset }) => `${queueOffset}:${body.toString().split('-')[0]}`,
  );
  expect(found).toEqual(Array.from({ length: 12 }, (_, index) => `${4 + index}:m${4 + index}`));
});
