import { isMqError } from '@orbitmq/core/kernel';
import {
  buildSubscription,
  Permission,
  type PullMessageHeader,
  PullSysFlag,
  ResponseCode,
  type SubscriptionData,
} from '@orbitmq/protocol';
import type { ConsumerManager } from '../../client/consumer-manager.js';
import type { BrokerConfig } from '../../config/broker-config.js';
import { isTagType } from '../../filter/expression-type.js';
import type { SubscriptionGroupConfig, SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { Refusal } from './refusal.js';

export interface PullCheckDeps {
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly consumers: ConsumerManager;
}

/**
 * The checks of a pull in the order of Java (PullMessageProcessor; page 04 §2). Returns the subscription to filter with. 24 and 25 are
 * normal for a moment after a rebalance: heartbeat and pull race, and the client asks again.
 */
export function checkPull(header: PullMessageHeader, deps: PullCheckDeps, isLite = false): SubscriptionData | Refusal {
  const { config, groups, topics } = deps;
  if ((config.brokerPermission & Permission.READ) === 0) {
    return new Refusal(ResponseCode.NO_PERMISSION, `the broker[${config.brokerIP1}] pulling message is forbidden`);
  }
  if (isLite && !config.litePullMessageEnable) {
    return new Refusal(ResponseCode.NO_PERMISSION, `the broker[${config.brokerIP1}] for lite pull consumer is forbidden`);
  }
  const group = groups.find(header.consumerGroup);
  if (group === undefined) {
    return new Refusal(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `subscription group [${header.consumerGroup}] does not exist`);
  }
  if (!group.consumeEnable) {
    return new Refusal(ResponseCode.NO_PERMISSION, `subscription group no permission, ${header.consumerGroup}`);
  }
  const topic = topics.get(header.topic);
  if (topic === undefined) {
    return new Refusal(ResponseCode.TOPIC_NOT_EXIST, `topic[${header.topic}] not exist, apply first please!`);
  }
  if ((topic.perm & Permission.READ) === 0) {
    return new Refusal(ResponseCode.NO_PERMISSION, `the topic[${header.topic}] pulling message is forbidden`);
  }
  if (header.queueId < 0 || header.queueId >= topic.readQueueNums) {
    return new Refusal(
      ResponseCode.INVALID_PARAMETER,
      `queueId[${header.queueId}] is illegal, topic:[${header.topic}] topicConfig.readQueueNums:[${topic.readQueueNums}]`,
    );
  }
  const isOwn = (header.sysFlag & PullSysFlag.SUBSCRIPTION) !== 0;
  return isOwn ? ownSubscription(header) : heartbeatSubscription(header, group, deps);
}

/** Tags that a pull itself may carry: they are read at every pull, and nobody else is served meanwhile. */
const ownTagsMax = 10_000;

/** The expression that the pull itself carries. One that is not by tags is looked at later (`PullFilters`). */
function ownSubscription(header: PullMessageHeader): SubscriptionData | Refusal {
  const { expressionType, subVersion, subscription: expression = '' } = header;
  if (expressionType !== undefined && !isTagType(expressionType)) {
    if (expression === '') return unreadable();
    return { ...buildSubscription(header.topic, '*', subVersion), subString: expression, expressionType };
  }
  try {
    return buildSubscription(header.topic, expression, subVersion, ownTagsMax);
  } catch (error) {
    if (!isMqError(error)) throw error;
    return unreadable();
  }
}

function unreadable(): Refusal {
  return new Refusal(ResponseCode.SUBSCRIPTION_PARSE_FAILED, "parse the consumer's subscription failed");
}

function heartbeatSubscription(
  header: PullMessageHeader,
  group: SubscriptionGroupConfig,
  { consumers, groups }: PullCheckDeps,
): SubscriptionData | Refusal {
  if (!consumers.hasMembers(header.consumerGroup)) {
    return new Refusal(ResponseCode.SUBSCRIPTION_NOT_EXIST, "the consumer's group info not exist");
  }
  if (!group.consumeBroadcastEnable && consumers.messageModel(header.consumerGroup) === 'BROADCASTING') {
    return new Refusal(
      ResponseCode.NO_PERMISSION,
      `the consumer group[${header.consumerGroup}] can not consume by broadcast way`,
    );
  }
  if (groups.isReadForbidden(header.consumerGroup, header.topic)) {
    return new Refusal(
      ResponseCode.NO_PERMISSION,
      `the consumer group[${header.consumerGroup}] is forbidden for topic[${header.topic}]`,
    );
  }
  const subscription = consumers.subscription(header.consumerGroup, header.topic);
  if (subscription === undefined) {
    consumers.askForSubscriptions(header.consumerGroup);
    return new Refusal(ResponseCode.SUBSCRIPTION_NOT_EXIST, "the consumer's subscription not exist");
  }
  if (subscription.subVersion < header.subVersion) {
    consumers.askForSubscriptions(header.consumerGroup);
    return new Refusal(ResponseCode.SUBSCRIPTION_NOT_LATEST, "the consumer's subscription not latest");
  }
  return subscription;
}
