import { decodeProperties, SystemTopic } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { bodies, delivered, put, successor, type TimerBed, timerBed } from '../test-support/timer-bed.js';
import { outTick } from './timer-time.js';

describe('a timed message', () => {
  it.each([1, 500, 999, 1000, 1001, 5000, 60_001])(
    '%i ms ahead comes at its time or less than a second later',
    async (delayMs) => {
      const bed = await timerBed();
      const asked = bed.environment.clock.now() + delayMs;
      put(bed, 'a', delayMs);
      await bed.environment.time.advance(delayMs + 1100);
      const [message] = delivered(bed);
      expect(message!.storeTimestamp).toBeGreaterThanOrEqual(asked);
      expect(message!.storeTimestamp - asked).toBeLessThanOrEqual(1010);
    },
  );

  it('is the message that was sent, with the marks of the timer', async () => {
    const bed = await timerBed();
    put(bed, 'a', 3000, { TAGS: 'TagA', own: 'x' });
    const enqueued = Math.floor(bed.environment.clock.now() / 1000) * 1000;
    await bed.environment.time.advance(5000);
    const [message] = delivered(bed);
    expect([message?.body.toString(), message?.flag, message?.bornTimestamp, message?.queueId]).toEqual(['a', 7, 1, 0]);
    const properties = { ...decodeProperties(message!.propertiesBytes) };
    expect(properties).toMatchObject({ TAGS: 'TagA', own: 'x', REAL_TOPIC: 'TopicT', REAL_QID: '0', UNIQ_KEY: 'Ua' });
    expect(properties).toMatchObject({ TIMER_ENQUEUE_MS: String(enqueued), TIMER_DEQUEUE_MS: expect.stringMatching(/^\d{13}$/) });
    expect(properties).toHaveProperty('WAIT', 'true');
    expect(properties).not.toHaveProperty('TIMER_ROLL_TIMES');
  });

  it('that is due when it is taken in comes at once, marked as never enqueued', async () => {
    const bed = await timerBed();
    put(bed, 'a', -5000);
    await bed.environment.time.advance(10);
    expect(decodeProperties(delivered(bed)[0]!.propertiesBytes)['TIMER_ENQUEUE_MS']).toBe('9223372036854775807');
  });

  it('keeps the order of its tick, over batches', async () => {
    const bed = await timerBed({ batchMax: 3 });
    for (let i = 0; i < 10; i += 1) put(bed, String(i), 5000);
    put(bed, 'first', 2000);
    await bed.environment.time.advance(8000);
    expect(bodies(bed)).toEqual(['first', ...Array.from({ length: 10 }, (_, i) => String(i))]);
    expect(bed.timer.status).toMatchObject({
      pendingCount: 0,
      offsetBehind: 0,
      enqueuedCount: 11,
      dequeuedCount: 11,
      lostCount: 0,
    });
  });

  it('beyond the window is taken in anew on its way, and still never comes early', async () => {
    const bed = await timerBed({ settings: { rollWindowSlots: () => 4 } });
    const asked = bed.environment.clock.now() + 11_000;
    put(bed, 'a', 11_000);
    await bed.environment.time.advance(13_000);
    const [message] = delivered(bed);
    expect(message!.storeTimestamp).toBeGreaterThanOrEqual(asked);
    expect(message!.storeTimestamp - asked).toBeLessThanOrEqual(1010);
    expect(Number(decodeProperties(message!.propertiesBytes)['TIMER_ROLL_TIMES'])).toBeGreaterThanOrEqual(2);
    expect(delivered(bed)).toHaveLength(1);
  });
});

describe('a cancellation', () => {
  it.each([
    ['of the plain key', 'Ua'],
    ['of topic and key', 'TopicT+Ua'],
  ])('%s takes back the message, and is not delivered itself', async (_, key) => {
    const bed = await timerBed();
    put(bed, 'a', 3000);
    put(bed, 'b', 3000);
    put(bed, '0', 3000, { TIMER_DEL_UNIQKEY: key });
    await bed.environment.time.advance(6000);
    expect(bodies(bed)).toEqual(['b']);
    expect(bed.timer.status).toMatchObject({ cancelledCount: 1, pendingCount: 0 });
  });

  it('counts until the tick is over', async () => {
    const bed = await timerBed();
    put(bed, 'a', 3000);
    await bed.environment.time.advance(2900);
    put(bed, '0', 100, { TIMER_DEL_UNIQKEY: 'Ua' });
    await bed.environment.time.advance(3000);
    expect(bodies(bed)).toEqual([]);
  });

  it.each(['Ua', 'TopicT+Ua'])('does not reach another topic: %s', async (key) => {
    const bed = await timerBed();
    put(bed, 'a', 3000);
    put(bed, '0', 3000, { TIMER_DEL_UNIQKEY: key, REAL_TOPIC: 'Other' });
    await bed.environment.time.advance(6000);
    expect(bodies(bed)).toEqual(['a']);
  });

  it('beyond the window goes the way of its message', async () => {
    const bed = await timerBed({ settings: { rollWindowSlots: () => 4 } });
    put(bed, 'a', 11_000);
    await bed.environment.time.advance(1500);
    put(bed, '0', 9500, { TIMER_DEL_UNIQKEY: 'Ua' });
    await bed.environment.time.advance(15_000);
    expect(bodies(bed)).toEqual([]);
  });
});

