/**
 * The broker's locks on the queues of an orderly consumer (page 05 §5). A lock counts from the moment its request was sent,
 * on the monotonic clock, and is dead for us after 30 s without renewal, while the broker keeps it for 60 s: so two clients
 * never believe at once that they hold it, whatever the network does. A renewal that fails is repeated every second.
 */
import type { Environment } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { OwedUnlocks } from './owed-unlocks.js';
import { PeriodicTask } from './periodic-task.js';
import { queueKey } from './queue-key.js';

export interface QueueLocksOptions {
  readonly environment: Environment;
  readonly requests: Pick<ConsumerRequests, 'lock' | 'unlock'>;
  readonly tuning: ConsumerTuning;
  /** The queues that are held now, those that are being released included. */
  readonly held: () => Iterable<AssignedQueue>;
  readonly onLost: (queue: AssignedQueue) => void;
}

export class QueueLocks {
  readonly #options: QueueLocksOptions;
  readonly #tick: PeriodicTask;
  /** One renewal per broker at a time. */
  readonly #renewals = new Map<string, Promise<void>>();
  readonly #owed: OwedUnlocks;

  constructor(options: QueueLocksOptions) {
    this.#options = options;
    this.#owed = new OwedUnlocks(options);
    const { lockTickMs } = options.tuning;
    this.#tick = new PeriodicTask(options.environment.timers, lockTickMs, lockTickMs, () => this.#look());
  }

  start(): void {
    this.#tick.start();
  }

  stop(): void {
    this.#tick.stop();
  }

  isAlive(queue: AssignedQueue): boolean {
    return !queue.isLockLost && this.#now() - queue.lockedAtMs < this.#options.tuning.lockLifetimeMs;
  }

  /** Tries to lock all of them; those that were got, by key, with the time their lock counts from. */
  async acquire(queues: readonly MessageQueue[]): Promise<ReadonlyMap<string, number>> {
    const acquired = new Map<string, number>();
    await Promise.all(
      Array.from(groupByBroker(queues), async ([brokerName, ofBroker]) => {
        const owed = await this.#owed.withdraw(brokerName, ofBroker);
        const sentAtMs = this.#now();
        try {
          for (const queue of await this.#options.requests.lock(brokerName, ofBroker)) acquired.set(queueKey(queue), sentAtMs);
        } catch (error) {
          this.#options.environment.logger.warn('locking queues failed', { brokerName, error });
          this.#owed.restore(owed);
        }
      }),
    );
    return acquired;
  }

  /** Gives locks back; those that cannot be given back now are tried again, until they expire at the broker. Never rejects. */
  async release(queues: readonly MessageQueue[]): Promise<void> {
    await Promise.all(
      Array.from(groupByBroker(queues), async ([brokerName, ofBroker]) => {
        // A renewal that is under way must not take the lock again after it was given back.
        await this.#renewals.get(brokerName);
        this.#owed.add(ofBroker);
        await this.#owed.settle(brokerName);
      }),
    );
  }

  /** They are given back soon: nothing of ours runs on them any more. */
  owe(queues: readonly MessageQueue[]): void {
    this.#owed.add(queues);
  }

  /** After `stop()` and the last `release()`: tries for `waitMs` at most to give back what is left. Never rejects. */
  finish(waitMs: number): Promise<void> {
    return this.#owed.finish(waitMs);
  }

  #look(): void {
    this.#owed.retry((brokerName) => this.#renewals.has(brokerName));
    const due = new Map<string, AssignedQueue[]>();
    for (const queue of this.#options.held()) {
      if (queue.isLockLost || queue.state === 'released') continue;
      if (!this.isAlive(queue)) this.#options.onLost(queue);
      else append(due, queue.queue.brokerName, queue);
    }
    for (const [brokerName, queues] of due) {
      const renewBefore = this.#now() - this.#options.tuning.lockRenewIntervalMs;
      if (this.#renewals.has(brokerName) || !queues.some((queue) => queue.lockedAtMs <= renewBefore)) continue;
      const renewal = this.#renew(brokerName, queues).finally(() => this.#renewals.delete(brokerName));
      this.#renewals.set(brokerName, renewal);
    }
  }

  async #renew(brokerName: string, queues: readonly AssignedQueue[]): Promise<void> {
    const sentAtMs = this.#now();
    let locked: ReadonlySet<string>;
    try {
      const answer = await this.#options.requests.lock(
        brokerName,
        queues.map((queue) => queue.queue),
      );
      locked = new Set(answer.map(queueKey));
    } catch (error) {
      this.#options.environment.logger.warn('renewing queue locks failed', { brokerName, error });
      return;
    }
    for (const queue of queues) {
      if (queue.isLockLost || queue.state === 'released') continue;
      if (locked.has(queue.key)) queue.lockedAtMs = sentAtMs;
      else this.#options.onLost(queue);
    }
  }

  #now(): number {
    return this.#options.environment.clock.monotonic();
  }
}

function groupByBroker(queues: readonly MessageQueue[]): ReadonlyMap<string, MessageQueue[]> {
  const groups = new Map<string, MessageQueue[]>();
  for (const queue of queues) append(groups, queue.brokerName, queue);
  return groups;
}

function append<Value>(groups: Map<string, Value[]>, key: string, value: Value): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
