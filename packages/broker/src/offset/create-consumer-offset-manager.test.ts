import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import type { MessageStore } from '../store/message-store.js';
import { ConsumerOffsetService } from './consumer-offset-service.js';
import { createConsumerOffsetManager } from './create-consumer-offset-manager.js';

const directory = '/store/config';
const path = `${directory}/consumerOffset.json`;

const flushed = { whenFlushed: async () => undefined };

const open = (
  fileSystem = new MemoryFileSystem(),
  environment = virtualEnvironment(1),
  store: Pick<MessageStore, 'whenFlushed'> = flushed,
) => createConsumerOffsetManager({ environment, fileSystem, directory, store });

/** What is left of this turn of the event loop. */
async function restOfTurn(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
}

/** A log whose flush the test ends. */
function heldStore() {
  const flushes: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const whenFlushed = (): Promise<void> => new Promise((resolve, reject) => flushes.push({ resolve, reject }));
  return { flushes, whenFlushed };
}

async function withFile(content: string): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(directory);
  await fileSystem.writeFileAtomically(path, Buffer.from(content));
  return fileSystem;
}

test('clones lead to so many offsets and not to one more, whatever was committed, cloned, removed and read before', async () => {
  const fileSystem = new MemoryFileSystem();
  const entriesToCloneMax = 6;
  const options = { environment: virtualEnvironment(1), fileSystem, directory, store: flushed, entriesToCloneMax };
  const offsets = await createConsumerOffsetManager(options);
  for (const queueId of [0, 1, 1]) offsets.commit('g', 'T', queueId, 5);
  offsets.commit('g', 'U', 0, 5);
  offsets.clone('g', 'h', 'T');
  expect([offsets.entryCount, offsets.canClone('g', 'i', 'U'), offsets.canClone('g', 'i', 'T')]).toEqual([5, true, false]);
  // In place of as many, and of nothing.
  expect([offsets.canClone('g', 'h', 'T'), offsets.canClone('nobody', 'i', 'T')]).toEqual([true, true]);
  offsets.clone('g', 'h', 'T');
  await offsets.persist();
  const again = await createConsumerOffsetManager(options);
  expect([offsets.entryCount, again.entryCount]).toEqual([5, 5]);
  again.removeGroup('h');
  again.removeGroup('nobody');
  expect(again.entryCount).toBe(3);
  again.removeTopic('T');
  again.removeTopic('unknown');
  expect(again.entryCount).toBe(1);
});

test('the latest commit counts, also when it goes back', async () => {
  const offsets = await open();
  expect(offsets.query('g', 'T', 0)).toBe(-1);
  offsets.commit('g', 'T', 0, 9);
  offsets.commit('g', 'T', 0, 5);
  offsets.commit('g', 'T', 1, 2);
  offsets.commit('h', 'T', 0, 1);
  expect([
    offsets.query('g', 'T', 0),
    offsets.query('g', 'T', 1),
    offsets.query('h', 'T', 0),
    offsets.query('g', 'U', 0),
  ]).toEqual([5, 2, 1, -1]);
});

test("the file has Apache's shape and comes back", async () => {
  const fileSystem = new MemoryFileSystem();
  const offsets = await open(fileSystem);
  offsets.commit('g', '%RETRY%g', 0, 3);
  offsets.commit('g', '__proto__', 2, 4);
  await offsets.persist();
  expect(JSON.parse((await fileSystem.readFile(path))?.toString() ?? '')).toMatchObject({
    offsetTable: { '%RETRY%g@g': { 0: 3 }, '__proto__@g': { 2: 4 } },
  });
  const again = await open(fileSystem);
  expect([again.query('g', '%RETRY%g', 0), again.query('g', '__proto__', 2)]).toEqual([3, 4]);
});

test('files of 4.9 and 5.5 are read: bare keys, no version, noise, negative offsets', async () => {
  const offsets = await open(
    await withFile('{\n\t"groupTopicMap":{"g":["T"]},"offsetTable":{"T@g":{0:12,1:-1,2:"7"\n\t\t},"noGroup":{0:1}}\n}'),
  );
  expect([0, 1, 2].map((queueId) => offsets.query('g', 'T', queueId))).toEqual([12, -1, 7]);
});