describe('a message that was taken back while nobody delivered', () => {
  const window = { rollWindowSlots: () => 12 };

  it.each([
    ['from the same slot', 0],
    ['from another slot, behind it', 1000],
    ['from a slot before it', 7000],
  ])('never comes: the cancellation %s', async (_, laterMs) => {
    const first = await timerBed({ settings: window });
    put(first, 'a', 21_000);
    put(first, 'b', 21_000);
    await first.environment.time.advance(laterMs);
    put(first, '0', 21_000 - laterMs, { TIMER_DEL_UNIQKEY: 'Ua' });
    await first.environment.time.advance(2000);
    await first.environment.time.settle(first.timer.stop());
    first.environment.time.jumpWallClock(3_600_000);
    const second = await successor(first, { settings: window });
    await second.environment.time.advance(4000);
    expect(bodies(second)).toEqual(['b']);
    expect(second.timer.status).toMatchObject({ pendingCount: 0, offsetBehind: 0 });
  });

  it('never comes: neither of them was taken in', async () => {
    const first = await timerBed();
    await first.environment.time.settle(first.timer.stop());
    put(first, 'a', 5000);
    put(first, 'b', 5000);
    put(first, '0', 5000, { TIMER_DEL_UNIQKEY: 'Ua' });
    await first.environment.time.advance(100);
    first.environment.time.jumpWallClock(3_600_000);
    const second = await successor(first);
    await second.environment.time.advance(2000);
    expect(bodies(second)).toEqual(['b']);
  });

  it('never comes: the clock was set forward', async () => {
    const bed = await timerBed({ settings: window });
    put(bed, 'a', 21_000);
    put(bed, 'b', 21_000);
    await bed.environment.time.advance(1000);
    put(bed, '0', 20_000, { TIMER_DEL_UNIQKEY: 'Ua' });
    await bed.environment.time.advance(1000);
    bed.environment.time.jumpWallClock(3_600_000);
    await bed.environment.time.advance(4000);
    expect(bodies(bed)).toEqual(['b']);
  });
});

describe('the clock', () => {
  it('set forward delivers what is due within a second or two', async () => {
    const bed = await timerBed();
    put(bed, 'a', 3_600_000);
    await bed.environment.time.advance(100);
    bed.environment.time.jumpWallClock(3_600_000);
    await bed.environment.time.advance(2100);
    expect(bodies(bed)).toEqual(['a']);
  });

  it('set forward by weeks leaves nothing out', async () => {
    const bed = await timerBed();
    put(bed, 'a', 10_000);
    put(bed, 'b', 200_000_000);
    await bed.environment.time.advance(100);
    bed.environment.time.jumpWallClock(40 * 86_400_000);
    put(bed, 'c', 5000);
    await bed.environment.time.advance(8000);
    expect(bodies(bed)).toEqual(['a', 'b', 'c']);
  });

  it('set back delivers nothing early, neither old nor new, and nothing twice', async () => {
    const bed = await timerBed();
    put(bed, 'delivered', 1000);
    put(bed, 'old', 5000);
    await bed.environment.time.advance(3000);
    bed.environment.time.jumpWallClock(-60_000);
    const asked = bed.environment.clock.now() + 10_000;
    put(bed, 'new', 10_000);
    await bed.environment.time.advance(12_000);
    expect(bodies(bed)).toEqual(['delivered', 'new']);
    expect(delivered(bed)[1]!.storeTimestamp).toBeGreaterThanOrEqual(asked);
    await bed.environment.time.advance(60_000);
    expect(bodies(bed)).toEqual(['delivered', 'new', 'old']);
  });
});

it('a clock set back while nothing waits keeps nothing from being taken in', async () => {
  const bed = await timerBed();
  put(bed, 'first', 1000);
  await bed.environment.time.advance(20_000);
  bed.environment.time.jumpWallClock(-3_600_000);
  put(bed, 'third', 60_000);
  put(bed, 'second', 2000);
  await bed.environment.time.advance(4000);
  expect(bodies(bed)).toEqual(['first', 'second']);
  expect(bed.timer.status).toMatchObject({ offsetBehind: 0, pendingCount: 1 });
});

