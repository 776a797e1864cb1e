import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMessageQueueKey } from './message-queue.js';
import { parseFastjson } from './parse-fastjson.js';
import { type FastjsonValue, fastjsonBody, writeFastjson } from './write-fastjson.js';

const queue = { topic: 'T', brokerName: 'b', queueId: 0 };

test.each<[string, FastjsonValue, string]>([
  ['members in alphabetical order', { b: 1, a: 'x', C: true }, '{"C":true,"a":"x","b":1}'],
  ['nothing for null and undefined', { a: undefined, b: null, c: 0 }, '{"c":0}'],
  ['null inside a list', { a: [1, null, 'x'] }, '{"a":[1,null,"x"]}'],
  ['bare integer keys', { brokerAddrs: new Map([[0, '10.0.0.1:10911']]) }, '{"brokerAddrs":{0:"10.0.0.1:10911"}}'],
  ['a negative integer as key', new Map([[-1, 2]]), '{-1:2}'],
  ['text as key of a map', new Map([['T@g', new Map([[0, 5]])]]), '{"T@g":{0:5}}'],
  [
    'a queue as key',
    { offsetTable: new Map([[queue, { maxOffset: 1, minOffset: 0 }]]) },
    '{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:{"maxOffset":1,"minOffset":0}}}',
  ],
  ['an entry without a value', new Map([['a', undefined]]), '{}'],
  ['64 bits', { a: 9223372036854775807n }, '{"a":9223372036854775807}'],
  ['fractions', { consumeTps: 0.15, topicPutTps: 0 }, '{"consumeTps":0.15,"topicPutTps":0}'],
  ['text that needs escapes', { 'a"b': 'c\n"\\' }, String.raw`{"a\"b":"c\n\"\\"}`],
])('%s', (_name, value, text) => {
  expect(writeFastjson(value)).toBe(text);
  expect(fastjsonBody(value).toString('utf8')).toBe(text);
});

test.each([[Number.NaN], [Number.POSITIVE_INFINITY]])('%s is no number of a body', (number) => {
  expect(() => writeFastjson({ number })).toThrow('finite');
  expect(() => writeFastjson(new Map([[number, 1]]))).toThrow('integer');
});

test('the reader reads what was written', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text !== '$ref' && text !== '__proto__');
  const tables = fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer())), { maxKeys: 8 });
  fc.assert(
    fc.property(tables, fc.array(fc.tuple(fc.integer(), fc.string())), (object, entries) => {
      const parsed = JSON.parse(JSON.stringify(parseFastjson(writeFastjson({ object, map: new Map(entries) })))) as object;
      const { __proto__: _, ...expected } = Object.fromEntries(entries.map(([key, value]) => [String(key), value]));
      expect(parsed).toEqual({ object: { ...object }, map: expected });
    }),
  );
});

test('a queue that was a key is read back, whatever the broker is called', () => {
  const table = new Map([
    [queue, 1],
    [{ topic: '%RETRY%g', brokerName: 'host@with@signs', queueId: 17 }, 2],
  ]);
  const parsed = parseFastjson(writeFastjson(table)) as object;
  expect(Object.keys(parsed).map(parseMessageQueueKey)).toEqual([...table.keys()]);
  expect(parseMessageQueueKey('T@b')).toBeUndefined();
  expect(parseMessageQueueKey('T@b@x')).toBeUndefined();
});
