/** Which topics a list for tools has (Java: RouteInfoManager.getUnitTopics and its neighbours; page 02 §8). */
import { RequestCode } from '@orbitmq/protocol';
import type { TopicQueueTable } from './topic-queue-table.js';

/** Bits of topicSysFlag (Java: TopicSysFlag). */
const unitFlag = 1;
const unitSubscriptionFlag = 2;

/** Request code → whether a topic with these flags is in its list. */
const unitLists: Readonly<Record<number, (topicSysFlag: number) => boolean>> = {
  [RequestCode.GET_UNIT_TOPIC_LIST]: (flag) => (flag & unitFlag) !== 0,
  [RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST]: (flag) => (flag & unitSubscriptionFlag) !== 0,
  [RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST]: (flag) => (flag & unitFlag) === 0 && (flag & unitSubscriptionFlag) !== 0,
};

/** Topics by the flags that the first of their brokers registered. */
export function unitTopics(code: number, table: TopicQueueTable): string[] {
  const isListed = unitLists[code] ?? (() => false);
  const listed: string[] = [];
  for (const topic of table.topics()) {
    const [first] = table.queuesOf(topic)?.values() ?? [];
    if (first !== undefined && isListed(first.topicSysFlag)) listed.push(topic);
  }
  return listed;
}

/** Topics that at least one of the brokers has. */
export function topicsOfBrokers(brokerNames: readonly string[], table: TopicQueueTable): string[] {
  const topics = new Set<string>();
  for (const brokerName of brokerNames) for (const topic of table.topicsOf(brokerName)) topics.add(topic);
  return [...topics];
}
