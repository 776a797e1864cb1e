/** Directories as another broker leaves them: what was noted beside the store is out of date, the store itself is right. */
import { decodeRecords, readInt64, writeInt64 } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../../config/broker-config.js';
import { createMessageStore, type MessageStoreOptions } from '../create-message-store.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import type { MessageStore } from '../message-store.js';
import { repairMessageStore } from '../repair-message-store.js';
import type { RepairReport } from './repair/repair-report.js';

const root = '/store';
const fileSizeBytes = 4096;
const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

/** One directory that several stores have in turn. */
class Directory {
  readonly fileSystem = new MemoryFileSystem();
  readonly #environment = virtualEnvironment(1);
  readonly #options: MessageStoreOptions = {
    environment: this.#environment,
    fileSystem: this.fileSystem,
    config: {
      ...defaultBrokerConfig,
      storePathRootDir: root,
      mappedFileSizeCommitLog: fileSizeBytes,
      mappedFileSizeConsumeQueue: 200,
      maxMessageSize: 2048,
    },
    tagsCodeOf: () => 0,
    onFailure: (error) => {
      throw error;
    },
    limits: { reserveAheadBytes: 0 },
  };

  /** Opens the store, does the work, and stops it in order. */
  async use<Result>(work: (store: MessageStore) => Promise<Result>): Promise<Result> {
    const store = createMessageStore(this.#options);
    await this.#advancing(store.start());
    const result = await this.#advancing(work(store));
    await this.#advancing(store.stop());
    return result;
  }

  /** What an Apache broker leaves: its word in `lock`, and after a kill the file `abort`. */
  async handOver(options: { readonly isKilled: boolean }): Promise<void> {
    await this.fileSystem.writeFileAtomically(`${root}/lock`, Buffer.from('locktmq'));
    if (options.isKilled) await this.fileSystem.writeFileAtomically(`${root}/abort`, Buffer.from('77'));
  }

  repair({ isDryRun } = { isDryRun: false }): Promise<RepairReport> {
    return this.#advancing(repairMessageStore(this.#options, { isDryRun }));
  }

  async #advancing<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    const settle = (): void => {
      isDone = true;
    };
    work.then(settle, settle);
    while (!isDone) await this.#environment.time.advance(1);
    return work;
  }
}

function put(store: MessageStore, topic: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let offset = -1;
    store.putMessage(
      {
        topic,
        queueId: 0,
        flag: 0,
        sysFlag: 0,
        bornTimestamp: 1_700_000_000_000,
        bornHost: host,
        storeHost: host,
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
        body: Buffer.from(body.padEnd(300, '.')),
        properties: Buffer.alloc(0),
        waitStore: true,
      },
      {
        onAppended: (_physicalOffset, queueOffset) => {
          offset = queueOffset;
        },
        onDone: (status) => (status === 'PUT_OK' ? resolve(offset) : reject(new Error(status))),
      },
    );
  });
}

async function putAll(store: MessageStore, topic: string, ...bodies: readonly string[]): Promise<readonly number[]> {
  const offsets: number[] = [];
  for (const body of bodies) offsets.push(await put(store, topic, body));
  return offsets;
}

/** `offset:body` of everything in a queue. */
async function read(store: MessageStore, topic: string): Promise<readonly string[]> {
  const messages: string[] = [];
  for (let queueOffset = store.minOffset(topic, 0); queueOffset < store.maxOffset(topic, 0); ) {
    const result = await store.getMessage({ topic, queueId: 0, queueOffset, maxCount: 32, matches: undefined });
    for (const record of result.slices.flatMap((slice) => decodeRecords(slice))) {
      messages.push(`${record.queueOffset}:${record.body.toString().replaceAll('.', '')}`);
    }
    if (result.nextBeginOffset <= queueOffset) throw new Error(result.status);
    queueOffset = result.nextBeginOffset;
  }
  return messages;
}

const many = Array.from({ length: 12 }, (_, index) => `m${index}`);

test.each([true, false])('a queue whose messages have all expired keeps its end (killed: %s)', async (isKilled) => {
  const directory = new Directory();
  await directory.use(async (store) => {
    await putAll(store, 'expired', 'a', 'b', 'c');
    await putAll(store, 'kept', ...many, ...many);
  });
  await directory.fileSystem.remove(`${root}/commitlog/00000000000000000000`);
  await directory.handOver({ isKilled });
  await directory.use(async (store) => {
    expect(store.minPhysicalOffset).toBe(fileSizeBytes);
    expect([store.minOffset('expired', 0), store.maxOffset('expired', 0)]).toEqual([3, 3]);
    expect(await putAll(store, 'expired', 'd')).toEqual([3]);
    expect(await read(store, 'expired')).toEqual(['3:d']);
    const kept = await read(store, 'kept');
    expect(kept.at(-1)).toBe('23:m11');
    expect(kept).toHaveLength(24 - store.minOffset('kept', 0));
  });
});

