import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord } from './decode-record.js';
import { encodeRecord, type RecordParts, recordSizeBytes } from './encode-record.js';
import { encodeHost } from './host.js';
import { encodeOffsetMessageId } from './offset-message-id.js';
import { decodeProperties } from './properties.js';
import { RecordAt } from './record-layout.js';
import { viewRecord } from './record-view.js';
import { SysFlag } from './sys-flag.js';

const parts: RecordParts = {
  topicBytes: Buffer.from('TopicT'),
  queueId: 3,
  flag: 5,
  sysFlag: SysFlag.BORN_HOST_V6,
  bornTimestamp: 0x1a1fb446968,
  bornHost: encodeHost('fe80::1:2:1'),
  storeHost: encodeHost('10.0.0.11:10911'),
  reconsumeTimes: 2,
  preparedTransactionOffset: 11,
  body: Buffer.from('hello'),
  properties: Buffer.from('TAGS\u0001Größe\u0002UNIQ_KEY\u0001C0'),
};

function recordOf(given: RecordParts, queueOffset = 7): Buffer {
  const target = Buffer.alloc(recordSizeBytes(given));
  encodeRecord(target, 0, given, { queueOffset, physicalOffset: 1000, storeTimestamp: 0x1a1fb44696d });
  return target;
}

/** What both readers make of the same bytes: every field, or the error. */
function expectSame(bytes: Buffer, at: number): void {
  let expected: ReturnType<typeof decodeRecord>;
  try {
    expected = decodeRecord(bytes, at);
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    expect(() => viewRecord(bytes, at)).toThrow(expect.objectContaining({ code, message }));
    return;
  }
  const view = viewRecord(bytes, at);
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) expect(view[name], name).toEqual(expected[name]);
  expect(JSON.stringify(view.decodeProperties())).toBe(JSON.stringify(decodeProperties(expected.propertiesBytes)));
}

test('a view says what a decoded record says', () => {
  expectSame(recordOf(parts), 0);
  expectSame(Buffer.concat([Buffer.alloc(13, 0xff), recordOf(parts), recordOf(parts)]), 13);
  expectSame(recordOf({ ...parts, sysFlag: SysFlag.STORE_HOST_V6, bornHost: parts.storeHost, storeHost: parts.bornHost }), 0);
});

test('where it is stored, as an id', () => {
  for (const storeHost of ['10.0.0.11:10911', 'fe80::1:2:1']) {
    const sysFlag = storeHost.startsWith('f') ? SysFlag.STORE_HOST_V6 : 0;
    const view = viewRecord(
      recordOf({ ...parts, sysFlag, bornHost: encodeHost('10.0.0.1:1'), storeHost: encodeHost(storeHost) }),
      0,
    );
    expect(view.offsetMessageId).toBe(encodeOffsetMessageId(encodeHost(storeHost), 1000));
  }
});

test('what is no record is refused as it is by the decoder, cut at any byte and with any byte changed', () => {
  const record = recordOf(parts);
  for (let cut = 0; cut < record.length; cut += 1) expectSame(record.subarray(0, cut), 0);
  fc.assert(
    fc.property(fc.nat(record.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(record);
      damaged[at] = (damaged[at] as number) ^ change;
      expectSame(damaged, 0);
    }),
    { numRuns: 2000 },
  );
});

test.each([RecordAt.QUEUE_OFFSET, RecordAt.PHYSICAL_OFFSET, RecordAt.BORN_TIMESTAMP])(
  'a number at %i beyond 2^53 is refused',
  (at) => {
    const record = recordOf(parts);
    record.writeInt32BE(0x7fffffff, at);
    expect(() => viewRecord(record, 0)).toThrow(/beyond 2\^53/);
  },
);
