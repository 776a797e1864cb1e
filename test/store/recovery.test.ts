/** What recovery repairs, what it refuses, and that it believes nothing but the log. */
import { MemoryFileSystem } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(3);
const { time } = environment;
const log = `${storeRoot}/commitlog`;

async function filled(count = 24): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  const { store } = openTestStore(environment, files);
  await time.settle(store.start());
  const puts = Array.from({ length: count }, (_, index) =>
    put(store, index % 2 === 0 ? 'T' : 'U', 0, `m${index}`.padEnd(400, 'x')),
  );
  await time.runUntil(() => puts.every(({ status }) => status === 'PUT_OK'), 10_000);
  await time.settle(store.stop());
  return files;
}

async function reopen(files: MemoryFileSystem) {
  const opened = openTestStore(environment, files);
  await time.settle(opened.store.start());
  return opened.store;
}

async function edit(files: MemoryFileSystem, path: string, change: (content: Buffer) => void): Promise<void> {
  const content = await files.readFile(path);
  if (content === undefined) throw new Error(`${path} is missing`);
  change(content);
  await files.writeFileAtomically(path, content);
}

async function expectWhole(files: MemoryFileSystem, count = 24): Promise<void> {
  const store = await reopen(files);
  for (const topic of ['T', 'U']) {
    const messages = await time.settle(readQueue(store, topic, 0));
    expect(messages.map(({ queueOffset }) => queueOffset)).toEqual(Array.from({ length: count / 2 }, (_, index) => index));
    expect(put(store, topic, 0, 'next').queueOffset).toBe(count / 2);
  }
  await time.settle(store.stop());
}

const damages: Readonly<Record<string, (files: MemoryFileSystem) => Promise<void>>> = {
  'all queues are gone': (files) => files.removeDirectory(`${storeRoot}/consumequeue`),
  'the queues of one topic are gone': (files) => files.removeDirectory(`${storeRoot}/consumequeue/T`),
  'a queue file is gone': (files) => files.remove(`${storeRoot}/consumequeue/T/0/00000000000000000200`),
  'a queue file has another length': async (files) =>
    (await files.open(`${storeRoot}/consumequeue/T/0/00000000000000000000`, { create: false })).truncate(100),
  'a stray file is among the queue files': (files) =>
    files.writeFileAtomically(`${storeRoot}/consumequeue/T/0/note.txt`, Buffer.from('x')),
  'the last queue entry is zeros': (files) =>
    edit(files, `${storeRoot}/consumequeue/T/0/00000000000000000200`, (content) => void content.fill(0)),
  'the queue ends are gone, as after another broker': (files) => files.removeDirectory(`${storeRoot}/orbitmq`),
  'the queue ends are damaged': (files) =>
    edit(files, `${storeRoot}/orbitmq/queue-ends.json`, (content) => void content.fill(0x20, 0, 4)),
  'queue ends are gone and it was killed': async (files) => {
    await files.removeDirectory(`${storeRoot}/orbitmq`);
    await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  },
  'queue ends are gone and one topic was removed': async (files) => {
    await files.removeDirectory(`${storeRoot}/orbitmq`);
    await files.removeDirectory(`${storeRoot}/consumequeue`);
  },
  'entries stand behind the end of the queue': (files) =>
    edit(files, `${storeRoot}/consumequeue/T/0/00000000000000000200`, (content) => void content.fill(7, 40)),
  'it was killed': (files) => files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1')),
  'the checkpoint is gone': (files) => files.remove(`${storeRoot}/checkpoint`),
};

test.each(Object.entries(damages))('everything is there again when %s', async (_name, damage) => {
  const files = await filled();
  await damage(files);
  await expectWhole(files);
  await expectWhole0(files);
});

/** The next start of the repaired store: the messages put by `expectWhole` were not acknowledged before it stopped, but stored. */
async function expectWhole0(files: MemoryFileSystem): Promise<void> {
  const store = await reopen(files);
  expect([store.maxOffset('T', 0), store.maxOffset('U', 0)]).toEqual([13, 13]);
  await time.settle(store.stop());
}