test.each([true, false])('a topic that the other broker deleted and created again begins anew (killed: %s)', async (isKilled) => {
  const directory = new Directory();
  await directory.use(async (store) => {
    await putAll(store, 'again', 'old-0', 'old-1', 'old-2', 'old-3');
    await putAll(store, 'other', 'x');
  });
  // A deleted topic is gone from the queues; its records stay in the log.
  await directory.fileSystem.removeDirectory(`${root}/consumequeue/again`);
  await directory.handOver({ isKilled: false });
  await directory.use(async (store) => {
    expect(await putAll(store, 'again', 'new-0', 'new-1')).toEqual([0, 1]);
  });
  await directory.handOver({ isKilled });
  await directory.use(async (store) => {
    expect(await read(store, 'again')).toEqual(['0:new-0', '1:new-1']);
    expect(await putAll(store, 'again', 'new-2')).toEqual([2]);
    expect(await read(store, 'other')).toEqual(['0:x']);
  });
});

test('a last record that is damaged after the other broker stopped in order is not cut as a torn one, and repaired', async () => {
  const directory = new Directory();
  await directory.use((store) => putAll(store, 'orders', ...many));
  await directory.handOver({ isKilled: false });
  await directory.fileSystem.remove(`${root}/orbitmq/flushed-offset`);
  const path = `${root}/commitlog/00000000000000004096`;
  const log = Buffer.from((await directory.fileSystem.readFile(path)) ?? []);
  const at = log.lastIndexOf('m');
  log.writeUInt8(log.readUInt8(at) ^ 1, at);
  await directory.fileSystem.writeFileAtomically(path, log);
  const before = await directory.fileSystem.readFile(path);
  await expect(directory.use(async () => undefined)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  expect((await directory.fileSystem.readFile(path))?.equals(before ?? Buffer.alloc(0))).toBe(true);
  const queueDirectory = `${root}/consumequeue/orders/0`;
  await directory.fileSystem.writeFileAtomically(`${queueDirectory}/00000000000000000400`, Buffer.alloc(0));
  const all = await directory.fileSystem.list(queueDirectory);
  expect(await directory.repair({ isDryRun: true })).toMatchObject({ isDamaged: true, isRepaired: false });
  expect(await directory.fileSystem.list(queueDirectory)).toEqual(all);
  expect(await directory.repair()).toMatchObject({
    isRepaired: true,
    lost: [{ topic: 'orders', firstOffset: 11, lastOffset: 11 }],
  });
  await directory.use(async (store) => {
    expect(await read(store, 'orders')).toEqual(many.slice(0, -1).map((body, offset) => `${offset}:${body}`));
    expect(await putAll(store, 'orders', 'next')).toEqual([12]);
  });
});

test("while the queues are built anew Apache's checkpoint does not claim that they are right", async () => {
  const directory = new Directory();
  await directory.use((store) => putAll(store, 'orders', ...many));
  const path = `${root}/checkpoint`;
  const logicsMsgTimestamp = async (): Promise<number> =>
    readInt64((await directory.fileSystem.readFile(path)) ?? Buffer.alloc(16), 8);
  expect(await logicsMsgTimestamp()).toBeGreaterThan(0);
  await directory.handOver({ isKilled: true });
  await directory.use(async () => {
    // A kill now would leave none of the new entries in a file.
    expect(await logicsMsgTimestamp()).toBe(0);
  });
  expect(await logicsMsgTimestamp()).toBeGreaterThan(0);
});

test('a torn record that Apache cut, whose stale entry is still behind the end of its queue, is no damage', async () => {
  const directory = new Directory();
  await directory.use((store) => putAll(store, 'orders', ...many));
  await directory.handOver({ isKilled: false });
  await directory.fileSystem.remove(`${root}/orbitmq/flushed-offset`);
  const path = `${root}/commitlog/00000000000000004096`;
  const log = Buffer.from((await directory.fileSystem.readFile(path)) ?? []);
  log.writeUInt8(log.readUInt8(log.lastIndexOf('m')) ^ 1, log.lastIndexOf('m'));
  await directory.fileSystem.writeFileAtomically(path, log);
  // Its store time is behind what Apache knows to be flushed.
  const checkpoint = Buffer.from((await directory.fileSystem.readFile(`${root}/checkpoint`)) ?? []);
  writeInt64(checkpoint, readInt64(checkpoint, 0) - 1000, 0);
  await directory.fileSystem.writeFileAtomically(`${root}/checkpoint`, checkpoint);
  await directory.use(async (store) => {
    expect(await read(store, 'orders')).toEqual(many.slice(0, -1).map((body, offset) => `${offset}:${body}`));
    expect(await putAll(store, 'orders', 'next')).toEqual([11]);
  });
});

test('queues that were built anew are on the device before the store serves', async () => {
  const directory = new Directory();
  await directory.use((store) => putAll(store, 'orders', ...many));
  await directory.handOver({ isKilled: true });
  await directory.use(async () => {
    // A kill now: Apache 5.5 would not go back to the beginning of a long log.
    const queue = await directory.fileSystem.readFile(`${root}/consumequeue/orders/0/${'0'.repeat(20)}`);
    expect(queue?.readInt32BE(8)).toBeGreaterThan(0);
  });
});
