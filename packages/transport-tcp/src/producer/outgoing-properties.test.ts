import { expect, test } from 'vitest';
import { outgoing } from '../test-support/fake-cluster.js';
import { propertiesJson } from './outgoing-properties.js';

const textOf = (json: string): string => JSON.parse(`"${json}"`) as string;

test('the inside of a JSON string that reads as RocketMQ writes properties', () => {
  const message = outgoing({ tag: 'a', keys: ['k1', 'k2'], properties: { color: 'red' }, delayLevel: 3, shardingKey: 'c7' });
  expect(textOf(propertiesJson(message, 'ID'))).toBe(
    ['UNIQ_KEY\u0001ID', 'TAGS\u0001a', 'KEYS\u0001k1 k2', 'DELAY\u00013', '__SHARDINGKEY\u0001c7', 'color\u0001red'].join(
      '\u0002',
    ),
  );
});

test('the idempotency key is a property of our own, as every client can set it', () => {
  const text = textOf(propertiesJson(outgoing({ idempotencyKey: 'order-"7"' }), 'ID'));
  expect(text).toBe('UNIQ_KEY\u0001ID\u0002ORBITMQ_IDEMPOTENCY_KEY\u0001order-"7"');
});

test('values survive whatever they contain, but for the two separators', () => {
  const values = { quote: '"', backslash: '\\', newline: '\n', zero: '\u0000', umlaut: 'ä€😀', tab: 'a\tb', delete: '\u007f' };
  const text = textOf(propertiesJson(outgoing({ properties: values }), 'ID'));
  for (const [name, value] of Object.entries(values)) expect(text).toContain(`\u0002${name}\u0001${value}`);
  for (const separator of ['\u0001', '\u0002']) {
    expect(() => propertiesJson(outgoing({ properties: { a: `x${separator}` } }), 'ID')).toThrow(/separates properties/);
    expect(() => propertiesJson(outgoing({ tag: `x${separator}` }), 'ID')).toThrow(/separates properties/);
    expect(() => propertiesJson(outgoing({ properties: { [`x${separator}`]: 'a' } }), 'ID')).toThrow(/separates properties/);
  }
});

test("RocketMQ's own names, empty names and keys with blanks are refused", () => {
  for (const name of ['DELAY', 'UNIQ_KEY', 'TRAN_MSG', '']) {
    expect(() => propertiesJson(outgoing({ properties: { [name]: 'x' } }), 'ID')).toThrow(
      expect.objectContaining({ code: 'MESSAGE_INVALID' }),
    );
  }
  for (const key of ['a b', '']) expect(() => propertiesJson(outgoing({ keys: [key] }), 'ID')).toThrow(/space/);
});

test("the runtime's own properties are carried", () => {
  const properties = { ORBITMQ_PAYLOAD_VERSION: '2' };
  expect(textOf(propertiesJson(outgoing({ properties }), 'ID'))).toBe('UNIQ_KEY\u0001ID\u0002ORBITMQ_PAYLOAD_VERSION\u00012');
});

test('an empty value is left out, as every reader would drop it', () => {
  expect(textOf(propertiesJson(outgoing({ properties: { a: '' }, tag: '', shardingKey: '' }), 'ID'))).toBe('UNIQ_KEY\u0001ID');
});

test('a moment of its own is a property of RocketMQ 5', () => {
  const text = (more: object): string => textOf(propertiesJson(outgoing(more), 'ID'));
  expect(text({ delayMs: 1500 })).toBe('UNIQ_KEY\u0001ID\u0002TIMER_DELAY_MS\u00011500');
  expect(text({ deliverAtMs: 1_795_216_927_000 })).toBe('UNIQ_KEY\u0001ID\u0002TIMER_DELIVER_MS\u00011795216927000');
});

test('a half message names its group', () => {
  expect(textOf(propertiesJson(outgoing(), 'ID', { producerGroup: 'shop' }))).toBe(
    'UNIQ_KEY\u0001ID\u0002TRAN_MSG\u0001true\u0002PGROUP\u0001shop',
  );
});

test('at most 32767 bytes, counted in UTF-8', () => {
  const fixedBytes = 'UNIQ_KEY_ID_a_'.length;
  const fits = 'x'.repeat(32_767 - fixedBytes);
  expect(() => propertiesJson(outgoing({ properties: { a: fits } }), 'ID')).not.toThrow();
  expect(() => propertiesJson(outgoing({ properties: { a: `${fits}x` } }), 'ID')).toThrow(/32768 bytes/);
  expect(() => propertiesJson(outgoing({ properties: { a: '€'.repeat(11_000) } }), 'ID')).toThrow(
    expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }),
  );
});