test('a torn record at the end is cut and everything behind it is zeroed', async () => {
  const files = await filled(20);
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  const names = (await files.list(log))?.map(({ name }) => name) ?? [];
  const last = `${log}/${names[names.length - 1]}`;
  const content = await files.readFile(last);
  const store = await reopen(files);
  const end = store.maxPhysicalOffset % 4096;
  await time.settle(store.stop());
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  await edit(files, last, (bytes) => {
    // Half a record, a hole, and an old whole record from somewhere else.
    content?.copy(bytes, end, 0, 200);
    content?.copy(bytes, end + 700, 0, 480);
  });
  await expectWhole(files, 20);
  const after = await files.readFile(last);
  expect(after?.subarray(end + 1200).every((byte) => byte === 0)).toBe(true);
});

test('a whole record that belongs to another place is not the continuation of the log', async () => {
  const files = await filled(20);
  const name = (await files.list(log))?.at(-1)?.name ?? '';
  const first = await files.readFile(`${log}/00000000000000000000`);
  const { physicalEnd, recordBytes } = await endOf(files);
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  await edit(files, `${log}/${name}`, (bytes) => void first?.copy(bytes, physicalEnd % 4096, 0, recordBytes));
  const store = await reopen(files);
  expect(store.maxPhysicalOffset).toBe(physicalEnd);
  await time.settle(store.stop());
  await expectWhole(files, 20);
});

test('entries that an earlier run left behind the end of a queue are zeroed when it was killed', async () => {
  const files = await filled();
  const path = `${storeRoot}/consumequeue/T/0/00000000000000000200`;
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('1'));
  await edit(files, path, (content) => void content.fill(7, 60));
  await expectWhole(files);
  expect((await files.readFile(path))?.subarray(60).every((byte) => byte === 0)).toBe(true);
});

async function endOf(files: MemoryFileSystem) {
  const store = await reopen(files);
  const physicalEnd = store.maxPhysicalOffset;
  const entry = (await time.settle(store.queueEntries('T', 0, 0, 1)))[0];
  await time.settle(store.stop());
  return { physicalEnd, recordBytes: entry?.sizeBytes ?? 0 };
}

test('damage below what was flushed is not a torn tail: the store refuses and keeps the files', async () => {
  const files = await filled();
  await files.removeDirectory(`${storeRoot}/consumequeue`);
  await edit(files, `${log}/00000000000000004096`, (content) => {
    content[300] = (content[300] ?? 0) ^ 1;
  });
  const before = await files.list(log);
  await expect(reopen(files)).rejects.toMatchObject({ code: 'STORE_CORRUPT', details: { physicalOffset: 4096 } });
  expect(await files.list(log)).toEqual(before);
  // The refusal released the lock and can be repeated.
  await expect(reopen(files)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a log that vanished does not begin anew', async () => {
  for (const remove of [log, `${log}/00000000000000008192`]) {
    const files = await filled();
    if (remove === log) await files.removeDirectory(remove);
    else await files.remove(remove);
    await expect(reopen(files)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  }
});

test('what another broker keeps elsewhere is refused, not half read', async () => {
  const foreign: readonly (readonly [string, string])[] = [
    ['consumequeue', 'CURRENT'],
    ['config/topics', 'CURRENT'],
    ['batchconsumequeue/T/0', '00000000000000000000'],
    ['consumequeue_ext/T/0', '00000000000000000000'],
    ['compaction/compactionLog/T/0', '00000000000000000000'],
    ['dledger-n0/data', '00000000000000000000'],
  ];
  for (const [directory, name] of foreign) {
    const files = await filled();
    await files.makeDirectory(`${storeRoot}/${directory}`);
    await files.writeFileAtomically(`${storeRoot}/${directory}/${name}`, Buffer.from('x'));
    await expect(reopen(files)).rejects.toMatchObject({ code: 'STORE_FORMAT_UNSUPPORTED' });
  }
  const several = openTestStore(environment, new MemoryFileSystem(), { config: { storePathCommitLog: '/a,/b' } });
  await expect(time.settle(several.store.start())).rejects.toMatchObject({ code: 'STORE_FORMAT_UNSUPPORTED' });
});

test('another file size and a stray file in the log are named', async () => {
  const files = await filled();
  const other = openTestStore(environment, files, { config: { mappedFileSizeCommitLog: 2048 } });
  await expect(time.settle(other.store.start())).rejects.toThrow(/mappedFileSizeCommitLog/);
  await files.writeFileAtomically(`${log}/note.txt`, Buffer.from('x'));
  await expect(reopen(files)).rejects.toThrow(/note\.txt/);
});

test('one store per directory', async () => {
  const files = new MemoryFileSystem();
  const first = await reopen(files);
  await expect(reopen(files)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await time.settle(first.stop());
  await time.settle((await reopen(files)).stop());
});
