/**
 * RocketMQ 5.2's CRC of a whole record in its last property (enabledAppendPropCRC; page 08 §3): `__CRC32#`, 0x01, ten decimal
 * digits with the least significant first, 0x02. Believed only under forceVerifyPropCRC, since a client may send any property.
 */
import { maskedCrc32 } from '@orbitmq/protocol';

const marker = Buffer.from('__CRC32#\u0001', 'latin1');
const digitCount = 10;
const propertyBytes = marker.length + digitCount + 1;

/** What is wrong with the CRC of the record `[at, end)`; undefined when it is right or there is none. */
export function propertyCrcProblem(bytes: Buffer, at: number, propertiesStart: number, end: number): string | undefined {
  const from = end - propertyBytes;
  if (from < propertiesStart || bytes.compare(marker, 0, marker.length, from, from + marker.length) !== 0) return undefined;
  let stored = 0;
  for (let digit = digitCount - 1; digit >= 0; digit -= 1)
    stored = stored * 10 + (bytes[from + marker.length + digit] ?? 0) - 0x30;
  return stored === maskedCrc32(bytes.subarray(at, from)) ? undefined : 'it does not have the CRC of its property __CRC32#';
}
