/**
 * Tells the broker how far the group has come (Java: RemoteBrokerOffsetStore). The value is the lowest offset that is not
 * finished, so it never passes a message that somebody still has to get, and it never goes down in one assignment.
 *
 * Invariant: of one queue one commit is under way at a time, and each is answered before the next, since a broker may
 * serve two that it has at once in either order.
 */
import { type Environment, isMqError } from '@orbitmq/core/kernel';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { FirstCommits } from './first-commits.js';
import { PeriodicTask } from './periodic-task.js';
import { runBounded } from './run-bounded.js';

export interface OffsetCommitsOptions {
  readonly environment: Environment;
  readonly requests: Pick<ConsumerRequests, 'commitOffset' | 'committedOffset'>;
  readonly tuning: ConsumerTuning;
  readonly queues: () => Iterable<AssignedQueue>;
}

export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  readonly #first: FirstCommits;
  readonly #periodic: PeriodicTask;
  readonly #underWay = new Map<AssignedQueue, Promise<boolean>>();
  /** Names of the brokers to which changed offsets are being told. */
  readonly #busyBrokers = new Set<string>();

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
    this.#first = new FirstCommits(options.requests);
    const { commitIntervalMs } = options.tuning;
    this.#periodic = new PeriodicTask(options.environment.timers, commitIntervalMs, commitIntervalMs, () => this.#commitDue());
  }

  start(): void {
    this.#periodic.start();
  }

  stop(): void {
    this.#periodic.stop();
  }

  /** Awaits the broker's answer. Told even when it said that it has the value: it may have crashed since. False when it could not be told. */
  async commit(queue: AssignedQueue): Promise<boolean> {
    await this.#ended(queue);
    return this.#send(queue, queue.processQueue.consumedOffset);
  }

  /** The same where another member may hold the queue already: what the broker has is not taken back. */
  async commitForward(queue: AssignedQueue): Promise<boolean> {
    await this.#ended(queue);
    const offset = queue.processQueue.consumedOffset;
    try {
      const stored = await this.#options.requests.committedOffset(queue.queue);
      if (stored !== undefined && stored >= offset) return true;
    } catch (error) {
      this.#warn(queue, offset, error);
      return false;
    }
    return this.overwrite(queue, offset);
  }

  /** Sets the offset whatever the broker has: after it refused ours as outside of the queue. */
  async overwrite(queue: AssignedQueue, offset: number): Promise<boolean> {
    await this.#ended(queue);
    return this.#send(queue, offset);
  }

  /** All queues, answered. Never rejects; a value that does not arrive means duplicates, no loss. */
  async commitAll(queues: readonly AssignedQueue[]): Promise<void> {
    await Promise.all(Array.from(byBroker(queues).values(), (ofBroker) => this.#commitEach(ofBroker)));
  }

  #commitDue(): void {
    const due = [...this.#options.queues()].filter((queue) => queue.state === 'active' && this.#isDue(queue));
    for (const [brokerName, queues] of byBroker(due)) {
      // One that does not answer must not collect commits, nor hold back those of the others.
      if (this.#busyBrokers.has(brokerName)) continue;
      this.#busyBrokers.add(brokerName);
      void this.#commitEach(queues).then(() => this.#busyBrokers.delete(brokerName));
    }
  }

  #isDue(queue: AssignedQueue): boolean {
    if (queue.processQueue.consumedOffset !== queue.confirmedOffset) return true;
    const { environment, tuning } = this.#options;
    return environment.clock.monotonic() - queue.confirmedAtMs >= tuning.commitAgainMs;
  }

  async #commitEach(queues: readonly AssignedQueue[]): Promise<void> {
    await runBounded(queues, this.#options.tuning.offsetRequestsInFlightMax, (queue) => this.commit(queue));
  }

  async #ended(queue: AssignedQueue): Promise<void> {
    for (let last = this.#underWay.get(queue); last !== undefined; last = this.#underWay.get(queue)) await last;
  }

  #send(queue: AssignedQueue, offset: number): Promise<boolean> {
    const sending = this.#request(queue, offset).finally(() => this.#underWay.delete(queue));
    this.#underWay.set(queue, sending);
    return sending;
  }

  async #request(queue: AssignedQueue, offset: number): Promise<boolean> {
    try {
      // Apache answers 0 for a young queue of which it knows no offset.
      if ((queue.confirmedOffset ?? 0) === 0) await this.#first.commit(queue.queue, offset);
      else await this.#options.requests.commitOffset(queue.queue, offset);
      queue.confirmedOffset = offset;
      queue.confirmedAtMs = this.#options.environment.clock.monotonic();
      return true;
    } catch (error) {
      this.#warn(queue, offset, error);
      return false;
    }
  }

  #warn(queue: AssignedQueue, offset: number, error: unknown): void {
    const code = isMqError(error) ? error.code : undefined;
    this.#options.environment.logger.warn('committing an offset failed', { queue: queue.key, offset, code, error });
  }
}

function byBroker(queues: readonly AssignedQueue[]): Map<string, AssignedQueue[]> {
  const groups = new Map<string, AssignedQueue[]>();
  for (const queue of queues) {
    const { brokerName } = queue.queue;
    const group = groups.get(brokerName);
    if (group === undefined) groups.set(brokerName, [queue]);
    else group.push(queue);
  }
  return groups;
}
