import { SystemTopic } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { parseDelayLevels } from './delay-levels.js';
import { delayDestination, delayLevelOf } from './delay-rewrite.js';

const levels = parseDelayLevels('1s 5s 10s');

describe('delayLevelOf', () => {
  it.each([
    [{}, 0],
    [{ DELAY: '3' }, 3],
    [{ DELAY: '-1' }, -1],
    [{ DELAY: 'x' }, undefined],
  ])('of %j is %s', (properties, expected) => {
    expect(delayLevelOf(properties as Record<string, string>)).toBe(expected);
  });
});

describe('delayDestination', () => {
  it.each([
    [1, 0, '1'],
    [3, 2, '3'],
    [4, 2, '3'],
    [99, 2, '3'],
  ])('level %i waits in queue %i', (level, queueId, stored) => {
    const properties: Record<string, string> = { DELAY: String(level), REAL_TOPIC: 'forged', TIMER_DELAY_SEC: '9' };
    const place = delayDestination(levels, level, properties, { topic: 'T', queueId: 7 });
    expect(place).toEqual({ topic: SystemTopic.SCHEDULE, queueId });
    expect(properties).toEqual({ DELAY: stored, REAL_TOPIC: 'T', REAL_QID: '7' });
  });
});
