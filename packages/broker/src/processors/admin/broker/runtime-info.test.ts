import { expect, it } from 'vitest';
import { readableBytes, readableRuntime } from './readable-bytes.js';
import { type RuntimeFigures, runtimeInfo } from './runtime-info.js';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2, '1.0 MiB'],
  [53 * 1024 ** 3 + 512 * 1024 ** 2, '53.5 GiB'],
  [2 ** 53, '8.0 PiB'],
  [2 ** 63, '8.0 EiB'],
  [2 ** 73, '8192.0 EiB'],
])('%d bytes are "%s"', (sizeBytes, text) => {
  expect(readableBytes(sizeBytes)).toBe(text);
});

it.each([
  [0, '[ 0 days, 0 hours, 0 minutes, 0 seconds ]'],
  [59_999, '[ 0 days, 0 hours, 0 minutes, 59 seconds ]'],
  [60_000, '[ 0 days, 0 hours, 1 minutes, 0 seconds ]'],
  [3_599_999, '[ 0 days, 0 hours, 59 minutes, 59 seconds ]'],
  [86_399_999, '[ 0 days, 23 hours, 59 minutes, 59 seconds ]'],
  [86_400_000 * 1234 + 3_661_000, '[ 1,234 days, 1 hours, 1 minutes, 1 seconds ]'],
])('%d ms are "%s"', (elapsedMs, text) => {
  expect(readableRuntime(elapsedMs)).toBe(text);
});

const figures: RuntimeFigures = {
  version: { ordinal: 473, name: 'V5_3_0' },
  bootTimestamp: 1000,
  sendsAcceptedFrom: 5000,
  uptimeMs: 61_000,
  puts: { count: 4, sizeBytes: 1000, failures: 2, maxMs: 12, distribution: '[<=0ms]:4 ', below99Ms: 5, below999Ms: 9 },
  readMaxMs: 7,
  rates: { put: [1, 2, 3], found: [4, 5, 6], missed: [0.5, 0, 1], transferred: [7, 8, 9] },
  days: { yesterdayMorning: { put: 1, got: 2 }, todayMorning: { put: 3, got: 4 }, now: { put: 5, got: 6 } },
  log: { minOffset: 0, maxOffset: 900, appendedEnd: 1000, flushedEnd: 500, earliestTimestamp: 77, directory: '/s/commitlog' },
  disk: { commitLog: 83, consumeQueue: -1 },
  capacity: { totalBytes: 2048, freeBytes: 100 },
  delayLevels: [
    [1, 3, 9],
    [18, 1, 1],
  ],
  timer: { readBehindMs: 2999, offsetBehind: 4, pendingCount: 5, enqueuedPerSecond: 6, dequeuedPerSecond: 0.5 },
  sends: { size: 2, capacity: 10_000 },
  pulls: { size: 0, capacity: 100_000 },
  queries: { size: 1, capacity: 16 },
};

it('has every key that tools of 4.9 and 5.x read, all as text', () => {
  expect(runtimeInfo(figures)).toEqual({
    bootTimestamp: '1000',
    startAcceptSendRequestTimeStamp: '5000',
    brokerVersion: '473',
    brokerVersionDesc: 'V5_3_0',
    brokerActive: 'true',
    runtime: '[ 0 days, 0 hours, 1 minutes, 1 seconds ]',
    putTps: '1 2 3',
    getFoundTps: '4 5 6',
    getMissTps: '0.5 0 1',
    getTotalTps: '4.5 5 7',
    getTransferredTps: '7 8 9',
    getTransferedTps: '7 8 9',
    putMessageTimesTotal: '4',
    putMessageFailedTimes: '2',
    putMessageSizeTotal: '1000',
    putMessageAverageSize: '250',
    putMessageEntireTimeMax: '12',
    putMessageDistributeTime: '[<=0ms]:4 ',
    putLatency99: '5',
    putLatency999: '9',
    getMessageEntireTimeMax: '7',
    msgPutTotalYesterdayMorning: '1',
    msgPutTotalTodayMorning: '3',
    msgPutTotalTodayNow: '5',
    msgGetTotalYesterdayMorning: '2',
    msgGetTotalTodayMorning: '4',
    msgGetTotalTodayNow: '6',
    commitLogMinOffset: '0',
    commitLogMaxOffset: '900',
    commitLogDiskRatio: '0.83',
    'commitLogDiskRatio_/s/commitlog': '0.83',
    consumeQueueDiskRatio: '-1',
    commitLogDirCapacity: 'Total : 2.0 KiB, Free : 100 B.',
    earliestMessageTimeStamp: '77',
    dispatchMaxBuffer: '0',
    dispatchBehindBytes: '100',
    pageCacheLockTimeMills: '0',
    remainTransientStoreBufferNumbs: '2147483647',
    remainHowManyDataToCommit: '0 B',
    remainHowManyDataToFlush: '500 B',
    scheduleMessageOffset_1: '3,9',
    scheduleMessageOffset_18: '1,1',
    timerReadBehind: '2',
    timerOffsetBehind: '4',
    timerCongestNum: '5',
    timerEnqueueTps: '6.0',
    timerDequeueTps: '0.5',
    EndTransactionQueueSize: '2',
    EndTransactionThreadPoolQueueCapacity: '10000',
    sendThreadPoolQueueSize: '2',
    sendThreadPoolQueueCapacity: '10000',
    sendThreadPoolQueueHeadWaitTimeMills: '0',
    pullThreadPoolQueueSize: '0',
    pullThreadPoolQueueCapacity: '100000',
    pullThreadPoolQueueHeadWaitTimeMills: '0',
    litePullThreadPoolQueueSize: '0',
    litePullThreadPoolQueueCapacity: '100000',
    litePullThreadPoolQueueHeadWaitTimeMills: '0',
    queryThreadPoolQueueSize: '1',
    queryThreadPoolQueueCapacity: '16',
    queryThreadPoolQueueHeadWaitTimeMills: '0',
    ackThreadPoolQueueSize: '0',
    ackThreadPoolQueueCapacity: '100000',
    ackThreadPoolQueueHeadWaitTimeMills: '0',
  });
});

it('says nothing of a disk that does not tell its size, and of an average of nothing', () => {
  const info = runtimeInfo({ ...figures, capacity: undefined, puts: { ...figures.puts, count: 0, sizeBytes: 0 } });
  expect(info).not.toHaveProperty('commitLogDirCapacity');
  expect(info['putMessageAverageSize']).toBe('0');
});
