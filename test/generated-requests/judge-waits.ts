/**
 * I10 and I9: what waits by level or by time comes when its wait is over and never before, where it was sent to, and once. A kill
 * repeats what was delivered since progress was last written; a stop repeats nothing.
 */
import { PropertyName, SystemTopic } from '@orbitmq/protocol';
import type { History } from './history.js';
import { isFromLevel, isFromTimer, queueOf, type Stored } from './stored-message.js';

interface Room {
  readonly topic: string;
  /** How long before a kill a delivery may lie that is repeated after it. */
  readonly repeatedMsMax: number;
  readonly dueMs: (from: Stored) => number;
  readonly isDelivery: (one: Stored) => boolean;
  /** Of a waiting record and of what is delivered for it. */
  readonly identity: (one: Stored) => string;
}

interface Waiting {
  readonly from: Stored;
  readonly dueMs: number;
  /** When it was delivered last. */
  deliveredMs: number | undefined;
}

/** 1s 5s 10s 30s 1m 2m … 10m 20m 30m 1h 2h. */
const delaySeconds = [1, 5, 10, 30, ...Array.from({ length: 10 }, (_, index) => 60 * (index + 1)), 1200, 1800, 3600, 7200];
/** `timerPrecisionMs`: a tick is delivered when it is over. */
const precisionMs = 1000;
/** A message is due this long before the end at the latest when it has to be there. */
const latenessMsMax = 2000;
/** From an interval's end to the end of the write. */
const writeMsMax = 2000;
/** Nothing comes out for these: a half message has no level (page 06 §4). */
const closedTopics: readonly (string | undefined)[] = [SystemTopic.TRANS_HALF, SystemTopic.SCHEDULE, SystemTopic.TIMER];
/** What delivery adds. */
const timesOfDelivery: readonly string[] = [
  PropertyName.TIMER_ENQUEUE_MS,
  PropertyName.TIMER_DEQUEUE_MS,
  PropertyName.TIMER_ROLL_TIMES,
];

const levels: Room = {
  topic: SystemTopic.SCHEDULE,
  // flushDelayOffsetInterval.
  repeatedMsMax: 10_000 + writeMsMax,
  dueMs: ({ properties, record }) => {
    const level = Math.min(Number(properties[PropertyName.DELAY]), delaySeconds.length);
    return record.storeTimestamp + (delaySeconds[level - 1] ?? 0) * 1000;
  },
  isDelivery: isFromLevel,
  identity: (one) => `${one.content}|${one.record.reconsumeTimes}|${one.record.propertiesBytes.toString('latin1')}`,
};

const timer: Room = {
  topic: SystemTopic.TIMER,
  // timerFlushIntervalMs, and the tick that was under way.
  repeatedMsMax: 1000 + precisionMs + writeMsMax,
  dueMs: ({ properties, record }) =>
    Math.max(Number(properties[PropertyName.TIMER_OUT_MS]) + precisionMs, askedMs(properties, record)),
  isDelivery: isFromTimer,
  identity: ({ content, properties, record }) => {
    const own = Object.entries(properties).filter(([name]) => !timesOfDelivery.includes(name));
    return JSON.stringify([content, record.reconsumeTimes, ...own.sort(([left], [right]) => (left < right ? -1 : 1))]);
  },
};

function askedMs(properties: Readonly<Record<string, string>>, { bornTimestamp }: { readonly bornTimestamp: number }): number {
  const { TIMER_DELAY_MS: ms, TIMER_DELAY_SEC: seconds, TIMER_DELIVER_MS: at } = properties;
  // It was put after it was born.
  if (seconds !== undefined) return bornTimestamp + Number(seconds) * 1000;
  return ms === undefined ? Number(at) : bornTimestamp + Number(ms);
}

export function waits(stored: readonly Stored[], history: History): string[] {
  return [levels, timer].flatMap((room) => waitsIn(room, stored, history));
}

/** Whether a record lies where it lies because its wait was over. */
export function isDelivery(one: Stored): boolean {
  return isFromLevel(one) || isFromTimer(one);
}

function waitsIn(room: Room, stored: readonly Stored[], history: History): string[] {
  const wrong: string[] = [];
  const sentPlaces = new Set(history.sent.map(({ physicalOffset }) => physicalOffset));
  const known = new Map<string, Waiting[]>();
  // In the order of the log: nothing comes before what it comes from.
  for (const one of stored) {
    const key = room.identity(one);
    if (one.record.topic === room.topic) {
      const more: Waiting = { from: one, dueMs: room.dueMs(one), deliveredMs: undefined };
      known.set(key, [...(known.get(key) ?? []), more]);
    } else if (room.isDelivery(one) && !sentPlaces.has(one.record.physicalOffset)) {
      wrong.push(...delivery(room, one, known.get(key) ?? [], history));
    }
  }
  if (!history.isOperated) wrong.push(...neverCame([...known.values()].flat(), history));
  return wrong;
}

function delivery(room: Room, one: Stored, candidates: readonly Waiting[], { kills }: History): string[] {
  const { record } = one;
  const nowMs = record.storeTimestamp;
  const name = `${queueOf(record)} at ${record.queueOffset}`;
  const text = one.content.slice(0, 60);
  const isRepeatable = ({ deliveredMs }: Waiting): boolean =>
    deliveredMs !== undefined &&
    kills.some((killMs) => deliveredMs <= killMs && killMs <= nowMs && killMs - deliveredMs <= room.repeatedMsMax);
  const open = candidates.filter(({ deliveredMs }) => deliveredMs === undefined);
  const waiting = open.find(({ dueMs }) => dueMs <= nowMs) ?? candidates.find(isRepeatable);
  if (waiting === undefined) {
    if (candidates.length === 0) return [`I10 ${name} came, and never waited: ${text}`];
    return [open.length > 0 ? `I10 ${name} came early: ${text}` : `I9 ${name} came again: ${text}`];
  }
  waiting.deliveredMs = nowMs;
  const { REAL_QID: queueId, REAL_TOPIC: topic } = waiting.from.properties;
  if (record.topic === topic && String(record.queueId) === queueId) return [];
  return [`I10 ${name} came, and should come to ${topic}@${queueId}: ${text}`];
}

function neverCame(waiting: readonly Waiting[], { endMs }: History): string[] {
  const cancelled = new Set(waiting.map(({ from }) => from.properties[PropertyName.TIMER_DEL_UNIQKEY]));
  cancelled.delete(undefined);
  return waiting
    .filter(({ deliveredMs, dueMs, from: { properties } }) => {
      const { REAL_TOPIC: topic, UNIQ_KEY: key } = properties;
      if (closedTopics.includes(topic) || properties[PropertyName.TIMER_DEL_UNIQKEY] !== undefined) return false;
      if (cancelled.has(key) || cancelled.has(`${topic}+${key}`)) return false;
      return deliveredMs === undefined && dueMs <= endMs - latenessMsMax;
    })
    .map(({ dueMs, from }) => `I10 never came, and was due ${endMs - dueMs} ms ago: ${from.content.slice(0, 60)}`);
}
