import { silentLogger } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import type { BatchPiece } from '../commit-log/append-batch.js';
import { MemoryFileSystem } from '../io/memory-file-system.js';
import { FilePool } from '../segment/file-pool.js';
import { SegmentList } from '../segment/segment-list.js';
import { checksumBlockBytes, checksumEntryBytes, readBlockChecksum, writeBlockChecksum } from './block-checksum.js';
import { ChecksumTable } from './checksum-table.js';
import { ChecksumWriter } from './checksum-writer.js';
import { VerifiedReader } from './verified-reader.js';

const fileBytes = 100_000;
const directory = '/own/checksums';

/** The log's bytes, different at each place. */
const content = Buffer.from(Array.from({ length: 3 * fileBytes }, (_, at) => (at * 7 + Math.floor(at / 251)) % 256));

async function setUp(waitingMax = 1000) {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory('/log');
  const pool = new FilePool(fileSystem, 8);
  const segments = new SegmentList('/log', fileBytes);
  for (const start of [0, fileBytes, 2 * fileBytes]) {
    segments.add(start);
    await fileSystem.writeFileAtomically(segments.pathOf(start), content.subarray(start, start + fileBytes));
  }
  const table = new ChecksumTable({ fileSystem, pool, logger: silentLogger, directory });
  const options = { fileSystem, pool, segments, table, logger: silentLogger, waitingMax };
  const newWriter = async (end: number): Promise<ChecksumWriter> => {
    const writer = new ChecksumWriter(options);
    await writer.resume(end);
    return writer;
  };
  const reader = new VerifiedReader({ segments, pool, table, logger: silentLogger });
  const damage = async (at: number): Promise<void> => {
    const start = segments.startOf(at);
    const bytes = (await fileSystem.readFile(segments.pathOf(start))) ?? Buffer.alloc(0);
    bytes[at - start] = (bytes[at - start] ?? 0) ^ 0x10;
    await fileSystem.writeFileAtomically(segments.pathOf(start), bytes);
    await pool.closeAll();
  };
  return { fileSystem, newWriter, reader, segments, table, damage };
}

function pieces(from: number, to: number, sizeBytes: number): BatchPiece[] {
  const made: BatchPiece[] = [];
  for (let at = from; at < to; ) {
    const segmentStart = Math.floor(at / fileBytes) * fileBytes;
    const end = Math.min(to, at + sizeBytes, segmentStart + fileBytes);
    made.push({ segmentStart, physicalOffset: at, bytes: content, from: at, to: end });
    at = end;
  }
  return made;
}

test('an entry comes back at its own place only, and not when any bit of it is wrong', () => {
  const bytes = Buffer.alloc(checksumEntryBytes);
  writeBlockChecksum(bytes, 0, 16_384, { coveredBytes: 700, crc: 0xdeadbeef });
  expect(readBlockChecksum(bytes, 0, 16_384)).toEqual({ coveredBytes: 700, crc: 0xdeadbeef });
  expect(readBlockChecksum(bytes, 0, 32_768)).toBeUndefined();
  expect(readBlockChecksum(bytes.subarray(0, 15), 0, 16_384)).toBeUndefined();
  expect(readBlockChecksum(Buffer.alloc(checksumEntryBytes), 0, 0)).toBeUndefined();
  for (let bit = 0; bit < 12 * 8; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(readBlockChecksum(damaged, 0, 16_384)).toBeUndefined();
  }
});

