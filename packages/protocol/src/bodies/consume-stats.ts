import type { MessageQueue } from './message-queue.js';
import { fastjsonEntry, writeFastjson } from './write-fastjson.js';

/** How far a group is in one queue (Java: OffsetWrapper; page 32 §3). */
export interface QueueProgress {
  readonly brokerOffset: number;
  readonly consumerOffset: number;
  /** 5.x: where the last pull began; at least `consumerOffset`. */
  readonly pullOffset: number;
  /** Store time of the last message consumed; 0 when there is none. */
  readonly lastTimestamp: number;
}

/** Answer to GET_CONSUME_STATS (208). */
export interface ConsumeStats {
  readonly consumeTps: number;
  /** Texts of `queueProgressText`, one of each queue: they may be too many for one turn. */
  readonly queues: readonly string[];
}

/** Answer to GET_BROKER_CONSUME_STATS (317). */
export interface ConsumeStatsList {
  readonly brokerAddr: string;
  /** Texts of `consumeStatsOfGroupText`, one of each group. */
  readonly groups: readonly string[];
  readonly totalDiff: number;
  readonly totalInflightDiff: number;
}

export function queueProgressText(queue: MessageQueue, progress: QueueProgress): string {
  const { brokerOffset, consumerOffset, lastTimestamp, pullOffset } = progress;
  return fastjsonEntry(queue, { brokerOffset, consumerOffset, lastTimestamp, pullOffset });
}

export function encodeConsumeStats(stats: ConsumeStats): Buffer {
  return Buffer.from(statsText(stats), 'utf8');
}

/** One group's part of a `ConsumeStatsList`: written by itself, since all of them are too many for one turn. */
export function consumeStatsOfGroupText(group: string, stats: readonly ConsumeStats[]): string {
  return `{${JSON.stringify(group)}:[${stats.map(statsText).join(',')}]}`;
}

export function encodeConsumeStatsList(list: ConsumeStatsList): Buffer {
  const { brokerAddr, groups, totalDiff, totalInflightDiff } = list;
  return Buffer.from(
    `{"brokerAddr":${JSON.stringify(brokerAddr)},"consumeStatsList":[${groups.join(',')}],` +
      `"totalDiff":${totalDiff},"totalInflightDiff":${totalInflightDiff}}`,
    'utf8',
  );
}

function statsText({ consumeTps, queues }: ConsumeStats): string {
  return `{"consumeTps":${writeFastjson(consumeTps)},"offsetTable":{${queues.join(',')}}}`;
}
