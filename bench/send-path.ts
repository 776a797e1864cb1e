/**
 * What a send costs the broker between its frame and its answer: header decoded, checked, properties completed, record appended to a
 * store in memory, group commit, answer written. No socket. Prints CPU microseconds per message by step (best of several rounds, garbage
 * collection included) and bytes allocated per message, then what the metrics of 5.x and the send gate add to it: the median over many short
 * rounds with and without, in turns. At most 2 % are asked of each.
 * Run: `node --expose-gc --import tsx --conditions=@orbitmq/source bench/send-path.ts [--steps=false] [--pairs 300]`.
 */
import { parseArgs } from 'node:util';
import { type Environment, systemEnvironment } from '@orbitmq/core/kernel';
import {
  createFrameDecoder,
  createFrameWriter,
  decodeSendMessage,
  type FrameSource,
  type RemotingCommand,
  RequestCode,
} from '@orbitmq/protocol';
import type { RequestObserver, RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { SeededRandom } from '@orbitmq/testing';
import { createConsumerManager } from '../packages/broker/src/client/create-consumer-manager.js';
import { createProducerManager } from '../packages/broker/src/client/create-producer-manager.js';
import { type BrokerConfig, defaultBrokerConfig } from '../packages/broker/src/config/broker-config.js';
import { SendGate } from '../packages/broker/src/flow-control/send-gate.js';
import { createSubscriptionGroupManager } from '../packages/broker/src/group/create-subscription-group-manager.js';
import { createMessageServices } from '../packages/broker/src/message-services.js';
import { RpcMeter } from '../packages/broker/src/metrics/rpc-meter.js';
import { createConsumerOffsetManager } from '../packages/broker/src/offset/create-consumer-offset-manager.js';
import { createRebalanceLockManager } from '../packages/broker/src/order/create-rebalance-lock-manager.js';
import { createTagsCodeOf } from '../packages/broker/src/schedule/tags-code-of.js';
import { createStatistics } from '../packages/broker/src/stats/create-statistics.js';
import type { AppendUnderWay } from '../packages/broker/src/store/append-under-way.js';
import { createMessageStore } from '../packages/broker/src/store/create-message-store.js';
import { MemoryFileSystem } from '../packages/broker/src/store/io/memory-file-system.js';
import type { MessageStore, PutWaiter } from '../packages/broker/src/store/message-store.js';
import { createTopicConfigManager } from '../packages/broker/src/topic/create-topic-config-manager.js';
import { type PairedRounds, pairedRounds } from './support/paired-rounds.js';

const { values: options } = parseArgs({
  options: { steps: { type: 'string', default: 'true' }, pairs: { type: 'string', default: '300' } },
});
const rounds = 7;
const messagesPerRound = 100_000;
/** Messages of one turn of the event loop: 4 connections × 64 in flight. */
const messagesPerTurn = 256;
const bodyBytes = 1024;
/** Turns of a round of a pair: some 10 ms, so that most rounds have nothing beside them. */
const turnsPerPairedRound = 4;
/** After so many rounds a new store begins: everything of the old one is in memory. */
const roundsPerStore = 200;
const warmUpPairs = 10;

class CountingConnection implements ServerConnection {
  readonly id = 1;
  readonly remoteAddress = '127.0.0.1:50000';
  readonly localAddress = '127.0.0.1:10911';
  readonly isOpen = true;
  readonly #writer = createFrameWriter();
  readonly #observer: RequestObserver | undefined;
  answered = 0;

  constructor(observer?: RequestObserver) {
    this.#observer = observer;
  }

  respond(_request: RemotingCommand, response: RemotingCommand): void {
    throw new Error(`refused: ${response.code} ${response.remark}`);
  }

  respondFrame(request: RemotingCommand, response: FrameSource): void {
    this.#observer?.ended(request, response.code ?? 0, 'success');
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

/** As under load, when a batch is being written while the next one comes: the gate has to look at the clock. */
const writing: AppendUnderWay = { beganMs: Number.MAX_SAFE_INTEGER, includesFlush: true };

interface SendProcessorOptions {
  readonly store: MessageStore;
  readonly config: BrokerConfig;
  readonly countsByType?: boolean;
}

async function sendProcessor({ config, countsByType, store }: SendProcessorOptions): Promise<RequestProcessor> {
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
    appendUnderWay: () => writing,
    ...createStatistics({ environment, clusterName: config.brokerClusterName, isSystemTopic: () => false, countsByType }),
  });
  const found = services.processors.find(({ codes }) => codes.includes(RequestCode.SEND_MESSAGE_V2));
  if (found === undefined) throw new Error('no processor for sends');
  return found.processor;
}

const environment: Environment = { ...systemEnvironment(), random: new SeededRandom(1) };
const config: BrokerConfig = { ...defaultBrokerConfig, brokerName: 'broker-a', storePathRootDir: '/store' };
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

const decodeTurn = (onCommand: (command: RemotingCommand) => void): void => createFrameDecoder().push(turnBytes, onCommand);

/** As the connections of a broker call its processor. */
class SendPath {
  readonly #processor: RequestProcessor;
  readonly #observer: RequestObserver | undefined;
  readonly #connection: CountingConnection;
  #sent = 0;

  constructor(processor: RequestProcessor, observer?: RequestObserver) {
    this.#processor = processor;
    this.#observer = observer;
    this.#connection = new CountingConnection(observer);
  }

  turn(): void {
    decodeTurn((command) => {
      this.#observer?.begun(command);
      void this.#processor.process(command, this.#connection);
    });
    this.#sent += messagesPerTurn;
  }

  get isDone(): boolean {
    return this.#connection.answered === this.#sent;
  }

  /** CPU microseconds per message. */
  async round(turns: number): Promise<number> {
    globalThis.gc?.({ type: 'minor' });
    const start = process.cpuUsage();
    for (let turn = 0; turn < turns; turn += 1) {
      this.turn();
      while (!this.isDone) await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(start);
    return (user + system) / (turns * messagesPerTurn);
  }
}

async function startedStore() {
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
  return store;
}

async function steps(): Promise<void> {
  await measure(
    'frame and header',
    () => decodeTurn((command) => (sink += decodeSendMessage(command).queueId)),
    () => true,
  );
  const store = await startedStore();
  for (const [name, used] of [
    ['frame, processor, answer (no store)', nullStore() as MessageStore],
    ['frame, processor, store, answer', store],
  ] as const) {
    const path = new SendPath(await sendProcessor({ store: used, config }));
    await measure(
      name,
      () => path.turn(),
      () => path.isDone,
    );
  }
  await store.stop();
}

interface Compared {
  readonly plain: SendPath;
  readonly withMetrics: SendPath;
}

async function compared(store: MessageStore): Promise<Compared> {
  const meter = new RpcMeter({ clock: environment.clock, isSystemTopic: () => false });
  return {
    plain: new SendPath(await sendProcessor({ store, config })),
    withMetrics: new SendPath(await sendProcessor({ store, config, countsByType: true }), meter),
  };
}

const asking = Object.getOwnPropertyDescriptors(SendGate.prototype);

/** A round in which nobody asks the gate. */
async function withoutGate(round: () => Promise<number>): Promise<number> {
  Object.assign(SendGate.prototype, { overload: () => undefined, tooEarly: () => undefined });
  try {
    return await round();
  } finally {
    Object.defineProperties(SendGate.prototype, { overload: asking.overload, tooEarly: asking.tooEarly });
  }
}

/** Runs pairs on one store after the other. */
async function onNewStores(
  name: string,
  rounds: (paths: Compared) => readonly [base: () => Promise<number>, other: () => Promise<number>],
): Promise<void> {
  let paths: Compared | undefined;
  let left = 0;
  let stop = (): Promise<void> => Promise.resolve();
  const renewed = async (): Promise<Compared> => {
    if (paths !== undefined && left > 0) return paths;
    await stop();
    const store = await startedStore();
    stop = () => store.stop();
    globalThis.gc?.();
    paths = await compared(store);
    left = roundsPerStore;
    return paths;
  };
  const side = (index: 0 | 1) => async (): Promise<number> => {
    const round = rounds(await renewed())[index];
    left -= 1;
    return round();
  };
  await pairedRounds(warmUpPairs, side(0), side(1));
  report(name, await pairedRounds(Number(options.pairs), side(0), side(1)));
  await stop();
}

function report(name: string, { baseCost, ratio }: PairedRounds): void {
  const percent = (value: number): string => `${((value - 1) * 100).toFixed(2)} %`;
  const range = ([low, high]: readonly [number, number]): string => `${percent(low)} to ${percent(high)}`;
  console.log(
    `${name.padEnd(40)} ${baseCost.toFixed(2).padStart(6)} µs   ${percent(ratio.median)} more ` +
      `(95 %: ${range(ratio.within95)}; half of the pairs: ${range(ratio.quartiles)})`,
  );
}

async function run(): Promise<void> {
  if (options.steps === 'true') await steps();
  await onNewStores('the same, with metrics', ({ plain, withMetrics }) => [
    () => plain.round(turnsPerPairedRound),
    () => withMetrics.round(turnsPerPairedRound),
  ]);
  await onNewStores('the same without the gate, with it', ({ plain }) => [
    () => withoutGate(() => plain.round(turnsPerPairedRound)),
    () => plain.round(turnsPerPairedRound),
  ]);
  if (sink < 0) console.log(sink);
}

await run();
