/** Which processor answers which code, for the administration of topics, groups and the broker (page 32). */
import type { Environment } from '@orbitmq/core/kernel';
import { RequestCode } from '@orbitmq/protocol';
import type { RequestProcessor } from '@orbitmq/remoting';
import type { BrokerConfig } from '../config/broker-config.js';
import type { SubscriptionGroupManager } from '../group/subscription-group-manager.js';
import { groupsOrder, type LargeRequests, topicsOrder } from '../large-requests.js';
import type { BrokerConfigManager } from '../metadata/broker-config-manager.js';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import type { StoreMaintenance } from '../store/store-maintenance.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { CleanProcessor } from './admin/broker/clean.js';
import { ColdDataProcessor } from './admin/broker/cold-data.js';
import { GetBrokerConfigProcessor } from './admin/broker/get-config.js';
import { NotBuiltProcessor } from './admin/broker/not-built.js';
import { UpdateBrokerConfigProcessor } from './admin/broker/update-config.js';
import { CreateGroupsProcessor } from './admin/group/create.js';
import { DeleteGroupProcessor, type GroupCounters } from './admin/group/delete.js';
import { ForbidGroupProcessor } from './admin/group/forbid.js';
import { GetGroupProcessor } from './admin/group/get.js';
import { ListGroupsProcessor } from './admin/group/list.js';
import { CreateTopicProcessor } from './admin/topic/create.js';
import { CreateTopicListProcessor } from './admin/topic/create-list.js';
import { DeleteTopicProcessor } from './admin/topic/delete.js';
import { GetTopicProcessor } from './admin/topic/get.js';
import { ListTopicsProcessor } from './admin/topic/list.js';
import { SystemTopicListProcessor } from './admin/topic/system-list.js';

export interface AdminProcessorsOptions {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly configManager: BrokerConfigManager;
  readonly maintenance: StoreMaintenance;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly offsets: ConsumerOffsetManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
  readonly stats: GroupCounters;
  readonly large: LargeRequests;
  /** Of answers that are large. */
  readonly tables: LargeRequests;
}

export function createAdminProcessors(
  options: AdminProcessorsOptions,
): readonly { readonly codes: readonly number[]; readonly processor: RequestProcessor }[] {
  const { config, configManager, groups, large, maintenance, offsets, topics } = options;
  const behindTopics = (processor: RequestProcessor): RequestProcessor => large.behind(() => topicsOrder, processor);
  const behindGroups = (processor: RequestProcessor): RequestProcessor => large.behind(() => groupsOrder, processor);
  return [
    { codes: [RequestCode.UPDATE_AND_CREATE_TOPIC], processor: behindTopics(new CreateTopicProcessor(options)) },
    { codes: [RequestCode.UPDATE_AND_CREATE_TOPIC_LIST], processor: new CreateTopicListProcessor(options, large) },
    { codes: [RequestCode.DELETE_TOPIC_IN_BROKER], processor: behindTopics(new DeleteTopicProcessor(options)) },
    { codes: [RequestCode.GET_TOPIC_CONFIG], processor: new GetTopicProcessor(topics) },
    { codes: [RequestCode.GET_ALL_TOPIC_CONFIG], processor: new ListTopicsProcessor(options) },
    { codes: [RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER], processor: new SystemTopicListProcessor(config, topics) },
    { codes: CreateGroupsProcessor.codes, processor: new CreateGroupsProcessor(groups, large) },
    { codes: [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG], processor: new GetGroupProcessor(groups) },
    { codes: [RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG], processor: new ListGroupsProcessor(options) },
    {
      codes: [RequestCode.DELETE_SUBSCRIPTIONGROUP],
      processor: behindGroups(new DeleteGroupProcessor(groups, offsets, options.stats)),
    },
    { codes: [RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN], processor: behindGroups(new ForbidGroupProcessor(groups)) },
    { codes: [RequestCode.UPDATE_BROKER_CONFIG], processor: new UpdateBrokerConfigProcessor(configManager) },
    { codes: [RequestCode.GET_BROKER_CONFIG], processor: new GetBrokerConfigProcessor(configManager) },
    { codes: CleanProcessor.codes, processor: new CleanProcessor({ config, topics, maintenance }) },
    { codes: ColdDataProcessor.codes, processor: new ColdDataProcessor() },
    { codes: NotBuiltProcessor.codes, processor: new NotBuiltProcessor() },
  ];
}
