/** The topics every broker has from its first start (page 20 §10.4), as a 5.x broker without timer and pop. */
import { Permission, SystemTopic, type TopicConfig } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';

const readWrite = Permission.READ | Permission.WRITE;
const scheduleQueueNums = 18;
const benchmarkQueueNums = 1024;
const clusterQueueNums = 16;

/** A topic with Apache's defaults. */
export function plainTopic(topicName: string, queueNums: number, perm: number): TopicConfig {
  return {
    topicName,
    readQueueNums: queueNums,
    writeQueueNums: queueNums,
    perm,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
  };
}

/** Where answers of request-reply are stored (page 03 §9). */
export function replyTopic(clusterName: string): string {
  return `${clusterName}_REPLY_TOPIC`;
}

export function bootTopics(config: BrokerConfig): readonly TopicConfig[] {
  const inherited = (isOpen: boolean): number => Permission.INHERIT | (isOpen ? readWrite : 0);
  const topics = [
    plainTopic(SystemTopic.SELF_TEST, 1, readWrite),
    plainTopic(SystemTopic.BENCHMARK, benchmarkQueueNums, readWrite),
    plainTopic(config.brokerClusterName, clusterQueueNums, inherited(config.clusterTopicEnable)),
    plainTopic(config.brokerName, 1, inherited(config.brokerTopicEnable)),
    plainTopic(SystemTopic.OFFSET_MOVED_EVENT, 1, readWrite),
    plainTopic(SystemTopic.SCHEDULE, scheduleQueueNums, readWrite),
    plainTopic(replyTopic(config.brokerClusterName), 1, readWrite),
    plainTopic(SystemTopic.TRANS_HALF, 1, readWrite),
    plainTopic(SystemTopic.TRANS_OP_HALF, 1, readWrite),
  ];
  if (config.timerWheelEnable) topics.push(plainTopic(SystemTopic.TIMER, 1, readWrite));
  if (config.traceTopicEnable) topics.push(plainTopic(config.msgTraceTopicName, 1, readWrite));
  if (config.autoCreateTopicEnable) topics.push(autoCreateTopic(config));
  return topics;
}

/** Auto-creation was switched on in a running broker: its template is there from now on. */
export function ensureAutoCreateTopic(
  topics: { ensure(topic: string, queueNums: number, perm: number): unknown },
  config: Pick<BrokerConfig, 'defaultTopicQueueNums'>,
): void {
  const { topicName, writeQueueNums, perm } = autoCreateTopic(config);
  topics.ensure(topicName, writeQueueNums, perm);
}

/** What auto-created topics are made after. */
function autoCreateTopic(config: Pick<BrokerConfig, 'defaultTopicQueueNums'>): TopicConfig {
  return plainTopic(SystemTopic.AUTO_CREATE_TOPIC_KEY, config.defaultTopicQueueNums, Permission.INHERIT | readWrite);
}
