import { InvariantError, ProtocolError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecord, decodeRecords } from './decode-record.js';
import { encodeRecord, type RecordParts, type RecordPlace, recordSizeBytes } from './encode-record.js';
import { encodeHost } from './host.js';
import { maskedCrc32 } from './masked-crc32.js';
import { blankMagic, messageMagicV2 } from './message-ext.js';
import { encodeOffsetMessageId } from './offset-message-id.js';
import { decodeProperties, findProperty } from './properties.js';
import { SysFlag } from './sys-flag.js';
import { verifyRecord } from './verify-record.js';

/** The record of page 08 §1. */
const example = Buffer.from(
  [
    '000000b0daa320a73610a686000000030000000000000000000000070000000000000 3e800000000',
    '000001a1fb446968c00002020000af82000001a1fb44696d0a00000b00002a9f00000000000000000000000000000005',
    '68656c6c6f06546f70696354004a5441475301546167410 2554e49515f4b455901',
    Buffer.from('C0000202200C5FFD2B2766DC81680000').toString('hex'),
    '02434c55535445520144656661756c74436c7573746572',
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

const exampleParts: RecordParts = {
  topicBytes: Buffer.from('TopicT'),
  queueId: 3,
  flag: 0,
  sysFlag: 0,
  bornTimestamp: 0x1a1fb446968,
  bornHost: encodeHost('192.0.2.2:44930'),
  storeHost: encodeHost('10.0.0.11:10911'),
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  body: Buffer.from('hello'),
  properties: Buffer.from('TAGS\u0001TagA\u0002UNIQ_KEY\u0001C0000202200C5FFD2B2766DC81680000\u0002CLUSTER\u0001DefaultCluster'),
};
const examplePlace: RecordPlace = { queueOffset: 7, physicalOffset: 1000, storeTimestamp: 0x1a1fb44696d };

function recordOf(parts: RecordParts, place = examplePlace): Buffer {
  const target = Buffer.alloc(recordSizeBytes(parts));
  expect(encodeRecord(target, 0, parts, place)).toBe(target.length);
  return target;
}

/** The V2 form of a V1 record: the topic's length takes two bytes. */
function asV2(record: Buffer, topicLengthAt: number): Buffer {
  const v2 = Buffer.concat([record.subarray(0, topicLengthAt), Buffer.from([0]), record.subarray(topicLengthAt)]);
  v2.writeInt32BE(v2.length, 0);
  v2.writeInt32BE(messageMagicV2, 4);
  return v2;
}

function invalid(read: () => unknown): void {
  expect(read).toThrow(ProtocolError);
  expect(read).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
}

describe('the example of page 08', () => {
  test('is written', () => {
    expect(recordOf(exampleParts).toString('hex')).toBe(example.toString('hex'));
  });

  test('is read', () => {
    const message = decodeRecord(example);
    expect(message).toMatchObject({
      storeSizeBytes: 176,
      bodyCrc: 907060870,
      topic: 'TopicT',
      queueId: 3,
      flag: 0,
      queueOffset: 7,
      physicalOffset: 1000,
      sysFlag: 0,
      bornTimestamp: 1795216927080,
      bornHost: '192.0.2.2:44930',
      storeTimestamp: 1795216927085,
      storeHost: '10.0.0.11:10911',
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
    });
    expect(message.body.toString()).toBe('hello');
    expect({ ...decodeProperties(message.propertiesBytes) }).toEqual({
      TAGS: 'TagA',
      UNIQ_KEY: 'C0000202200C5FFD2B2766DC81680000',
      CLUSTER: 'DefaultCluster',
    });
    expect(findProperty(message.propertiesBytes, 'CLUSTER')).toBe('DefaultCluster');
    expect(encodeOffsetMessageId(encodeHost(message.storeHost), message.physicalOffset)).toBe('0A00000B00002A9F00000000000003E8');
    expect(verifyRecord(example, 0)).toEqual({ status: 'valid', sizeBytes: 176 });
  });

  test('is read as V2', () => {
    const v2 = asV2(example, 93);
    const { propertiesBytes, body, ...others } = decodeRecord(v2);
    expect(others).toMatchObject({ storeSizeBytes: 177, topic: 'TopicT', queueOffset: 7 });
    expect([body.toString(), propertiesBytes.length]).toEqual(['hello', 74]);
    expect(verifyRecord(v2, 0)).toEqual({ status: 'valid', sizeBytes: 177 });
  });

  test('V2 carries a topic longer than 127 bytes', () => {
    const topic = '%RETRY%group_'.repeat(20);
    const empty = recordOf({ ...exampleParts, topicBytes: Buffer.alloc(0) });
    const v2 = Buffer.concat([asV2(empty, 93).subarray(0, 95), Buffer.from(topic), empty.subarray(94)]);
    v2.writeInt16BE(topic.length, 93);
    v2.writeInt32BE(v2.length, 0);
    expect(decodeRecord(v2).topic).toBe(topic);
  });
});

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const anyParts = fc
  .record({
    topicBytes: fc.stringMatching(/^[A-Za-z0-9_%|-]{0,127}$/).map((topic) => Buffer.from(topic)),
    queueId: fc.integer(),
    flag: fc.integer(),
    sysFlag: fc.integer({ min: 0, max: 0xfff }),
    bornTimestamp: fc.maxSafeInteger(),
    reconsumeTimes: fc.integer(),
    preparedTransactionOffset: fc.maxSafeNat(),
    body: anyBytes(200),
    properties: anyBytes(100),
  })
  .map((parts): RecordParts => {
    const host = (bit: number): string => ((parts.sysFlag & bit) === 0 ? '10.1.2.3:65535' : 'fe80::1:2:1');
    return { ...parts, bornHost: encodeHost(host(SysFlag.BORN_HOST_V6)), storeHost: encodeHost(host(SysFlag.STORE_HOST_V6)) };
  });
const anyPlace = fc.record({
  queueOffset: fc.maxSafeNat(),
  physicalOffset: fc.maxSafeNat(),
  storeTimestamp: fc.maxSafeInteger(),
});

describe('round trip', () => {
  test('any record, IPv4 and IPv6 hosts', () => {
    fc.assert(
      fc.property(anyParts, anyPlace, (parts, place) => {
        const record = recordOf(parts, place);
        const message = decodeRecord(record);
        const { topicBytes, bornHost, storeHost, body, properties, ...numbers } = parts;
        expect(message).toMatchObject({ ...numbers, ...place, topic: topicBytes.toString(), storeSizeBytes: record.length });
        expect([encodeHost(message.bornHost), encodeHost(message.storeHost)]).toEqual([bornHost, storeHost]);
        expect([message.body, message.propertiesBytes]).toEqual([body, properties]);
        expect(message.bodyCrc).toBe(maskedCrc32(body));
        expect(verifyRecord(record, 0)).toEqual({ status: 'valid', sizeBytes: record.length });
      }),
      { numRuns: 200 },
    );
  });

  test('several in one body, and at a position', () => {
    const records = [example, recordOf({ ...exampleParts, body: Buffer.alloc(0) }), asV2(example, 93)];
    const messages = decodeRecords(Buffer.concat(records));
    expect(messages.map((message) => message.storeSizeBytes)).toEqual([176, 171, 177]);
    expect(decodeRecord(Buffer.concat(records), 176).body).toHaveLength(0);
    expect(decodeRecords(Buffer.alloc(0))).toEqual([]);
  });
});

describe('hostile bytes', () => {
  test('cut at any byte', () => {
    for (const record of [example, asV2(example, 93)]) {
      for (let length = 0; length < record.length; length++) {
        invalid(() => decodeRecord(record.subarray(0, length)));
        const { status } = verifyRecord(record.subarray(0, length), 0);
        expect(status).toBe('cut');
      }
    }
    invalid(() => decodeRecords(Buffer.concat([example, example.subarray(0, 100)])));
  });

  test('any byte changed: refused, or read within bounds', () => {
    fc.assert(
      fc.property(fc.nat(example.length - 1), fc.nat(255), (at, byte) => {
        const record = Buffer.from(example);
        record[at] = byte;
        verifyRecord(record, 0);
        try {
          const message = decodeRecord(record);
          expect(message.storeSizeBytes).toBeLessThanOrEqual(record.length);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError', code: 'RECORD_INVALID' });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const record = Buffer.concat([example.subarray(0, 48), Buffer.from(bytes)]);
        verifyRecord(record, 0);
        expect(() => decodeRecord(Buffer.from(bytes))).toThrow(ProtocolError);
      }),
      { numRuns: 300 },
    );
  });

  test('numbers beyond 2^53', () => {
    for (const at of [20, 28, 40, 56, 76]) {
      const record = Buffer.from(example);
      record.writeInt32BE(0x00200000, at);
      invalid(() => decodeRecord(record));
    }
  });

  test('a length word of the largest size', () => {
    for (const at of [0, 84]) {
      for (const value of [0x7fffffff, -1, -0x80000000]) {
        const record = Buffer.from(example);
        record.writeInt32BE(value, at);
        invalid(() => decodeRecord(record));
      }
    }
  });
});

describe('verification', () => {
  test('tells a damaged body, a foreign magic word, a blank, unused space', () => {
    const damaged = Buffer.from(example);
    damaged[90] = 0;
    expect(verifyRecord(damaged, 0)).toMatchObject({ status: 'invalid' });
    const foreign = Buffer.from(example);
    foreign.writeInt32BE(1, 4);
    expect(verifyRecord(foreign, 0)).toMatchObject({ status: 'invalid' });
    const blank = Buffer.alloc(8);
    blank.writeInt32BE(1234, 0);
    blank.writeInt32BE(blankMagic, 4);
    expect(verifyRecord(blank, 0)).toEqual({ status: 'blank', sizeBytes: 1234 });
    blank.writeInt32BE(7, 0);
    expect(verifyRecord(blank, 0)).toMatchObject({ status: 'invalid' });
    expect(verifyRecord(Buffer.alloc(4), 0)).toEqual({ status: 'end' });
    expect(verifyRecord(example.subarray(0, 100), 0)).toEqual({ status: 'cut', neededBytes: 176 });
    expect(verifyRecord(Buffer.alloc(3), 0)).toMatchObject({ status: 'cut' });
  });

  test('every bit of lengths, magic word and body is covered', () => {
    const covered = [...Array(12).keys(), ...Array.from({ length: 9 }, (_, index) => 84 + index)];
    for (const at of covered) {
      for (let bit = 0; bit < 8; bit++) {
        const record = Buffer.from(example);
        record[at] = (record[at] ?? 0) ^ (1 << bit);
        expect(verifyRecord(record, 0).status).not.toBe('valid');
      }
    }
  });
});

test('what cannot be a record is not written', () => {
  const room = Buffer.alloc(100_000);
  const write = (parts: Partial<RecordParts>) => () => encodeRecord(room, 0, { ...exampleParts, ...parts }, examplePlace);
  expect(write({ topicBytes: Buffer.alloc(128) })).toThrow(InvariantError);
  expect(write({ properties: Buffer.alloc(32768) })).toThrow(InvariantError);
  expect(write({ bornHost: encodeHost('::1:1') })).toThrow(InvariantError);
  expect(write({ sysFlag: SysFlag.STORE_HOST_V6 })).toThrow(InvariantError);
  expect(() => encodeRecord(Buffer.alloc(175), 0, exampleParts, examplePlace)).toThrow(InvariantError);
});

test('the CRC of page 08', () => {
  expect(maskedCrc32(Buffer.from('hello'))).toBe(907060870);
  expect(maskedCrc32(Buffer.alloc(0))).toBe(0);
});
