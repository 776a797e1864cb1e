import { expect, test } from 'vitest';
import { compressZlib } from '../message/compression.js';
import { ownVersion } from '../version.js';
import { decodeRegisterBrokerBody } from './register-broker-body.js';
import { registrationLimits } from './registration-limits.js';
import { attributesMax } from './topic-config-codec.js';

const { bytesMax, compressedBytesMax, membersMax, topicsMax, valuesMax } = registrationLimits;
const dataVersion = '{"counter":1,"timestamp":1}';

const plain = (table: string, filler = '') =>
  Buffer.from(`{"topicConfigSerializeWrapper":{"dataVersion":${dataVersion},"topicConfigTable":{${table}}}${filler}}`);
const decode = (body: Buffer, compressed = false) => decodeRegisterBrokerBody(body, { compressed, senderVersion: ownVersion });

function compressedBody(topics: readonly string[], dataVersionText = dataVersion): Buffer {
  const block = (text: string): Buffer[] => [int32(Buffer.byteLength(text)), Buffer.from(text)];
  return compressZlib(Buffer.concat([...block(dataVersionText), int32(topics.length), ...topics.flatMap(block), ...block('[]')]));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `t${index}`);
const topicCountOf = (body: Buffer, compressed = false): number => Object.keys(decode(body, compressed).topicConfigTable).length;
const invalid = (reason: RegExp) => expect.objectContaining({ code: 'BODY_INVALID', message: expect.stringMatching(reason) });

test('as many topics as allowed, and not one more, plain and compressed', () => {
  const table = (count: number): Buffer =>
    plain(
      names(count)
        .map((name) => `"${name}":{"perm":6}`)
        .join(),
    );
  expect(topicCountOf(table(topicsMax))).toBe(topicsMax);
  expect(() => decode(table(topicsMax + 1))).toThrow(invalid(/topics, allowed are 50000/));
  const texts = names(topicsMax + 1).map((name) => `${name} 4 4 6 SINGLE_TAG`);
  expect(topicCountOf(compressedBody(texts.slice(1)), true)).toBe(topicsMax);
  expect(() => decode(compressedBody(texts), true)).toThrow(invalid(/topics, allowed are 50000/));
}, 60_000);

test('a body as large as allowed, and not one byte more', () => {
  const open = plain('', ',"x":""').length;
  expect(topicCountOf(plain('', `,"x":"${'a'.repeat(bytesMax - open)}"`))).toBe(0);
  expect(() => decode(plain('', `,"x":"${'a'.repeat(bytesMax - open + 1)}"`))).toThrow(invalid(/allowed are 8388608/));
});

test('many small values, an inflating body and a large compressed one are refused before they cost much', () => {
  const values = `,"x":[${'0,'.repeat(valuesMax)}0]`;
  expect(() => decode(plain('', values))).toThrow(invalid(/more than 600000 values/));
  expect(() => decode(compressedBody([], `{"x":"${'a'.repeat(bytesMax)}"}`), true)).toThrow();
  expect(() => decode(Buffer.alloc(compressedBytesMax + 1, 0x78), true)).toThrow(invalid(/allowed are 2097152/));
});

test('as many members of an object as allowed, and not one more', () => {
  const members = (count: number) => plain('', `,"x":{${'"n":0,'.repeat(count - 1)}"n":0}`);
  expect(topicCountOf(members(membersMax))).toBe(0);
  expect(() => decode(members(membersMax + 1))).toThrow(invalid(/an object has more than 100000 members/));
});

test('as many attributes of a topic as allowed, and not one more, plain and compressed', () => {
  const attributes = (count: number) => JSON.stringify(Object.fromEntries(names(count).map((name) => [name, ''])));
  const topic = (count: number) => plain(`"A":{"attributes":${attributes(count)}}`);
  expect(topicCountOf(topic(attributesMax))).toBe(1);
  expect(() => decode(topic(attributesMax + 1))).toThrow(invalid(/allowed are 1000/));
  const text = (count: number) => compressedBody([`A 4 4 6 SINGLE_TAG ${attributes(count)}`]);
  expect(topicCountOf(text(attributesMax), true)).toBe(1);
  expect(() => decode(text(attributesMax + 1), true)).toThrow(invalid(/allowed are 1000/));
});
