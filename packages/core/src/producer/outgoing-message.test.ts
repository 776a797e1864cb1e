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
  expect(
    outgoingMessage(topic, body, { keys: 'a', shardingKey: 'customer', idempotencyKey: 'ä'.repeat(127) }, limits),
  ).toMatchObject({
    keys: ['a'],
    shardingKey: 'customer',
    idempotencyKey: 'ä'.repeat(127),
  });
});

test('whole characters beyond the first plane are no halves, and an object without a prototype will do', () => {
  const properties = Object.assign(Object.create(null) as Record<string, string>, { '🚚': '🚚' });
  expect(outgoingMessage(topic, body, { tag: '🚚', keys: '🚚', properties }, limits)).toMatchObject({ keys: ['🚚'], tag: '🚚' });
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
  ['an empty idempotency key', { idempotencyKey: '' }],
  ['an idempotency key of 256 bytes', { idempotencyKey: 'ä'.repeat(128) }],
  ['a separator in an idempotency key', { idempotencyKey: 'a\u0002' }],
  ['an idempotency key as a property', { properties: { ORBITMQ_IDEMPOTENCY_KEY: 'a' } }],
  ['a reserved property', { properties: { DELAY: '3' } }],
  ['a separator in a property', { properties: { a: 'b\u0001' } }],
  ['a separator in a property name', { properties: { 'a\u0002': 'b' } }],
  ['half a character in a tag', { tag: 'a\ud800' }],
  ['half a character in a key', { keys: ['\udc00'] }],
  ['half a character in a sharding key', { shardingKey: '\ud83d' }],
  ['half a character in a property', { properties: { a: '\ud83d!' } }],
  ['half a character in the name of a property', { properties: { '\udc00a': 'b' } }],
  ['a Map of properties', { properties: new Map([['a', 'b']]) as unknown as Record<string, string> }],
  ['a list of properties', { properties: [['a', 'b']] as unknown as Record<string, string> }],
  ['no properties', { properties: null as unknown as Record<string, string> }],
  ['properties in one text', { properties: 'a=b' as unknown as Record<string, string> }],
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

test('a moment of its own goes as it is, and needs a transport that at least carries it', () => {
  expect(outgoingMessage(topic, body, { delay: { ms: 90_000 } }, limits)).toMatchObject({ delayMs: 90_000 });
  expect(outgoingMessage(topic, body, { delay: { until: 1 } }, limits)).toMatchObject({ deliverAtMs: 1 });
  const features = { ...allFeatures, timedDelivery: 'none' as const };
  expect(() => outgoingMessage(topic, body, { delay: { ms: 1 } }, { ...limits, features })).toThrow(
    expect.objectContaining({ code: 'FEATURE_UNSUPPORTED' }),
  );
});

test('an idempotency key needs a transport that at least carries it', () => {
  const send = (idempotencyKey: 'honored' | 'carried' | 'none') =>
    outgoingMessage(topic, body, { idempotencyKey: 'k' }, { ...limits, features: { ...allFeatures, idempotencyKey } });
  expect(send('carried')).toMatchObject({ idempotencyKey: 'k' });
  expect(() => send('none')).toThrow(expect.objectContaining({ code: 'FEATURE_UNSUPPORTED' }));
});

test.each([
  ['idempotency key', { idempotencyKey: 5 }, "idempotency key '5' is no string"],
  ['tag', { tag: 5 }, "tag '5' is no string"],
  ['tag', { tag: null }, "tag 'null' is no string"],
  ['keys', { keys: 5 }, 'keys is neither a string nor a list of strings'],
  ['keys', { keys: [5] }, "key '5' is no string"],
  ['sharding key', { shardingKey: 5 }, "sharding key '5' is no string"],
])('a %s that is no string is refused, not thrown at', (_, options, reason) => {
  const make = () => outgoingMessage(topic, body, options as unknown as MessageOptions, limits);
  expect(make).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID', message: expect.stringContaining(reason) }));
});
