/**
 * One entry of the timer log (Java: TimerLog; page 25 §2.1), 52 bytes: size 4 | prevPos 8 | magic 4 | currWriteTime 8 | delay 4 |
 * commit log offset 8 | record size 4 | hash of the real topic 4 | reserved 8. The units of a slot form a chain, newest first.
 * A file ends with a blank of 16 bytes: remaining 4 | 0 8 | blank magic 4.
 */
import { invariant } from '@orbitmq/core/kernel';
import { readInt64, writeInt64 } from '@orbitmq/protocol';

/** Units that are looked at in one turn of the event loop. */
export const unitsPerTurn = 256;
export const timerUnitBytes = 52;
export const timerBlankBytes = 16;
/** As of the commit log. */
const blankMagic = -875_286_124;

const At = {
  SIZE: 0,
  PREVIOUS: 4,
  MAGIC: 12,
  WRITE_TIME: 16,
  DELAY: 24,
  PHYSICAL_OFFSET: 28,
  RECORD_SIZE: 36,
  TOPIC_HASH: 40,
  RESERVED: 44,
} as const;

const BlankAt = { REMAINING: 0, MAGIC: 12 } as const;

export const TimerMagic = { DEFAULT: 1, ROLL: 2, DELETE: 4 } as const;
const allMagic = TimerMagic.DEFAULT | TimerMagic.ROLL | TimerMagic.DELETE;

export interface TimerUnit {
  /** Position of the unit before it in its slot; -1: it is the first. */
  readonly previous: number;
  /** Bits of `TimerMagic`. */
  readonly magic: number;
  /** When it was taken into the wheel: the tick of that time. */
  readonly writeTime: number;
  /** The slot's tick less `writeTime`. */
  readonly delayMs: number;
  readonly physicalOffset: number;
  readonly recordBytes: number;
  /** Java's hash of REAL_TOPIC; 0 without one. */
  readonly topicHash: number;
}

/** The tick of the slot that the unit is in. */
export function tickOfUnit(unit: TimerUnit): number {
  return unit.writeTime + unit.delayMs;
}

export function writeTimerUnit(target: Buffer, at: number, unit: TimerUnit): void {
  invariant(unit.delayMs >= 0 && unit.delayMs < 2 ** 31, 'the delay of a timer unit fits 31 bits');
  target.writeInt32BE(timerUnitBytes, at + At.SIZE);
  writeInt64(target, unit.previous, at + At.PREVIOUS);
  target.writeInt32BE(unit.magic, at + At.MAGIC);
  writeInt64(target, unit.writeTime, at + At.WRITE_TIME);
  target.writeInt32BE(unit.delayMs, at + At.DELAY);
  writeInt64(target, unit.physicalOffset, at + At.PHYSICAL_OFFSET);
  target.writeInt32BE(unit.recordBytes, at + At.RECORD_SIZE);
  target.writeInt32BE(unit.topicHash, at + At.TOPIC_HASH);
  writeInt64(target, 0, at + At.RESERVED);
}

/** The unit at `at`, which is `position` in the log; undefined for what is none, as the zeros behind the last one. */
export function readTimerUnit(source: Buffer, at: number, position: number): TimerUnit | undefined {
  if (at + timerUnitBytes > source.length || source.readInt32BE(at + At.SIZE) !== timerUnitBytes) return undefined;
  const unit: TimerUnit = {
    previous: readInt64(source, at + At.PREVIOUS),
    magic: source.readInt32BE(at + At.MAGIC),
    writeTime: readInt64(source, at + At.WRITE_TIME),
    delayMs: source.readInt32BE(at + At.DELAY),
    physicalOffset: readInt64(source, at + At.PHYSICAL_OFFSET),
    recordBytes: source.readInt32BE(at + At.RECORD_SIZE),
    topicHash: source.readInt32BE(at + At.TOPIC_HASH),
  };
  return isPlausible(unit, position) ? unit : undefined;
}

function isPlausible(unit: TimerUnit, position: number): boolean {
  const { previous, magic, writeTime, delayMs, physicalOffset, recordBytes } = unit;
  if ((magic & TimerMagic.DEFAULT) === 0 || (magic & ~allMagic) !== 0) return false;
  if (previous < -1 || previous >= position || writeTime <= 0 || delayMs < 0) return false;
  return physicalOffset >= 0 && recordBytes > 0 && Number.isSafeInteger(writeTime) && Number.isSafeInteger(physicalOffset);
}

/** The end of a file: zeros behind a blank. `sizeBytes` is all that is left. */
export function writeTimerBlank(target: Buffer, at: number, sizeBytes: number): void {
  invariant(sizeBytes >= timerBlankBytes, 'a timer log file keeps room for its blank');
  target.fill(0, at, at + sizeBytes);
  target.writeInt32BE(sizeBytes, at + BlankAt.REMAINING);
  target.writeInt32BE(blankMagic, at + BlankAt.MAGIC);
}

export function isTimerBlank(source: Buffer, at: number): boolean {
  return at + timerBlankBytes <= source.length && source.readInt32BE(at + BlankAt.MAGIC) === blankMagic;
}

/** Whether a unit fits at `inFile`, with a blank behind it. */
export function hasRoomForUnit(inFile: number, fileBytes: number): boolean {
  return timerUnitBytes + timerBlankBytes <= fileBytes - inFile;
}
