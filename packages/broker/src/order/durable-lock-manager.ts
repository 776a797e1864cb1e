/**
 * Queue locks that outlive the broker. RocketMQ's are in memory only: while a broker restarts, the consumers that held them
 * go on for up to 30 s, and another one is granted the same queues at once, so two handlers run on one queue. Here who holds
 * what is on disk before it is granted, and a broker that starts gives every lock it finds a whole life: its holder renews
 * it at once, and nobody else gets it before the holder has given up believing in it. That life is one over all starts: from the
 * moment that somebody waits for a lock that nobody has renewed since a start, what is left of it is written down every second,
 * by the next brokers too, or a broker that is started again and again would keep the queue of a holder that is gone for ever.
 * Other renewals change nothing on disk.
 *
 * `config/queueLock.json`; Apache's brokers ignore it.
 */
import type { Environment, Lifecycle, StopOptions, Timer } from '@orbitmq/core/kernel';
import { type JsonValue, joinedSteps, type MessageQueue, type Steps } from '@orbitmq/protocol';
import { ConfigFile } from '../metadata/config-file.js';
import { integerField, type JsonFields, jsonObject, textField } from '../metadata/json-fields.js';
import type { FileSystem } from '../store/io/file-system.js';
import { createRebalanceLockManager, type HeldLock, type MemoryLockManager } from './create-rebalance-lock-manager.js';
import type { RebalanceLockManager } from './rebalance-lock-manager.js';

/** At most this much of a life is lived without being written down; at most 60 writes, since then it is over. */
const remainderEveryMs = 1000;

export interface DurableLockManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
}

/** `stop()` waits for what is not written yet. It never rejects: what is not written then counts as held for a minute. */
export interface DurableLockManager extends RebalanceLockManager, Lifecycle {}

/** Reads the file; locks in it are alive for 60 s from now, or for what is left of that. Rejects with a `StoreError`. */
export async function createDurableLockManager(options: DurableLockManagerOptions): Promise<DurableLockManager> {
  const manager = new FileLockManager(options);
  await manager.load();
  return manager;
}

class FileLockManager implements DurableLockManager {
  readonly #environment: Environment;
  readonly #locks: MemoryLockManager;
  readonly #file: ConfigFile;
  /** Changes that have to be on disk before a holder is told: the first so many. */
  #neededCount = 0;
  #remainderTimer: Timer | undefined;
  #isStopped = false;

  constructor(options: DurableLockManagerOptions) {
    this.#environment = options.environment;
    this.#locks = createRebalanceLockManager({
      clock: options.environment.clock,
      onHolderChange: () => {
        this.#file.changed();
        this.#neededCount = this.#file.changeCount;
        this.#file.persistSoon();
      },
      onWait: () => this.#writeRemainders(),
    });
    this.#file = new ConfigFile({ ...options, name: 'queueLock.json', encode: () => lockTableSteps(this.#locks.held()) });
  }

  async load(): Promise<void> {
    for (const lock of (await this.#file.load(decodeLocks)) ?? []) this.#locks.restore(lock);
  }

  async start(): Promise<void> {
    this.#writeRemaindersLater();
  }

  async stop(options: StopOptions = {}): Promise<void> {
    this.#isStopped = true;
    this.#remainderTimer?.cancel();
    try {
      await this.#file.close(options);
    } catch (error) {
      this.#environment.logger.warn('queue locks could not be written at the stop', { error });
    }
  }

  tryLock(group: string, clientId: string, queues: readonly MessageQueue[]): readonly MessageQueue[] {
    return this.#locks.tryLock(group, clientId, queues);
  }

  unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void {
    this.#locks.unlock(group, clientId, queues);
  }

  hasLiveLock(group: string): boolean {
    return this.#locks.hasLiveLock(group);
  }

  whenDurable(): Promise<void> | undefined {
    return this.#file.writtenCount >= this.#neededCount ? undefined : this.#file.persist();
  }

  #writeRemainders(): void {
    this.#file.changed();
    this.#file.persistSoon();
    this.#writeRemaindersLater();
  }

  #writeRemaindersLater(): void {
    if (this.#isStopped || this.#remainderTimer !== undefined || !this.#locks.hasAwaited()) return;
    this.#remainderTimer = this.#environment.timers
      .setTimeout(() => {
        this.#remainderTimer = undefined;
        // Also when it is over by now: no later broker may find its last second again.
        this.#writeRemainders();
      }, remainderEveryMs)
      .unref();
  }
}

/** What is written is the table of the first step. */
function* lockTableSteps(held: Iterable<HeldLock>): Steps<readonly Buffer[]> {
  const locks = [...held];
  const pieces = yield* joinedSteps(locks, ({ group, clientId, queue: { topic, brokerName, queueId }, remainingMs }) => {
    return JSON.stringify({ group, clientId, topic, brokerName, queueId, remainingMs: remainingMs && Math.ceil(remainingMs) });
  });
  return [Buffer.from('{"locks":['), ...pieces, Buffer.from(']}')];
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
