/** Brings checked topics into the table, for the requests that make them: durable and announced before the answer. */
import { ResponseCode, type TopicConfig } from '@orbitmq/protocol';
import type { TopicConfigManager } from '../../../topic/topic-config-manager.js';
import { isSameTopic, type TopicRefusal } from '../../../topic/wanted-topic.js';

/** Topics of a broker that an operator may bring into being: the file of so many is still read in one go. */
const topicCountMax = 200_000;
/** Topics of one request: checking and taking them takes one turn. */
export const topicsPerRequestMax = 1000;

export interface TopicUpdateDeps {
  readonly topics: TopicConfigManager;
  /** Resolves when the NameServers know the topics of now, or after a bounded while; never rejects. */
  readonly announceTopics: () => Promise<void>;
}

/** Why there is no room for topics of these names; undefined when there is. To be asked in the turn of the update. */
export function noRoomRefusal(
  topics: TopicConfigManager,
  names: readonly string[],
  countMax = topicCountMax,
): TopicRefusal | undefined {
  const newCount = new Set(names.filter((name) => topics.get(name) === undefined)).size;
  const count = topics.all().size + newCount;
  if (newCount === 0 || count <= countMax) return undefined;
  return { code: ResponseCode.SYSTEM_ERROR, remark: `there would be ${count} topics, allowed are ${countMax}` };
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
