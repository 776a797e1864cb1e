import { ConfigError } from '@orbitmq/core/kernel';

/**
 * The table of delay levels (Java: ScheduleMessageService.parseDelayLevel; page 25 §1). Level 1 is the first item of
 * `messageDelayLevel`; level 0 or less means no delay; a level beyond the table counts as the last one.
 */
export interface DelayLevels {
  /** Highest level of the table; at least 1. */
  readonly maxLevel: number;
  /** Longest delay of the table, ms. */
  readonly longestMs: number;
  /** The level that is used for `level`: never beyond the table. */
  clamp(level: number): number;
  /** Delay of a level in ms; a level that the table does not know waits one second, as in Java. */
  delayMs(level: number): number;
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const itemPattern = /^(\d{1,9})([smhd])$/;
const unknownLevelDelayMs = 1000;

/** Parses `messageDelayLevel`; throws a `ConfigError` that names the bad item. */
export function parseDelayLevels(table: string): DelayLevels {
  const items = table.split(/\s+/).filter((item) => item !== '');
  if (items.length === 0)
    throw new ConfigError('CONFIG_INVALID', 'messageDelayLevel is empty: it needs at least one delay, such as "1s"');
  const delaysMs = items.map((item) => {
    const match = itemPattern.exec(item);
    const unit = unitMs[match?.[2] ?? ''];
    if (match === null || unit === undefined) {
      throw new ConfigError('CONFIG_INVALID', `messageDelayLevel: "${item}" is no delay; write a number and s, m, h or d`, {
        details: { key: 'messageDelayLevel', value: item },
      });
    }
    return Number(match[1]) * unit;
  });
  return {
    maxLevel: delaysMs.length,
    longestMs: delaysMs.reduce((longest, delayMs) => Math.max(longest, delayMs), 0),
    clamp: (level) => Math.min(level, delaysMs.length),
    delayMs: (level) => delaysMs[level - 1] ?? unknownLevelDelayMs,
  };
}
