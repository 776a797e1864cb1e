/**
 * The table that GET_BROKER_RUNTIME_INFO answers with (Java: AdminBrokerProcessor.prepareRuntimeInfo, StoreStatsService and
 * DefaultMessageStore.getRuntimeInfo; page 32 §3.1). Pure: from figures to text. Both spellings of 4.9 and 5.x are there, since a
 * key that `clusterList` of 4.9 misses ends it. Differences in meaning are in docs/compatibility.md.
 */
import type { DayTotals } from '../../../stats/day-edges.js';
import { readableBytes, readableRuntime } from './readable-bytes.js';

export interface RuntimeFigures {
  readonly version: { readonly ordinal: number; readonly name: string };
  readonly bootTimestamp: number;
  /** Wall-clock time before which sends are refused; 0 for none. */
  readonly sendsAcceptedFrom: number;
  readonly uptimeMs: number;
  readonly puts: {
    readonly count: number;
    readonly sizeBytes: number;
    readonly failures: number;
    readonly maxMs: number;
    readonly distribution: string;
    readonly below99Ms: number;
    readonly below999Ms: number;
  };
  readonly readMaxMs: number;
  /** Per second, over the last 10 s, minute and ten minutes. */
  readonly rates: Readonly<Record<'put' | 'found' | 'missed' | 'transferred', readonly number[]>>;
  readonly days: { readonly yesterdayMorning: DayTotals; readonly todayMorning: DayTotals; readonly now: DayTotals };
  readonly log: {
    readonly minOffset: number;
    readonly maxOffset: number;
    readonly appendedEnd: number;
    readonly flushedEnd: number;
    /** Of the oldest message; -1 when there is none. */
    readonly earliestTimestamp: number;
    readonly directory: string;
  };
  /** Percent in use; -1 where it is not known. */
  readonly disk: { readonly commitLog: number; readonly consumeQueue: number };
  /** Of the log's partition, in bytes; undefined where it is not known. */
  readonly capacity: { readonly totalBytes: number; readonly freeBytes: number } | undefined;
  /** Level → offset of the next message to deliver, and the end of its queue. */
  readonly delayLevels: readonly (readonly [level: number, offset: number, maxOffset: number])[];
  readonly timer: TimerFigures;
  /** What waits, and how much may. */
  readonly sends: Queue;
  readonly pulls: Queue;
  readonly queries: Queue;
}

/** Of timed messages; all 0 while there is no timer. */
export interface TimerFigures {
  /** How far delivery is behind. */
  readonly readBehindMs: number;
  /** Messages that are not taken into the wheel yet. */
  readonly offsetBehind: number;
  readonly pendingCount: number;
  readonly enqueuedPerSecond: number;
  readonly dequeuedPerSecond: number;
}

interface Queue {
  readonly size: number;
  readonly capacity: number;
}

/** Java's answer where no pool of buffers is in use. */
const noPool = 2_147_483_647;

export function runtimeInfo(figures: RuntimeFigures): Record<string, string> {
  return {
    ...identity(figures),
    ...throughput(figures),
    ...counters(figures),
    ...days(figures),
    ...storage(figures),
    ...delays(figures),
    ...timers(figures),
    ...queues(figures),
  };
}

function identity({ bootTimestamp, sendsAcceptedFrom, uptimeMs, version }: RuntimeFigures): Record<string, string> {
  return {
    bootTimestamp: String(bootTimestamp),
    startAcceptSendRequestTimeStamp: String(sendsAcceptedFrom),
    brokerVersion: String(version.ordinal),
    brokerVersionDesc: version.name,
    brokerActive: 'true',
    runtime: readableRuntime(uptimeMs),
  };
}

function throughput({ rates }: RuntimeFigures): Record<string, string> {
  const total = rates.found.map((found, at) => found + (rates.missed[at] ?? 0));
  const transferred = rates.transferred.join(' ');
  return {
    putTps: rates.put.join(' '),
    getFoundTps: rates.found.join(' '),
    getMissTps: rates.missed.join(' '),
    getTotalTps: total.join(' '),
    getTransferredTps: transferred,
    getTransferedTps: transferred,
  };
}

