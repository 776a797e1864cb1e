import type { Environment } from '@orbitmq/core/kernel';
import { type MessageExt, SystemTopic } from '@orbitmq/protocol';
import { DurablePut } from '../durable-put.js';
import type { MessageStore, MessageToStore, PutStatus } from '../store/message-store.js';
import type { TimerTraffic } from './timer-traffic.js';

/** A message that takes a timed one's place, and the one that is stored when the new properties are too long. */
export interface TimerDelivery {
  readonly message: MessageToStore;
  readonly source: MessageExt;
  /** Whose readers get it in the end. */
  readonly topic: string;
  /** Names it among all that are stored until `forget`. */
  readonly id: number;
}

export interface TimerDeliveriesDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly traffic: TimerTraffic;
  readonly isGivenUp: () => boolean;
  /** A message came into its topic. */
  readonly onDelivered?: ((message: MessageToStore) => void) | undefined;
}

/**
 * Stores a batch in one turn, so that it costs one flush, and says whether all of it is durable. What was stored is not stored again
 * by the next try. Java drops a message after three failed puts (5.3.2 and later); here it is tried until it succeeds, and only
 * what no try can store is dropped, counted and said.
 */
export class TimerDeliveries {
  readonly #deps: TimerDeliveriesDeps;
  /** Of the batches that may be tried again. */
  readonly #stored = new Set<number>();
  droppedCount = 0;

  constructor(deps: TimerDeliveriesDeps) {
    this.#deps = deps;
  }

  /** They are over: their ids are used again. */
  forget(): void {
    this.#stored.clear();
  }

  async store(batch: readonly TimerDelivery[]): Promise<boolean> {
    const { environment } = this.#deps;
    const open = batch.filter(({ id }) => !this.#stored.has(id));
    const puts = open.map(({ message }) => this.#put(message));
    let failure: PutStatus | undefined;
    for (const [index, delivery] of open.entries()) {
      let status = await puts[index]?.durable();
      if (status === 'PROPERTIES_SIZE_EXCEEDED') status = await this.#put(unmarked(delivery)).durable();
      if (status === undefined || status === 'PUT_OK') {
        this.#stored.add(delivery.id);
        this.#deps.traffic.dequeued(delivery.topic);
        // One that is rolled is on its way still.
        if (delivery.message.topic !== SystemTopic.TIMER) this.#deps.onDelivered?.(delivery.message);
      } else if (status === 'MESSAGE_ILLEGAL' || status === 'PROPERTIES_SIZE_EXCEEDED') {
        this.#stored.add(delivery.id);
        this.droppedCount += 1;
        environment.logger.error('a timed message cannot be stored under the limits of this broker, and is lost', {
          topic: delivery.message.topic,
          physicalOffset: delivery.source.physicalOffset,
          status,
        });
      } else failure ??= status;
    }
    if (failure === undefined) return true;
    environment.logger.error('timed messages could not be delivered; tried again', { status: failure });
    return false;
  }

  #put(message: MessageToStore): DurablePut {
    const { store, environment, isGivenUp } = this.#deps;
    // The timed message was acknowledged only when its topic was on disk.
    return new DurablePut({ store, timers: environment.timers, isGivenUp, isTopicKept: true }, message);
  }
}

/** With the properties that were stored already, so they fit. */
function unmarked({ message, source }: TimerDelivery): MessageToStore {
  return { ...message, properties: source.propertiesBytes };
}
