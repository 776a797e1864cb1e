import { crc32 } from 'node:zlib';

/** CRC-32 (IEEE) with the sign bit cleared, as records and registrations carry it (Java: UtilAll.crc32; page 08 §1). */
export function maskedCrc32(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : crc32(bytes) & 0x7fffffff;
}
