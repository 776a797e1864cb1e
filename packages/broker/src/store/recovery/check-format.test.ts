import type { Logger } from '@orbitmq/core/kernel';
import { silentLogger } from '@orbitmq/core/kernel';
import { writeInt64 } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { queueEntryBytes, writeQueueEntry } from '../consume-queue/queue-entry.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { parentPath } from '../io/paths.js';
import { storePaths } from '../store-paths.js';
import { checkFormat } from './check-format.js';

const root = '/store';
const slotBytes = 32;
const now = 1_795_216_928_000;

/** What every store of RocketMQ 5.5 has and what must not disturb. */
const harmless: Readonly<Record<string, Buffer>> = {
  'config/topics.json': Buffer.from('{}'),
  'config/timercheck': timerCheck(now, 0),
  'compaction/position-checkpoint': Buffer.from('{}'),
  'rocksdbstore/CURRENT': Buffer.from('MANIFEST-000005\n'),
  'rocksdbstore/MANIFEST-000005': Buffer.from('leveldb.BytewiseComparator\u0001\u0005timer\u0002\u0005trans'),
  'rocksdbstore/000004.log': Buffer.alloc(0),
  'abort.bak': Buffer.alloc(0),
  timerwheel: Buffer.alloc(slotBytes * 64),
};

async function directoryWith(files: Readonly<Record<string, Buffer>>): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(root);
  for (const [name, content] of Object.entries({ ...harmless, ...files })) {
    const path = `${root}/${name}`;
    await fileSystem.makeDirectory(parentPath(path));
    await fileSystem.writeFileAtomically(path, content);
  }
  return fileSystem;
}

async function check(
  files: Readonly<Record<string, Buffer>>,
  options: { readonly storePathCommitLog?: string; readonly logger?: Logger; readonly servesTimers?: boolean } = {},
): Promise<void> {
  const { storePathCommitLog = '', logger = silentLogger, servesTimers = true } = options;
  const paths = storePaths({ storePathRootDir: root, storePathCommitLog });
  await checkFormat({ fileSystem: await directoryWith(files), paths, logger, servesTimers });
}

function queueFile(entryCount: number, spareEntries = 3): Buffer {
  const bytes = Buffer.alloc((entryCount + spareEntries) * queueEntryBytes);
  for (let index = 0; index < entryCount; index += 1) writeQueueEntry(bytes, index * queueEntryBytes, index * 100, 100, 7);
  return bytes;
}

function timerCheck(lastReadTime: number, lastQueueOffset: number): Buffer {
  const bytes = Buffer.alloc(4096);
  writeInt64(bytes, lastReadTime, 0);
  writeInt64(bytes, lastQueueOffset, 16);
  return bytes;
}

/** A wheel with one message due at `dueAt`. */
function wheel(dueAt: number, precisionMs: number): Buffer {
  const slotCount = 64;
  const bytes = Buffer.alloc(slotBytes * slotCount);
  const ticks = Math.floor(dueAt / precisionMs);
  const at = (ticks % slotCount) * slotBytes;
  writeInt64(bytes, ticks, at);
  writeInt64(bytes, 0, at + 8);
  writeInt64(bytes, 52, at + 16);
  bytes.writeInt32BE(1, at + 24);
  return bytes;
}

const timerQueue = 'consumequeue/rmq_sys_wheel_timer/0/00000000000000000000';

test('what every broker leaves is no variant', async () => {
  await expect(check({})).resolves.toBeUndefined();
});

test.each([
  ['consumequeue/CURRENT', 'consumequeue', 'RocksDB'],
  ['consumequeue_r/CURRENT', 'consumequeue_r', 'RocksDB'],
  ['config/topics/CURRENT', 'config/topics', 'RocksDB'],
  ['config/consumerOffsets/CURRENT', 'config/consumerOffsets', 'RocksDB'],
  ['config/subscriptionGroups/CURRENT', 'config/subscriptionGroups', 'RocksDB'],
  ['config/rdb/CURRENT', 'config/rdb', 'RocksDB'],
  ['batchconsumequeue/T/0/00000000000000000000', 'batchconsumequeue', 'BatchCQ'],
  ['consumequeue_ext/T/0/00000000000000000000', 'consumequeue_ext', 'enableConsumeQueueExt'],
  ['compaction/compactionLog/T/0/00000000000000000000', 'compaction/compactionLog', 'COMPACTION'],
  ['tiered_index_file/1795273955760', 'tiered_index_file', 'tiered'],
  ['config/tieredStoreMetadata.json', 'config/tieredStoreMetadata.json', 'tiered'],
  ['dledger-n0/data/00000000000000000000', 'dledger-n0', 'DLedger'],
])('%s: refused, the place and the way out named', async (file, place, what) => {
  await expect(check({ [file]: Buffer.from('x') })).rejects.toMatchObject({
    code: 'STORE_FORMAT_UNSUPPORTED',
    message: expect.stringMatching(new RegExp(`${root}/${place} holds .*${what}.*Use the broker that wrote it`)),
    details: { path: `${root}/${place}` },
  });
});

test.each(['/a/log,/b/log', '/a/log:/b/log'])('a log in several directories (%s) is refused', async (storePathCommitLog) => {
  await expect(check({}, { storePathCommitLog })).rejects.toMatchObject({
    code: 'STORE_FORMAT_UNSUPPORTED',
    message: expect.stringContaining('one directory'),
  });
});

