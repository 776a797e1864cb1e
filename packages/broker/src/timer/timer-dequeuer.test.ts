import { SystemTopic } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import type { FakeMessageStore } from '../test-support/fake-message-store.js';
import { bodies, put, successor, type TimerBed, timerBed } from '../test-support/timer-bed.js';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** Reads of a record of the timer topic fail, by its body, while the condition holds. */
function damage({ store }: TimerBed, body: string, isBroken: () => boolean = () => true): void {
  const look = store.lookMessage.bind(store);
  store.lookMessage = async (physicalOffset) => {
    const message = await look(physicalOffset);
    if (message?.topic === SystemTopic.TIMER && message.body.toString() === body && isBroken()) throw new Error('EIO');
    return message;
  };
}

describe('a record that cannot be read', () => {
  it('is left out after some tries and counted; nothing before it comes twice, and the ticks behind it come', async () => {
    const bed = await timerBed({ batchMax: 3 });
    for (const body of numbers(8)) put(bed, body, 3000);
    put(bed, 'later', 5000);
    await bed.environment.time.advance(1000);
    damage(bed, '6');
    await bed.environment.time.advance(30_000);
    expect(bodies(bed)).toEqual(['0', '1', '2', '3', '4', '5', '7', 'later']);
    expect(bed.timer.status).toMatchObject({ lostCount: 1, pendingCount: 0 });
  });

  it('is delivered when it can be read again', async () => {
    const bed = await timerBed({ batchMax: 3 });
    for (const body of numbers(5)) put(bed, body, 3000);
    await bed.environment.time.advance(1000);
    const { clock } = bed.environment;
    const end = clock.now() + 8000;
    damage(bed, '1', () => clock.now() < end);
    await bed.environment.time.advance(30_000);
    expect(bodies(bed)).toEqual(['0', '2', '3', '4', '1']);
    expect(bed.timer.status.lostCount).toBe(0);
  });

  it('keeps its place for the successor when the broker stops', async () => {
    const first = await timerBed();
    put(first, 'a', 3000);
    await first.environment.time.advance(1000);
    damage(first, 'a');
    await first.environment.time.advance(4000);
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first);
    await second.environment.time.advance(1000);
    expect(bodies(second)).toEqual(['a']);
  });

  it('and is a cancellation stops no tick', async () => {
    const bed = await timerBed();
    put(bed, 'a', 3000);
    put(bed, 'cancellation', 3000, { TIMER_DEL_UNIQKEY: 'Ua' });
    put(bed, 'later', 5000);
    await bed.environment.time.advance(1000);
    damage(bed, 'cancellation');
    await bed.environment.time.advance(30_000);
    expect(bodies(bed)).toEqual(['a', 'later']);
    expect(bed.timer.status.lostCount).toBe(1);
  });

  it('and is overdue at the start keeps the broker from nothing', async () => {
    const first = await timerBed();
    put(first, 'a', 3000);
    put(first, 'cancellation', 3000, { TIMER_DEL_UNIQKEY: 'Ua' });
    await first.environment.time.advance(1000);
    await first.environment.time.settle(first.timer.stop());
    first.environment.time.jumpWallClock(3_600_000);
    const store = first.store.survivor();
    damage({ ...first, store }, 'cancellation');
    const second = await timerBed({ previous: { ...first, store: Object.assign(store, { survivor: () => store }) } });
    await second.environment.time.advance(30_000);
    expect(bodies(second)).toEqual(['a']);
  });

  it('is left out when it is to be taken in, and stops nothing behind it', async () => {
    const bed = await timerBed();
    damage(bed, 'x');
    for (const body of ['a', 'x', 'b']) put(bed, body, 3000);
    await bed.environment.time.advance(30_000);
    expect(bodies(bed)).toEqual(['a', 'b']);
    expect(bed.timer.status).toMatchObject({ lostCount: 1, offsetBehind: 0 });
  });
});

it('what is no timed message is counted as lost', async () => {
  const bed = await timerBed();
  put(bed, 'poison', 1000, { TIMER_OUT_MS: 'soon' });
  await bed.environment.time.advance(2000);
  expect(bed.timer.status.lostCount).toBe(1);
});

/** Most reads of records between two turns of the event loop. */
function looksInATurn(store: FakeMessageStore, { timers }: TimerBed['environment']): () => number {
  let most = 0;
  let count = 0;
  const look = store.lookMessage.bind(store);
  store.lookMessage = (physicalOffset) => {
    if (count === 0) {
      timers.setImmediate(() => {
        count = 0;
      });
    }
    count += 1;
    most = Math.max(most, count);
    return look(physicalOffset);
  };
  return () => most;
}

