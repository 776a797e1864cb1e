import type { JsonValue } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { defaultSubscriptionGroup } from './subscription-group-json.js';
import { wantedGroup } from './wanted-group.js';

const existing = { ...defaultSubscriptionGroup('g'), retryMaxTimes: 3, attributes: { 'priority.factor': '5' } };
const source = { note: 'n'.repeat(40_000) };
const want = (value: JsonValue) => wantedGroup(value, (name) => (name === 'g' ? { group: existing, source } : undefined));
const nested = (depth: number): JsonValue => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

test('a group is as described, with defaults for the rest; attributes that are not mentioned stay', () => {
  const value = { groupName: 'g', consumeEnable: false, attributes: { '+lite.sub.model': 'Shared' }, later: 1 };
  expect(want(value)).toEqual({
    group: {
      ...defaultSubscriptionGroup('g'),
      consumeEnable: false,
      attributes: { 'priority.factor': '5', 'lite.sub.model': 'Shared' },
    },
    source: value,
  });
});

test.each<[string, JsonValue, number, string]>([
  ['no name', {}, 29, 'empty'],
  ['a name with a blank', { groupName: 'a b' }, 29, 'characters other than'],
  ['a name that is too long', { groupName: 'x'.repeat(121) }, 29, 'allowed are 120'],
  ['retry queues below nothing', { groupName: 'g', retryQueueNums: -1 }, 29, 'retryQueueNums is not from 0 to 65536: -1'],
  ['too many retry queues', { groupName: 'g', retryQueueNums: 65_537 }, 29, 'retryQueueNums is not from 0 to 65536: 65537'],
  ['a member of a wrong type', { groupName: 'g', retryMaxTimes: 'x' }, 1, 'retryMaxTimes'],
  ['no object', [], 1, 'not an object'],
  ['members that nest too deeply', { groupName: 'n', x: nested(16) }, 29, 'nests more than 16 times'],
  ['too much text', { groupName: 'n', x: 'x'.repeat(65_536) }, 29, 'allowed are 65536'],
  ['too much text with what it has', { groupName: 'g', x: 'x'.repeat(30_000) }, 29, 'allowed are 65536'],
  ['an unknown attribute', { groupName: 'g', attributes: { '+foo': '1' } }, 1, 'unsupported key: foo'],
  ['an attribute without sign', { groupName: 'g', attributes: { 'priority.factor': '1' } }, 1, 'kv string format wrong.'],
  [
    'a removal from a new group',
    { groupName: 'n', attributes: { '-priority.factor': '' } },
    1,
    'only add attribute is supported',
  ],
])('%s: refused', (_name, value, code, remark) => {
  expect(want(value)).toMatchObject({ code, remark: expect.stringContaining(remark) });
});

test('unknown members up to the limits are taken', () => {
  expect(want({ groupName: 'n', x: nested(15) })).toMatchObject({ source: { x: nested(15) } });
  expect(want({ groupName: 'n', x: 'x'.repeat(60_000) })).toHaveProperty('source');
  expect(want({ groupName: 'g', note: '', x: 'x'.repeat(60_000) })).toHaveProperty('source');
});