test('a directory on a drive is one directory', async () => {
  await expect(check({}, { storePathCommitLog: 'C:/store/commitlog' })).resolves.toBeUndefined();
});

test('half messages whose decisions are in RocksDB are refused; the empty queue is not', async () => {
  const file = 'consumequeue/RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC/0/00000000000000000000';
  await expect(check({ [file]: queueFile(0) })).resolves.toBeUndefined();
  await expect(check({ [file]: queueFile(1) })).rejects.toMatchObject({ message: expect.stringContaining('transRocksDBEnable') });
});

test.each([
  ['the manifest, as the last key of a file', 'MANIFEST-000005', 'timeline_checkpoint', 200],
  ['the log of a broker that was killed', '000012.log', 'sys_topic_scan_offset_checkpoint', 0],
])('timed messages in RocksDB are refused, whether the timer is on or not: found in %s', async (_where, name, key, at) => {
  const files = { [`rocksdbstore/${name}`]: Buffer.concat([Buffer.alloc(at), Buffer.from(key), Buffer.alloc(50)]) };
  for (const servesTimers of [true, false]) {
    await expect(check(files, { servesTimers })).rejects.toMatchObject({
      code: 'STORE_FORMAT_UNSUPPORTED',
      message: expect.stringMatching(/rocksdbstore holds timed messages .*timerRocksDBEnable.*Use the broker that wrote it/),
      details: { path: `${root}/rocksdbstore` },
    });
  }
});

const withoutTimers = (files: Readonly<Record<string, Buffer>>): Promise<void> => check(files, { servesTimers: false });

test.each([1000, 100, 10])(
  'a timed message in the wheel, precision %d ms, where the timer is off: refused before its time, passed after it',
  async (precisionMs) => {
    const files = { [timerQueue]: queueFile(5), 'config/timercheck': timerCheck(now, 5) };
    await expect(withoutTimers({ ...files, timerwheel: wheel(now + 60_000, precisionMs) })).rejects.toMatchObject({
      code: 'STORE_FORMAT_UNSUPPORTED',
      details: { path: `${root}/timerwheel` },
      message: expect.stringMatching(/not delivered yet .*due at 179521698\d{4}.*timerWheelEnable=true/),
    });
    // The next tick to deliver is not delivered yet.
    await expect(withoutTimers({ ...files, timerwheel: wheel(now, precisionMs) })).rejects.toMatchObject({
      code: 'STORE_FORMAT_UNSUPPORTED',
    });
    await expect(withoutTimers({ ...files, timerwheel: wheel(now - 60_000, precisionMs) })).resolves.toBeUndefined();
  },
);

test('a timed message in the wheel is no obstacle where the timer is on; one in a snapshot of the wheel is', async () => {
  const files = { [timerQueue]: queueFile(5), 'config/timercheck': timerCheck(now, 4) };
  await expect(check({ ...files, timerwheel: wheel(now + 60_000, 1000) })).resolves.toBeUndefined();
  await expect(check({ ...files, 'timerwheel.4096': wheel(now - 60_000, 1000) })).resolves.toBeUndefined();
  await expect(check({ ...files, 'timerwheel.4096': wheel(now + 60_000, 1000) })).rejects.toMatchObject({
    details: { path: `${root}/timerwheel.4096` },
    message: expect.stringContaining('timerWheelSnapshotFlush=false'),
  });
});

test.each([
  ['the last ones', { 'config/timercheck': timerCheck(now, 4) }],
  ['all, since nothing says how far it came', { 'config/timercheck': Buffer.alloc(0) }],
])(
  'timed messages that are not in the wheel yet count as pending: %s',
  async (_name, files: Readonly<Record<string, Buffer>>) => {
    await expect(withoutTimers({ [timerQueue]: queueFile(5), ...files })).rejects.toMatchObject({
      code: 'STORE_FORMAT_UNSUPPORTED',
      details: { path: `${root}/consumequeue/rmq_sys_wheel_timer/0` },
    });
  },
);

test('the end of a queue is in its newest file that has an entry', async () => {
  const files = { [timerQueue]: queueFile(8, 0), 'consumequeue/rmq_sys_wheel_timer/0/00000000000000000160': queueFile(2, 6) };
  await expect(withoutTimers({ ...files, 'config/timercheck': timerCheck(now, 10) })).resolves.toBeUndefined();
  await expect(withoutTimers({ ...files, 'config/timercheck': timerCheck(now, 9) })).rejects.toMatchObject({
    message: expect.stringContaining('queue offsets 9 to 9'),
  });
});

test('popped messages without an acknowledgement are told of', async () => {
  const told: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (_message, fields) => told.push(fields) };
  const revive = 'rmq_sys_REVIVE_LOG_DefaultCluster';
  const queues = {
    [`consumequeue/${revive}/0/${'0'.repeat(20)}`]: queueFile(3),
    [`consumequeue/${revive}/1/${'0'.repeat(20)}`]: queueFile(2),
  };
  // As Apache writes it: keys that are numbers have no quotes.
  const offsets = Buffer.from(`{"offsetTable":{"${revive}@CID_RMQ_SYS_REVIVE_GROUP":{0:1,1:2}}}`);
  await check({ ...queues, 'config/consumerOffset.json': offsets }, { logger });
  expect(told).toEqual([{ path: `${root}/consumequeue/${revive}/0`, checkpoints: 2 }]);
});
