import { expect, it } from 'vitest';
import { bodies, put, successor, timerBed } from '../test-support/timer-bed.js';
import type { TimerService } from './timer-service.js';
import { TimerTraffic } from './timer-traffic.js';

/** Of TopicT: taken in, given out, delays counted. */
function countsOf({ traffic }: Pick<TimerService, 'traffic'>): readonly number[] {
  const { enqueued, dequeued, delaySeconds } = traffic.byTopic.get('TopicT')!;
  return [enqueued, dequeued, delaySeconds.counts.reduce((sum, count) => sum + count, 0)];
}

it('counts what is taken in and what is given out, also at once', async () => {
  const { environment, timer, ...bed } = await timerBed();
  put({ environment, timer, ...bed }, 'due', -5000);
  put({ environment, timer, ...bed }, 'a', 3000);
  await environment.time.advance(1000);
  expect(countsOf(timer)).toEqual([2, 1, 2]);
  await environment.time.advance(4000);
  expect(countsOf(timer)).toEqual([2, 2, 2]);
});

it('a message that was taken back and its cancellation only come in', async () => {
  const bed = await timerBed();
  put(bed, 'a', 3000);
  put(bed, '0', 3000, { TIMER_DEL_UNIQKEY: 'Ua' });
  await bed.environment.time.advance(6000);
  expect(countsOf(bed.timer)).toEqual([2, 0, 2]);
});

it('a message that is rolled comes in and goes out each time', async () => {
  const bed = await timerBed({ settings: { rollWindowSlots: () => 4 } });
  put(bed, 'a', 11_000);
  await bed.environment.time.advance(13_000);
  const [enqueued, dequeued] = countsOf(bed.timer);
  expect(enqueued).toBeGreaterThan(2);
  expect(dequeued).toBe(enqueued);
});

it('what is tried again counts once', async () => {
  const bed = await timerBed();
  put(bed, 'a', 3000);
  await bed.environment.time.advance(1000);
  bed.store.isWritable = false;
  await bed.environment.time.advance(5000);
  expect(countsOf(bed.timer)).toEqual([1, 0, 1]);
  bed.store.isWritable = true;
  await bed.environment.time.advance(2000);
  expect(countsOf(bed.timer)).toEqual([1, 1, 1]);
});

it('a deleted topic does not come back when its messages that wait are given out, also at the next broker', async () => {
  const topics = new Set(['TopicT']);
  const hasTopic = (topic: string): boolean => topics.has(topic);
  const bed = await timerBed({ hasTopic });
  put(bed, 'a', 3000);
  put(bed, 'b', 8000);
  await bed.environment.time.advance(1000);
  expect(countsOf(bed.timer)).toEqual([2, 0, 2]);
  topics.delete('TopicT');
  bed.timer.traffic.topicDeleted('TopicT');
  await bed.environment.time.advance(4000);
  expect([bodies(bed), [...bed.timer.traffic.byTopic.keys()]]).toEqual([['a'], []]);
  const next = await successor(bed, { hasTopic });
  await next.environment.time.advance(5000);
  expect([bodies(next), [...next.timer.traffic.byTopic.keys()]]).toEqual([['a', 'b'], []]);
  topics.add('TopicT');
  put(next, 'c', 3000);
  await next.environment.time.advance(1000);
  expect(countsOf(next.timer)).toEqual([1, 0, 1]);
});

it('tells delays in whole seconds, and none below nothing', () => {
  const traffic = new TimerTraffic();
  for (const delayMs of [-1000, -999, 59_999, 60_999, 61_000, 259_200_000, 259_201_000]) traffic.enqueued('T', delayMs);
  const { delaySeconds, enqueued } = traffic.byTopic.get('T')!;
  expect([enqueued, [...delaySeconds.counts], delaySeconds.sum]).toEqual([
    7,
    [3, 1, 0, 0, 0, 1, 1],
    0 + 59 + 60 + 61 + 259_200 + 259_201,
  ]);
});

it('names so many topics and no more, and a deleted one makes room', () => {
  const traffic = new TimerTraffic({ topicsMax: 2 });
  for (const topic of ['A', 'B', 'C']) traffic.dequeued(topic);
  expect([...traffic.byTopic.keys()]).toEqual(['A', 'B']);
  traffic.topicDeleted('A');
  traffic.enqueued('C', 0);
  expect([...traffic.byTopic.keys()]).toEqual(['B', 'C']);
});
