/** What was stored under a larger `maxMessageSize` is a message under a smaller one too: at a start, a look, a query, a repair. */
import { type BrokerConfig, defaultBrokerConfig, MemoryFileSystem, repairMessageStore } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(17);
const { time } = environment;
const large = { mappedFileSizeCommitLog: 8_388_608, maxMessageSize: 4_000_000 };
const small = { ...large, maxMessageSize: 100_000 };
/** The last one is longer than one read of the scan, and than what it moves. */
const sizes = [10, 300_000, 20, 3_500_000, 30];

function open(files: MemoryFileSystem, config: Partial<BrokerConfig>) {
  return openTestStore(environment, files, { config }).store;
}

async function killed(isFlushKnown: boolean): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  const store = open(files, large);
  await time.settle(store.start());
  const puts = sizes.map((size, index) => put(store, 'T', 0, `${index}`.padEnd(size, 'x'), { properties: propertiesOf(index) }));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  await time.settle(store.stop());
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  // All is read again: no queue, no index, no note of where they end.
  for (const name of ['consumequeue', 'index']) await files.removeDirectory(`${storeRoot}/${name}`);
  await files.remove(`${storeRoot}/orbitmq/queue-ends.json`);
  if (!isFlushKnown) await files.remove(`${storeRoot}/orbitmq/flushed-offset`);
  return files;
}

function propertiesOf(index: number): Buffer {
  return Buffer.from(`KEYS\u0001key-${index}\u0002`);
}

test.each([true, false])('a smaller maxMessageSize takes no message away (flushed offset known: %s)', async (isFlushKnown) => {
  const files = await killed(isFlushKnown);
  const store = open(files, small);
  await time.settle(store.start());
  const messages = await time.settle(readQueue(store, 'T', 0));
  expect(messages.map(({ body }) => body.length)).toEqual(sizes);
  for (const { physicalOffset, body } of messages) {
    expect((await time.settle(store.lookMessage(physicalOffset)))?.body.length).toBe(body.length);
  }
  await time.advance(5000);
  for (const index of sizes.keys()) {
    const query = { topic: 'T', key: `key-${index}`, kind: 'KEY', maxCount: 8, beginTimestamp: 0, endTimestamp: 9e15 } as const;
    const found = await time.settle(store.queryMessage(query));
    expect(found.records.length, `message ${index} by its key`).toBe(1);
  }
  await time.settle(store.stop());
});

test.each([true, false])(
  'a repair with a smaller maxMessageSize gives nothing up (flushed offset known: %s)',
  async (isFlushKnown) => {
    const files = await killed(isFlushKnown);
    const report = await time.settle(
      repairMessageStore(
        {
          environment,
          fileSystem: files,
          config: { ...defaultBrokerConfig, storePathRootDir: storeRoot, ...small },
          tagsCodeOf: () => 0,
          onFailure: (error) => {
            throw error;
          },
        },
        { isDryRun: true },
      ),
    );
    expect(report.stretches).toEqual([]);
  },
);
