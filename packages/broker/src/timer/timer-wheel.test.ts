import { describe, expect, it } from 'vitest';
import { TimerWheel, wheelFileBytes, wheelPieceBytes, wheelSlots } from './timer-wheel.js';

const now = 1_795_216_927_000;

function linked(...ticks: readonly number[]): TimerWheel {
  const wheel = new TimerWheel(1000);
  for (const [index, tick] of ticks.entries()) wheel.link(tick, index * 52, 1);
  return wheel;
}

/** The whole file as a restart finds it. */
function reloaded(wheel: TimerWheel, fromMs = 0, precisionMs = 1000): TimerWheel {
  const copy = new TimerWheel(precisionMs);
  for (const { index, bytes } of wheel.takeDirty()) expect(copy.load(index, bytes, fromMs)).toBe(true);
  return copy;
}

describe('a slot', () => {
  it('holds the ends of its chain', () => {
    const wheel = linked(now, now + 1000, now);
    expect(wheel.slot(now)).toEqual({ first: 0, last: 104, count: 2 });
    expect(wheel.slot(now + 1000)).toEqual({ first: 52, last: 52, count: 1 });
    expect(wheel.slot(now + 2000)).toBeUndefined();
    expect(wheel.pendingCount).toBe(3);
  });

  it('has the fields of RocketMQ at their places', () => {
    const [piece] = linked(now, now).takeDirty();
    const slotIndex = (now / 1000) % wheelSlots;
    expect(piece?.index).toBe(Math.floor((slotIndex * 32) / wheelPieceBytes));
    const at = (slotIndex * 32) % wheelPieceBytes;
    expect(piece?.bytes.subarray(at, at + 32).toString('hex')).toBe(
      '000000006b00d61f000000000000000000000000000000340000000200000000',
    );
  });

  it('is empty when its tick is delivered', () => {
    const wheel = linked(now, now);
    wheel.clear(now + 1000);
    wheel.clear(now);
    expect([wheel.slot(now), wheel.pendingCount]).toEqual([undefined, 0]);
    wheel.link(now, 520, 1);
    expect(wheel.slot(now)).toEqual({ first: 520, last: 520, count: 1 });
  });

  it('counts cancellations off', () => {
    const wheel = linked(now);
    wheel.link(now, 52, -1);
    expect([wheel.slot(now)?.count, wheel.pendingCount]).toEqual([0, 0]);
  });

  it('is not taken from a tick that is a ring away', () => {
    const wheel = linked(now);
    const other = now + wheelSlots * 1000;
    expect([wheel.isPlaceHeldByOther(now), wheel.isPlaceHeldByOther(other)]).toEqual([false, true]);
    expect(wheel.slot(other)).toBeUndefined();
    expect(() => wheel.link(other, 52, 1)).toThrow('emptied');
    wheel.clear(other);
    expect(wheel.slot(now)).toBeDefined();
  });
});

describe('the first taken tick', () => {
  it.each([
    [now, now, now],
    [now - 86_400_000, now + 86_400_000, now],
    [now + 1, now + 86_400_000, now + 5000],
    [now + 1, now + 4999, undefined],
    [now + 5001, now + 86_400_000, now + 3_600_000],
    [now + 3_600_001, now + 864_000_000, undefined],
    [0, now * 2, now],
  ])('from %i to %i is %s', (from, to, tick) => {
    expect(linked(now + 3_600_000, now + 5000, now).firstTaken(from, to)).toBe(tick);
  });

  it('of an empty wheel is none', () => {
    expect(new TimerWheel(1000).firstTaken(0, Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  it('is found at the turn of the ring', () => {
    const turn = Math.ceil(now / 1000 / wheelSlots) * wheelSlots * 1000;
    const wheel = linked(turn - 1000, turn, turn + 1000);
    expect(wheel.firstTaken(turn - 2000, turn)).toBe(turn - 1000);
    expect(wheel.firstTaken(turn - 999, turn)).toBe(turn);
    expect(wheel.firstTaken(turn + 1, turn + 1000)).toBe(turn + 1000);
  });
});

it('cancellations are counted on their own while their tick waits', () => {
  const wheel = linked(now);
  wheel.link(now, 52, -1);
  wheel.link(now, 104, -1);
  expect(wheel.loadOf(now)).toEqual({ messages: 1, cancellations: 2 });
  wheel.clear(now);
  expect(wheel.loadOf(now)).toEqual({ messages: 0, cancellations: 0 });
});

describe('the file', () => {
  it('has the length of RocketMQ', () => {
    expect(wheelFileBytes).toBe(38_707_200);
    expect(wheelFileBytes % wheelPieceBytes).toBe(0);
  });

  it('brings the slots back', () => {
    const copy = reloaded(linked(now, now + 3_600_000, now));
    expect(copy.slot(now)).toEqual({ first: 0, last: 104, count: 2 });
    expect([copy.highestPosition(), copy.pendingCount]).toEqual([104, 3]);
    expect(copy.isDirty).toBe(false);
  });

  it('brings nothing back that is delivered', () => {
    const copy = reloaded(linked(now - 1000, now), now);
    expect([copy.slot(now - 1000), copy.slot(now)?.last, copy.pendingCount]).toEqual([undefined, 52, 1]);
  });

  it.each([
    [1000, 100],
    [1000, 500],
    [500, 1000],
    [500, 200],
    [100, 1000],
  ])('is not believed when it was written with a precision of %i ms and %i is set', (written, set) => {
    const wheel = new TimerWheel(written);
    wheel.link(now, 0, 1);
    const copy = new TimerWheel(set);
    for (const { index, bytes } of wheel.takeDirty()) expect(copy.load(index, bytes, now - 60_000)).toBe(false);
    expect(copy.pieceCount).toBe(0);
  });

  it('is not believed when a slot is at the place of another', () => {
    const copy = new TimerWheel(1000);
    const [piece] = linked(now).takeDirty();
    expect(copy.load(piece!.index + 1, piece!.bytes, now)).toBe(false);
  });

  it('is written only where something changed, and again when a write failed', () => {
    const wheel = linked(now, now + 3_600_000);
    const first = wheel.takeDirty();
    expect([first.length, wheel.isDirty]).toEqual([2, false]);
    wheel.clear(now);
    expect(wheel.takeDirty()).toHaveLength(1);
    wheel.markDirty(first);
    expect(wheel.takeDirty()).toHaveLength(2);
  });

  it('gets the zeros of a piece that is let go', () => {
    const wheel = linked(now);
    const [before] = wheel.takeDirty();
    wheel.clear(now);
    const [after] = wheel.takeDirty();
    expect(after).toEqual({ index: before!.index, bytes: Buffer.alloc(wheelPieceBytes) });
    expect(wheel.pieceCount).toBe(0);
  });
});

it('takes the memory of its slots, however many messages are in them', () => {
  const wheel = new TimerWheel(1000);
  for (let i = 0; i < 259_200; i += 27)
    for (let more = 0; more < 10; more += 1) wheel.link(now + i * 1000, i * 520 + more * 52, 1);
  expect(wheel.pendingCount).toBe(96_000);
  expect(wheel.pieceCount * wheelPieceBytes).toBeLessThanOrEqual(259_200 * 32 + 2 * wheelPieceBytes);
});
