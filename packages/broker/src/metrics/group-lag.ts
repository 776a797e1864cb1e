/**
 * How far live groups are behind (Java: ConsumerLagCalculator; page 34 §3.2). Messages are counted as they lie in the queues,
 * whatever a group's filter takes of them.
 */
import { retryTopicPrefix } from '@orbitmq/protocol';
import type { ConsumerManager } from '../client/consumer-manager.js';
import type { Turns } from '../metadata/turns.js';
import type { ConsumerOffsetManager } from '../offset/consumer-offset-manager.js';
import type { MessageStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';

interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Not consumed: ready and in flight. */
  readonly lag: number;
  /** With the clients. */
  readonly inFlight: number;
  /** Not pulled. */
  readonly ready: number;
  /** Store time of the oldest message that is not consumed, and of the oldest that is not pulled; 0 when there is none. */
  readonly unconsumedSince: number;
  readonly unpulledSince: number;
}

export interface GroupLagSources {
  readonly store: Pick<MessageStore, 'maxOffset' | 'storeTime'>;
  readonly topics: Pick<TopicConfigManager, 'get'>;
  readonly offsets: Pick<ConsumerOffsetManager, 'query' | 'pullOffset'>;
  readonly consumers: Pick<ConsumerManager, 'describe'>;
  readonly groupNames: () => Iterable<string>;
}

/** Of each live group in each topic that it subscribes to, but for its retries. `turns` counts pairs of group and topic, and queues. */
export async function* groupLags(sources: GroupLagSources, turns: Turns): AsyncGenerator<GroupLag> {
  for (const group of sources.groupNames()) {
    for (const { topic } of sources.consumers.describe(group)?.subscriptions ?? []) {
      const pause = turns.step();
      if (pause !== undefined) await pause;
      const queueCount = sources.topics.get(topic)?.writeQueueNums;
      if (queueCount === undefined || topic.startsWith(retryTopicPrefix)) continue;
      yield await lagOf({ ...sources, turns }, group, topic, queueCount);
    }
  }
}

async function lagOf(
  { offsets, store, turns }: GroupLagSources & { readonly turns: Turns },
  group: string,
  topic: string,
  queueCount: number,
): Promise<GroupLag> {
  const total = { group, topic, lag: 0, inFlight: 0, ready: 0, unconsumedSince: 0, unpulledSince: 0 };
  for (let queueId = 0; queueId < queueCount; queueId += 1) {
    const pause = turns.step();
    if (pause !== undefined) await pause;
    const end = store.maxOffset(topic, queueId);
    const committed = atMost(offsets.query(group, topic, queueId), end);
    const pulled = Math.max(committed, atMost(offsets.pullOffset(group, topic, queueId), end, committed));
    total.lag += end - committed;
    total.inFlight += pulled - committed;
    total.ready += end - pulled;
    // A look at a file, maybe: only where there is something to look at.
    if (committed < end) total.unconsumedSince = older(total.unconsumedSince, await store.storeTime(topic, queueId, committed));
    if (pulled < end) total.unpulledSince = older(total.unpulledSince, await store.storeTime(topic, queueId, pulled));
  }
  return total;
}

/** Negative: there is none, and it counts as `otherwise`. */
function atMost(offset: number, end: number, otherwise = end): number {
  return offset < 0 ? otherwise : Math.min(offset, end);
}

function older(known: number, other: number): number {
  if (other <= 0) return known;
  return known === 0 ? other : Math.min(known, other);
}
