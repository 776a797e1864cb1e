import { defineHeader, type HeaderOf, int32, int64, optionalBool, optionalText, text } from '../header/header-codec.js';

/** What operators ask about groups, their clients and their progress (page 32 §2). */

/** GET_PRODUCER_CONNECTION_LIST (204). */
const producerGroupFields = {
  producerGroup: text(),
};
export const producerGroupHeader = defineHeader(producerGroupFields);
export type ProducerGroupHeader = HeaderOf<typeof producerGroupFields>;

/** GET_TOPIC_STATS_INFO (202) and QUERY_TOPIC_CONSUME_BY_WHO (300). */
const topicFields = {
  topic: text(),
};
export const topicHeader = defineHeader(topicFields);
export type TopicHeader = HeaderOf<typeof topicFields>;

/** QUERY_TOPICS_BY_CONSUMER (343). */
const groupFields = {
  group: text(),
};
export const groupHeader = defineHeader(groupFields);
export type GroupHeader = HeaderOf<typeof groupFields>;

/** QUERY_CONSUME_TIME_SPAN (303) and QUERY_SUBSCRIPTION_BY_CONSUMER (345). */
const groupTopicFields = {
  group: text(),
  topic: text(),
};
export const groupTopicHeader = defineHeader(groupTopicFields);
export type GroupTopicHeader = HeaderOf<typeof groupTopicFields>;

/** GET_CONSUME_STATS (208). Without both kinds of topics it is about all that the group has offsets in. */
const consumeStatsFields = {
  consumerGroup: text(),
  topic: optionalText(),
  /** 5.x: several, separated by `;`. */
  topicList: optionalText(),
};
export const consumeStatsHeader = defineHeader(consumeStatsFields);
export type ConsumeStatsHeader = HeaderOf<typeof consumeStatsFields>;

/** GET_BROKER_CONSUME_STATS (317). */
const brokerConsumeStatsFields = {
  /** Only topics that are ordered. */
  isOrder: optionalBool(),
};
export const brokerConsumeStatsHeader = defineHeader(brokerConsumeStatsFields);
export type BrokerConsumeStatsHeader = HeaderOf<typeof brokerConsumeStatsFields>;

/** QUERY_CONSUME_QUEUE (321): entries of a queue, and whether the group's filter would pass them. */
const consumeQueueFields = {
  topic: text(),
  queueId: int32(),
  index: int64(),
  count: int32(),
  consumerGroup: optionalText(),
};
export const queryConsumeQueueHeader = defineHeader(consumeQueueFields);
export type QueryConsumeQueueHeader = HeaderOf<typeof consumeQueueFields>;

/** RESUME_CHECK_HALF_MESSAGE (323): `msgId` is an offset id. */
const resumeCheckFields = {
  topic: optionalText(),
  msgId: text(),
};
export const resumeCheckHalfMessageHeader = defineHeader(resumeCheckFields);
export type ResumeCheckHalfMessageHeader = HeaderOf<typeof resumeCheckFields>;
