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
import type { SubscriptionGroupConfig, SubscriptionGroupManager } from '../../group/subscription-group-manager.js';
import type { TopicConfigManager } from '../../topic/topic-config-manager.js';
import { Refusal } from './refusal.js';

export interface PullCheckDeps {
  readonly config: BrokerConfig;
  readonly topics: TopicConfigManager;
  readonly groups: SubscriptionGroupManager;
  readonly consumers: ConsumerManager;
}

const tagType = 'TAG';

/**
 * The checks of a pull in the order of Java (PullMessageProcessor; page 04 §2). Returns the subscription to filter with. 24 and 25 are
 * normal for a moment after a rebalance: heartbeat and pull race, and the client asks again.
 */
export function checkPull(header: PullMessageHeader, deps: PullCheckDeps): SubscriptionData | Refusal {
  const { config, groups, topics } = deps;
  if ((config.brokerPermission & Permission.READ) === 0) {
    return new Refusal(ResponseCode.NO_PERMISSION, `the broker[${config.brokerIP1}] pulling message is forbidden`);
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
  const subscription = isOwn ? ownSubscription(header) : heartbeatSubscription(header, group, deps.consumers);
  if (subscription instanceof Refusal || isTagType(subscription.expressionType)) return subscription;
  return new Refusal(
    ResponseCode.SYSTEM_ERROR,
    `The broker does not support consumer to filter message by ${subscription.expressionType}`,
  );
}

function isTagType(expressionType: string): boolean {
  return expressionType === '' || expressionType === tagType;
}

/** The expression that the pull itself carries. An unknown type is refused later, with its name. */
function ownSubscription(header: PullMessageHeader): SubscriptionData | Refusal {
  const expressionType = header.expressionType ?? tagType;
  const expression = header.subscription ?? '';
  if (!isTagType(expressionType)) return { ...buildSubscription(header.topic, '*', header.subVersion), expressionType };
  try {
    return buildSubscription(header.topic, expression, header.subVersion);
  } catch (error) {
    if (!isMqError(error)) throw error;
    return new Refusal(ResponseCode.SUBSCRIPTION_PARSE_FAILED, "parse the consumer's subscription failed");
  }
}

function heartbeatSubscription(
  header: PullMessageHeader,
  group: SubscriptionGroupConfig,
  consumers: ConsumerManager,
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
  const subscription = consumers.subscription(header.consumerGroup, header.topic);
  if (subscription === undefined) {
    return new Refusal(ResponseCode.SUBSCRIPTION_NOT_EXIST, "the consumer's subscription not exist");
  }
  if (subscription.subVersion < header.subVersion) {
    return new Refusal(ResponseCode.SUBSCRIPTION_NOT_LATEST, "the consumer's subscription not latest");
  }
  return subscription;
}
