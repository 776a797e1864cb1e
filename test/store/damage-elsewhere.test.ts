/**
 * A log that another broker wrote before it was killed: nothing is noted of what it flushed. What is damaged in it is refused
 * where it cannot be torn, and a torn end is cut as ever. Nothing that was acknowledged is cut for the bytes of a client's text.
 */
import { defaultBrokerConfig, MemoryFileSystem, repairMessageStore } from '@orbitmq/broker';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { editLog, openTestStore, put, readQueue, storeRoot } from './store-fixture.js';

const environment = virtualEnvironment(23);
const { time } = environment;
const log = `${storeRoot}/commitlog`;
const fileBytes = 4096;
const text = 'text';
const count = 24;

interface Elsewhere {
  readonly files: MemoryFileSystem;
  /** Log offset of each message. */
  readonly places: readonly number[];
  readonly physicalEnd: number;
}

/** As an Apache broker leaves it that was killed; `oursBefore`: how many of the messages were stored by this one before. */
async function elsewhere(oursBefore = 0): Promise<Elsewhere> {
  const files = new MemoryFileSystem();
  const places: number[] = [];
  let noted: Buffer | undefined;
  for (const [from, to] of [
    [0, oursBefore],
    [oursBefore, count],
  ] as const) {
    if (from === to) continue;
    const { store } = openTestStore(environment, files);
    await time.settle(store.start());
    for (let index = from; index < to; index += 1) {
      const body = `m${index}-`.padEnd(400, 'x');
      const one = put(store, 'T', 0, body, { properties: Buffer.from(`KEYS\u0001${text}-${index}\u0002`) });
      await time.runUntil(() => one.status === 'PUT_OK', 1000);
      places.push(one.physicalOffset);
      await time.advance(10);
    }
    await time.settle(store.stop());
    if (to === oursBefore) noted = await files.readFile(`${storeRoot}/orbitmq/flushed-offset`);
  }
  const { store } = openTestStore(environment, files);
  await time.settle(store.start());
  const physicalEnd = store.maxPhysicalOffset;
  await time.settle(store.stop());
  await files.removeDirectory(`${storeRoot}/orbitmq`);
  if (noted !== undefined) {
    await files.makeDirectory(`${storeRoot}/orbitmq`);
    await files.writeFileAtomically(`${storeRoot}/orbitmq/flushed-offset`, noted);
  }
  await files.writeFileAtomically(`${storeRoot}/lock`, Buffer.from('lock'));
  await files.writeFileAtomically(`${storeRoot}/abort`, Buffer.from('77'));
  return { files, places, physicalEnd };
}

const edit = (files: MemoryFileSystem, physicalOffset: number, change: (bytes: Buffer, at: number) => void) =>
  editLog({ files, fileBytes }, physicalOffset, change);

/** Inside the body. */
function flip(bytes: Buffer, at: number): void {
  bytes[at + 200] = (bytes[at + 200] ?? 0) ^ 1;
}

async function start(files: MemoryFileSystem) {
  const { store } = openTestStore(environment, files);
  await time.settle(store.start());
  return store;
}

/** The numbers of the messages that are there. */
async function found(files: MemoryFileSystem): Promise<readonly number[]> {
  const store = await start(files);
  const messages = await time.settle(readQueue(store, 'T', 0));
  await time.settle(store.stop());
  return messages.map(({ body }) => Number(/^m(\d+)-/.exec(body.toString())?.[1]));
}

/** Refused, again, with every file as it was; then repaired, and only what was damaged is missing. */
async function expectRefusedAndRepaired(files: MemoryFileSystem, damaged: number): Promise<void> {
  const before = new Map<string, Buffer | undefined>();
  for (const { name } of (await files.list(log)) ?? []) before.set(name, await files.readFile(`${log}/${name}`));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(start(files)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    for (const [name, content] of before) expect(await files.readFile(`${log}/${name}`)).toEqual(content);
  }
  const config = { mappedFileSizeCommitLog: fileBytes, mappedFileSizeConsumeQueue: 200, maxMessageSize: 2048 };
  const options = {
    environment,
    fileSystem: files,
    config: { ...defaultBrokerConfig, storePathRootDir: storeRoot, ...config },
    tagsCodeOf: () => 0,
    onFailure: (error: Error) => {
      throw error;
    },
  };
  await time.settle(repairMessageStore(options, { isDryRun: false }));
  expect(await found(files)).toEqual([...Array(count).keys()].filter((index) => index !== damaged));
}

test.each([
  ['the oldest file', 2, 0],
  ['the oldest file, of the other broker', 8, 6],
  ['the file before the last two', 8, 0],
])('a damaged record in %s is not taken for a torn one', async (_name, damaged, oursBefore) => {
  const { files, places } = await elsewhere(oursBefore);
  await edit(files, places[damaged] ?? 0, flip);
  await expectRefusedAndRepaired(files, damaged);
});

test('so is one in the last file that was flushed, as the checkpoint tells', async () => {
  const { files, places } = await elsewhere();
  await edit(files, places[count - 2] ?? 0, flip);
  await expectRefusedAndRepaired(files, count - 2);
});

test('a record that may not have been flushed is cut, also when the next file has a part of what followed it', async () => {
  const { files, places } = await elsewhere();
  const last = Math.floor((places[count - 1] ?? 0) / fileBytes) * fileBytes;
  const torn = places.findLastIndex((place) => place < last);
  await edit(files, places[torn] ?? 0, flip);
  const checkpoint = Buffer.from((await files.readFile(`${storeRoot}/checkpoint`)) ?? []);
  // The store time of the first of three records.
  const storedAt = (await files.readFile(`${log}/${'0'.repeat(20)}`))?.readBigInt64BE(56) ?? 0n;
  checkpoint.writeBigInt64BE(storedAt, 0);
  await files.writeFileAtomically(`${storeRoot}/checkpoint`, checkpoint);
  expect(await found(files)).toEqual([...Array(torn).keys()]);
});

test('the beginning of a record behind the flushed end is cut', async () => {
  const { files, physicalEnd, places } = await elsewhere();
  await edit(files, physicalEnd, (bytes, at) => {
    const from = (places[count - 1] ?? 0) % fileBytes;
    bytes.copy(bytes, at, from, from + 120);
    bytes.writeBigInt64BE(BigInt(physicalEnd), at + 28);
  });
  expect(await found(files)).toEqual([...Array(count).keys()]);
});

test('a zero in the text of properties is a part of the message, wherever the record stands', async () => {
  const { files, places } = await elsewhere();
  for (const index of [2, count - 2]) {
    await edit(files, places[index] ?? 0, (bytes, at) => void bytes.writeUInt8(0, bytes.indexOf(text, at) + 1));
  }
  await files.remove(`${storeRoot}/checkpoint`);
  expect(await found(files)).toEqual([...Array(count).keys()]);
});