test('every flipped bit of what was flushed is found, over files and restarts; what was not flushed has no checksum', async () => {
  const { damage, newWriter, reader, table } = await setUp();
  const writer = await newWriter(0);
  writer.add(pieces(0, 110_000, 333));
  await writer.round(105_000, { isDurable: false });
  // The unfinished block is not flushed to its end, so it has none.
  const flushed = Math.floor((105_000 - fileBytes) / checksumBlockBytes) * checksumBlockBytes + fileBytes;
  await writer.round(110_000, { isDurable: true });
  const next = await newWriter(110_000);
  next.add(pieces(110_000, 2 * fileBytes + 40_000, 70_000));
  await next.round(2 * fileBytes + 40_000, { isDurable: true });
  expect(next.waitingCount).toBe(0);
  for (const at of [0, 16_383, 16_384, 99_999, fileBytes, flushed, 109_999, 110_000, 199_999, 200_001, 239_999]) {
    await damage(at);
    expect((await reader.read(at, at + 1, 240_000)).length, `at ${at}`).toBe(0);
    const blockFrom = at - (at % fileBytes) + Math.floor((at % fileBytes) / checksumBlockBytes) * checksumBlockBytes;
    // What is before the damaged block is given out.
    if (at % fileBytes >= checksumBlockBytes) {
      const before = await reader.read(blockFrom - 10, at + 1, 240_000);
      expect(before.equals(content.subarray(blockFrom - 10, blockFrom))).toBe(true);
    }
    await damage(at);
    expect((await reader.read(at, at + 1, 240_000))[0]).toBe(content[at]);
  }
  await damage(260_000);
  expect((await reader.read(260_000, 260_001, 300_000)).length).toBe(1);
  expect(table.pageCount).toBeLessThan(10);
});

test('entries wait for the flushed offset, at most so many, and the oldest are given up', async () => {
  const { newWriter, reader, damage } = await setUp(4);
  const writer = await newWriter(0);
  writer.add(pieces(0, 4 * checksumBlockBytes, 1000));
  expect(writer.waitingCount).toBe(4);
  await writer.round(0, { isDurable: true });
  expect(writer.waitingCount).toBe(4);
  writer.add(pieces(4 * checksumBlockBytes, 5 * checksumBlockBytes, 1000));
  expect(writer.waitingCount).toBe(3);
  await writer.round(5 * checksumBlockBytes, { isDurable: true });
  await damage(10);
  await damage(4 * checksumBlockBytes + 10);
  expect((await reader.read(0, 20, fileBytes)).length).toBe(20);
  expect((await reader.read(4 * checksumBlockBytes, 4 * checksumBlockBytes + 20, fileBytes)).length).toBe(0);
});

test('a file whose checksums were given up while those before were written takes no other with it', async () => {
  const { damage, fileSystem, newWriter, reader } = await setUp(4);
  const writer = await newWriter(fileBytes - 10);
  writer.add(pieces(fileBytes - 10, fileBytes + checksumBlockBytes, checksumBlockBytes));
  const open = fileSystem.open.bind(fileSystem);
  fileSystem.open = async (path, options) => {
    fileSystem.open = open;
    // While the first file's are written: more than may wait, so that all of the second file's are dropped as the oldest.
    writer.add(pieces(fileBytes + checksumBlockBytes, 2 * fileBytes + 4 * checksumBlockBytes, checksumBlockBytes));
    return open(path, options);
  };
  await writer.round(fileBytes + checksumBlockBytes, { isDurable: true });
  await writer.round(3 * fileBytes, { isDurable: true });
  expect(writer.waitingCount).toBe(0);
  await damage(2 * fileBytes + 3 * checksumBlockBytes + 10);
  const at = 2 * fileBytes + 3 * checksumBlockBytes;
  expect((await reader.read(at, at + 20, 3 * fileBytes)).length).toBe(0);
});

test('checksums behind the end of the log, and of files that are gone, are removed at the start', async () => {
  const { fileSystem, newWriter, segments, table } = await setUp();
  const writer = await newWriter(0);
  writer.add(pieces(0, 250_000, 5000));
  await writer.round(250_000, { isDurable: true });
  segments.removeFrom(2 * fileBytes);
  await newWriter(fileBytes + 20_000);
  expect((await fileSystem.list(directory))?.map(({ name }) => name)).toEqual(['00000000000000000000', '00000000000000100000']);
  expect((await fileSystem.stat(table.pathOf(fileBytes)))?.sizeBytes).toBe(checksumEntryBytes);
});

test('a disk that takes no checksums costs coverage, nothing else', async () => {
  const { fileSystem, newWriter } = await setUp();
  const writer = await newWriter(0);
  writer.add(pieces(0, 50_000, 5000));
  fileSystem.open = () => Promise.reject(new Error('ENOSPC'));
  await writer.round(50_000, { isDurable: true });
  expect(writer.waitingCount).toBe(0);
});
