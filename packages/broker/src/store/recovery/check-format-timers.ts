/**
 * Whether RocketMQ 5's timer wheel has messages that are still to be delivered (Java: TimerMessageStore; page 25 §2). Every 5.x
 * broker makes the wheel's file, so the file alone says nothing: its slots do, and the timer topic's queue, whose last messages
 * may not have been taken into the wheel yet. When in doubt they count as pending.
 */
import { readInt64 } from '@orbitmq/protocol';
import type { FileSystem } from '../io/file-system.js';
import { joinPath } from '../io/paths.js';
import type { StorePaths } from '../store-paths.js';
import { findQueueEnd } from './check-format-queue-end.js';

const timerTopic = 'rmq_sys_wheel_timer';
/** Of one slot; they are read by many. */
const slotBytes = 32;
const readBytes = slotBytes * 32_768;
/** time / precision, then the places of its first and last unit in the timer log. */
const SlotAt = { TIME: 0, LAST_UNIT: 16 } as const;
const CheckAt = { LAST_READ_TIME: 0, LAST_QUEUE_OFFSET: 16, END: 24 } as const;
/** timerPrecisionMs divides a second; the file does not name it. */
const precisionsMs: readonly number[] = [1000, 500, 250, 200, 125, 100, 50, 40, 25, 20, 10, 8, 5, 4, 2, 1];

export interface PendingTimers {
  readonly path: string;
  readonly what: string;
}

export async function findPendingTimers(fileSystem: FileSystem, paths: StorePaths): Promise<PendingTimers | undefined> {
  const checkPath = joinPath(paths.root, 'config/timercheck');
  const check = await fileSystem.readFile(checkPath);
  const hasCheck = check !== undefined && check.length >= CheckAt.END;
  const queueDirectory = joinPath(paths.consumeQueue, timerTopic, '0');
  const queueEnd = await findQueueEnd(fileSystem, queueDirectory);
  const enqueuedTo = hasCheck ? readInt64(check, CheckAt.LAST_QUEUE_OFFSET) : 0;
  if (enqueuedTo < queueEnd) {
    return { path: queueDirectory, what: `queue offsets ${enqueuedTo} to ${queueEnd - 1} are not in the timer wheel` };
  }
  if (queueEnd === 0) return undefined;
  const readTo = hasCheck ? readInt64(check, CheckAt.LAST_READ_TIME) : 0;
  return findPendingWheel(fileSystem, paths, /^timerwheel(\.\d+)?$/, readTo);
}

/** With snapshots of the wheel (timerWheelSnapshotFlush) the newest has a number behind its name, and `timerwheel` is no longer written. */
export async function findTimerSnapshot(fileSystem: FileSystem, paths: StorePaths): Promise<PendingTimers | undefined> {
  const check = await fileSystem.readFile(joinPath(paths.root, 'config/timercheck'));
  const readTo = check !== undefined && check.length >= CheckAt.END ? readInt64(check, CheckAt.LAST_READ_TIME) : 0;
  return findPendingWheel(fileSystem, paths, /^timerwheel\.\d+$/, readTo);
}

async function findPendingWheel(
  fileSystem: FileSystem,
  paths: StorePaths,
  names: RegExp,
  readTo: number,
): Promise<PendingTimers | undefined> {
  for (const entry of (await fileSystem.list(paths.root)) ?? []) {
    if (entry.isDirectory || !names.test(entry.name)) continue;
    const path = joinPath(paths.root, entry.name);
    const dueAt = await firstPendingSlot(fileSystem, path, readTo);
    if (dueAt !== undefined) return { path, what: `the first one found is due at ${dueAt}` };
  }
  return undefined;
}

/** When the first slot found is due, ms since the epoch, whose time the wheel has not reached. */
async function firstPendingSlot(fileSystem: FileSystem, path: string, readTo: number): Promise<number | undefined> {
  const file = await fileSystem.open(path, { create: false });
  try {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    for (let position = 0; ; position += readBytes) {
      const countBytes = await file.read(buffer, position);
      for (let at = 0; at + slotBytes <= countBytes; at += slotBytes) {
        const ticks = readInt64(buffer, at + SlotAt.TIME);
        // A slot that was never used is all zero; one whose only message was cancelled counts as pending until its time.
        if (ticks <= 0 || readInt64(buffer, at + SlotAt.LAST_UNIT) < 0) continue;
        const dueAt = ticks * precisionOf(ticks, readTo);
        if (dueAt >= readTo) return dueAt;
      }
      if (countBytes < readBytes) return undefined;
    }
  } finally {
    await file.close();
  }
}

/** A slot lies within days of the time the wheel has reached, so their ratio is near the precision. */
function precisionOf(ticks: number, readTo: number): number {
  const distance = (precision: number): number => Math.abs(Math.log((ticks * precision) / readTo));
  return readTo <= 0 ? 1000 : precisionsMs.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}