test('a file with offsets that are no numbers is damaged', async () => {
  await expect(open(await withFile('{"offsetTable":{"T@g":{"0":"x"}}}'))).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('offsets ahead of the recovered log are lowered to its end, once and for good', async () => {
  const fileSystem = await withFile('{"offsetTable":{"T@g":{0:12,1:4},"U@g":{0:1}}}');
  const offsets = await open(fileSystem);
  await offsets.clampTo((topic) => (topic === 'T' ? 10 : 0));
  expect([offsets.query('g', 'T', 0), offsets.query('g', 'T', 1), offsets.query('g', 'U', 0)]).toEqual([10, 4, 0]);
  // Without waiting for the next interval: the broker may be killed before it.
  expect((await open(fileSystem)).query('g', 'T', 0)).toBe(10);
});

test('the service writes every interval and at the stop, and only when something changed', async () => {
  let writeCount = 0;
  class CountingFileSystem extends MemoryFileSystem {
    override writeFileAtomically(file: string, content: Uint8Array): Promise<void> {
      writeCount += 1;
      return super.writeFileAtomically(file, content);
    }
  }
  const environment = virtualEnvironment(1);
  const offsets = await open(new CountingFileSystem(), environment);
  const service = new ConsumerOffsetService(environment, offsets, 5000);
  await service.start();
  offsets.commit('g', 'T', 0, 1);
  await environment.time.advance(4999);
  expect(writeCount).toBe(0);
  await environment.time.advance(1);
  expect(writeCount).toBe(1);
  offsets.commit('g', 'T', 0, 1);
  await environment.time.advance(20_000);
  expect(writeCount).toBe(1);
  offsets.commit('g', 'T', 0, 2);
  await service.stop();
  expect(writeCount).toBe(2);
  await environment.time.advance(20_000);
  expect(writeCount).toBe(2);
});

test('a snapshot is written only when everything put before it was flushed', async () => {
  const fileSystem = new MemoryFileSystem();
  const store = heldStore();
  const offsets = await open(fileSystem, undefined, store);
  offsets.commit('g', 'T', 0, 1);
  const first = offsets.persist();
  offsets.commit('g', 'T', 0, 2);
  const second = offsets.persist();
  await restOfTurn();
  expect([store.flushes.length, await fileSystem.readFile(path)]).toEqual([1, undefined]);
  store.flushes[0]?.resolve();
  await first;
  // What was committed during the flush may tell of a message that came during the flush.
  expect((await open(fileSystem)).query('g', 'T', 0)).toBe(1);
  await restOfTurn();
  expect(store.flushes.length).toBe(2);
  store.flushes[1]?.resolve();
  await second;
  expect((await open(fileSystem)).query('g', 'T', 0)).toBe(2);
});

test('when the store fails the file keeps the offsets that it had', async () => {
  const fileSystem = await withFile('{"offsetTable":{"T@g":{0:3}}}');
  const store = heldStore();
  const offsets = await open(fileSystem, undefined, store);
  offsets.commit('g', 'T', 0, 9);
  const persisted = offsets.persist();
  await restOfTurn();
  store.flushes[0]?.reject(new Error('the device failed'));
  await expect(persisted).rejects.toThrow('the device failed');
  expect((await open(fileSystem)).query('g', 'T', 0)).toBe(3);
});

test('the stop waits for a disk that hangs only until its deadline, and nothing is written after it', async () => {
  const fileSystem = new MemoryFileSystem();
  const environment = virtualEnvironment(1);
  const store = heldStore();
  const offsets = await open(fileSystem, environment, store);
  const service = new ConsumerOffsetService(environment, offsets, 5000);
  await service.start();
  offsets.commit('g', 'T', 0, 1);
  await environment.time.advance(20_000);
  expect(store.flushes.length).toBe(1);
  const stopped = service.stop({ deadlineMs: 3000 });
  const outcome = stopped.catch((error: unknown) => error);
  await environment.time.advance(3000);
  expect(await outcome).toMatchObject({ code: 'STORE_IO_FAILED' });
  store.flushes[0]?.resolve();
  await environment.time.advance(1000);
  expect(await fileSystem.readFile(path)).toBeUndefined();
});

test('offsets of a deleted topic or group are forgotten, also on disk', async () => {
  const fileSystem = new MemoryFileSystem();
  const offsets = await open(fileSystem);
  for (const [group, topic] of [
    ['g', 'T'],
    ['h', 'T'],
    ['g', 'U'],
    ['h', 'U'],
    ['g', 'V'],
  ] as const) {
    offsets.commit(group, topic, 0, 3);
  }
  expect(offsets.groupsWithOffsets('T')).toEqual(['g', 'h']);
  expect(offsets.groupsWithOffsets('W')).toEqual([]);
  offsets.removeTopic('T');
  offsets.removeGroup('g');
  offsets.removeGroup('nobody');
  await offsets.persist();
  const again = await open(fileSystem);
  const left = ['T', 'U', 'V'].flatMap((topic) => again.groupsWithOffsets(topic).map((group) => `${topic}@${group}`));
  expect(left).toEqual(['U@h']);
});
