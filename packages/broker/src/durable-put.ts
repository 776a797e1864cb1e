import { sleep, type Timers } from '@orbitmq/core/kernel';
import type { MessageStore, MessageToStore, PutStatus } from './store/message-store.js';
import { StartedPut } from './store/started-put.js';

export interface DurablePutDeps {
  readonly store: MessageStore;
  readonly timers: Timers;
  /** Nobody waits for the disk any longer. */
  readonly isGivenUp: () => boolean;
  /** Its topic was on disk when the old message came: TOPIC_NOT_WRITTEN, of a change since, is no failure. */
  readonly isTopicKept: boolean;
}

/** How often a late flush is looked for. */
const lookAgainMs = 100;

/**
 * A put of a message that takes another one's place: a delivered one for the delayed, a retry for the failed. FLUSH_DISK_TIMEOUT
 * says that it is in the log but not yet on disk, and nobody says when it is; no progress may pass the old message before, since
 * the file with the progress may outlive a power cut that the new one does not.
 */
export class DurablePut {
  readonly #deps: DurablePutDeps;
  readonly message: MessageToStore;
  readonly #put: StartedPut;

  constructor(deps: DurablePutDeps, message: MessageToStore) {
    this.#deps = deps;
    this.message = message;
    this.#put = StartedPut.of(deps.store, message);
  }

  /** PUT_OK when it has the configured durability. FLUSH_DISK_TIMEOUT only when the store failed or the wait was given up. */
  async durable(): Promise<PutStatus> {
    const status = await this.#put.done;
    const { store, timers, isGivenUp, isTopicKept } = this.#deps;
    if (status === 'DISK_FULL') return status;
    const isInLog = status === 'FLUSH_DISK_TIMEOUT' || (isTopicKept && this.#put.isAppended);
    if (!isInLog || status === 'PUT_OK') return status;
    while (!this.#isVisible() && store.isWritable && !isGivenUp()) await sleep(timers, lookAgainMs);
    return this.#isVisible() ? 'PUT_OK' : status;
  }

  /** Reads see a message only when it is durable. */
  #isVisible(): boolean {
    const { topic, queueId } = this.message;
    return this.#deps.store.maxOffset(topic, queueId) > this.#put.queueOffset;
  }
}
