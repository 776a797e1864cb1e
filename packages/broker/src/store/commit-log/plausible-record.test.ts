import { encodeRecord, type RecordParts } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { isPlausibleRecord, recordHeadBytes } from './plausible-record.js';

const physicalOffset = 5000;

function head(hostBytes: number, sysFlag: number, propertiesBytes: number): { bytes: Buffer; sizeBytes: number } {
  const host = Buffer.alloc(hostBytes, 1);
  const parts: RecordParts = {
    queueId: 0,
    flag: 0,
    sysFlag,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(70_000),
    topicBytes: Buffer.from('T'),
    properties: Buffer.alloc(propertiesBytes, 'p'),
  };
  const target = Buffer.alloc(200_000);
  const sizeBytes = encodeRecord(target, 8, parts, { queueOffset: 1, physicalOffset, storeTimestamp: 9 });
  return { bytes: target.subarray(0, 8 + recordHeadBytes), sizeBytes };
}

test.each([
  [8, 0],
  [20, 48],
])('the head of a record is believed as it was written (hosts of %i bytes)', (hostBytes, sysFlag) => {
  for (const propertiesBytes of [0, 32_767]) {
    const { bytes, sizeBytes } = head(hostBytes, sysFlag, propertiesBytes);
    expect(isPlausibleRecord(bytes, 8, sizeBytes, physicalOffset)).toBe(true);
    expect(isPlausibleRecord(bytes, 8, sizeBytes, physicalOffset + 1), 'another place').toBe(false);
    expect(isPlausibleRecord(bytes, 8, sizeBytes + 1, physicalOffset), 'another size').toBe(false);
  }
});

test('a size with a flipped bit that would cost memory is not believed', () => {
  const { bytes, sizeBytes } = head(8, 0, 100);
  for (let bit = 17; bit < 31; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged.writeInt32BE(sizeBytes ^ (1 << bit), 8);
    expect(isPlausibleRecord(damaged, 8, sizeBytes ^ (1 << bit), physicalOffset)).toBe(false);
  }
});
