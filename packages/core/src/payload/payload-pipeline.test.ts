import { expect, test } from 'vitest';
import { z } from 'zod';
import { deadLetterTopic } from '../topic/dead-letter-topic.js';
import { defineTopic } from '../topic/define-topic.js';
import { bytesCodec, jsonCodec, textCodec } from './codecs.js';
import type { BodyStep } from './payload-codec.js';
import { decodePayload, encodePayload } from './payload-pipeline.js';
import { payloadVersionProperty, upcastProblems } from './upcast.js';

const Order = z.object({ id: z.string(), at: z.coerce.date() });
const invalid = (stage: string): unknown =>
  expect.objectContaining({ code: 'PAYLOAD_INVALID', details: expect.objectContaining({ stage }) });

test('JSON is the default, in this turn and without promises', () => {
  const topic = defineTopic<{ n: number }>('numbers');
  const encoded = encodePayload(topic, { n: 1 });
  expect(encoded).toEqual({ payload: { n: 1 }, body: Buffer.from('{"n":1}') });
  expect(decodePayload(topic, Buffer.from('{"n":1}'), {})).toEqual({ n: 1 });
});

test('a schema checks and shapes payloads on both sides', async () => {
  const topic = defineTopic('orders', { schema: Order });
  const at = new Date(0);
  const { body } = await encodePayload(topic, { id: 'a', at, secret: 'stripped' });
  expect(body.toString()).toBe('{"id":"a","at":"1970-01-01T00:00:00.000Z"}');
  expect(await decodePayload(topic, body, {})).toEqual({ id: 'a', at });
});

test('a payload the schema refuses is named with path and reason', async () => {
  const topic = defineTopic('orders', { schema: Order });
  await expect(async () => encodePayload(topic, { id: 1, at: 0 })).rejects.toThrow(/topic 'orders' cannot be accepted: id: /);
  await expect(async () => decodePayload(topic, Buffer.from('{"id":"a"}'), {})).rejects.toThrow(invalid('validate') as Error);
});

test('an asynchronous schema is waited for', async () => {
  const schema = z.string().refine(async (text) => text !== 'bad');
  const topic = defineTopic('texts', { schema });
  expect((await encodePayload(topic, 'good')).body.toString()).toBe('"good"');
  await expect(encodePayload(topic, 'bad')).rejects.toThrow(invalid('validate') as Error);
});

test('many issues are cut short', async () => {
  const topic = defineTopic('many', { schema: z.array(z.string()) });
  await expect(async () => encodePayload(topic, [1, 2, 3, 4, 5, 6, 7])).rejects.toThrow(/; and 2 more$/);
});

test.each([
  ['not JSON', Buffer.from('{')],
  ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['nothing', Buffer.alloc(0)],
])('a body that is %s cannot be decoded', async (_, body) => {
  await expect(async () => decodePayload(defineTopic('orders'), body, {})).rejects.toThrow(invalid('decode') as Error);
});

test('what JSON cannot say is not sent', async () => {
  for (const payload of [undefined, 1n, () => 0]) {
    await expect(async () => encodePayload(defineTopic('orders'), payload)).rejects.toThrow(invalid('encode') as Error);
  }
});

test('text and bytes pass as they are', async () => {
  const texts = defineTopic<string>('texts', { codec: textCodec });
  expect((await encodePayload(texts, 'ü')).body).toEqual(Buffer.from('ü'));
  expect(await decodePayload(texts, Buffer.from('ü'), {})).toBe('ü');
  await expect(async () => encodePayload(texts, 1)).rejects.toThrow(invalid('encode') as Error);
  await expect(async () => encodePayload(texts, 'a\ud800')).rejects.toThrow(invalid('encode') as Error);
  const halves = (await encodePayload(defineTopic<string>('halves'), 'a\ud800')).body;
  expect(await decodePayload(defineTopic<string>('halves'), Buffer.from(halves), {})).toBe('a\ud800');
  const bytes = defineTopic<Uint8Array>('bytes', { codec: bytesCodec });
  const source = Buffer.from([1, 2]);
  const decoded = (await decodePayload(bytes, source, {})) as Uint8Array;
  source[0] = 9;
  expect([...decoded]).toEqual([1, 2]);
  await expect(async () => encodePayload(bytes, 'x')).rejects.toThrow(invalid('encode') as Error);
});

test('later steps run in order, and back in reverse', async () => {
  const step = (name: string): BodyStep => ({
    name,
    encode: (body) => Buffer.concat([body, Buffer.from(name)]),
    decode: async (body) => {
      if (!Buffer.from(body).toString().endsWith(name)) throw new Error(`no ${name}`);
      return body.subarray(0, body.length - name.length);
    },
  });
  const topic = defineTopic<string>('chained', { codec: [jsonCodec, step('<a>'), step('<b>')] });
  const { body } = await encodePayload(topic, 'x');
  expect(Buffer.from(body).toString()).toBe('"x"<a><b>');
  expect(await decodePayload(topic, body, {})).toBe('x');
  await expect(decodePayload(topic, Buffer.from('"x"<b>'), {})).rejects.toThrow(invalid('decode') as Error);
});

const versioned = defineTopic('orders', {
  version: 3,
  upcast: {
    1: (old: { cents: number }) => ({ amount: old.cents / 100 }),
    2: async (old: { amount: number }) => ({ ...old, currency: 'EUR' }),
  },
});

test('an older payload is brought forward one version at a time', async () => {
  expect(await decodePayload(versioned, Buffer.from('{"cents":150}'), {})).toEqual({ amount: 1.5, currency: 'EUR' });
  expect(await decodePayload(versioned, Buffer.from('{"amount":2}'), { [payloadVersionProperty]: '2' })).toEqual({
    amount: 2,
    currency: 'EUR',
  });
  expect(await decodePayload(versioned, Buffer.from('{"x":1}'), { [payloadVersionProperty]: '3' })).toEqual({ x: 1 });
});

test('a newer or nonsensical version is an error of the message', async () => {
  for (const version of ['4', '0', 'x', '1.5']) {
    await expect(async () => decodePayload(versioned, Buffer.from('{}'), { [payloadVersionProperty]: version })).rejects.toThrow(
      invalid('upcast') as Error,
    );
  }
});

test('a gap, a surplus step or a bad version is a problem of the wiring', () => {
  const step = (): unknown => ({});
  expect(upcastProblems({ name: 't', version: 1, upcast: {} })).toEqual([]);
  expect(upcastProblems(versioned)).toEqual([]);
  expect(upcastProblems({ name: 't', version: 3, upcast: { 1: step } })).toEqual([
    "topic 't' has version 3 but no upcast from 2 to 3",
  ]);
  expect(upcastProblems({ name: 't', version: 2, upcast: { 1: step, 2: step } })).toHaveLength(1);
  expect(upcastProblems({ name: 't', version: 0, upcast: {} })).toHaveLength(1);
});

test('dead letters of a group have the payloads of the topic', () => {
  const topic = deadLetterTopic(versioned, 'billing');
  expect(topic).toMatchObject({ name: '%DLQ%billing', version: 3 });
});
