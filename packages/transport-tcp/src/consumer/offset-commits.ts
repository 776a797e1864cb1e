/**
 * Tells the broker how far the group has come (Java: RemoteBrokerOffsetStore). The value is the lowest offset that is not
 * finished, so it never passes a message that somebody still has to get, and it never goes down in one assignment.
 */
import { type Environment, isMqError } from '@orbitmq/core/kernel';
import type { AssignedQueue } from './assigned-queue.js';
import type { ConsumerRequests } from './consumer-requests.js';
import type { ConsumerTuning } from './consumer-tuning.js';
import { PeriodicTask } from './periodic-task.js';
import { runBounded } from './run-bounded.js';

export interface OffsetCommitsOptions {
  readonly environment: Environment;
  readonly requests: Pick<ConsumerRequests, 'commitOffset' | 'commitOffsetOneway' | 'committedOffset'>;
  readonly tuning: ConsumerTuning;
  readonly queues: () => Iterable<AssignedQueue>;
}

export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  readonly #periodic: PeriodicTask;

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
    const { persistOffsetFirstMs, persistOffsetIntervalMs } = options.tuning;
    this.#periodic = new PeriodicTask(options.environment.timers, persistOffsetFirstMs, persistOffsetIntervalMs, () =>
      this.#commitChanged(),
    );
  }

  start(): void {
    this.#periodic.start();
  }

  stop(): void {
    this.#periodic.stop();
  }

  /** Awaits the broker's answer; nothing to do when it has the value already. False when it could not be told. */
  async commit(queue: AssignedQueue): Promise<boolean> {
    const offset = queue.processQueue.consumedOffset;
    if (queue.confirmedOffset === offset) return true;
    return this.overwrite(queue, offset);
  }

  /** The same where another member may hold the queue already: what the broker has is not taken back. */
  async commitForward(queue: AssignedQueue): Promise<boolean> {
    const offset = queue.processQueue.consumedOffset;
    if (queue.confirmedOffset === offset) return true;
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
    try {
      await this.#options.requests.commitOffset(queue.queue, offset);
      queue.confirmedOffset = offset;
      queue.sentOffset = offset;
      return true;
    } catch (error) {
      this.#warn(queue, offset, error);
      return false;
    }
  }

  /** All queues, answered. Never rejects; a value that does not arrive means duplicates, no loss. */
  async commitAll(queues: readonly AssignedQueue[]): Promise<void> {
    await runBounded(queues, this.#options.tuning.offsetRequestsInFlightMax, (queue) => this.commit(queue));
  }

  #commitChanged(): void {
    for (const queue of this.#options.queues()) {
      const offset = queue.processQueue.consumedOffset;
      if (queue.state !== 'active' || offset === (queue.sentOffset ?? queue.confirmedOffset)) continue;
      // Marked before it is sent: a commit that fails is repeated with the next change, or by the next pull.
      queue.sentOffset = offset;
      this.#commitOneway(queue, offset);
    }
  }

  #commitOneway(queue: AssignedQueue, offset: number): void {
    const failed = (error: unknown): void => {
      if (queue.sentOffset === offset) queue.sentOffset = undefined;
      this.#warn(queue, offset, error);
    };
    this.#options.requests.commitOffsetOneway(queue.queue, offset).catch(failed);
  }

  #warn(queue: AssignedQueue, offset: number, error: unknown): void {
    const code = isMqError(error) ? error.code : undefined;
    this.#options.environment.logger.warn('committing an offset failed', { queue: queue.key, offset, code, error });
  }
}
