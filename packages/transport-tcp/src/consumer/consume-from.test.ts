import { expect, test } from 'vitest';
import { consumeFromWhere, startRule } from './consume-from.js';

test.each([
  // [stored, from, topic, rule]
  [7, 'last', 't', { kind: 'at', offset: 7 }],
  [0, 'last', 't', { kind: 'at', offset: 0 }],
  [7, 'first', '%RETRY%g', { kind: 'at', offset: 7 }],
  [7, { timestamp: 5 }, 't', { kind: 'at', offset: 7 }],
  [undefined, 'last', '%RETRY%g', { kind: 'at', offset: 0 }],
  [undefined, 'last', 't', { kind: 'max' }],
  [-1, 'last', 't', { kind: 'max' }],
  [undefined, 'first', 't', { kind: 'at', offset: 0 }],
  [undefined, 'first', '%RETRY%g', { kind: 'at', offset: 0 }],
  [undefined, { timestamp: 5 }, 't', { kind: 'timestamp', timestamp: 5 }],
  // Java starts at the end here, and loses the retries that are there already.
  [undefined, { timestamp: 5 }, '%RETRY%g', { kind: 'at', offset: 0 }],
] as const)('stored %s, from %j, topic %s', (stored, from, topic, rule) => {
  expect(startRule(from, topic, stored)).toEqual(rule);
});

test('the names of the heartbeat', () => {
  expect(consumeFromWhere('first')).toBe('CONSUME_FROM_FIRST_OFFSET');
  expect(consumeFromWhere('last')).toBe('CONSUME_FROM_LAST_OFFSET');
  expect(consumeFromWhere({ timestamp: 1 })).toBe('CONSUME_FROM_TIMESTAMP');
});
