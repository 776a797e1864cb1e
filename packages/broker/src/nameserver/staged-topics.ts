/**
 * The topics of a registration as the route table keeps them, made before the table is changed: with some ten thousand of them the
 * change itself has to be short.
 */
import { Pace, type QueueData, type Steps, type TopicConfig } from '@orbitmq/protocol';
import type { TopicQueueTable } from './topic-queue-table.js';

/** Topics that are made in one turn of the event loop: a millisecond or two. */
const topicsPerTurn = 2000;

interface StagedTopic {
  readonly topic: string;
  readonly queue: QueueData;
  /** For a topic that no broker had when this was made. */
  readonly queues: Map<string, QueueData> | undefined;
}

export interface StagedTopics {
  readonly topics: readonly StagedTopic[];
  readonly names: ReadonlySet<string>;
  /** Empty when there is no topic. */
  readonly longestName: string;
}

export function* stagedTopics(
  { brokerName, topics }: { readonly brokerName: string; readonly topics: Readonly<Record<string, TopicConfig>> },
  table: TopicQueueTable,
): Steps<StagedTopics> {
  const staged: StagedTopic[] = [];
  const names = new Set<string>();
  const pace = new Pace(topicsPerTurn);
  let longestName = '';
  for (const topic of Object.keys(topics)) {
    const config = topics[topic];
    if (config === undefined) continue;
    const { readQueueNums, writeQueueNums, perm, topicSysFlag } = config;
    const queue: QueueData = { brokerName, readQueueNums, writeQueueNums, perm, topicSysFlag };
    const queues = table.queuesOf(topic) === undefined ? new Map([[brokerName, queue]]) : undefined;
    staged.push({ topic, queue, queues });
    names.add(topic);
    if (topic.length > longestName.length) longestName = topic;
    if (pace.isSpent(1)) yield;
  }
  return { topics: staged, names, longestName };
}
