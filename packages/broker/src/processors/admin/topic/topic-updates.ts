/** Brings checked topics into the table, for the requests that make them: durable and announced before the answer. */
import type { TopicConfig } from '@orbitmq/protocol';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { isSameTopic } from '../../../topic/wanted-topic.js';

export interface TopicUpdateDeps {
  readonly topics: TopicConfigManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
}

/**
 * The table has changed when this returns its promise. Resolves when the topics would survive a crash and clients can find
 * them, also when they are asked for a second time, after an error.
 */
export async function updateTopics(deps: TopicUpdateDeps, wanted: readonly TopicConfig[]): Promise<void> {
  const { topics, announceTopics } = deps;
  let isChanged = false;
  for (const topic of wanted) {
    if (isSameTopic(topics.get(topic.topicName), topic)) continue;
    topics.update(topic);
    isChanged = true;
  }
  if (!topics.isPersisted) await topics.persist();
  if (isChanged) await announceTopics();
}
