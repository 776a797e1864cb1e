import { ValidationError } from '../kernel/errors.js';

/** Durations of RocketMQ's 18 delay levels, by the broker's default table (`messageDelayLevel`). */
const durations = [
  '1s',
  '5s',
  '10s',
  '30s',
  '1m',
  '2m',
  '3m',
  '4m',
  '5m',
  '6m',
  '7m',
  '8m',
  '9m',
  '10m',
  '20m',
  '30m',
  '1h',
  '2h',
] as const;

/** One of the 18 durations, in the broker's own notation. */
export type DelayDuration = (typeof durations)[number];

/**
 * When a message is delivered: one of the 18 durations, or the level itself for a broker with its own table
 * (RocketMQ: setDelayTimeLevel). Levels beyond the broker's table count as its last one.
 */
export type Delay = DelayDuration | { readonly level: number };

/** When a sent message is delivered: a level, which every RocketMQ has, or a moment of its own (RocketMQ 5: setDelayTimeMs, setDeliverTimeMs). */
export type SendDelay = Delay | TimedDelay;

/** Up to three days ahead by the broker's default (`timerMaxDelaySec`), never early, about a second late at most. */
export type TimedDelay =
  /** Milliseconds from when the broker has it, 1 or more. */
  | { readonly ms: number }
  /** A time, as a Date or in milliseconds since the epoch; one that has passed means at once. */
  | { readonly until: Date | number };

/** Largest level that is accepted; brokers with a longer table than RocketMQ's own exist. */
export const delayLevelMax = 255;

const levels: ReadonlyMap<string, number> = new Map(durations.map((duration, index) => [duration, index + 1]));

/** The level of a delay, 1 or more. Throws a `ValidationError` `ARGUMENT_INVALID`. */
export function delayLevelOf(delay: Delay): number {
  const level = typeof delay === 'string' ? levels.get(delay) : delay.level;
  if (level === undefined || !Number.isInteger(level) || level < 1 || level > delayLevelMax) {
    const given = typeof delay === 'string' ? `'${delay}'` : `level ${delay.level}`;
    throw new ValidationError('ARGUMENT_INVALID', `No delay ${given}: use one of ${durations.join(' ')}, or { level } from 1`, {
      details: { delay },
    });
  }
  return level;
}

export function isTimedDelay(delay: SendDelay): delay is TimedDelay {
  return typeof delay === 'object' && ('ms' in delay || 'until' in delay);
}

/** As the transport gets it. Throws a `ValidationError` `ARGUMENT_INVALID`. */
export function timedDelayOf(delay: TimedDelay): { readonly delayMs: number } | { readonly deliverAtMs: number } {
  if ('ms' in delay && 'until' in delay) throw noTime(delay, 'ms and until exclude each other');
  if ('ms' in delay) {
    if (!Number.isSafeInteger(delay.ms) || delay.ms < 1) throw noTime(delay, 'ms is not a whole number from 1');
    return { delayMs: delay.ms };
  }
  const deliverAtMs = delay.until instanceof Date ? delay.until.getTime() : delay.until;
  if (!Number.isSafeInteger(deliverAtMs) || deliverAtMs < 0)
    throw noTime(delay, 'until is neither a Date nor milliseconds since the epoch');
  return { deliverAtMs };
}

function noTime(delay: TimedDelay, reason: string): ValidationError {
  return new ValidationError('ARGUMENT_INVALID', `No delay: ${reason}`, { details: { delay } });
}
