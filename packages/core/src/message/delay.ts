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
