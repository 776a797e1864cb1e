/**
 * Checksums beside the log (no counterpart in Java, whose CRC covers the body only): the log stays in Apache's format, and
 * `orbitmq/checksums/<file name>` has one entry for each block of 16 KiB of a log file: the CRC-32 of its first `coveredBytes`
 * bytes. An entry is sealed, so that a damaged or torn one counts as absent and never accuses the log. Blocks without an
 * entry, as those Apache wrote, are unverified. Only bytes that were flushed get an entry, so one that does not fit is damage.
 */
import { crc32 } from 'node:zlib';
import { writeInt64 } from '@orbitmq/protocol';

export const checksumBlockBytes = 16_384;
/** 16: an entry never lies across two sectors. Covered bytes, CRC, seal, 4 unused. */
export const checksumEntryBytes = 16;

const At = { COVERED: 0, CRC: 4, SEAL: 8 } as const;

export interface BlockChecksum {
  readonly coveredBytes: number;
  readonly crc: number;
}

/** The seal also covers the place: an entry that was written somewhere else is none. */
function sealOf(bytes: Buffer, at: number, blockOffset: number): number {
  const place = Buffer.alloc(8);
  writeInt64(place, blockOffset, 0);
  return crc32(bytes.subarray(at, at + At.SEAL), crc32(place));
}

/** `blockOffset`: log offset of the block's first byte. */
export function writeBlockChecksum(target: Buffer, at: number, blockOffset: number, checksum: BlockChecksum): void {
  target.writeUInt32BE(checksum.coveredBytes, at + At.COVERED);
  target.writeUInt32BE(checksum.crc, at + At.CRC);
  target.writeUInt32BE(sealOf(target, at, blockOffset), at + At.SEAL);
  target.writeUInt32BE(0, at + 12);
}

/** Undefined where there is none, or none that can be believed. */
export function readBlockChecksum(source: Buffer, at: number, blockOffset: number): BlockChecksum | undefined {
  if (at + checksumEntryBytes > source.length) return undefined;
  const coveredBytes = source.readUInt32BE(at + At.COVERED);
  if (coveredBytes === 0 || coveredBytes > checksumBlockBytes) return undefined;
  if (source.readUInt32BE(at + At.SEAL) !== sealOf(source, at, blockOffset)) return undefined;
  return { coveredBytes, crc: source.readUInt32BE(at + At.CRC) };
}

/** Start of the block with the byte at `position` of a file. */
export function blockStart(position: number): number {
  return position - (position % checksumBlockBytes);
}
