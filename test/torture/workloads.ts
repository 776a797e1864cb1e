import { type BrokerConfig, defaultBrokerConfig, type StoreLimits } from '@orbitmq/broker';
import { storeRoot } from '../store/store-fixture.js';
import type { NewMessage, StoreLife } from './store-life.js';

export interface Workload {
  readonly name: string;
  readonly config?: Partial<BrokerConfig>;
  readonly limits?: Partial<StoreLimits>;
  /** Uses lives one after the other; `next` gives one that has not started. */
  readonly run: (next: () => StoreLife) => Promise<void>;
}

/** Sizes at which a handful of messages fills several files. */
export function configOf(changes: Partial<BrokerConfig> = {}): BrokerConfig {
  return {
    ...defaultBrokerConfig,
    storePathRootDir: storeRoot,
    mappedFileSizeCommitLog: 2048,
    mappedFileSizeConsumeQueue: 100,
    maxHashSlotNum: 8,
    maxIndexNum: 24,
    maxMessageSize: 4096,
    // The model knows no deletion: a full disk refuses.
    cleanFileForciblyEnable: false,
    ...changes,
  };
}

export function limitsOf(changes: Partial<StoreLimits> = {}): Partial<StoreLimits> {
  return {
    reserveAheadBytes: 0,
    resumeRoomBytes: 4096,
    tailChunkBytes: 4096,
    tailBytesMax: 8192,
    readBlockBytes: 1024,
    readCacheBytesMax: 4096,
    inMemoryDistanceBytes: 1 << 30,
    ...changes,
  };
}

/** Queues are flushed, and the files of recovery written, many times in a short life. */
const hastyQueues = {
  flushIntervalConsumeQueue: 20,
  flushConsumeQueueThoroughInterval: 30,
  flushConsumeQueueLeastPages: 0,
} as const;

let messageCount = 0;

function message(topic: string, queueId: number, bodyBytes: number, rest: Partial<NewMessage> = {}): NewMessage {
  messageCount += 1;
  return { topic, queueId, name: `m${messageCount}`, bodyBytes, ...rest };
}

/** The transaction bits of a record that is in no queue. */
const prepared = { changes: { sysFlag: 4 } } as const;
const impatient = { changes: { waitStore: false } } as const;

async function sendOneByOne(life: StoreLife, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    life.put(message('Orders', 0, 30 + index * 40));
    if (!(await life.answered())) return;
  }
}

/** Groups of messages for several queues; short bodies have long properties, so that a record can be torn behind what its CRC covers. */
async function sendGroups(life: StoreLife, groups: number, pauseMs: number): Promise<void> {
  for (let group = 0; group < groups; group += 1) {
    for (let index = 0; index < 4; index += 1) {
      const topic = index % 2 === 0 ? 'Orders' : '%RETRY%billing';
      const long = (group + index) % 3 === 0;
      life.put(message(topic, (group + index) % 2, long ? 700 : 30, { propertiesBytes: long ? 10 : 600 }));
    }
    if (!(await life.answered()) || !(await life.pause(pauseMs))) return;
  }
}

export const workloads: readonly Workload[] = [
  {
    name: 'single sends',
    run: async (next) => {
      const life = next();
      await life.start();
      await sendOneByOne(life, 5);
      await life.stop();
    },
  },
  {
    name: 'groups for several queues, log files roll',
    run: async (next) => {
      const life = next();
      await life.start();
      await sendGroups(life, 4, 5);
      await life.stop();
    },
  },
  {
    name: 'batches, a whole one moves to the next file',
    run: async (next) => {
      const life = next();
      await life.start();
      for (let batch = 0; batch < 4; batch += 1) {
        life.put(...Array.from({ length: 3 }, () => message('Orders', batch % 2, 60 + batch * 50)));
        life.put(message('Orders', 1, 20));
        await life.answered();
      }
      await life.stop();
    },
  },
  {
    name: 'half, delayed and impatient records',
    config: hastyQueues,
    run: async (next) => {
      const life = next();
      await life.start();
      for (let round = 0; round < 3; round += 1) {
        life.put(message('RMQ_SYS_TRANS_HALF_TOPIC', 0, 50));
        life.put(message('Orders', 0, 50, prepared));
        life.put(message('SCHEDULE_TOPIC_XXXX', 1, 50));
        life.put(message('Orders', 0, 50, impatient));
        await life.answered();
        life.put(message('Orders', 1, 50, prepared));
        await life.answered();
        await life.pause(40);
      }
      await life.stop();
    },
  },
  {
    name: 'queue files roll',
    config: { ...hastyQueues, mappedFileSizeConsumeQueue: 40 },
    run: async (next) => {
      const life = next();
      await life.start();
      for (let round = 0; round < 5; round += 1) {
        for (let index = 0; index < 2; index += 1) life.put(message('Orders', 0, 10));
        await life.answered();
        await life.pause(35);
      }
      await life.stop();
    },
  },
  {
    name: 'clean stop and restart, with a consumer that reads',
    config: hastyQueues,
    run: async (next) => {
      for (let round = 0; round < 3; round += 1) {
        const life = next();
        await life.start();
        await sendGroups(life, 1, 35);
        await life.run(life.readAll());
        await life.stop();
      }
    },
  },
  {
    name: 'space reserved ahead',
    config: { mappedFileSizeCommitLog: 131_072 },
    limits: { reserveAheadBytes: 131_072 },
    run: async (next) => {
      const life = next();
      await life.start();
      await sendGroups(life, 2, 5);
      await life.stop();
    },
  },
  {
    name: 'ASYNC_FLUSH',
    config: { flushDiskType: 'ASYNC_FLUSH', flushIntervalCommitLog: 40, ...hastyQueues },
    run: async (next) => {
      const life = next();
      await life.start();
      await sendGroups(life, 4, 25);
      await life.stop();
    },
  },
];

/** How long an answer of ASYNC_FLUSH may be ahead of the disk: the interval, a flush under way and one of its own. */
export function lossWindowMs(config: BrokerConfig): number {
  return config.flushDiskType === 'SYNC_FLUSH' ? 0 : config.flushIntervalCommitLog + 30;
}