describe('many cancellations of one tick', () => {
  it('leave turns to everybody else, when they are due and when they are overdue', async () => {
    const bed = await timerBed();
    for (const body of numbers(1000)) {
      put(bed, body, 3000);
      put(bed, `not ${body}`, 3000, { TIMER_DEL_UNIQKEY: `U${body}` });
    }
    await bed.environment.time.advance(2000);
    const store = bed.store.survivor();
    const due = looksInATurn(bed.store, bed.environment);
    await bed.environment.time.advance(3000);
    expect(bed.timer.status.cancelledCount).toBe(1000);
    expect(due()).toBeLessThanOrEqual(512);

    await bed.environment.time.settle(bed.timer.stop());
    const overdue = looksInATurn(store, bed.environment);
    const late = await timerBed({ previous: { environment: bed.environment, fileSystem: new MemoryFileSystem(), store } });
    await bed.environment.time.advance(3000);
    expect(bodies(late)).toEqual([]);
    expect(overdue()).toBeLessThanOrEqual(512);
  });

  it('are counted on their own', async () => {
    const bed = await timerBed();
    for (const body of ['a', 'b', 'c']) put(bed, body, 3000);
    put(bed, '0', 3000, { TIMER_DEL_UNIQKEY: 'Ua' });
    await bed.environment.time.advance(500);
    const tick = Math.ceil((bed.environment.clock.now() + 2500) / 1000) * 1000 - 1000;
    expect([bed.timer.countOf(tick), bed.timer.loadOf(tick)]).toEqual([2, { messages: 3, cancellations: 1 }]);
    await bed.environment.time.advance(5000);
    expect(bed.timer.loadOf(tick)).toEqual({ messages: 0, cancellations: 0 });
  });
});

it('a tick that is begun anew repeats nothing of it that is stored', async () => {
  const bed = await timerBed({ batchMax: 3 });
  for (const body of numbers(9)) put(bed, body, 3000);
  await bed.environment.time.advance(1000);
  let isBroken = true;
  const putMessage = bed.store.putMessage.bind(bed.store);
  bed.store.putMessage = (message, waiter) => {
    if (isBroken && message.body.toString() === '6') {
      isBroken = false;
      throw new Error('broken');
    }
    putMessage(message, waiter);
  };
  await bed.environment.time.advance(6000);
  expect(isBroken).toBe(false);
  expect(bodies(bed)).toEqual(numbers(9));
});

describe('a stop', () => {
  it('within a tick delivers the rest of it, so that nothing comes twice', async () => {
    const first = await timerBed({ batchMax: 3 });
    for (const body of numbers(12)) put(first, body, 3000);
    await first.environment.time.runUntil(() => bodies(first).length >= 6, 10_000);
    expect(bodies(first).length).toBeLessThan(12);
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first);
    await second.environment.time.advance(5000);
    expect(bodies(second)).toEqual(numbers(12));
  });

  it('leaves it to the successor after half of its deadline', async () => {
    const first = await timerBed({ batchMax: 3 });
    for (const body of numbers(12)) put(first, body, 3000);
    await first.environment.time.runUntil(() => bodies(first).length >= 6, 10_000);
    first.store.nextStatuses.push(...Array.from({ length: 1000 }, () => 'DISK_FULL' as const));
    const began = first.environment.clock.monotonic();
    await first.environment.time.settle(first.timer.stop({ deadlineMs: 10_000 }));
    expect(first.environment.clock.monotonic() - began).toBeLessThanOrEqual(6000);
    const second = await successor(first);
    await second.environment.time.advance(5000);
    expect(new Set(bodies(second))).toEqual(new Set(numbers(12)));
  });

  it('begins no further tick', async () => {
    const first = await timerBed({ batchMax: 3 });
    for (const body of numbers(6)) put(first, body, 3000);
    put(first, 'next', 4000);
    await first.environment.time.runUntil(() => bodies(first).length >= 3, 10_000);
    first.environment.time.jumpWallClock(10_000);
    await first.environment.time.settle(first.timer.stop());
    expect(bodies(first)).toEqual(numbers(6));
  });
});

it('what is delivered is told, and what is rolled is not', async () => {
  const told: string[] = [];
  const bed = await timerBed({
    settings: { rollWindowSlots: () => 4 },
    onDelivered: ({ topic, body }) => told.push(`${topic} ${body.toString()}`),
  });
  put(bed, 'due', -1000);
  put(bed, 'a', 11_000);
  put(bed, 'taken back', 3000);
  put(bed, '0', 3000, { TIMER_DEL_UNIQKEY: 'Utaken back' });
  await bed.environment.time.advance(14_000);
  expect(told).toEqual(['TopicT due', 'TopicT a']);
});
