import { expect, test } from 'vitest';
import { checkGroupName, checkSendableTopicName, checkTag, checkTopicName, groupLengthMax, topicLengthMax } from './names.js';
import { checkPropertyName } from './reserved-properties.js';

test('names have the characters and lengths that brokers accept', () => {
  expect(checkTopicName('%RETRY%a-b_c|1')).toBeUndefined();
  expect(checkTopicName('')).toBe('is empty');
  expect(checkTopicName('a b')).toContain('character');
  expect(checkTopicName('örders')).toContain('character');
  expect(checkTopicName('a'.repeat(topicLengthMax))).toBeUndefined();
  expect(checkTopicName('a'.repeat(topicLengthMax + 1))).toContain('longer than 127');
  expect(checkGroupName('a'.repeat(groupLengthMax))).toBeUndefined();
  expect(checkGroupName('a'.repeat(groupLengthMax + 1))).toContain('longer than 120');
  expect(checkGroupName('DEFAULT_PRODUCER')).toContain('reserved');
});

test("the broker's own topics take no messages", () => {
  expect(checkSendableTopicName('SCHEDULE_TOPIC_XXXX')).toContain("broker's own");
  expect(checkSendableTopicName('orders')).toBeUndefined();
});

test('a tag can be named in a subscription', () => {
  expect(checkTag('placed')).toBeUndefined();
  for (const tag of ['', ' ', ' a', 'a|b', '*', 'a\u0002']) expect(checkTag(tag)).toBeDefined();
});

test('reserved property names are refused, others are not', () => {
  for (const name of ['', 'KEYS', 'DELAY', 'REAL_TOPIC', '__RMQ.TRANSIENT.X', 'ORBITMQ_PAYLOAD_VERSION']) {
    expect(checkPropertyName(name)).toBeDefined();
  }
  expect(checkPropertyName('tenant')).toBeUndefined();
  expect(checkPropertyName('CHECK_IMMUNITY_TIME_IN_SECONDS')).toBeUndefined();
});
