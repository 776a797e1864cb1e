/**
 * The first offsets a group commits in a topic. An Apache broker (seen with 5.5.0) that gets several of them at once may
 * answer each with success and keep only some: its table of the topic is made anew by each. So one goes ahead alone, and
 * each is read back, since another member of the group may commit its first one at the same time.
 */
import { BrokerError } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { ConsumerRequests } from './consumer-requests.js';

const attemptsMax = 3;

export class FirstCommits {
  readonly #requests: Pick<ConsumerRequests, 'commitOffset' | 'committedOffset'>;
  /** By topic and broker: settles when the one that goes ahead is through. At most one entry per topic being begun. */
  readonly #ahead = new Map<string, Promise<void>>();

  constructor(requests: Pick<ConsumerRequests, 'commitOffset' | 'committedOffset'>) {
    this.#requests = requests;
  }

  /** Resolves when the broker has the offset; rejects when it could not be told or does not keep it. */
  async commit(queue: MessageQueue, offset: number): Promise<void> {
    const place = `${queue.brokerName}@${queue.topic}`;
    const ahead = this.#ahead.get(place);
    if (ahead !== undefined) {
      await ahead;
      return this.#commitKept(queue, offset);
    }
    const committing = this.#commitKept(queue, offset);
    const settled = committing.then(
      () => undefined,
      () => undefined,
    );
    this.#ahead.set(place, settled);
    void settled.then(() => this.#ahead.delete(place));
    return committing;
  }

  async #commitKept(queue: MessageQueue, offset: number): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      await this.#requests.commitOffset(queue, offset);
      const kept = await this.#requests.committedOffset(queue);
      if (kept !== undefined && kept >= offset) return;
    }
    const message = `the broker "${queue.brokerName}" does not keep the first offset of ${queue.topic}/${queue.queueId}`;
    throw new BrokerError(message, { responseCode: 0, remark: '', brokerAddr: queue.brokerName, retryable: true });
  }
}
