/**
 * A queue whose messages have all left the log is remembered by its end alone. When the queue files then have to be built anew
 * from the log, which knows nothing of it, the next message still gets the next offset, and no offset is given twice.
 */
import { MemoryFileSystem } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(5);
const { time } = environment;
const quietCount = 3;

async function open(files: MemoryFileSystem) {
  const { store } = openTestStore(environment, files);
  await time.settle(store.start());
  return store;
}

type Store = Awaited<ReturnType<typeof open>>;

async function putAll(store: Store, topic: string, count: number): Promise<void> {
  const puts = Array.from({ length: count }, (_, index) => put(store, topic, 0, `${topic}${index}`.padEnd(400, 'x')));
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
}

/** Three messages of a quiet topic in the first log file, and a busy topic in that and several more; stopped in order. */
async function stopped(): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  const store = await open(files);
  await putAll(store, 'Quiet', quietCount);
  await putAll(store, 'Busy', 40);
  await time.settle(store.stop());
  return files;
}

/** What retention does to the oldest file. */
const expireFirst = (files: MemoryFileSystem): Promise<void> => files.remove(`${storeRoot}/commitlog/00000000000000000000`);

const damages: Readonly<Record<string, (files: MemoryFileSystem) => Promise<void>>> = {
  'all queues are gone': (files) => files.removeDirectory(`${storeRoot}/consumequeue`),
  'the queue itself is gone': (files) => files.removeDirectory(`${storeRoot}/consumequeue/Quiet`),
  'another queue is gone': (files) => files.removeDirectory(`${storeRoot}/consumequeue/Busy`),
  'all queues are gone, and it was killed after the clean stop': async (files) => {
    await files.removeDirectory(`${storeRoot}/consumequeue`);
    await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  },
};

test.each(Object.entries(damages))('after a clean stop the end of an expired queue outlives that %s', async (_name, damage) => {
  const files = await stopped();
  await expireFirst(files);
  await damage(files);
  for (let start = 0; start < 2; start += 1) {
    const store = await open(files);
    expect([store.minOffset('Quiet', 0), store.maxOffset('Quiet', 0)]).toEqual([quietCount, quietCount]);
    expect(await time.settle(readQueue(store, 'Quiet', 0))).toEqual([]);
    expect(store.maxOffset('Busy', 0)).toBe(40);
    await time.settle(store.stop());
  }
  const store = await open(files);
  expect(put(store, 'Quiet', 0, 'next').queueOffset).toBe(quietCount);
  await time.settle(store.stop());
  const again = await open(files);
  const messages = await time.settle(readQueue(again, 'Quiet', 0));
  expect(messages.map(({ queueOffset, body }) => [queueOffset, body.toString()])).toEqual([[quietCount, 'next']]);
  await time.settle(again.stop());
});

test('a queue file that is cut off anywhere, also inside its last entry, is built again as it was', async () => {
  const pristine = new MemoryFileSystem();
  const filled = await open(pristine);
  const puts = Array.from({ length: 3 }, (_, index) =>
    put(filled, 'Tagged', 0, `m${index}`, { properties: Buffer.from('TAGS\u0001paid\u0002') }),
  );
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  const entries = await time.settle(filled.queueEntries('Tagged', 0, 0, 10));
  expect(entries.map(({ tagsCode }) => tagsCode !== 0)).toEqual([true, true, true]);
  await time.settle(filled.stop());
  const path = `${storeRoot}/consumequeue/Tagged/0/${'0'.repeat(20)}`;
  for (let sizeBytes = 0; sizeBytes <= 60; sizeBytes += 1) {
    const file = await pristine.open(path, { create: false });
    await file.truncate(sizeBytes);
    await file.close();
    const store = await open(pristine);
    expect(await time.settle(store.queueEntries('Tagged', 0, 0, 10)), `${sizeBytes} bytes left`).toEqual(entries);
    await time.settle(store.stop());
  }
});
