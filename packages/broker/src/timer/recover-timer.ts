/**
 * Brings the wheel back (Java: TimerMessageStore.recover; page 25 §2.4). The messages are in the commit log; the wheel, its log and
 * `timercheck` only say how far they were taken in and delivered. Three ways, the next when one does not hold:
 * - the slots of the file, and the units behind the noted end of the log;
 * - all units of the log, when the slots are missing, of another precision, or name units that are not there;
 * - all records of the timer topic, when the log is missing too, or has units of a finer precision: those whose tick was delivered are left out.
 */
import type { Logger } from '@orbitmq/core/kernel';
import { type DataVersion, SystemTopic } from '@orbitmq/protocol';
import type { MessageStore } from '../store/message-store.js';
import type { TimerCheck } from './timer-check.js';
import type { TimerFiles } from './timer-files.js';
import type { TimerLog } from './timer-log.js';
import { tickOf } from './timer-time.js';
import { TimerMagic, type TimerUnit, tickOfUnit, timerUnitBytes } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

export interface TimerRecoveryDeps {
  readonly files: TimerFiles;
  readonly log: TimerLog;
  readonly wheel: TimerWheel;
  readonly store: MessageStore;
  readonly logger: Logger;
  readonly fileBytes: number;
  /** The tick of now. */
  readonly writeTime: number;
}

export interface RecoveredTimer {
  readonly readTime: number;
  readonly queueOffset: number;
  /** Of the third way: records of the topic below the offset, and with a tick before the time, were delivered already. */
  readonly delivered: { readonly belowOffset: number; readonly beforeMs: number };
  readonly dataVersion: DataVersion | undefined;
  /** There never was a timed message, nor a file of the timer. */
  readonly hadNone: boolean;
}

export async function recoverTimer(deps: TimerRecoveryDeps): Promise<RecoveredTimer> {
  const recovered = await recover(deps);
  // The time that a broker of a finer precision had reached may lie within a tick.
  return { ...recovered, readTime: tickOf(recovered.readTime, deps.wheel.precisionMs) };
}

async function recover(deps: TimerRecoveryDeps): Promise<RecoveredTimer> {
  const { files, log, wheel, logger } = deps;
  const check = await files.readCheck();
  const known = check?.readTime ?? 0;
  if (check !== undefined && log.end > log.minPosition) {
    const isWheelKept = (await files.loadWheel(wheel, known)) && (await endsWithUnit(deps, check.logFlushedEnd));
    const quick = isWheelKept ? await relink(deps, check.logFlushedEnd, check) : undefined;
    if (quick !== undefined && wheel.highestPosition() < quick.end) return finish(deps, check, quick);
    logger.warn('the slots of the timer wheel do not fit its log; they are made anew from it');
    wheel.reset();
    const full = await relink(deps, log.minPosition, check);
    if (full?.lastUnit !== undefined) {
      // Until the slots are written again, a restart has to come the same way.
      await files.writeCheck({ ...check, logFlushedEnd: log.minPosition });
      await files.makeWheel();
      wheel.markAllDirty();
      return finish(deps, check, full);
    }
  }
  return recoverFromTopic(deps, check);
}

async function recoverFromTopic(deps: TimerRecoveryDeps, check: TimerCheck | undefined): Promise<RecoveredTimer> {
  const { files, log, wheel, store, logger, writeTime } = deps;
  const queueOffset = store.minOffset(SystemTopic.TIMER, 0);
  const dataVersion = check?.dataVersion ?? { stateVersion: 0, timestamp: writeTime, counter: 0 };
  const readTime = Math.min(check?.readTime ?? writeTime, writeTime);
  const hadNone = check === undefined && log.end === 0 && store.maxOffset(SystemTopic.TIMER, 0) === 0;
  // Files come with the first timed message.
  if (hadNone) return { readTime, queueOffset: 0, delivered: { belowOffset: 0, beforeMs: 0 }, dataVersion: undefined, hadNone };
  if (store.maxOffset(SystemTopic.TIMER, 0) > queueOffset) {
    logger.warn('the timer has no log of its own that fits; timed messages are taken in again from their topic', { queueOffset });
  }
  wheel.reset();
  await files.writeCheck({ readTime, logFlushedEnd: 0, queueOffset, masterQueueOffset: queueOffset, dataVersion });
  await log.endAt(0);
  await files.makeWheel();
  // Without a check nobody knows what was delivered: all of it comes, once more if need be.
  const delivered = { belowOffset: check?.queueOffset ?? 0, beforeMs: check?.readTime ?? 0 };
  return { readTime, queueOffset, delivered, dataVersion: check?.dataVersion, hadNone: false };
}

