import { describe, expect, it } from 'vitest';
import {
  hasRoomForUnit,
  isTimerBlank,
  readTimerUnit,
  TimerMagic,
  type TimerUnit,
  tickOfUnit,
  timerBlankBytes,
  timerUnitBytes,
  writeTimerBlank,
  writeTimerUnit,
} from './timer-unit.js';

const unit: TimerUnit = {
  previous: -1,
  magic: TimerMagic.DEFAULT,
  writeTime: 1_795_216_927_000,
  delayMs: 4000,
  physicalOffset: 0x1_0000_0002,
  recordBytes: 300,
  topicHash: -2,
};

function bytesOf(written: TimerUnit): Buffer {
  const bytes = Buffer.alloc(timerUnitBytes);
  writeTimerUnit(bytes, 0, written);
  return bytes;
}

describe('a timer unit', () => {
  it('has the fields of RocketMQ at their places', () => {
    expect(bytesOf(unit).toString('hex')).toBe(
      '00000034ffffffffffffffff00000001000001a1fb44691800000fa000000001000000020000012cfffffffe0000000000000000',
    );
  });

  it('is read as it was written', () => {
    const other = { ...unit, previous: 52, magic: TimerMagic.DEFAULT | TimerMagic.DELETE };
    expect(readTimerUnit(bytesOf(unit), 0, 0)).toEqual(unit);
    expect(readTimerUnit(bytesOf(other), 0, 104)).toEqual(other);
    expect(tickOfUnit(unit)).toBe(1_795_216_931_000);
  });

  it.each([...Array(timerUnitBytes).keys()])('cut at byte %i is none', (length) => {
    expect(readTimerUnit(bytesOf(unit).subarray(0, length), 0, 0)).toBeUndefined();
  });

  it.each([
    ['zeros', Buffer.alloc(timerUnitBytes), 0],
    ['one without the default bit', bytesOf({ ...unit, magic: TimerMagic.ROLL }), 0],
    ['one with unknown bits', bytesOf({ ...unit, magic: 9 }), 0],
    ['one whose predecessor is itself', bytesOf({ ...unit, previous: 52 }), 52],
    ['one whose predecessor lies behind it', bytesOf({ ...unit, previous: 104 }), 52],
    ['one with a predecessor below -1', bytesOf({ ...unit, previous: -2 }), 52],
    ['one of time 0', bytesOf({ ...unit, writeTime: 0 }), 0],
    ['one with a negative offset', bytesOf({ ...unit, physicalOffset: -1 }), 0],
    ['one of an empty record', bytesOf({ ...unit, recordBytes: 0 }), 0],
  ])('%s is none', (_, bytes, position) => {
    expect(readTimerUnit(bytes, 0, position)).toBeUndefined();
  });
});

describe('the end of a file', () => {
  it('is a blank that says how much is left', () => {
    const bytes = Buffer.alloc(20, 0xff);
    writeTimerBlank(bytes, 0, 20);
    expect(bytes.toString('hex')).toBe('000000140000000000000000cbd4319400000000');
    expect(isTimerBlank(bytes, 0)).toBe(true);
    expect(isTimerBlank(bytes.subarray(0, timerBlankBytes - 1), 0)).toBe(false);
    expect(isTimerBlank(bytesOf(unit), 0)).toBe(false);
  });

  it('leaves room for it behind the last unit', () => {
    const fileBytes = 104_857_600;
    const last = fileBytes - ((fileBytes - 16) % 52) - 16 - 52;
    expect(hasRoomForUnit(last, fileBytes)).toBe(true);
    expect(hasRoomForUnit(last + 52, fileBytes)).toBe(false);
  });
});
