/**
 * Locks that this client has to give back (page 05 §5). A broker that is down for a moment would keep them for another minute,
 * and the next member with it (RocketMQ's client unlocks once and leaves it at that); so what could not be given back is tried
 * again for some minutes.
 *
 * Invariants: one unlock per broker is under way at a time, with everything that is owed to it; what the client locks again is
 * not owed any more, and it waits for the answer to an unlock that names it, or its time limit, before it locks.
 */
import { type Environment, sleep } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { queueKey } from './queue-key.js';

export interface OwedUnlocksOptions {
  readonly environment: Environment;
  readonly requests: Pick<ConsumerRequests, 'unlock'>;
  readonly tuning: ConsumerTuning;
}

export interface OwedUnlock {
  readonly queue: MessageQueue;
  /** Monotonic; from then on it is not tried any more. */
  readonly endsAtMs: number;
}

export class OwedUnlocks {
  readonly #options: OwedUnlocksOptions;
  /** By broker, then by queue. */
  readonly #owed = new Map<string, Map<string, OwedUnlock>>();
  readonly #running = new Map<string, Promise<void>>();
  /** The one after the running one, shared by all who ask meanwhile. */
  readonly #next = new Map<string, Promise<void>>();

  constructor(options: OwedUnlocksOptions) {
    this.#options = options;
  }

  /** They are given back at the next try. */
  add(queues: readonly MessageQueue[]): void {
    const endsAtMs = this.#now() + this.#options.tuning.owedUnlockMsMax;
    for (const queue of queues) this.#put({ queue, endsAtMs });
  }

  /** Gives back what is owed to the broker now. Resolves when that is done or has failed; never rejects. */
  settle(brokerName: string): Promise<void> {
    const running = this.#running.get(brokerName);
    if (running === undefined) return this.#begin(brokerName, 'warn');
    let next = this.#next.get(brokerName);
    if (next === undefined) {
      next = running.then(() => {
        this.#next.delete(brokerName);
        return this.#running.get(brokerName) ?? this.#begin(brokerName, 'warn');
      });
      this.#next.set(brokerName, next);
    }
    return next;
  }

  /** Another try at every broker that has none under way. `isBusy`: a lock request is on its way to it, and has to be there before. */
  retry(isBusy: (brokerName: string) => boolean): void {
    for (const brokerName of this.#owed.keys()) {
      if (!this.#running.has(brokerName) && !isBusy(brokerName)) void this.#begin(brokerName, 'debug');
    }
  }

  /**
   * The client is about to lock these queues of one broker: they are not given back any more. Resolves with those that were owed
   * when no unlock of them is under way.
   */
  async withdraw(brokerName: string, queues: readonly MessageQueue[]): Promise<readonly OwedUnlock[]> {
    const owed = this.#owed.get(brokerName);
    const withdrawn: OwedUnlock[] = [];
    for (const queue of owed === undefined ? [] : queues) {
      const unlock = owed?.get(queueKey(queue));
      if (unlock === undefined) continue;
      withdrawn.push(unlock);
      owed?.delete(queueKey(queue));
    }
    if (owed?.size === 0) this.#owed.delete(brokerName);
    if (withdrawn.length > 0) await this.#running.get(brokerName);
    return withdrawn;
  }

  /** They could not be locked again. */
  restore(unlocks: readonly OwedUnlock[]): void {
    for (const unlock of unlocks) this.#put(unlock);
  }

  /** The client ends: tries again for `waitMs` at most, and forgets what is left. */
  async finish(waitMs: number): Promise<void> {
    const { environment, tuning } = this.#options;
    const endMs = this.#now() + waitMs;
    // A try that is begun may take as long as its time limit.
    while (this.#owed.size > 0 && this.#now() + tuning.lockTickMs + tuning.lockTimeoutMs <= endMs) {
      await sleep(environment.timers, tuning.lockTickMs);
      this.retry(() => false);
      await Promise.all(this.#running.values());
    }
    for (const [brokerName, owed] of this.#owed) {
      environment.logger.warn('queues stay locked until their broker lets go of them', { brokerName, count: owed.size });
    }
    this.#owed.clear();
  }

  #put(unlock: OwedUnlock): void {
    const { brokerName } = unlock.queue;
    const owed = this.#owed.get(brokerName) ?? new Map<string, OwedUnlock>();
    this.#owed.set(brokerName, owed.set(queueKey(unlock.queue), unlock));
  }

  #begin(brokerName: string, failureLevel: 'warn' | 'debug'): Promise<void> {
    const attempt = this.#unlock(brokerName, failureLevel).finally(() => this.#running.delete(brokerName));
    this.#running.set(brokerName, attempt);
    return attempt;
  }

  async #unlock(brokerName: string, failureLevel: 'warn' | 'debug'): Promise<void> {
    const { environment, requests } = this.#options;
    const owed = this.#owed.get(brokerName);
    for (const [key, { endsAtMs }] of owed ?? []) if (endsAtMs <= this.#now()) owed?.delete(key);
    const unlocks = [...(owed?.values() ?? [])];
    if (owed !== undefined && unlocks.length > 0) {
      try {
        await requests.unlock(
          brokerName,
          unlocks.map(({ queue }) => queue),
        );
      } catch (error) {
        environment.logger[failureLevel]('unlocking queues failed', { brokerName, count: unlocks.length, error });
        return;
      }
      for (const unlock of unlocks) {
        const key = queueKey(unlock.queue);
        if (owed.get(key) === unlock) owed.delete(key);
      }
    }
    if (owed?.size === 0 && this.#owed.get(brokerName) === owed) this.#owed.delete(brokerName);
  }

  #now(): number {
    return this.#options.environment.clock.monotonic();
  }
}
