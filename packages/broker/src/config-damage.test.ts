/**
 * Damage at rest in the JSON files of a small store: every bit flipped, every length cut. What may come of it: the table as it
 * was written, or the one before it with a warning that names the file, or a start that is refused and names the file. Never
 * another table, and never one without a word.
 */
import { type Environment, type Logger, StoreError } from '@orbitmq/core/kernel';
import { virtualEnvironment } from '@orbitmq/testing';
import { describe, expect, test } from 'vitest';
import { defaultBrokerConfig } from './config/broker-config.js';
import { createSubscriptionGroupManager } from './group/create-subscription-group-manager.js';
import { defaultSubscriptionGroup } from './group/subscription-group-json.js';
import { ConfigFile } from './metadata/config-file.js';
import { createConsumerOffsetManager } from './offset/create-consumer-offset-manager.js';
import { createDurableLockManager } from './order/durable-lock-manager.js';
import { decodeDelayOffsets, encodeDelayOffsets } from './schedule/delay-offset-json.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';
import { createTopicConfigManager } from './topic/create-topic-config-manager.js';

const directory = '/store/config';
/** A prime, so that every place of a byte is met; each run of CI tries the same ones. */
const stride = 19;

interface Deps {
  readonly environment: Environment;
  readonly fileSystem: MemoryFileSystem;
  readonly directory: string;
}

interface Table {
  readonly name: string;
  /** Makes a change and waits until it is on disk. */
  readonly write: (deps: Deps, round: number) => Promise<void>;
  /** The table as it is read, as a text. */
  readonly read: (deps: Deps) => Promise<string>;
}

const config = { ...defaultBrokerConfig, storePathRootDir: '/store', autoCreateTopicEnable: false };

function delayFile(deps: Deps, encode = () => ''): ConfigFile {
  return new ConfigFile({ ...deps, name: 'delayOffset.json', encode });
}

const tables: readonly Table[] = [
  {
    name: 'topics.json',
    write: async (deps, round) => {
      const topics = await createTopicConfigManager({ ...deps, config });
      topics.ensure(`orders-${round}`, 16, 6);
      await topics.persist();
    },
    read: async (deps) => JSON.stringify([...(await createTopicConfigManager({ ...deps, config })).all()]),
  },
  {
    name: 'subscriptionGroup.json',
    write: async (deps, round) => {
      const groups = await createSubscriptionGroupManager({ ...deps, config });
      groups.update({ ...defaultSubscriptionGroup('billing'), retryMaxTimes: 10 + round });
      await groups.persist();
    },
    read: async (deps) => JSON.stringify([...(await createSubscriptionGroupManager({ ...deps, config })).all()]),
  },
  {
    name: 'consumerOffset.json',
    write: async (deps, round) => {
      const offsets = await createConsumerOffsetManager({ ...deps, store: { whenFlushed: async () => undefined } });
      for (const queueId of [0, 1, 2]) offsets.commit('billing', 'orders', queueId, 1000 * round + queueId);
      await offsets.persist();
    },
    read: async (deps) => {
      const offsets = await createConsumerOffsetManager({ ...deps, store: { whenFlushed: async () => undefined } });
      return [0, 1, 2].map((queueId) => offsets.query('billing', 'orders', queueId)).join();
    },
  },
  {
    name: 'delayOffset.json',
    write: async (deps, round) => {
      const dataVersion = { counter: round, timestamp: 1, stateVersion: 0 };
      const file = delayFile(deps, () => encodeDelayOffsets(dataVersion, new Map([[3, 17 * round]])));
      await file.load(decodeDelayOffsets);
      file.changed();
      await file.persist();
    },
    read: async (deps) => JSON.stringify([...((await delayFile(deps).load(decodeDelayOffsets))?.offsets ?? [])]),
  },
  {
    name: 'queueLock.json',
    write: async (deps, round) => {
      const locks = await createDurableLockManager(deps);
      locks.tryLock('billing', 'client@1', [{ topic: 'orders', brokerName: 'broker-a', queueId: round }]);
      await locks.whenDurable();
    },
    read: async (deps) => {
      const locks = await createDurableLockManager(deps);
      const queues = [0, 1, 2].map((queueId) => ({ topic: 'orders', brokerName: 'broker-a', queueId }));
      return locks
        .tryLock('billing', 'client@2', queues)
        .map(({ queueId }) => queueId)
        .join();
    },
  },
];

