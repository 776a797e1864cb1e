import { type HeartbeatData, javaStringHashCode, type SubscriptionData } from '@orbitmq/protocol';

/** The first two are made at the start; `gamma` is not. */
export const topics = ['alpha', 'alpha', 'beta', 'gamma', '%RETRY%readers'] as const;
export const groups = ['readers', 'readers', 'writers', 'others'] as const;
export const queueNums = 4;

export function subscriptionOf(topic: string, expression: string, expressionType: string): SubscriptionData {
  const tagsSet = expressionType === 'TAG' && expression !== '*' ? expression.split('||').map((tag) => tag.trim()) : [];
  return {
    topic,
    subString: expression,
    tagsSet,
    codeSet: tagsSet.map(javaStringHashCode),
    subVersion: 1,
    expressionType,
    classFilterMode: false,
  };
}

export function heartbeatOf(facts: {
  readonly clientId: string;
  readonly group: string;
  readonly isConsumer: boolean;
  readonly topic: string;
}): HeartbeatData {
  const { clientId, group, isConsumer, topic } = facts;
  return {
    clientId,
    producerGroups: [group],
    consumers: isConsumer
      ? [
          {
            groupName: group,
            consumeType: 'CONSUME_PASSIVELY',
            messageModel: 'CLUSTERING',
            consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
            subscriptionDataSet: [subscriptionOf(topic, '*', 'TAG')],
            unitMode: false,
          },
        ]
      : [],
    heartbeatFingerprint: 0,
    withoutSub: false,
  };
}