function counters({ puts, readMaxMs }: RuntimeFigures): Record<string, string> {
  return {
    putMessageTimesTotal: String(puts.count),
    putMessageFailedTimes: String(puts.failures),
    putMessageSizeTotal: String(puts.sizeBytes),
    putMessageAverageSize: String(puts.count === 0 ? 0 : puts.sizeBytes / puts.count),
    putMessageEntireTimeMax: String(puts.maxMs),
    putMessageDistributeTime: puts.distribution,
    putLatency99: String(puts.below99Ms),
    putLatency999: String(puts.below999Ms),
    getMessageEntireTimeMax: String(readMaxMs),
  };
}

function days({ days: { now, todayMorning, yesterdayMorning } }: RuntimeFigures): Record<string, string> {
  return {
    msgPutTotalYesterdayMorning: String(yesterdayMorning.put),
    msgPutTotalTodayMorning: String(todayMorning.put),
    msgPutTotalTodayNow: String(now.put),
    msgGetTotalYesterdayMorning: String(yesterdayMorning.got),
    msgGetTotalTodayMorning: String(todayMorning.got),
    msgGetTotalTodayNow: String(now.got),
  };
}

function storage({ capacity, disk, log }: RuntimeFigures): Record<string, string> {
  const behindBytes = log.appendedEnd - log.maxOffset;
  const commitLogDiskRatio = ratio(disk.commitLog);
  return {
    commitLogMinOffset: String(log.minOffset),
    commitLogMaxOffset: String(log.maxOffset),
    commitLogDiskRatio,
    [`commitLogDiskRatio_${log.directory}`]: commitLogDiskRatio,
    consumeQueueDiskRatio: ratio(disk.consumeQueue),
    ...(capacity === undefined
      ? {}
      : { commitLogDirCapacity: `Total : ${readableBytes(capacity.totalBytes)}, Free : ${readableBytes(capacity.freeBytes)}.` }),
    earliestMessageTimeStamp: String(log.earliestTimestamp),
    // Queues are brought up to date in the turn in which a message becomes visible: nothing waits between the log and them.
    dispatchMaxBuffer: '0',
    dispatchBehindBytes: String(behindBytes),
    // One event loop writes, so nobody ever waits for another writer.
    pageCacheLockTimeMills: '0',
    remainTransientStoreBufferNumbs: String(noPool),
    remainHowManyDataToCommit: '0 B',
    remainHowManyDataToFlush: readableBytes(Math.max(0, log.appendedEnd - log.flushedEnd)),
  };
}

/** Java's are shares of 1; what is not known is -1 there as well. */
function ratio(percent: number): string {
  return String(percent < 0 ? -1 : percent / 100);
}

function delays({ delayLevels }: RuntimeFigures): Record<string, string> {
  return Object.fromEntries(
    delayLevels.map(([level, offset, maxOffset]) => [`scheduleMessageOffset_${level}`, `${offset},${maxOffset}`]),
  );
}

function timers({ timer }: RuntimeFigures): Record<string, string> {
  return {
    timerReadBehind: String(Math.floor(timer.readBehindMs / 1000)),
    timerOffsetBehind: String(timer.offsetBehind),
    timerCongestNum: String(timer.pendingCount),
    timerEnqueueTps: javaDecimal(timer.enqueuedPerSecond),
    timerDequeueTps: javaDecimal(timer.dequeuedPerSecond),
  };
}

/** Java's floats have a point. */
function javaDecimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** Requests are worked on in the turn in which they come, so the head of every queue has waited no time. */
function queues({ pulls, queries, sends }: RuntimeFigures): Record<string, string> {
  const none = { size: 0, capacity: pulls.capacity };
  const table: Record<string, string> = {
    EndTransactionQueueSize: String(sends.size),
    EndTransactionThreadPoolQueueCapacity: String(sends.capacity),
  };
  for (const [name, queue] of Object.entries({ send: sends, pull: pulls, litePull: none, query: queries, ack: none })) {
    table[`${name}ThreadPoolQueueSize`] = String(queue.size);
    table[`${name}ThreadPoolQueueCapacity`] = String(queue.capacity);
    table[`${name}ThreadPoolQueueHeadWaitTimeMills`] = '0';
  }
  return table;
}
