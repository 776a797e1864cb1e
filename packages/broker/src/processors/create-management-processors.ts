/** Which processor answers which code, for everything that is not the way of a message. */
import type { Environment } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import type { LiveConsumerManager } from '../client/create-consumer-manager.js';
import type { ProducerManager } from '../client/producer-manager.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import type { LargeRequests } from '../large-requests.js';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import type { RebalanceLockManager } from '../order/rebalance-lock-manager.js';
import type { MessageStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { CheckClientConfigProcessor } from './client/check-client-config-processor.js';
import { ConsumerListProcessor } from './client/consumer-list-processor.js';
import { HeartbeatProcessor, membershipOrder } from './client/heartbeat-processor.js';
import { UnregisterClientProcessor } from './client/unregister-client-processor.js';
import { LockBatchProcessor } from './lock/lock-batch-processor.js';
import { QueryConsumerOffsetProcessor } from './offset/query-consumer-offset-processor.js';
import { QueueOffsetProcessor } from './offset/queue-offset-processor.js';
import { SearchOffsetProcessor } from './offset/search-offset-processor.js';
import { UpdateConsumerOffsetProcessor } from './offset/update-consumer-offset-processor.js';

export interface ManagementProcessorsOptions {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  readonly consumers: LiveConsumerManager;
  readonly producers: ProducerManager;
  readonly locks: RebalanceLockManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
  readonly large: LargeRequests;
}

export function createManagementProcessors(
  options: ManagementProcessorsOptions,
): readonly { readonly codes: readonly number[]; readonly processor: RequestProcessor }[] {
  const { store, topics, groups, offsets, consumers, producers, locks, large } = options;
  const heartbeat = new HeartbeatProcessor({ ...options, logger: options.environment.logger });
  const unregister = new UnregisterClientProcessor(consumers, producers);
  return [
    { codes: [RequestCode.HEART_BEAT], processor: heartbeat },
    { codes: [RequestCode.UNREGISTER_CLIENT], processor: large.behind((_, from) => membershipOrder(from), unregister) },
    { codes: [RequestCode.GET_CONSUMER_LIST_BY_GROUP], processor: new ConsumerListProcessor(consumers) },
    { codes: [RequestCode.CHECK_CLIENT_CONFIG], processor: new CheckClientConfigProcessor(options.config) },
    { codes: [RequestCode.QUERY_CONSUMER_OFFSET], processor: new QueryConsumerOffsetProcessor(offsets, store) },
    { codes: [RequestCode.UPDATE_CONSUMER_OFFSET], processor: new UpdateConsumerOffsetProcessor(offsets, groups, topics) },
    { codes: [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP], processor: new SearchOffsetProcessor(store) },
    { codes: QueueOffsetProcessor.codes, processor: new QueueOffsetProcessor(store) },
    { codes: LockBatchProcessor.codes, processor: new LockBatchProcessor(locks, large) },
  ];
}