interface Outcome {
  readonly table: string | undefined;
  readonly told: string;
}

async function outcomeOf(table: Table, files: ReadonlyMap<string, Buffer>): Promise<Outcome> {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(directory);
  for (const [path, content] of files) await fileSystem.writeFileAtomically(path, content);
  const told: string[] = [];
  const environment = virtualEnvironment(1);
  const silent = (): void => undefined;
  const tell = (message: string, fields?: object): void => void told.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { ...environment.logger, debug: silent, info: silent, warn: tell, error: tell };
  try {
    return { table: await table.read({ environment: { ...environment, logger }, fileSystem, directory }), told: told.join() };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    expect(error.code).toBe('STORE_CORRUPT');
    return { table: undefined, told: error.message };
  }
}

function* damaged(content: Buffer): Generator<readonly [what: string, content: Buffer]> {
  for (let bit = 0; bit < content.length * 8; bit += stride) {
    const flipped = Buffer.from(content);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    yield [`bit ${bit}`, flipped];
  }
  for (let length = 0; length < content.length; length += stride) yield [`${length} bytes`, content.subarray(0, length)];
}

describe.each(tables)('$name', { timeout: 120_000 }, (table) => {
  const main = `${directory}/${table.name}`;

  async function written() {
    const fileSystem = new MemoryFileSystem();
    const environment = virtualEnvironment(1);
    for (const round of [1, 2]) await table.write({ environment, fileSystem, directory }, round);
    const content = async (path: string): Promise<Buffer> => (await fileSystem.readFile(path)) ?? Buffer.alloc(0);
    return { good: await content(main), backup: await content(`${main}.bak`) };
  }

  test('damaged beside a good backup: as it was, or the backup and a warning', async () => {
    const { good, backup } = await written();
    const now = await outcomeOf(table, new Map([[main, good]]));
    const before = await outcomeOf(table, new Map([[main, backup]]));
    expect(now.table).not.toBe(before.table);
    let foundCount = 0;
    for (const [what, content] of damaged(good)) {
      const { table: read, told } = await outcomeOf(
        table,
        new Map([
          [main, content],
          [`${main}.bak`, backup],
        ]),
      );
      if (read === now.table && told === '') continue;
      foundCount += 1;
      expect(read, what).toBe(before.table);
      expect(told, what).toContain(main);
    }
    expect(foundCount).toBeGreaterThan(good.length / 4);
  });

  test('damaged without a backup, or with a damaged one: as it was, or refused', async () => {
    const { good, backup } = await written();
    const now = await outcomeOf(table, new Map([[main, good]]));
    for (const [what, content] of damaged(good)) {
      const others = what.endsWith('0') ? [[`${main}.bak`, backup.subarray(0, backup.length - 5)] as const] : [];
      const { table: read, told } = await outcomeOf(table, new Map([[main, content], ...others]));
      if (read === now.table && told === '') continue;
      expect(read, what).toBeUndefined();
      expect(told, what).toContain(`${main} cannot be read`);
    }
  });

  test('a damaged backup does no harm', async () => {
    const { good, backup } = await written();
    const now = await outcomeOf(table, new Map([[main, good]]));
    for (const [what, content] of damaged(backup)) {
      expect(
        await outcomeOf(
          table,
          new Map([
            [main, good],
            [`${main}.bak`, content],
          ]),
        ),
        what,
      ).toEqual(now);
    }
  });
});