describe('what is no timed message, or cannot be stored', () => {
  it.each([
    ['no time', { TIMER_OUT_MS: '' }],
    ['a time that is no number', { TIMER_OUT_MS: 'soon' }],
    ['no topic', { REAL_TOPIC: '' }],
    ['a topic that nothing may be delivered to', { REAL_TOPIC: SystemTopic.TRANS_HALF }],
    ['no queue', { REAL_QID: 'x' }],
  ])('%s: is left out and stops nothing', async (_, properties) => {
    const bed = await timerBed();
    put(bed, 'poison', 1000, properties);
    put(bed, 'late', -1000, properties);
    put(bed, 'a', 1000);
    await bed.environment.time.advance(4000);
    expect(bodies(bed)).toEqual(['a']);
  });

  it.each(['BUSY', 'DISK_FULL', 'SERVICE_NOT_AVAILABLE'] as const)(
    '%s is tried until it succeeds, and nothing is doubled',
    async (status) => {
      const bed = await timerBed({ batchMax: 2 });
      for (const body of ['a', 'b', 'c']) put(bed, body, 2000);
      await bed.environment.time.advance(1500);
      bed.store.nextStatuses.push('PUT_OK', status, status, status, status, status);
      await bed.environment.time.advance(6000);
      expect(bodies(bed)).toEqual(['a', 'b', 'c']);
      expect(bed.timer.status.lostCount).toBe(0);
    },
  );

  it('too long with its marks is delivered without them', async () => {
    const bed = await timerBed();
    put(bed, 'a', 2000);
    await bed.environment.time.advance(1500);
    bed.store.nextStatuses.push('PROPERTIES_SIZE_EXCEEDED');
    await bed.environment.time.advance(2000);
    expect(bodies(bed)).toEqual(['a']);
    expect(decodeProperties(delivered(bed)[0]!.propertiesBytes)).not.toHaveProperty('TIMER_DEQUEUE_MS');
  });

  it('beyond the limits of this broker is counted as lost', async () => {
    const bed = await timerBed();
    put(bed, 'a', 2000);
    put(bed, 'b', 2000);
    await bed.environment.time.advance(1500);
    bed.store.nextStatuses.push('MESSAGE_ILLEGAL');
    await bed.environment.time.advance(2000);
    expect(bodies(bed)).toEqual(['b']);
    expect(bed.timer.status.lostCount).toBe(1);
  });

  it('gone with its log file is counted as lost', async () => {
    const bed = await timerBed();
    put(bed, 'a', 2000);
    put(bed, 'b', 2000);
    await bed.environment.time.advance(1500);
    bed.store.expire(SystemTopic.TIMER, 0, 1);
    await bed.environment.time.advance(2000);
    expect(bodies(bed)).toEqual(['b']);
    expect(bed.timer.status.lostCount).toBe(1);
  });
});

describe('taking in', () => {
  it('waits for a flush when the log has no room, and then goes on', async () => {
    const bed = await timerBed({ batchMax: 4, settings: { unflushedUnitsMax: 4, flushIntervalMs: 1_000_000 } });
    for (let i = 0; i < 50; i += 1) put(bed, String(i), 5000);
    await bed.environment.time.advance(1000);
    expect(bed.timer.status).toMatchObject({ offsetBehind: 0, pendingCount: 50 });
    await bed.environment.time.advance(6000);
    expect(bodies(bed)).toHaveLength(50);
  });

  it('says how far it is', async () => {
    const bed = await timerBed();
    put(bed, 'a', 10_000);
    await bed.environment.time.advance(2500);
    expect(bed.timer.check).toMatchObject({ queueOffset: 1, masterQueueOffset: 1, logFlushedEnd: 52 });
    expect(bed.timer.status).toMatchObject({ readBehindMs: expect.any(Number), pendingCount: 1 });
    expect(bed.timer.status.readBehindMs).toBeLessThanOrEqual(1000);
    const tick = outTick(bed.environment.clock.now() + 7500, 1000);
    expect([bed.timer.countOf(tick), bed.timer.countOf(tick + 1000)]).toEqual([1, 0]);
  });

  it('is not behind after a time in which nothing waited', async () => {
    const bed = await timerBed();
    put(bed, 'a', 1000);
    await bed.environment.time.advance(100_000);
    await bed.environment.time.settle(bed.timer.stop());
    expect(bed.environment.clock.now() - bed.timer.check.readTime).toBeLessThan(1000);
  });

  it('costs no polling while nothing waits', async () => {
    const bed = await timerBed({ settings: { flushIntervalMs: 10_000_000 } });
    put(bed, 'a', 1000);
    await bed.environment.time.advance(5000);
    const before = bed.environment.time.firedCount;
    await bed.environment.time.advance(300_000);
    expect(bed.environment.time.firedCount - before).toBe(0);
  });
});

