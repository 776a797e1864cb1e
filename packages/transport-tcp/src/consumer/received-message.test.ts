import { compressZlib, SysFlag } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { plainMessage } from './test-support/plain-message.js';

test('ids, tag, keys and properties', () => {
  const message = plainMessage(7, {
    properties: { UNIQ_KEY: 'U', TAGS: 'paid', KEYS: 'k1  k2', color: 'red' },
    physicalOffset: 16,
  });
  expect(message.messageId).toBe('U');
  expect(message.offsetMessageId).toBe('7F00000100002A9F0000000000000010');
  expect([message.tag, message.keys]).toEqual(['paid', ['k1', 'k2']]);
  expect(message.properties).toMatchObject({ color: 'red', MIN_OFFSET: '3', MAX_OFFSET: '30' });
  expect(message.properties).toBe(message.properties);
  expect([message.brokerName, message.queueId, message.queueOffset]).toEqual(['broker-a', 0, 7]);
});

test('without UNIQ_KEY the id is the place in the store', () => {
  const message = plainMessage(7);
  expect(message.messageId).toBe(message.offsetMessageId);
  expect([message.tag, message.keys]).toEqual([undefined, []]);
});

test('a retried message shows the topic it was sent to', () => {
  expect(plainMessage(7, { topic: '%RETRY%g', properties: { RETRY_TOPIC: 'orders' } }).topic).toBe('orders');
  expect(plainMessage(7, { topic: '%RETRY%g' }).topic).toBe('%RETRY%g');
  expect(plainMessage(7, { topic: 'orders', properties: { RETRY_TOPIC: 'forged' } }).topic).toBe('orders');
});

test("tries in this process add to the broker's count", () => {
  const message = plainMessage(7, { reconsumeTimes: 2 });
  message.countLocalReconsume();
  expect(message.reconsumeTimes).toBe(3);
});

test('a compressed body is inflated once, and not beyond the bound', () => {
  const compressed = { sysFlag: SysFlag.COMPRESSED | SysFlag.COMPRESSION_ZLIB };
  const message = plainMessage(7, { ...compressed, body: compressZlib(Buffer.from('hello')) });
  expect(Buffer.from(message.body).toString()).toBe('hello');
  expect(message.body).toBe(message.body);
  const bomb = plainMessage(7, { ...compressed, body: compressZlib(Buffer.alloc(1025)) });
  expect(() => bomb.body).toThrow(/1024 bytes/);
  const atTheBound = plainMessage(7, { ...compressed, body: compressZlib(Buffer.alloc(1024)) });
  expect(atTheBound.body.length).toBe(1024);
});
