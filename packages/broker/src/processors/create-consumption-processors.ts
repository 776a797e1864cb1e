/** Which processor answers which code, for what operators ask of clients, groups, offsets and stored messages (page 32). */
import type { Environment } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import { ClientRelay } from '../client/client-relay.js';
import type { ConsumerManager } from '../client/consumer-manager.js';
import type { ProducerManager } from '../client/producer-manager.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import type { LargeRequests } from '../large-requests.js';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import type { MessageStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { AllProducersProcessor } from './admin/client/all-producers.js';
import { ConsumerConnectionsProcessor } from './admin/client/consumer-connections.js';
import { ConsumerStatusProcessor } from './admin/client/consumer-status.js';
import { ProducerConnectionsProcessor } from './admin/client/producer-connections.js';
import { RunningInfoProcessor } from './admin/client/running-info.js';
import { BrokerConsumeStatsProcessor } from './admin/consumer/broker-consume-stats.js';
import { CollectionGate } from './admin/consumer/collection-gate.js';
import { ConsumeStatsProcessor } from './admin/consumer/consume-stats.js';
import type { ConsumptionRates } from './admin/consumer/consumption-rates.js';
import { GroupProgress } from './admin/consumer/group-progress.js';
import { SubscriptionOfGroupProcessor } from './admin/consumer/subscription-of-group.js';
import { TimeSpanProcessor } from './admin/consumer/time-span.js';
import { TopicStatsProcessor } from './admin/consumer/topic-stats.js';
import { TopicsOfGroupProcessor } from './admin/consumer/topics-of-group.js';
import { WhoConsumesProcessor } from './admin/consumer/who-consumes.js';
import { ConsumeDirectlyProcessor } from './admin/message/consume-directly.js';
import { ConsumeQueueProcessor } from './admin/message/consume-queue.js';
import { AllOffsetsProcessor } from './admin/offset/all-offsets.js';
import { CloneOffsetProcessor } from './admin/offset/clone.js';
import { CorrectionOffsetProcessor } from './admin/offset/correction.js';
import { DelayOffsetsProcessor } from './admin/offset/delay-offsets.js';
import { ResetOffsetProcessor } from './admin/offset/reset.js';
import { ResetAtBroker, type WakeReaders } from './admin/offset/reset-at-broker.js';
import { ResetAtClients } from './admin/offset/reset-at-clients.js';

export interface ConsumptionProcessorsOptions {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  readonly consumers: ConsumerManager;
  readonly producers: ProducerManager;
  readonly rates: ConsumptionRates;
  /** Of answers that are large. */
  readonly tables: LargeRequests;
  /** `delayOffset.json` of now. */
  readonly delayOffsets: () => string;
  /** Answers the parked pulls of a group: its offset in the queue was reset. */
  readonly wakeReaders: WakeReaders;
  /** `ip:port` of this broker. */
  readonly address: () => string;
}

export function createConsumptionProcessors(
  options: ConsumptionProcessorsOptions,
): readonly { readonly codes: readonly number[]; readonly processor: RequestProcessor }[] {
  const { address, consumers, environment, offsets, producers, store, tables } = options;
  const { clock, logger, timers } = environment;
  const relay = new ClientRelay();
  const progress = new GroupProgress(options);
  const gate = new CollectionGate();
  const reset = new ResetOffsetProcessor({
    config: options.config,
    atBroker: new ResetAtBroker(options),
    atClients: new ResetAtClients(options),
  });
  return [
    { codes: [RequestCode.GET_CONSUMER_CONNECTION_LIST], processor: new ConsumerConnectionsProcessor(consumers) },
    { codes: [RequestCode.GET_PRODUCER_CONNECTION_LIST], processor: new ProducerConnectionsProcessor(producers) },
    { codes: [RequestCode.GET_ALL_PRODUCER_INFO], processor: new AllProducersProcessor({ producers, timers }) },
    { codes: [RequestCode.GET_CONSUMER_RUNNING_INFO], processor: new RunningInfoProcessor(consumers, relay) },
    { codes: [RequestCode.CONSUME_MESSAGE_DIRECTLY], processor: new ConsumeDirectlyProcessor({ ...options, relay }) },
    {
      codes: [RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS],
      processor: new ConsumerStatusProcessor({ consumers, relay, logger }),
    },
    { codes: [RequestCode.GET_TOPIC_STATS_INFO], processor: new TopicStatsProcessor({ ...options, timers, gate }) },
    { codes: [RequestCode.GET_CONSUME_STATS], processor: new ConsumeStatsProcessor({ ...options, timers, progress, gate }) },
    {
      codes: [RequestCode.GET_BROKER_CONSUME_STATS],
      processor: new BrokerConsumeStatsProcessor({ ...options, timers, progress, gate }),
    },
    { codes: [RequestCode.QUERY_TOPIC_CONSUME_BY_WHO], processor: new WhoConsumesProcessor(consumers, offsets) },
    { codes: [RequestCode.QUERY_TOPICS_BY_CONSUMER], processor: new TopicsOfGroupProcessor(offsets, address) },
    { codes: [RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER], processor: new SubscriptionOfGroupProcessor(consumers) },
    { codes: [RequestCode.QUERY_CONSUME_TIME_SPAN], processor: new TimeSpanProcessor({ ...options, clock, timers, gate }) },
    { codes: [RequestCode.QUERY_CORRECTION_OFFSET], processor: new CorrectionOffsetProcessor(offsets, store) },
    { codes: [RequestCode.INVOKE_BROKER_TO_RESET_OFFSET], processor: reset },
    { codes: [RequestCode.CLONE_GROUP_OFFSET], processor: new CloneOffsetProcessor({ ...options, timers }) },
    { codes: [RequestCode.GET_ALL_CONSUMER_OFFSET], processor: new AllOffsetsProcessor(offsets, tables) },
    { codes: [RequestCode.GET_ALL_DELAY_OFFSET], processor: new DelayOffsetsProcessor(options.delayOffsets) },
    { codes: [RequestCode.QUERY_CONSUME_QUEUE], processor: new ConsumeQueueProcessor(options) },
  ];
}
