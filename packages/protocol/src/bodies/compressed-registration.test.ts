/** Registrations that are read in many pieces: what lies over the edge of a piece is read like the rest. */
import { expect, test } from 'vitest';
import { compressZlib, inflateBounded } from '../message/compression.js';
import { ownVersion } from '../version.js';
import { decodeRegisterBrokerBody, encodeRegisterBrokerBody, registerBrokerBodySteps } from './register-broker-body.js';
import { registrationLimits } from './registration-limits.js';
import type { RegisterBrokerBody, TopicConfig } from './topic-config.js';

const pieceBytes = 64 * 1024;
const options = { compressed: true, senderVersion: ownVersion };

function topic(topicName: string, attributes: Record<string, string> = {}): TopicConfig {
  const queues = { readQueueNums: 4, writeQueueNums: 8, perm: 6 };
  return { topicName, ...queues, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes };
}

function registration(topics: readonly TopicConfig[]): RegisterBrokerBody {
  return {
    dataVersion: { counter: 2, timestamp: 1795216927108, stateVersion: 0 },
    topicConfigTable: Object.fromEntries(topics.map((config) => [config.topicName, config])),
    filterServerList: [],
  };
}

/** What is read, and in how many pieces. */
function read(body: Buffer): { readonly result: RegisterBrokerBody; readonly pieceCount: number } {
  const steps = registerBrokerBodySteps(body, options);
  for (let pieceCount = 1; ; pieceCount += 1) {
    const step = steps.next();
    if (step.done === true) return { result: step.value, pieceCount };
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

// Letters of one, two and three bytes, and lengths that put an edge into every part of an entry.
const names = Array.from({ length: 4000 }, (_, index) => `${'aé漢'.repeat(index % 17)}-${index}`);

test.each([
  ['names of all lengths', names.map((name) => topic(name))],
  ['attributes beside them', names.map((name, index) => topic(name, index % 7 === 0 ? { note: '漢 '.repeat(index % 50) } : {}))],
  [
    'entries that are larger than a piece, first, in the middle and last',
    names.map((name, index) => topic(name, index % 1999 === 0 ? { note: 'x é'.repeat(40_000) } : {})),
  ],
])('topics: %s', (_name, topics) => {
  const body = registration(topics);
  const bytes = encodeRegisterBrokerBody(body, { compressed: true });
  const sizeBytes = inflateBounded(bytes, registrationLimits.bytesMax).length;
  expect(sizeBytes).toBeGreaterThan(2 * pieceBytes);
  const { result, pieceCount } = read(bytes);
  expect(Object.keys(result.topicConfigTable)).toEqual(names);
  expect(plain(result)).toEqual(plain(body));
  expect(pieceCount).toBeGreaterThan(2);
  expect(plain(decodeRegisterBrokerBody(bytes, options))).toEqual(plain(body));
});

test('a piece is no more than its share, whatever the entries are', () => {
  const bytes = encodeRegisterBrokerBody(registration(names.map((name) => topic(name))), { compressed: true });
  const sizeBytes = inflateBounded(bytes, registrationLimits.bytesMax).length;
  expect(read(bytes).pieceCount).toBeGreaterThanOrEqual(Math.floor(sizeBytes / pieceBytes));
});

test('queue mappings over the edges of pieces', () => {
  const inflated = inflateBounded(encodeRegisterBrokerBody(registration([topic('T')]), { compressed: true }), 10_000);
  const blocks = names.map((name, index) => {
    const text = `{"bname":"b","currIdMap":{0:${index},1:3},"epoch":1,"topic":"${name}","totalQueues":8}`;
    const block = Buffer.from(`\0\0\0\0${text}`);
    block.writeInt32BE(block.length - 4);
    return block;
  });
  const count = Buffer.alloc(4);
  count.writeInt32BE(blocks.length);
  const { result, pieceCount } = read(compressZlib(Buffer.concat([inflated.subarray(0, -4), count, ...blocks])));
  const ids = (index: number): Map<number, number> =>
    new Map([
      [0, index],
      [1, 3],
    ]);
  expect(result.topicQueueMappings?.map((mapping) => [mapping.topic, mapping.queueIds])).toEqual(
    names.map((name, index) => [name, ids(index)]),
  );
  expect(pieceCount).toBeGreaterThan(3);
});
