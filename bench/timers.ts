/**
 * Timed messages that wait, on a real disk: memory while their number grows, the time of a restart with them, and how fast one
 * second's worth of them is delivered. Prints a line for each step. Run:
 *   node --expose-gc --import tsx --conditions=@orbitmq/source bench/timers.ts [--dir D] [--count 1000000] [--due 20000]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BrokerConfig, createMessageStore, defaultBrokerConfig, type MessageStore, nodeFileSystem } from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { encodeProperties, SystemTopic } from '@orbitmq/protocol';
import { TimerService } from '../packages/broker/src/timer/timer-service.js';
import { outTick } from '../packages/broker/src/timer/timer-time.js';

const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: tmpdir() },
    count: { type: 'string', default: '1000000' },
    due: { type: 'string', default: '20000' },
  },
});
const count = Number(values.count);
const dueCount = Number(values.due);
const batch = 2000;
const day = 86_400_000;
const directory = mkdtempSync(join(values.dir, 'orbitmq-timers-'));
const config: BrokerConfig = { ...defaultBrokerConfig, storePathRootDir: directory, flushDiskType: 'ASYNC_FLUSH' };
const environment = systemEnvironment();
const fileSystem = nodeFileSystem();
const host = Buffer.from('7f00000100002a9f', 'hex');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function mebibytes(): string {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return [rss, heapUsed, arrayBuffers].map((bytes) => (bytes / 1_048_576).toFixed(0)).join(' / ');
}

function put(store: MessageStore, number: number, deliverMs: number): Promise<void> {
  const properties = encodeProperties({
    UNIQ_KEY: `C0000202200C5FFD2B2766DC${number.toString(16).toUpperCase().padStart(8, '0')}`,
    TIMER_DELIVER_MS: String(deliverMs),
    TIMER_OUT_MS: String(outTick(deliverMs, 1000)),
    REAL_TOPIC: 'TopicT',
    REAL_QID: '0',
  });
  const message = {
    topic: SystemTopic.TIMER,
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: deliverMs,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(100, 97),
    properties: Buffer.from(properties),
    waitStore: true,
  };
  return new Promise((resolve, reject) => {
    const onDone = (status: string): void => (status === 'PUT_OK' ? resolve() : reject(new Error(status)));
    store.putMessage(message, { onAppended: () => undefined, onDone });
  });
}

async function begin(): Promise<{ readonly store: ReturnType<typeof createMessageStore>; readonly timer: TimerService }> {
  const store = createMessageStore({ environment, fileSystem, config, tagsCodeOf: () => 0, onFailure: () => process.exit(1) });
  await store.start();
  const settings = {
    storePathRootDir: directory,
    precisionMs: 1000,
    rollWindowSlots: () => 172_800,
    flushIntervalMs: 1000,
    logFileBytes: config.mappedFileSizeTimerLog,
  };
  const topics = { ensure: () => undefined, get: () => undefined };
  const timer = new TimerService({ environment, store, topics, fileSystem, settings, batchMax: 256, batchBytesMax: 4_194_304 });
  await timer.start();
  return { store, timer };
}

async function takenIn(timer: TimerService): Promise<void> {
  while (timer.status.offsetBehind > 0) await pause(20);
}

try {
  let { store, timer } = await begin();
  console.log(`rss / heap / buffers, MiB, without any: ${mebibytes()}`);
  let beganMs = performance.now();
  for (let number = 0; number < count; number += batch) {
    const now = Date.now();
    const puts = Array.from({ length: batch }, (_, index) => put(store, number + index, now + day + ((number + index) % day)));
    await Promise.all(puts);
    if ((number + batch) % 200_000 < batch) {
      await takenIn(timer);
      console.log(
        `${timer.status.pendingCount} wait: ${mebibytes()} after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`,
      );
    }
  }
  await takenIn(timer);
  await timer.stop();
  await store.stop();
  ({ store, timer } = await begin().then((began) => {
    console.log(`restarted with ${began.timer.status.pendingCount}: ${mebibytes()}`);
    return began;
  }));
  const due = Math.ceil(Date.now() / 1000) * 1000 + 8000;
  for (let number = 0; number < dueCount; number += batch) {
    await Promise.all(Array.from({ length: batch }, (_, index) => put(store, number + index, due)));
  }
  await takenIn(timer);
  await pause(Math.max(0, due - Date.now()));
  beganMs = performance.now();
  while (store.maxOffset('TopicT', 0) < dueCount) await pause(5);
  console.log(`${dueCount} of one second delivered within ${(performance.now() - beganMs).toFixed(0)} ms of it: ${mebibytes()}`);
  await timer.stop();
  await store.stop();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
