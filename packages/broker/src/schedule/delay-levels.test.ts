import { ConfigError } from '@orbitmq/core/kernel';
import { describe, expect, it } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { parseDelayLevels } from './delay-levels.js';

describe('parseDelayLevels', () => {
  it('reads the default table', () => {
    const levels = parseDelayLevels(defaultBrokerConfig.messageDelayLevel);
    expect(levels.maxLevel).toBe(18);
    const seconds = Array.from({ length: 18 }, (_, index) => levels.delayMs(index + 1) / 1000);
    expect(seconds).toEqual([1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]);
  });

  it('reads every unit, and any white space', () => {
    const levels = parseDelayLevels(' 2s\t3m  4h 5d ');
    expect([1, 2, 3, 4].map((level) => levels.delayMs(level))).toEqual([2000, 180_000, 14_400_000, 432_000_000]);
  });

  it('uses the last level for any beyond it, and waits a second for levels it does not know', () => {
    const levels = parseDelayLevels('1s 5s');
    expect([1, 2, 3, 99].map((level) => levels.clamp(level))).toEqual([1, 2, 2, 2]);
    expect(levels.delayMs(3)).toBe(1000);
  });

  it.each(['', '  ', '1', '1x', 's', '1s 5', '-1s', '1.5s', '1s,5s', '1S'])('refuses "%s" with a ConfigError', (table) => {
    expect(() => parseDelayLevels(table)).toThrow(ConfigError);
  });
});
