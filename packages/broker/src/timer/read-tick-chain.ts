import type { Environment } from '@orbitmq/core/kernel';
import { nextTurn } from '../metadata/next-turn.js';
import type { MessageStore } from '../store/message-store.js';
import { CancelledKeys } from './cancelled-keys.js';
import { readInRounds } from './read-in-rounds.js';
import { readTimedFacts } from './timed-message.js';
import type { TimerLog } from './timer-log.js';
import { TimerMagic, type TimerUnit, tickOfUnit, unitsPerTurn } from './timer-unit.js';
import type { TimerWheel } from './timer-wheel.js';

export interface ReadTickChainDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly wheel: TimerWheel;
  readonly log: TimerLog;
  readonly isStopped: () => boolean;
}

/** What waits in one tick. */
export interface TickChain {
  /** Of its units, oldest first: eight bytes each. */
  readonly positions: Float64Array;
  readonly cancelled: CancelledKeys;
  /** What the tick takes from the counts of topics that wait. */
  readonly countChanges: Map<string, number>;
  /** Places of cancellations that no try could read. */
  readonly lostCancellations: readonly number[];
}

/**
 * From the newest unit to the oldest, then turned round. It ends where the log was deleted with the records it names. Undefined when
 * it was stopped.
 */
export async function readTickChain(deps: ReadTickChainDeps, tick: number): Promise<TickChain | undefined> {
  const { environment, wheel, log } = deps;
  const cancellations: number[] = [];
  let positions = new Float64Array(64);
  let count = 0;
  let position = wheel.slot(tick)?.last ?? -1;
  while (position >= 0) {
    const unit = await log.read(position);
    if (unit === undefined || tickOfUnit(unit) !== tick) break;
    if (count === positions.length) {
      const larger = new Float64Array(2 * count);
      larger.set(positions);
      positions = larger;
    }
    positions[count] = position;
    count += 1;
    if (count % unitsPerTurn === 0) await nextTurn(environment.timers);
    if (isCancellation(unit)) cancellations.push(unit.physicalOffset);
    position = unit.previous;
  }
  const chain = { cancelled: new CancelledKeys(), countChanges: new Map<string, number>() };
  const lostCancellations = await readInRounds(deps, cancellations, (offsets, onFailed) => {
    return readCancellations(deps, offsets, chain, onFailed);
  });
  if (lostCancellations === undefined) return undefined;
  return { ...chain, lostCancellations, positions: positions.subarray(0, count).reverse() };
}

async function readCancellations(
  { environment, store }: ReadTickChainDeps,
  offsets: ArrayLike<number>,
  { cancelled, countChanges }: Pick<TickChain, 'cancelled' | 'countChanges'>,
  onFailed: (physicalOffset: number, error: unknown) => void,
): Promise<boolean> {
  for (let index = 0; index < offsets.length; index += 1) {
    const physicalOffset = offsets[index] ?? -1;
    if (index % unitsPerTurn === unitsPerTurn - 1) await nextTurn(environment.timers);
    try {
      const message = await store.lookMessage(physicalOffset);
      const facts = message === undefined ? undefined : readTimedFacts(message);
      if (facts === undefined) continue;
      addTo(countChanges, facts.topic, 1);
      if (facts.cancelledKey === undefined || cancelled.add(facts.topic, facts.cancelledKey)) continue;
      environment.logger.warn('more timed messages of one tick were taken back than are remembered; one may come', {
        topic: facts.topic,
        uniqueKey: facts.cancelledKey,
      });
    } catch (error) {
      onFailed(physicalOffset, error);
    }
  }
  return true;
}

/** One that is rolled waits on its way, as the message that it cancels does. */
export function isCancellation({ magic }: TimerUnit): boolean {
  return (magic & TimerMagic.DELETE) !== 0 && (magic & TimerMagic.ROLL) === 0;
}

export function addTo(counts: Map<string, number>, name: string, change: number): void {
  counts.set(name, (counts.get(name) ?? 0) + change);
}
