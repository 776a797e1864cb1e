/** How far a group is in a topic, queue by queue, as 208 and 317 tell it (Java: AdminBrokerProcessor.getConsumeStats; page 32 §5). */
import { type ConsumeStats, type QueueProgress, queueProgressText } from '@orbitmq/protocol';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { ConsumerOffsetManager } from '../../../offset/consumer-offset-manager.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TableWalk } from '../table-walk.js';
import type { ConsumptionRates } from './consumption-rates.js';

export interface GroupProgressOptions {
  readonly config: Pick<BrokerConfig, 'brokerName'>;
  readonly store: Pick<MessageStore, 'maxOffset' | 'storeTime'>;
  readonly offsets: Pick<ConsumerOffsetManager, 'query' | 'pullOffset'>;
  readonly consumers: Pick<ConsumerManager, 'subscription' | 'subscriptionCount'>;
  readonly rates: ConsumptionRates;
}

/** With how far it is behind in all. */
export interface ProgressInTopic extends ConsumeStats {
  readonly diff: number;
  readonly inflightDiff: number;
}

export class GroupProgress {
  readonly #options: GroupProgressOptions;

  constructor(options: GroupProgressOptions) {
    this.#options = options;
  }

  /** A live group that has left the topic is not behind in it, though its offsets are still there. */
  hasLeft(group: string, topic: string): boolean {
    const { consumers } = this.#options;
    return consumers.subscription(group, topic) === undefined && consumers.subscriptionCount(group) > 0;
  }

  /** Ends early when the walk is full. */
  async of(walk: TableWalk, group: string, topic: string, queueCount: number): Promise<ProgressInTopic> {
    const { config, rates } = this.#options;
    const queues: string[] = [];
    let diff = 0;
    let inflightDiff = 0;
    for (let queueId = 0; queueId < queueCount && !walk.isFull; queueId++) {
      const pause = walk.step();
      if (pause !== undefined) await pause;
      const progress = await this.#queue(group, topic, queueId);
      diff += progress.brokerOffset - progress.consumerOffset;
      inflightDiff += progress.pullOffset - progress.consumerOffset;
      const text = queueProgressText({ topic, brokerName: config.brokerName, queueId }, progress);
      walk.keep(text);
      queues.push(text);
    }
    return { consumeTps: rates.groupGetTps(topic, group), queues, diff, inflightDiff };
  }

  async #queue(group: string, topic: string, queueId: number): Promise<QueueProgress> {
    const { offsets, store } = this.#options;
    const consumerOffset = Math.max(0, offsets.query(group, topic, queueId));
    const storeTime = consumerOffset === 0 ? -1 : await store.storeTime(topic, queueId, consumerOffset - 1);
    return {
      brokerOffset: store.maxOffset(topic, queueId),
      consumerOffset,
      pullOffset: Math.max(consumerOffset, offsets.pullOffset(group, topic, queueId)),
      lastTimestamp: Math.max(0, storeTime),
    };
  }
}
