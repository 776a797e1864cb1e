import { expect, test } from 'vitest';
import { allFeatures } from '../test-support/fake-transport.js';
import { defineTopic } from '../topic/define-topic.js';
import { outgoingMessage } from './outgoing-message.js';
import type { MessageOptions } from './send-options.js';

const topic = defineTopic('orders');
const limits = { maxMessageSizeBytes: 10, features: allFeatures };
const body = Buffer.from('{}');

test('every option finds its place', () => {
  const selectQueue = (): number => 0;
  const options: MessageOptions = {
    tag: 'placed',
    keys: ['a', 'b'],
    properties: { tenant: 'x' },
    selectQueue,
    delay: '10s',
    timeoutMs: 5,
  };
  expect(outgoingMessage(topic, body, options, limits)).toEqual({
    topic: 'orders',
    body,
    tag: 'placed',
    keys: ['a', 'b'],
    properties: { tenant: 'x' },
    shardingKey: undefined,
    selectQueue,
    delayLevel: 3,
  });
  expect(outgoingMessage(topic, body, { keys: 'a', shardingKey: 'customer' }, limits)).toMatchObject({
    keys: ['a'],
    shardingKey: 'customer',
  });
});

test('a payload version above 1 travels as a property', () => {
  const second = defineTopic<object>('orders', { version: 2, upcast: { 1: (old: object) => old } });
  expect(outgoingMessage(second, body, { properties: { a: 'b' } }, limits).properties).toEqual({
    a: 'b',
    ORBITMQ_PAYLOAD_VERSION: '2',
  });
});

test.each<[string, MessageOptions]>([
  ['a blank key', { keys: 'a b' }],
  ['an empty key', { keys: [''] }],
  ['a tag nobody can name', { tag: 'a||b' }],
  ['an empty sharding key', { shardingKey: '' }],
  ['a sharding key and a selector', { shardingKey: 'a', selectQueue: () => 0 }],
  ['a reserved property', { properties: { DELAY: '3' } }],
  ['a separator in a property', { properties: { a: 'b\u0001' } }],
  ['a separator in a property name', { properties: { 'a\u0002': 'b' } }],
  ['a property that is no string', { properties: { a: 1 as unknown as string } }],
])('%s is refused', (_, options) => {
  expect(() => outgoingMessage(topic, body, options, limits)).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});

test('the size is held against the limit at the limit', () => {
  expect(outgoingMessage(topic, Buffer.alloc(10), {}, limits).body).toHaveLength(10);
  expect(() => outgoingMessage(topic, Buffer.alloc(11), {}, limits)).toThrow(
    expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
  );
  expect(() => outgoingMessage(topic, Buffer.alloc(0), {}, limits)).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});

test('a delay needs a transport that can delay', () => {
  const features = { ...allFeatures, delayLevels: false };
  expect(() => outgoingMessage(topic, body, { delay: '1s' }, { ...limits, features })).toThrow(
    expect.objectContaining({ code: 'FEATURE_UNSUPPORTED' }),
  );
});

test.each([
  ['tag', { tag: 5 }, "tag '5' is no string"],
  ['tag', { tag: null }, "tag 'null' is no string"],
  ['keys', { keys: 5 }, 'keys is neither a string nor a list of strings'],
  ['keys', { keys: [5] }, "key '5' is no string"],
  ['sharding key', { shardingKey: 5 }, "sharding key '5' is no string"],
])('a %s that is no string is refused, not thrown at', (_, options, reason) => {
  const make = () => outgoingMessage(topic, body, options as unknown as MessageOptions, limits);
  expect(make).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID', message: expect.stringContaining(reason) }));
});
