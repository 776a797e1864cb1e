/** Which names belong to the broker (Java: TopicValidator; page 03 §7). */
import { SystemTopic } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { replyTopic } from './boot-topics.js';

const systemTopicPrefix = 'rmq_sys_';
const systemTopics: ReadonlySet<string> = new Set(Object.values(SystemTopic));

/** Topics with a meaning of their own, which clients and operators may not define anew. */
export function isSystemTopic(topic: string, config: Pick<BrokerConfig, 'brokerClusterName' | 'brokerName'>): boolean {
  return (
    systemTopics.has(topic) ||
    topic.startsWith(systemTopicPrefix) ||
    topic === config.brokerClusterName ||
    topic === config.brokerName ||
    topic === replyTopic(config.brokerClusterName)
  );
}
