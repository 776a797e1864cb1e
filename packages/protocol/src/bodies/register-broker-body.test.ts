import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressZlib, inflateBounded } from '../message/compression.js';
import { ownVersion } from '../version.js';
import { decodeRegisterBrokerBody, encodeRegisterBrokerBody } from './register-broker-body.js';
import type { RegisterBrokerBody, TopicConfig } from './topic-config.js';

function topic(topicName: string, attributes: Record<string, string> = {}): TopicConfig {
  return {
    topicName,
    readQueueNums: 4,
    writeQueueNums: 8,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes,
  };
}

const body: RegisterBrokerBody = {
  dataVersion: { counter: 2, timestamp: 1795216927108, stateVersion: 0 },
  topicConfigTable: { TopicT: topic('TopicT'), TopicU: topic('TopicU', { 'message.type': 'NORMAL', note: 'a b' }) },
  filterServerList: [],
};

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const v49 = 409;

describe('plain', () => {
  test('round trip', () => {
    const bytes = encodeRegisterBrokerBody(body, { compressed: false });
    expect(plain(decodeRegisterBrokerBody(bytes, { compressed: false, senderVersion: ownVersion }))).toEqual(body);
  });

  test('the body of a 4.9 broker, page 02 §2', () => {
    const java =
      '{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":2,"timestamp":1795216927108},"topicConfigTable":{"TopicT":{"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"TopicT","topicSysFlag":0,"writeQueueNums":8}}}}';
    const expected = { ...body, topicConfigTable: { TopicT: topic('TopicT') } };
    expect(plain(decodeRegisterBrokerBody(Buffer.from(java), { compressed: false, senderVersion: v49 }))).toEqual(expected);
    const wrapper = java.slice(java.indexOf('{"dataVersion"'), -1);
    expect(plain(decodeRegisterBrokerBody(Buffer.from(wrapper), { compressed: false, senderVersion: 35 }))).toEqual(expected);
  });

  test('a topic called __proto__ is one', () => {
    const hostile = '{"topicConfigSerializeWrapper":{"topicConfigTable":{"__proto__":{"perm":6}}}}';
    const { topicConfigTable } = decodeRegisterBrokerBody(Buffer.from(hostile), { compressed: false, senderVersion: v49 });
    expect(Object.values(topicConfigTable).map((config) => config.topicName)).toEqual(['__proto__']);
  });
});

describe('compressed', () => {
  const bytes = encodeRegisterBrokerBody(body, { compressed: true });
  const inflated = inflateBounded(bytes, 10_000);
  const decode = (blocks: Buffer, senderVersion = ownVersion): unknown =>
    plain(decodeRegisterBrokerBody(compressZlib(blocks), { compressed: true, senderVersion }));

  test('round trip', () => {
    expect(plain(decodeRegisterBrokerBody(bytes, { compressed: true, senderVersion: ownVersion }))).toEqual(body);
  });

  test('has the blocks of page 02 §3', () => {
    const version = Buffer.from('{"counter":2,"stateVersion":0,"timestamp":1795216927108}');
    expect(inflated.subarray(0, 4).readInt32BE()).toBe(version.length);
    expect(inflated.subarray(4, 4 + version.length)).toEqual(version);
    expect(inflated.readInt32BE(4 + version.length)).toBe(2);
    expect(inflated.toString()).toContain('TopicT 4 8 6 SINGLE_TAG\u0000');
    expect(inflated.subarray(-10).toString('hex')).toBe(`00000002${Buffer.from('[]').toString('hex')}00000000`);
  });

  test('without the block of mappings, and with one that is not empty', () => {
    const without = inflated.subarray(0, -4);
    expect(decode(without, v49)).toEqual(body);
    expect(decode(without)).toEqual(body);
    const mapping = '{"bname":"broker-a","currIdMap":{0:3},"epoch":1,"topic":"TopicT","totalQueues":8}';
    const block = Buffer.from(`\0\0\0\x01\0\0\0${String.fromCharCode(mapping.length)}${mapping}`, 'latin1');
    const queueIds = new Map([[0, 3]]);
    const read = { topic: 'TopicT', totalQueues: 8, brokerName: 'broker-a', epoch: 1, isDirty: false, queueIds };
    const compressed = compressZlib(Buffer.concat([without, block]));
    const decoded = decodeRegisterBrokerBody(compressed, { compressed: true, senderVersion: ownVersion });
    expect(decoded.topicQueueMappings).toEqual([read]);
    expect(plain({ ...decoded, topicQueueMappings: undefined })).toEqual(body);
  });

  test('cut at any byte', () => {
    for (let length = 0; length < inflated.length - 4; length++) {
      expect(() => decode(inflated.subarray(0, length))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeRegisterBrokerBody(bytes.subarray(0, length), { compressed: true, senderVersion: ownVersion })).toThrow(
        expect.objectContaining({ code: 'BODY_INVALID' }),
      );
    }
  });

  test('hostile lengths and counts', () => {
    const versionLength = inflated.readInt32BE(0);
    for (const at of [0, 4 + versionLength, 8 + versionLength]) {
      for (const value of [-1, 0x7fffffff, -0x80000000, 1_000_000]) {
        const changed = Buffer.from(inflated);
        changed.writeInt32BE(value, at);
        expect(() => decode(changed)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
      }
    }
  });

  test('a bomb is not inflated', () => {
    const bomb = deflateSync(Buffer.alloc(32 * 1024 * 1024));
    expect(() => decodeRegisterBrokerBody(bomb, { compressed: true, senderVersion: ownVersion })).toThrow(
      expect.objectContaining({ code: 'BODY_INVALID' }),
    );
  });
});
