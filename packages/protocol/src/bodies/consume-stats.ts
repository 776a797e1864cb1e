import type { MessageQueue } from './message-queue.js';
import { enclosed, enclosedSteps, type Steps } from './steps.js';
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
  readonly groups: readonly (readonly [group: string, stats: readonly ConsumeStats[]])[];
  readonly totalDiff: number;
  readonly totalInflightDiff: number;
}

export function queueProgressText(queue: MessageQueue, progress: QueueProgress): string {
  const { brokerOffset, consumerOffset, lastTimestamp, pullOffset } = progress;
  return fastjsonEntry(queue, { brokerOffset, consumerOffset, lastTimestamp, pullOffset });
}

export function consumeStatsSteps(stats: ConsumeStats): Steps<Buffer> {
  return enclosedSteps('', statsTexts(stats), '');
}

export function consumeStatsListSteps({ brokerAddr, groups, totalDiff, totalInflightDiff }: ConsumeStatsList): Steps<Buffer> {
  const before = `{"brokerAddr":${JSON.stringify(brokerAddr)},"consumeStatsList":[`;
  return enclosedSteps(before, groupsTexts(groups), `],"totalDiff":${totalDiff},"totalInflightDiff":${totalInflightDiff}}`);
}

function* groupsTexts(groups: ConsumeStatsList['groups']): Iterable<string> {
  for (const [group, stats] of groups) yield* enclosed(`{${JSON.stringify(group)}:[`, allTexts(stats), ']}');
}

function* allTexts(stats: readonly ConsumeStats[]): Iterable<string> {
  for (const ofTopic of stats) yield* statsTexts(ofTopic);
}

function statsTexts({ consumeTps, queues }: ConsumeStats): Iterable<string> {
  return enclosed(`{"consumeTps":${writeFastjson(consumeTps)},"offsetTable":{`, queues, '}}');
}
