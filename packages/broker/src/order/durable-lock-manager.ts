/**
 * Queue locks that outlive the broker. RocketMQ's are in memory only: while a broker restarts, the consumers that held them
 * go on for up to 30 s, and another one is granted the same queues at once, so two handlers run on one queue. Here who holds
 * what is on disk before it is granted, and a broker that starts gives every lock it finds a whole life: its holder renews
 * it at once, and nobody else gets it before the holder has given up believing in it. That life is one over all starts: while
 * somebody waits for a lock that nobody has renewed since a start, what is left of it is written down, or a broker that is
 * started once a minute would keep the queue of a holder that is gone for ever. Other renewals change nothing on disk.
 *
 * `config/queueLock.json`; Apache's brokers ignore it.
 */
import type { Environment } from '@orbitmq/core/kernel';
import type { JsonValue } from '@orbitmq/protocol';
import { ConfigFile } from '../metadata/config-file.js';
import { integerField, type JsonFields, jsonObject, textField } from '../metadata/json-fields.js';
import type { FileSystem } from '../store/io/file-system.js';
import { createRebalanceLockManager, type HeldLock } from './create-rebalance-lock-manager.js';
import type { RebalanceLockManager } from './rebalance-lock-manager.js';

export interface DurableLockManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
}

/** Reads the file; locks in it are alive for 60 s from now, or for what is left of that. Rejects with a `StoreError`. */
export async function createDurableLockManager(options: DurableLockManagerOptions): Promise<RebalanceLockManager> {
  const locks = createRebalanceLockManager({
    clock: options.environment.clock,
    onHolderChange: () => {
      file.changed();
      neededCount = file.changeCount;
      file.persistSoon();
    },
    onWait: () => {
      file.changed();
      file.persistSoon();
    },
  });
  /** Changes that have to be on disk before a holder is told: the first so many. */
  let neededCount = 0;
  const file = new ConfigFile({ ...options, name: 'queueLock.json', encode: () => encodeLocks(locks.held()) });
  const found = (await file.load(decodeLocks)) ?? [];
  for (const lock of found) locks.restore(lock);
  return {
    tryLock: (group, clientId, queues) => locks.tryLock(group, clientId, queues),
    unlock: (group, clientId, queues) => locks.unlock(group, clientId, queues),
    hasLiveLock: (group) => locks.hasLiveLock(group),
    whenDurable: () => (file.writtenCount >= neededCount ? undefined : file.persist()),
  };
}

function encodeLocks(held: Iterable<HeldLock>): string {
  const locks = Array.from(held, ({ group, clientId, queue: { topic, brokerName, queueId }, remainingMs }) => {
    return { group, clientId, topic, brokerName, queueId, remainingMs: remainingMs && Math.ceil(remainingMs) };
  });
  return JSON.stringify({ locks });
}

function decodeLocks(value: JsonValue): readonly HeldLock[] {
  const { locks } = jsonObject(value, 'the table of queue locks');
  if (!Array.isArray(locks)) return [];
  return locks.map((lock) => {
    const fields: JsonFields = jsonObject(lock, 'a queue lock');
    const text = (name: string): string => textField(fields, name, '');
    const queue = { topic: text('topic'), brokerName: text('brokerName'), queueId: integerField(fields, 'queueId', 0) };
    const remainingMs = fields['remainingMs'] === undefined ? undefined : integerField(fields, 'remainingMs', 0);
    return { group: text('group'), clientId: text('clientId'), queue, remainingMs };
  });
}