interface Relinked {
  readonly end: number;
  readonly lastUnit: TimerUnit | undefined;
  readonly readTime: number;
}

/** Whether the unit before `end` is there, and names a record that is. */
async function endsWithUnit({ log, store, fileBytes }: TimerRecoveryDeps, end: number): Promise<boolean> {
  if (end === log.minPosition) return true;
  const inFile = end % fileBytes;
  if (end < log.minPosition || end > log.end || inFile % timerUnitBytes !== 0) return false;
  const before = inFile === 0 ? end - fileBytes + lastUnitInFile(fileBytes) : end - timerUnitBytes;
  const unit = await log.read(before);
  return unit !== undefined && unit.physicalOffset < store.maxPhysicalOffset;
}

function lastUnitInFile(fileBytes: number): number {
  return fileBytes - ((fileBytes - 16) % timerUnitBytes) - 16 - timerUnitBytes;
}

/** Puts the units from `from` on into their slots, unless they are there. Undefined when two ticks want the same place, or one is no tick of this precision. */
async function relink(deps: TimerRecoveryDeps, from: number, check: TimerCheck): Promise<Relinked | undefined> {
  const { log, wheel, store } = deps;
  let lastUnit: TimerUnit | undefined;
  let cut: number | undefined;
  const known = check.readTime;
  let readTime = known;
  let isClear = true;
  const scanEnd = await log.scan(from, (unit, position) => {
    if (cut !== undefined) return;
    // The commit log was cut before it: the record that it names is another one, or none.
    if (unit.physicalOffset >= store.maxPhysicalOffset) {
      cut = position;
      return;
    }
    lastUnit = unit;
    const tick = tickOfUnit(unit);
    // A tick before: delivered, unless the clock was set back since the end of the log was noted.
    if (tick < known && position < check.logFlushedEnd) return;
    if (tick % wheel.precisionMs !== 0 || wheel.isPlaceHeldByOther(tick)) isClear = false;
    else if (position > (wheel.slot(tick)?.last ?? -1)) {
      readTime = Math.min(readTime, tick);
      wheel.link(tick, position, (unit.magic & TimerMagic.DELETE) === 0 ? 1 : -1);
    }
  });
  return isClear ? { end: cut ?? scanEnd, lastUnit, readTime } : undefined;
}

async function finish(deps: TimerRecoveryDeps, check: TimerCheck, found: Relinked): Promise<RecoveredTimer> {
  const { log, store, writeTime } = deps;
  await log.endAt(found.end);
  const last = found.lastUnit === undefined ? undefined : await store.lookMessage(found.lastUnit.physicalOffset);
  const behindLast = last?.topic === SystemTopic.TIMER ? last.queueOffset + 1 : check.queueOffset;
  // Behind the last unit there may be messages that were delivered at once; but units that are lost have to be made anew.
  const wanted = found.end >= check.logFlushedEnd ? Math.max(behindLast, check.queueOffset) : behindLast;
  const [min, max] = [store.minOffset(SystemTopic.TIMER, 0), store.maxOffset(SystemTopic.TIMER, 0)];
  return {
    readTime: Math.min(found.readTime, writeTime),
    queueOffset: Math.max(min, Math.min(wanted, max)),
    delivered: { belowOffset: 0, beforeMs: 0 },
    dataVersion: check.dataVersion,
    hadNone: false,
  };
}
