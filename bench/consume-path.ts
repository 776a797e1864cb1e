/**
 * What a message costs a consumer between the pull answer and its acknowledgement: records decoded, kept in the process queue,
 * scheduled, decoded by the topic's codec, given to a handler, finished. No socket. Prints CPU microseconds per message by step (best
 * of several rounds, garbage collection included). Run: `node --expose-gc --import tsx --conditions=@orbitmq/source bench/consume-path.ts`.
 */
import { systemEnvironment } from '@orbitmq/core/kernel';
import { decodeRecords, encodeRecord, recordSizeBytes } from '@orbitmq/protocol';
import { bytesCodec, defineTopic } from 'orbitmq';
import { Dispatcher } from '../packages/core/src/consumer/dispatcher.js';
import { Router } from '../packages/core/src/consumer/router.js';
import { parseTagExpression } from '../packages/core/src/tag-filter.js';
import { AssignedQueue } from '../packages/transport-tcp/src/consumer/assigned-queue.js';
import { ConcurrentMode } from '../packages/transport-tcp/src/consumer/concurrent-mode.js';
import { defaultConsumerTuning } from '../packages/transport-tcp/src/consumer/consumer-tuning.js';
import { decodePullBody } from '../packages/transport-tcp/src/consumer/decode-pull-body.js';
import { DeliveryScheduler } from '../packages/transport-tcp/src/consumer/delivery-scheduler.js';
import { ProcessQueue } from '../packages/transport-tcp/src/consumer/process-queue.js';
import { sampleRecord } from './support/sample-record.js';

const rounds = 7;
const messagesPerRound = 100_000;
/** RocketMQ: pullBatchSize. */
const messagesPerPull = 32;
const bodyBytes = 1024;
const environment = systemEnvironment();
const context = { brokerName: 'broker-a', minOffset: '0', maxOffset: '1000000', bodyBytesMax: 1 << 26 };

/** The body of a pull answer, as it comes off the wire. */
function pullBody(firstOffset: number): Buffer {
  const properties = { UNIQ_KEY: 'C0000202200C5FFD2B2766DC81680000', WAIT: 'true', TAGS: 'TagA', CLUSTER: 'DefaultCluster' };
  const parts = sampleRecord(properties, bodyBytes);
  const sizeBytes = recordSizeBytes(parts);
  const body = Buffer.allocUnsafe(sizeBytes * messagesPerPull);
  for (let index = 0; index < messagesPerPull; index += 1) {
    encodeRecord(body, index * sizeBytes, parts, {
      queueOffset: firstOffset + index,
      physicalOffset: (firstOffset + index) * sizeBytes,
      storeTimestamp: 1_795_216_927_081,
    });
  }
  return body;
}

async function measure(
  name: string,
  pulls: readonly Buffer[],
  take: (body: Buffer, firstOffset: number) => void | Promise<void>,
) {
  let best = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let round = 0; round < rounds; round += 1) {
    globalThis.gc?.();
    const start = process.cpuUsage();
    for (let done = 0; done < messagesPerRound; done += messagesPerPull) {
      const body = pulls[(offset / messagesPerPull) % pulls.length];
      if (body === undefined) throw new Error('no pull');
      const pending = take(body, offset);
      if (pending !== undefined) await pending;
      offset += messagesPerPull;
    }
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / messagesPerRound);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(2).padStart(6)} µs`);
}

const limits = { countMax: 1000, sizeBytesMax: 100 << 20, spanMax: 2000 };
const pulls = Array.from({ length: Math.ceil((rounds * messagesPerRound) / messagesPerPull) % 64 }, () => pullBody(0));
let sink = 0;

function decode(body: Buffer, queueOffset: number) {
  // Offsets of the prepared bodies are made to go on, so that the queue takes them.
  for (let at = 0, offset = queueOffset; at < body.length; offset += 1) {
    body.writeInt32BE(offset, at + 24);
    at += body.readInt32BE(at);
  }
  return decodePullBody({ body, queueOffset, tags: undefined, context }).messages;
}

await measure('records', pulls, (body) => {
  sink += decodeRecords(body).length;
});
await measure('messages', pulls, (body, offset) => {
  sink += decode(body, offset).length;
});

function deliver(name: string, handler: (message: { readonly body: unknown }) => Promise<void>) {
  const topic = defineTopic<Uint8Array>('TopicT', { codec: bytesCodec });
  const dispatcher = new Dispatcher({
    router: new Router([
      {
        topic,
        filter: parseTagExpression('*'),
        handle: ({ messages: [message] }) => handler(message as { readonly body: unknown }),
      },
    ]),
    middleware: [],
    isOrderly: false,
    isBatch: false,
    retryLevel: 0,
    logger: environment.logger,
  });
  const mode = new ConcurrentMode({
    environment,
    retries: { sendBack: () => Promise.resolve(true) },
    consumeTimeoutMs: 900_000,
    tuning: defaultConsumerTuning,
  });
  const scheduler = new DeliveryScheduler({
    environment,
    group: 'CG_A',
    deliver: dispatcher.deliver,
    mode,
    concurrency: 64,
    batchSizeMax: 1,
    batchWaitMs: 0,
    deliveriesPerTurnMax: 256,
  });
  const queue = new AssignedQueue({
    queue: { topic: 'TopicT', brokerName: 'broker-a', queueId: 0 },
    processQueue: new ProcessQueue(0, limits),
    lockedAtMs: 0,
    confirmedOffset: 0,
    confirmedAtMs: 0,
  });
  return measure(name, pulls, async (body, offset) => {
    queue.processQueue.put(decode(body, offset), offset + messagesPerPull);
    scheduler.wake(queue);
    while (queue.processQueue.unfinishedCount > 0) await new Promise((resolve) => setImmediate(resolve));
  });
}

await deliver('messages, queue, scheduler, handler', async () => {
  sink += 1;
});
await deliver('the same, the handler waits once', async (message) => {
  await Promise.resolve();
  if (message.body !== undefined) sink += 1;
});
if (sink < 0) console.log(sink);
process.exit(0);