/** One that is soon due, two of the same time and one of later. */
function putFour(bed: TimerBed): void {
  put(bed, 'a', 2000);
  put(bed, 'b', 10_000);
  put(bed, 'c', 10_000);
  put(bed, 'd', 40_000);
}

describe('a restart', () => {
  it('after a stop repeats nothing and goes on', async () => {
    const first = await timerBed();
    putFour(first);
    await first.environment.time.advance(5000);
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first);
    expect(second.timer.status.pendingCount).toBe(3);
    await second.environment.time.advance(8000);
    expect(bodies(second)).toEqual(['a', 'b', 'c']);
    await second.environment.time.advance(40_000);
    expect(bodies(second)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('after weeks delivers all that was due', async () => {
    const first = await timerBed();
    put(first, 'a', 10_000);
    put(first, 'b', 20_000_000);
    await first.environment.time.advance(1000);
    await first.environment.time.settle(first.timer.stop());
    first.environment.time.jumpWallClock(60 * 86_400_000);
    const second = await successor(first);
    await second.environment.time.advance(2000);
    expect(bodies(second)).toEqual(['a', 'b']);
  });

  it.each([10, 700, 1500, 2500, 3100, 4700])(
    'after a kill at %i ms loses nothing, and repeats at most a second of deliveries',
    async (at) => {
      const first = await timerBed();
      const sent = Array.from({ length: 20 }, (_, i) => String(i));
      for (const body of sent) put(first, body, 400 * Number(body));
      await first.environment.time.advance(at);
      const second = await successor(first);
      await first.timer.stop().catch(() => undefined);
      await second.environment.time.advance(12_000);
      const counts = new Map<string, number>();
      for (const body of bodies(second)) counts.set(body, (counts.get(body) ?? 0) + 1);
      expect([...counts.keys()].toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
      expect([...counts.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(4);
    },
  );

  it.each([
    ['wheel', ['/store/timerwheel']],
    ['check', ['/store/config/timercheck']],
    ['wheel and check', ['/store/timerwheel', '/store/config/timercheck']],
    ['log and wheel', ['/store/timerlog/00000000000000000000', '/store/timerwheel']],
    ['log', ['/store/timerlog/00000000000000000000']],
  ])('without its %s still delivers all, and with a check nothing twice', async (_, paths) => {
    const first = await timerBed();
    putFour(first);
    await first.environment.time.advance(5000);
    await first.environment.time.settle(first.timer.stop());
    for (const path of paths) await first.fileSystem.remove(path);
    const second = await successor(first);
    await second.environment.time.advance(50_000);
    const isCheckKept = paths.every((path) => !path.endsWith('check'));
    expect(bodies(second).toSorted()).toEqual([...(isCheckKept ? ['a'] : ['a', 'a']), 'b', 'c', 'd']);
  });

  it('with another precision makes the slots anew', async () => {
    const first = await timerBed();
    put(first, 'a', 10_000);
    await first.environment.time.advance(2000);
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first, { settings: { precisionMs: 100 } });
    await second.environment.time.advance(9000);
    expect(bodies(second)).toEqual(['a']);
  });

  it('with a coarser precision takes in anew what waits in ticks that are none now, and repeats nothing', async () => {
    const first = await timerBed({ settings: { precisionMs: 100 } });
    const outMs = first.environment.clock.now() + 10_300;
    put(first, 'delivered', 1500, { TIMER_OUT_MS: String(outMs - 8900) });
    put(first, 'a', 10_400, { TIMER_OUT_MS: String(outMs) });
    put(first, 'b', 10_400, { TIMER_OUT_MS: String(outMs) });
    put(first, '0', 10_400, { TIMER_OUT_MS: String(outMs), TIMER_DEL_UNIQKEY: 'Ub' });
    await first.environment.time.advance(2300);
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first, { settings: { precisionMs: 1000 } });
    expect(bodies(second)).toEqual(['delivered']);
    await second.environment.time.advance(9500);
    expect(bodies(second)).toEqual(['delivered', 'a']);
    expect(delivered(second)[1]!.storeTimestamp).toBeGreaterThanOrEqual(outMs + 100);
  });

  it('with a coarser precision delivers what waits in the second that was under way', async () => {
    const first = await timerBed({ settings: { precisionMs: 100 } });
    const second0 = Math.ceil(first.environment.clock.now() / 1000) * 1000 + 5000;
    put(first, 'a', second0 + 800 - first.environment.clock.now(), { TIMER_OUT_MS: String(second0 + 700) });
    await first.environment.time.advance(second0 + 350 - first.environment.clock.now());
    await first.environment.time.settle(first.timer.stop());
    const second = await successor(first, { settings: { precisionMs: 1000 } });
    expect(second.timer.status).toMatchObject({ offsetBehind: 0, pendingCount: 1 });
    await second.environment.time.advance(1000);
    expect(bodies(second)).toEqual(['a']);
  });
});
