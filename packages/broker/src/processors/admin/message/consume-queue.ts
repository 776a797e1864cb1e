/**
 * QUERY_CONSUME_QUEUE (321): entries of a queue, and whether a group's tags would pass them (Java:
 * AdminBrokerProcessor.queryConsumeQueue; page 32 §3). An expression by properties is not evaluated: the entry has none.
 */
import {
  createResponse,
  encodeConsumeQueueAnswer,
  type QueryConsumeQueueHeader,
  queryConsumeQueueHeader,
  type RemotingCommand,
  ResponseCode,
  type SubscriptionData,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { ConsumerManager } from '../../../client/consumer-manager.js';
import { tagPredicate } from '../../../filter/tag-predicate.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { refuse } from '../refuse.js';

/** Entries of one answer; Apache has no bound. */
const entriesMax = 4096;

export interface ConsumeQueueProcessorOptions {
  readonly store: Pick<MessageStore, 'minOffset' | 'maxOffset' | 'queueEntries'>;
  readonly topics: TopicConfigManager;
  readonly consumers: Pick<ConsumerManager, 'subscription'>;
}

export class ConsumeQueueProcessor implements RequestProcessor {
  readonly #options: ConsumeQueueProcessorOptions;

  constructor(options: ConsumeQueueProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const header = queryConsumeQueueHeader.decodeCommand(request);
    const { topic, queueId, index, count } = header;
    const { store, topics } = this.#options;
    const config = topics.get(topic);
    if (config === undefined || queueId < 0 || queueId >= Math.max(config.readQueueNums, config.writeQueueNums)) {
      refuse(request, connection, { code: ResponseCode.SYSTEM_ERROR, remark: `${queueId}@${topic} is not exist!` });
      return;
    }
    const minQueueIndex = store.minOffset(topic, queueId);
    const maxQueueIndex = store.maxOffset(topic, queueId);
    const wanted = Math.max(0, Math.min(count, entriesMax));
    const isInside = index >= minQueueIndex && index < maxQueueIndex;
    const entries = isInside ? await store.queueEntries(topic, queueId, index, wanted) : [];
    const { subscription, filterData } = this.#filter(header);
    const passes = subscription === undefined ? undefined : tagPredicate(subscription);
    const queueData = entries.map(({ physicalOffset, sizeBytes, tagsCode }) => ({
      physicOffset: physicalOffset,
      physicSize: sizeBytes,
      tagsCode,
      eval: subscription !== undefined && (passes === undefined || passes(tagsCode)),
    }));
    const body = encodeConsumeQueueAnswer({
      minQueueIndex,
      maxQueueIndex,
      queueData,
      subscriptionData: subscription,
      filterData,
    });
    const remark = isInside ? undefined : `Index ${index} of ${queueId}@${topic} is not exist!`;
    connection.respond(
      request,
      createResponse(request, ResponseCode.SUCCESS, { body, ...(remark === undefined ? {} : { remark }) }),
    );
  }

  #filter({ consumerGroup = '', topic }: QueryConsumeQueueHeader): {
    readonly subscription: SubscriptionData | undefined;
    readonly filterData: string | undefined;
  } {
    if (consumerGroup === '') return { subscription: undefined, filterData: undefined };
    const subscription = this.#options.consumers.subscription(consumerGroup, topic);
    return { subscription, filterData: subscription === undefined ? `${consumerGroup}@${topic} is not online!` : undefined };
  }
}
