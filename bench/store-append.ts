/**
 * The store alone on a real disk: appends with a number of puts outstanding, the tail read back, a cold catch-up, recovery.
 *   node --import tsx --conditions=@orbitmq/source bench/store-append.ts [--dir D] [--seconds 3] [--outstanding 256] [--flush SYNC_FLUSH] [--body 1024] [--topics 1] [--queues 4]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createMessageStore,
  defaultBrokerConfig,
  type MessageStore,
  type MessageToStore,
  nodeFileSystem,
  type PutStatus,
  type PutWaiter,
} from '@orbitmq/broker';
import { systemEnvironment } from '@orbitmq/core/kernel';

const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: tmpdir() },
    seconds: { type: 'string', default: '3' },
    outstanding: { type: 'string', default: '256' },
    flush: { type: 'string', default: 'SYNC_FLUSH' },
    body: { type: 'string', default: '1024' },
    topics: { type: 'string', default: '1' },
    queues: { type: 'string', default: '4' },
    reserve: { type: 'string', default: String(1 << 20) },
  },
});

const directory = mkdtempSync(join(values.dir, 'store-append-'));
const durationMs = Number(values.seconds) * 1000;
const outstanding = Number(values.outstanding);
const topicCount = Number(values.topics);
const queueCount = Number(values.queues);
const body = Buffer.alloc(Number(values.body), 'x');
const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
const properties = Buffer.from('UNIQ_KEY\u0001C0000202200C5FFD2B2766DC81680000\u0002WAIT\u0001true\u0002');

function open(): MessageStore {
  return createMessageStore({
    environment: systemEnvironment(),
    fileSystem: nodeFileSystem(),
    config: {
      ...defaultBrokerConfig,
      storePathRootDir: directory,
      flushDiskType: values.flush === 'ASYNC_FLUSH' ? 'ASYNC_FLUSH' : 'SYNC_FLUSH',
    },
    tagsCodeOf: () => 0,
    onFailure: (error) => {
      throw error;
    },
    limits: { reserveAheadBytes: Number(values.reserve) },
  });
}

const messages: MessageToStore[] = [];
for (let index = 0; index < topicCount * queueCount; index += 1) {
  messages.push({
    topic: `topic-${Math.floor(index / queueCount)}`,
    queueId: index % queueCount,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    properties,
    waitStore: true,
  });
}

/** One producer that sends its next message when the last one is answered; the send leaves in a later turn, as over a socket. */
class Producer implements PutWaiter {
  static done = 0;
  static isStopping = false;
  static running = 0;
  static next = 0;
  static ready: Producer[] = [];
  static onIdle: () => void = () => undefined;
  readonly #store: MessageStore;

  constructor(store: MessageStore) {
    this.#store = store;
    Producer.running += 1;
  }

  send(): void {
    const message = messages[Producer.next % messages.length] as MessageToStore;
    Producer.next += 1;
    this.#store.putMessage(message, this);
  }

  onAppended(): void {
    // The benchmark counts answers only.
  }

  onDone(status: PutStatus): void {
    if (status !== 'PUT_OK') throw new Error(status);
    Producer.done += 1;
    if (!Producer.isStopping) {
      if (Producer.ready.push(this) === 1) setImmediate(sendReady);
      return;
    }
    Producer.running -= 1;
    if (Producer.running === 0) Producer.onIdle();
  }
}

function sendReady(): void {
  const ready = Producer.ready;
  Producer.ready = [];
  for (const producer of ready) producer.send();
}

function figure(label: string, count: number, startedAt: number, cpu: NodeJS.CpuUsage): void {
  const elapsedMs = performance.now() - startedAt;
  const used = process.cpuUsage(cpu);
  const perMessage = (used.user + used.system) / count;
  const memory = process.memoryUsage();
  console.log(
    `${label.padEnd(26)} ${Math.round((count / elapsedMs) * 1000)
      .toLocaleString()
      .padStart(
        10,
      )} msg/s  ${perMessage.toFixed(2).padStart(7)} us CPU/msg  rss ${Math.round(memory.rss / 1e6)} MB  external ${Math.round(memory.external / 1e6)} MB`,
  );
}

async function append(store: MessageStore): Promise<void> {
  const idle = new Promise<void>((resolve) => {
    Producer.onIdle = resolve;
  });
  for (let index = 0; index < outstanding; index += 1) new Producer(store).send();
  const warmUntil = performance.now() + 500;
  while (performance.now() < warmUntil) await new Promise((resolve) => setTimeout(resolve, 50));
  const before = Producer.done;
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  figure(`append ${outstanding} outstanding`, Producer.done - before, startedAt, cpu);
  Producer.isStopping = true;
  await idle;
}

async function readAll(store: MessageStore, label: string): Promise<void> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  for (const { topic, queueId } of messages) {
    let queueOffset = store.minOffset(topic, queueId);
    for (;;) {
      const answer = store.getMessage({ topic, queueId, queueOffset, maxCount: 32, matches: undefined });
      const result = 'then' in answer ? await answer : answer;
      if (result.status !== 'FOUND') break;
      count += result.messageCount;
      queueOffset = result.nextBeginOffset;
    }
  }
  figure(label, count, startedAt, cpu);
}

try {
  const store = open();
  let startedAt = performance.now();
  await store.start();
  console.log(`start of an empty store     ${(performance.now() - startedAt).toFixed(1)} ms`);
  await append(store);
  await readAll(store, 'read back, 32 per pull');
  startedAt = performance.now();
  await store.stop();
  console.log(`stop                        ${(performance.now() - startedAt).toFixed(1)} ms`);
  const again = open();
  startedAt = performance.now();
  await again.start();
  console.log(
    `start after a clean stop    ${(performance.now() - startedAt).toFixed(1)} ms, log ${Math.round(again.maxPhysicalOffset / 1e6)} MB`,
  );
  await again.stop();
  rmSync(join(directory, 'orbitmq'), { recursive: true });
  rmSync(join(directory, 'consumequeue'), { recursive: true });
  const rebuilt = open();
  startedAt = performance.now();
  await rebuilt.start();
  console.log(`rebuild of all queues       ${(performance.now() - startedAt).toFixed(1)} ms`);
  await readAll(rebuilt, 'read back after rebuild');
  await rebuilt.stop();
} finally {
  rmSync(directory, { recursive: true });
}
