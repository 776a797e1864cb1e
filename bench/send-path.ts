/**
 * What a send costs the broker between its frame and its answer: header decoded, checked, properties completed, record appended to a
 * store in memory, group commit, answer written. No socket. Prints CPU microseconds per message by step (best of several rounds, garbage
 * collection included) and bytes allocated per message. Run: `node --expose-gc --import tsx --conditions=@orbitmq/source bench/send-path.ts`.
 */
import { type Environment, systemEnvironment } from '@orbitmq/core/kernel';
import {
  createFrameDecoder,
  createFrameWriter,
  decodeSendMessage,
  type FrameSource,
  type RemotingCommand,
  RequestCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { createConsumerManager } from '../packages/broker/src/client/create-consumer-manager.js';
import { createProducerManager } from '../packages/broker/src/client/create-producer-manager.js';
import { type BrokerConfig, defaultBrokerConfig } from '../packages/broker/src/config/broker-config.js';
import { createSubscriptionGroupManager } from '../packages/broker/src/group/create-subscription-group-manager.js';
import { createMessageServices } from '../packages/broker/src/message-services.js';
import { createConsumerOffsetManager } from '../packages/broker/src/offset/create-consumer-offset-manager.js';
import { createRebalanceLockManager } from '../packages/broker/src/order/create-rebalance-lock-manager.js';
import { createTagsCodeOf } from '../packages/broker/src/schedule/tags-code-of.js';
import { createStatistics } from '../packages/broker/src/stats/create-statistics.js';
import { createMessageStore } from '../packages/broker/src/store/create-message-store.js';
import { MemoryFileSystem } from '../packages/broker/src/store/io/memory-file-system.js';
import type { MessageStore, PutWaiter } from '../packages/broker/src/store/message-store.js';
import { createTopicConfigManager } from '../packages/broker/src/topic/create-topic-config-manager.js';

const rounds = 7;
const messagesPerRound = 100_000;
/** Messages of one turn of the event loop: 4 connections × 64 in flight. */
const messagesPerTurn = 256;
const bodyBytes = 1024;

class CountingConnection implements ServerConnection {
  readonly id = 1;
  readonly remoteAddress = '127.0.0.1:50000';
  readonly localAddress = '127.0.0.1:10911';
  readonly isOpen = true;
  readonly #writer = createFrameWriter();
  answered = 0;

  respond(_request: RemotingCommand, response: RemotingCommand): void {
    throw new Error(`refused: ${response.code} ${response.remark}`);
  }

  respondFrame(_request: RemotingCommand, response: FrameSource): void {
    response.writeFrame(this.#writer);
    this.answered += 1;
    if (this.#writer.sizeBytes > 65_536) this.#writer.take();
  }

  invoke(): Promise<RemotingCommand> {
    return Promise.reject(new Error('not used'));
  }

  notify(): void {}

  onClose(): () => void {
    return () => {};
  }

  close(): void {}
}

function requestFrame(opaque: number): Buffer {
  const header = Buffer.from(
    `{"code":310,"extFields":{"a":"PG_A","b":"TopicT","c":"TBW102","d":"4","e":"${opaque % 4}","f":"0","g":"1795216927080","h":"0","i":"color\\u0001red\\u0002KEYS\\u0001key0\\u0002UNIQ_KEY\\u0001C0000202200C5FFD2B2766DC81680000\\u0002WAIT\\u0001true\\u0002TAGS\\u0001TagA","j":"0","k":"false","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":${opaque},"serializeTypeCurrentRPC":"JSON","version":409}`,
  );
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + header.length + bodyBytes, 0);
  prefix.writeInt32BE(header.length, 4);
  return Buffer.concat([prefix, header, Buffer.alloc(bodyBytes, 0x61)]);
}

/** A store that takes everything and answers in the next turn: what is left is the processor. */
function nullStore(): Pick<MessageStore, 'putMessage' | 'onArrival'> {
  let waiting: PutWaiter[] = [];
  let offset = 0;
  const flush = (): void => {
    const done = waiting;
    waiting = [];
    for (const waiter of done) waiter.onDone('PUT_OK');
  };
  return {
    onArrival: () => {},
    putMessage: (_message, waiter) => {
      waiter.onAppended(offset * 1300, offset, 0);
      offset += 1;
      waiting.push(waiter);
      if (waiting.length === 1) setImmediate(flush);
    },
  };
}

async function sendProcessor(environment: Environment, store: MessageStore, config: BrokerConfig): Promise<RequestProcessor> {
  const fileSystem = new MemoryFileSystem();
  const { clock, timers } = environment;
  const files = { environment, fileSystem, directory: '/store/config' };
  const services = createMessageServices({
    environment,
    config,
    store,
    topics: await createTopicConfigManager({ ...files, config }),
    groups: await createSubscriptionGroupManager({ ...files, config }),
    offsets: await createConsumerOffsetManager({ ...files, store }),
    consumers: createConsumerManager({ clock, timers, channelExpiredTimeoutMs: 120_000, isNotified: () => false }),
    producers: createProducerManager({ clock, channelExpiredTimeoutMs: 120_000 }),
    locks: createRebalanceLockManager({ clock }),
    fileSystem,
    address: () => '127.0.0.1:10911',
    log: { readLog: async () => Buffer.alloc(0) },
    ...createStatistics({ environment, clusterName: config.brokerClusterName, isSystemTopic: () => false }),
  });
  const found = services.processors.find(({ codes }) => codes.includes(RequestCode.SEND_MESSAGE_V2));
  if (found === undefined) throw new Error('no processor for sends');
  return found.processor;
}

const environment = systemEnvironment();
const turnBytes = Buffer.concat(Array.from({ length: messagesPerTurn }, (_, i) => requestFrame(i)));
let sink = 0;

async function measure(name: string, turn: () => void, isDone: () => boolean): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let allocated = 0;
  for (let round = 0; round < rounds; round += 1) {
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    const start = process.cpuUsage();
    for (let done = 0; done < messagesPerRound; done += messagesPerTurn) {
      turn();
      if (round === rounds - 1 && done === 0) allocated = process.memoryUsage().heapUsed - heap;
      while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / messagesPerRound);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(2).padStart(6)} µs   ${Math.round(allocated / messagesPerTurn)} heap bytes`);
  return best;
}

async function run(): Promise<void> {
  const config: BrokerConfig = { ...defaultBrokerConfig, brokerName: 'broker-a', storePathRootDir: '/store' };
  const decodeTurn = (onCommand: (command: RemotingCommand) => void): void => createFrameDecoder().push(turnBytes, onCommand);
  await measure(
    'frame and header',
    () => decodeTurn((command) => (sink += decodeSendMessage(command).queueId)),
    () => true,
  );

  const { storeStats } = createStatistics({ environment, clusterName: config.brokerClusterName, isSystemTopic: () => false });
  const store = createMessageStore({
    environment,
    fileSystem: new MemoryFileSystem(),
    config,
    tagsCodeOf: createTagsCodeOf(config),
    onPublished: (...batch) => storeStats.published(...batch),
    onFailure: (error) => {
      throw error;
    },
  });
  await store.start();
  for (const [name, used] of [
    ['frame, processor, answer (no store)', nullStore() as MessageStore],
    ['frame, processor, store, answer', store],
  ] as const) {
    const processor = await sendProcessor(environment, used, config);
    const connection = new CountingConnection();
    let sent = 0;
    await measure(
      name,
      () => {
        decodeTurn((command) => void processor.process(command, connection));
        sent += messagesPerTurn;
      },
      () => connection.answered === sent,
    );
  }
  await store.stop();
  if (sink < 0) console.log(sink);
}

await run();
